// thalweg cluster remove: a broker leaves for good. Its replicas move to others, its vote in the metadata quorum is
// taken, and it is unregistered, in this order: each step is safe to be the last one. What is left to do is read from
// the cluster, so whoever was interrupted runs it again.
#include <fmt/format.h>

#include <algorithm>

#include "admin/replicas.h"
#include "cli/columns.h"
#include "cli/java_errors.h"
#include "cli/moving.h"
#include "cli/progress.h"
#include "cli/removal_plan.h"

namespace thalweg::cli {
namespace {

using enum Report::Kind;

constexpr std::string_view kGoOn = "run it again to go on";

struct Removal {
  RemovalPlan plan;
  Sizes sizes;  // of the partitions that move, or are on their way

  std::int64_t bytes() const {
    std::int64_t sum = 0;
    for (const auto* moves : {&plan.moves, &plan.under_way})
      for (const auto& move : *moves)
        if (const auto at = sizes.find(move.partition); at != sizes.end())
          sum += at->second * static_cast<std::int64_t>(move.adds().size());
    return sum;
  }
  std::size_t partitions() const { return plan.moves.size() + plan.under_way.size(); }
};

Task<Result<Removal>> removal_of(Session session, BrokerId broker) {
  CO_TRY(const auto state, co_await look_at_cluster(session.client));
  if (state.controller() == kNoBroker)
    co_return fail(ErrorCode::kNotController,
                   "the controllers have no leader, so nobody can be removed: more than half of them have to be up");
  Removal removal;
  CO_TRY(removal.plan, plan_removal(state, broker));
  auto going = state.partitions;
  std::erase_if(going, [&](const PartitionState& p) {
    return std::ranges::find(p.now.replicas, broker) == p.now.replicas.end();
  });
  removal.sizes = co_await sizes_on_leaders(session.client, std::move(going));
  co_return removal;
}

Report moves_in(const Removal& removal) {
  Report report(
      {{"topic"}, {"partition", kNumber}, {"from", kList}, {"to", kList}, {"bytes_to_copy", kNumber}, {"state"}});
  const auto add = [&](const PlannedMove& move, const char* state) {
    const auto size = removal.sizes.find(move.partition);
    const auto copies = static_cast<std::int64_t>(move.adds().size());
    report.add({move.partition.topic, to_string(move.partition.partition), id_list(move.from), id_list(move.to),
                size == removal.sizes.end() ? Report::Cell() : std::to_string(size->second * copies), state});
  };
  for (const auto& move : removal.plan.under_way) add(move, "moving");
  for (const auto& move : removal.plan.moves) add(move, "to move");
  return report;
}

std::string partitions_text(std::size_t count) { return fmt::format("{} partition{}", count, count == 1 ? "" : "s"); }

std::string question_about(const Removal& removal) {
  const std::string vote = removal.plan.votes_on ? ", take its vote" : "";
  return fmt::format("Remove broker {}: move {} to others ({} to copy){} and forget it", removal.plan.broker.value,
                     partitions_text(removal.partitions()), bytes_text(removal.bytes()), vote);
}

void tell(const Session& session, const std::string& line) { session.terminal().err(line + "\n"); }

// Asked before anything moves: the voter of an id that nobody has is not found where voters can be removed at all.
Task<Result<>> check_votes_change(Session session, const RemovalPlan& plan) {
  if (!plan.votes_on) co_return Result<>();
  auto& random = session.context.shard.random;
  const auto tried =
      co_await admin::remove_raft_voter(session.client, plan.broker, Uuid::from_random(random.next(), random.next()));
  if (tried || tried.error().code == ErrorCode::kVoterNotFound) co_return Result<>();
  co_return fail(tried.error().code, fmt::format("broker {} is a controller, and its vote cannot be taken: {}",
                                                 plan.broker.value, kafka_text(tried.error())));
}

Task<Result<>> begin_moves(Session session, const std::vector<PlannedMove>& moves) {
  if (moves.empty()) co_return Result<>();
  admin::ReplicaChanges changes;
  for (const auto& move : moves) changes[move.partition] = move.to;
  CO_TRY(const auto started, co_await admin::alter_reassignments(session.client, std::move(changes)));
  for (const auto& [partition, result] : started)
    // A topic that was deleted meanwhile needs no move.
    if (!result && result.error().code != ErrorCode::kUnknownTopicOrPartition)
      co_return fail(result.error().code,
                     fmt::format("{} cannot be moved: {}", to_string(partition), kafka_text(result.error())));
  co_return Result<>();
}

// Until nothing of the cluster is on the broker, also what came while others were moving.
Task<Result<Removal>> drain_broker(Session session, Removal removal) {
  const BrokerId broker = removal.plan.broker;
  while (!removal.plan.is_drained()) {
    CO_TRY_VOID(co_await begin_moves(session, removal.plan.moves));
    tell(session, fmt::format("{} on the way off broker {}, {} to copy", partitions_text(removal.partitions()),
                              broker.value, bytes_text(removal.bytes())));
    auto all = removal.plan.under_way;
    all.insert(all.end(), removal.plan.moves.begin(), removal.plan.moves.end());
    Moving moving(session, std::move(all), removal.sizes);
    CO_TRY(const bool to_the_end, co_await moving.wait());
    if (!to_the_end) {
      session.client.resume();
      co_return fail(
          ErrorCode::kRequestTimedOut,
          fmt::format("stopped; the moves go on, and broker {} is not removed yet: {}", broker.value, kGoOn));
    }
    CO_TRY(removal, co_await removal_of(session, broker));
  }
  co_return removal;
}

Task<Result<>> take_vote(Session session, const RemovalPlan& plan) {
  if (!plan.votes_on) co_return Result<>();
  const auto taken = co_await admin::remove_raft_voter(session.client, plan.broker, *plan.votes_on);
  if (!taken && taken.error().code != ErrorCode::kVoterNotFound)
    co_return fail(taken.error().code, fmt::format("broker {} holds nothing any more, and keeps its vote: {}; {}",
                                                   plan.broker.value, kafka_text(taken.error()), kGoOn));
  tell(session, fmt::format("controller {} has no vote any more", plan.broker.value));
  co_return Result<>();
}

Task<Result<>> unregister(Session session, const RemovalPlan& plan) {
  if (!plan.registered) co_return Result<>();
  const auto forgotten = co_await admin::unregister_broker(session.client, plan.broker);
  if (!forgotten && forgotten.error().code != ErrorCode::kBrokerIdNotRegistered)
    co_return fail(forgotten.error().code, fmt::format("broker {} holds nothing any more, and is registered still: {}; "
                                                       "{}",
                                                       plan.broker.value, kafka_text(forgotten.error()), kGoOn));
  co_return Result<>();
}

}  // namespace

void declare_cluster_remove(OptionParser& parser) {
  parser.flag("dry-run", "Only shows what would be moved.");
  declare_yes(parser);
}

Task<Result<>> cluster_remove(Session session) {
  const auto id = parse_integer(session.words()[0]);
  if (!id || *id < 0 || *id > INT32_MAX)
    co_return session.misuse(fmt::format("'{}' is no id of a broker", session.words()[0]));
  CO_TRY(auto removal, co_await removal_of(session, BrokerId{static_cast<std::int32_t>(*id)}));
  if (session.options.has("dry-run")) {
    session.show(moves_in(removal));
    co_return Result<>();
  }
  const auto first = removal;
  if (!first.plan.is_done()) {
    CO_TRY_VOID(co_await check_votes_change(session, first.plan));
    if (!first.plan.is_drained()) session.terminal().err(moves_in(first).text(OutputFormat::kTable, false));
    CO_TRY_VOID(co_await confirm(session, question_about(first), ""));
    CO_TRY(removal, co_await drain_broker(session, std::move(removal)));
    CO_TRY_VOID(co_await take_vote(session, removal.plan));
    CO_TRY_VOID(co_await unregister(session, removal.plan));
  }
  Report report({{"broker", kNumber}, {"partitions_moved", kNumber}, {"bytes_copied", kNumber}, {"voted"}, {"result"}});
  report.add({std::to_string(*id), std::to_string(first.partitions()), std::to_string(first.bytes()),
              first.plan.votes_on ? "yes" : "no", "removed"});
  session.show(report);
  tell(session, fmt::format("broker {} is no part of the cluster any more; stop its process if it runs", *id));
  co_return Result<>();
}

}  // namespace thalweg::cli
