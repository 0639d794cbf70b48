// thalweg partition move.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "admin/replicas.h"
#include "cli/columns.h"
#include "cli/java_errors.h"
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

struct MovePlan {
  std::vector<PlannedMove> moves;
  Sizes sizes;

  std::int64_t bytes() const {
    std::int64_t sum = 0;
    for (const auto& move : moves)
      if (const auto at = sizes.find(move.partition); at != sizes.end())
        sum += at->second * static_cast<std::int64_t>(move.adds().size());
    return sum;
  }
  Report report() const {
    Report report({{"topic"}, {"partition", kNumber}, {"from", kList}, {"to", kList}, {"bytes_to_copy", kNumber}});
    for (const auto& move : moves) {
      const auto size = sizes.find(move.partition);
      const auto copies = static_cast<std::int64_t>(move.adds().size());
      report.add({move.partition.topic, to_string(move.partition.partition), id_list(move.from), id_list(move.to),
                  size == sizes.end() ? Report::Cell() : std::to_string(size->second * copies)});
    }
    return report;
  }
};

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

Task<Result<>> confirm_plan(Session session, const MovePlan& plan) {
  session.terminal().err(plan.report().text(OutputFormat::kTable, false));
  co_return co_await confirm(session,
                             fmt::format("Move {} partition{}, and copy {}", plan.moves.size(),
                                         plan.moves.size() == 1 ? "" : "s", bytes_text(plan.bytes())),
                             "");
}

// What became of a move: where the partition is now says it.
std::string outcome(const PlannedMove& move, const std::vector<PartitionState>& now, bool pending) {
  if (pending) return "moving";
  const auto at = std::ranges::lower_bound(now, move.partition, {}, &PartitionState::id);
  if (at == now.end() || at->id != move.partition) return "deleted meanwhile";
  return at->now.replicas == move.to ? "moved" : "changed by somebody else";
}

Report report_of_moves() {
  return Report({{"topic"}, {"partition", kNumber}, {"from", kList}, {"to", kList}, {"result"}});
}

Task<Result<>> show_moved(Session session, std::vector<PlannedMove> moves, const Moving& moving,
                          const admin::PartitionResults& started) {
  CO_TRY(const auto now, co_await look_at_partitions(session.client, {}));
  Report report = report_of_moves();
  std::size_t refused = 0;
  for (const auto& move : moves) {
    const auto result = started.find(move.partition);
    const bool bad = result != started.end() && !result->second;
    if (bad) ++refused;
    report.add({move.partition.topic, to_string(move.partition.partition), id_list(move.from), id_list(move.to),
                bad ? kafka_text(result->second.error()) : outcome(move, now, moving.is_pending(move.partition))});
  }
  session.show(report);
  if (refused == 0) co_return Result<>();
  co_return fail(ErrorCode::kInvalidReplicaAssignment, fmt::format("{} of {} were refused", refused, moves.size()));
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
  CO_TRY(const auto partitions, co_await named_partitions(session));
  admin::ReplicaChanges changes;
  for (const auto& p : partitions)
    if (p.move) changes[p.id] = std::nullopt;
  Report report = report_of_moves();
  admin::PartitionResults results;
  if (!changes.empty()) {
    CO_TRY(results, co_await admin::alter_reassignments(session.client, std::move(changes)));
  }
  std::size_t refused = 0;
  for (const auto& p : partitions) {
    const auto result = results.find(p.id);
    if (result == results.end()) continue;
    if (!result->second) ++refused;
    std::vector<BrokerId> back;
    for (const BrokerId id : p.now.replicas)
      if (std::ranges::find(p.move->adding, id) == p.move->adding.end()) back.push_back(id);
    report.add({p.id.topic, to_string(p.id.partition), id_list(p.now.replicas), id_list(back),
                result->second ? "taken back" : kafka_text(result->second.error())});
  }
  session.show(report);
  if (refused == 0) co_return Result<>();
  co_return fail(ErrorCode::kNoReassignmentInProgress, fmt::format("{} could not be taken back", refused));
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
