// thalweg partition move.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "admin/replicas.h"
#include "cli/columns.h"
#include "cli/java_errors.h"
#include "cli/move_plan.h"
#include "cli/moving.h"
#include "cli/partition_words.h"
#include "cli/progress.h"

namespace thalweg::cli {
namespace {

using enum Report::Kind;

Result<MoveWish> move_wish_of(const Session& session) {
  const Options& options = session.options;
  MoveWish wish;
  TRY(wish.onto, broker_ids(session, "to"));
  TRY(const auto off, broker_ids(session, "off"));
  wish.off = {off.begin(), off.end()};
  if (const auto n = session.number("replicas")) wish.replicas = static_cast<std::size_t>(*n);
  if (wish.onto.empty() && wish.off.empty() && !wish.replicas)
    return session.misuse(
        "where to? --to names brokers to move to, --off one to empty, --replicas how many there shall be");
  if (!options.values("partition").empty() && session.words().size() != 1)
    return session.misuse("--partition goes with one topic");
  if (options.has("to") && options.has("off")) return session.misuse("give one of --to and --off");
  if (session.words().empty() && wish.off.empty())
    return session.misuse("the name of a topic is missing; only --off and --cancel can mean all topics");
  return wish;
}

Result<> check_brokers(const admin::ClusterDescription& cluster, const MoveWish& wish) {
  std::vector<BrokerId> known;
  for (const auto& broker : cluster.brokers) known.push_back(broker.id);
  auto named = wish.onto;
  named.insert(named.end(), wish.off.begin(), wish.off.end());
  for (const BrokerId id : named)
    if (std::ranges::find(known, id) == known.end())
      return fail(ErrorCode::kBrokerNotAvailable, fmt::format("no broker {}; there are {}", id.value, id_list(known)));
  for (const auto& broker : cluster.brokers)
    if (broker.fenced && std::ranges::find(wish.onto, broker.id) != wish.onto.end())
      return fail(ErrorCode::kBrokerNotAvailable,
                  fmt::format("broker {} is down, so nothing can be moved to it; start it first", broker.id.value));
  return {};
}

Task<Result<MovePlan>> make_plan(Session session, MoveWish wish) {
  CO_TRY(const auto cluster, co_await admin::describe_cluster(session.client, admin::Fenced::kIncluded));
  CO_TRY_VOID(check_brokers(cluster, wish));
  CO_TRY(auto chosen, co_await named_partitions(session));
  CO_TRY(const auto all, co_await look_at_partitions(session.client, {}));
  std::vector<TopicPartition> ids;
  for (const auto& p : chosen) ids.push_back(p.id);
  MovePlan plan;
  CO_TRY(plan.moves, plan_moves(cluster.brokers, all, ids, wish));
  std::erase_if(chosen, [&](const PartitionState& p) {
    return std::ranges::find(plan.moves, p.id, &PlannedMove::partition) == plan.moves.end();
  });
  plan.sizes = co_await sizes_on_leaders(session.client, std::move(chosen));
  co_return plan;
}

Task<Result<>> carry_out(Session session, const MovePlan& plan) {
  admin::ReplicaChanges changes;
  for (const auto& move : plan.moves) changes[move.partition] = move.to;
  CO_TRY(const auto started, co_await admin::alter_reassignments(session.client, std::move(changes)));
  auto taken = plan.moves;
  std::erase_if(taken, [&](const PlannedMove& move) {
    const auto result = started.find(move.partition);
    return result != started.end() && !result->second;
  });
  Moving moving(session, std::move(taken), plan.sizes);
  if (session.options.has("no-wait")) {
    CO_TRY_VOID(co_await moving.look());
  } else {
    CO_TRY(const bool to_the_end, co_await moving.wait());
    if (!to_the_end) {
      session.client.resume();
      session.terminal().err(
          "The moves go on. How far they are: thalweg partition list --state moving; to take them "
          "back: thalweg partition move --cancel\n");
    }
  }
  co_return co_await show_moved(session, plan.moves, moving, started);
}

Task<Result<>> cancel(Session session) {
  for (const char* other : {"to", "off", "replicas"})
    if (session.options.has(other))
      co_return session.misuse(fmt::format("--cancel and --{} do not go together", other));
  CO_TRY(auto partitions, co_await named_partitions(session));
  co_return co_await cancel_moves(session, std::move(partitions));
}

}  // namespace

void declare_partition_move(OptionParser& parser) {
  parser.values("partition", "N", "Only this partition of the topic; may be repeated.")
      .within("partition", 0, INT32_MAX);
  parser.value("to", "1,2,3", "Brokers to move to. One partition with as many replicas takes them in this order.");
  parser.value("off", "ID", "A broker (or several, 1,2) whose replicas go to others; without a topic, those of all.");
  parser.integer("replicas", "N", "How many replicas each shall have. (default: as many as now)")
      .within("replicas", 1, INT16_MAX);
  parser.flag("cancel", "Takes back moves that are under way: of the topics named, or all.");
  parser.flag("dry-run", "Only shows what would be moved.");
  parser.flag("no-wait", "Does not wait until the replicas have moved.");
  declare_yes(parser);
}

Task<Result<>> partition_move(Session session) {
  if (session.options.has("cancel")) co_return co_await cancel(session);
  CO_TRY(auto wish, move_wish_of(session));
  CO_TRY(const auto plan, co_await make_plan(session, std::move(wish)));
  if (session.options.has("dry-run")) {
    session.show(plan.report());
    co_return Result<>();
  }
  if (plan.moves.empty()) {
    session.terminal().err("nothing has to move\n");
    session.show(report_of_moves());
    co_return Result<>();
  }
  CO_TRY_VOID(co_await confirm_plan(session, plan));
  co_return co_await carry_out(session, plan);
}

}  // namespace thalweg::cli
