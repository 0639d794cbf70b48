#include "cli/move_plan.h"

#include <fmt/format.h>

#include <algorithm>

#include "cli/columns.h"
#include "cli/java_errors.h"
#include "cli/progress.h"

namespace thalweg::cli {
namespace {

using enum Report::Kind;

// What became of a move: where the partition is now says it.
std::string outcome(const PlannedMove& move, const std::vector<PartitionState>& now, bool pending) {
  if (pending) return "moving";
  const auto at = std::ranges::lower_bound(now, move.partition, {}, &PartitionState::id);
  if (at == now.end() || at->id != move.partition) return "deleted meanwhile";
  return at->now.replicas == move.to ? "moved" : "changed by somebody else";
}

}  // namespace

std::int64_t MovePlan::bytes() const {
  std::int64_t sum = 0;
  for (const auto& move : moves)
    if (const auto at = sizes.find(move.partition); at != sizes.end())
      sum += at->second * static_cast<std::int64_t>(move.adds().size());
  return sum;
}

Report MovePlan::report() const {
  Report report({{"topic"}, {"partition", kNumber}, {"from", kList}, {"to", kList}, {"bytes_to_copy", kNumber}});
  for (const auto& move : moves) {
    const auto size = sizes.find(move.partition);
    const auto copies = static_cast<std::int64_t>(move.adds().size());
    report.add({move.partition.topic, to_string(move.partition.partition), id_list(move.from), id_list(move.to),
                size == sizes.end() ? Report::Cell() : std::to_string(size->second * copies)});
  }
  return report;
}

Task<Result<>> confirm_plan(Session session, const MovePlan& plan) {
  session.terminal().err(plan.report().text(OutputFormat::kTable, false));
  co_return co_await confirm(session,
                             fmt::format("Move {} partition{}, and copy {}", plan.moves.size(),
                                         plan.moves.size() == 1 ? "" : "s", bytes_text(plan.bytes())),
                             "");
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

Task<Result<>> cancel_moves(Session session, std::vector<PartitionState> partitions) {
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

}  // namespace thalweg::cli
