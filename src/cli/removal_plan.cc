#include "cli/removal_plan.h"

#include <fmt/format.h>

#include <algorithm>

#include "cli/columns.h"

namespace thalweg::cli {
namespace {

bool names(const std::vector<BrokerId>& ids, BrokerId id) { return std::ranges::find(ids, id) != ids.end(); }

bool is_going(const PartitionState& p, BrokerId broker) { return p.move && names(p.move->removing, broker); }

const admin::QuorumReplica* replica_in(const std::vector<admin::QuorumReplica>& replicas, BrokerId node) {
  const auto at = std::ranges::find(replicas, node, &admin::QuorumReplica::replica_id);
  return at == replicas.end() ? nullptr : &*at;
}

// What it shall have once the moves under way are done.
std::size_t wanted_replicas(const PartitionState& p) {
  return p.now.replicas.size() - (p.move ? p.move->removing.size() : 0);
}

Result<> check_enough_are_left(const ClusterState& state, const std::vector<PartitionState>& held, BrokerId broker) {
  const auto left = static_cast<std::size_t>(
      std::ranges::count_if(state.cluster.brokers, [&](const auto& one) { return one.id != broker && !one.fenced; }));
  std::size_t most = 0, count = 0;
  for (const auto& p : held) {
    most = std::max(most, wanted_replicas(p));
    count += wanted_replicas(p) > left;
  }
  if (count == 0) return {};
  return fail(
      ErrorCode::kInvalidReplicationFactor,
      fmt::format("{} partition{} would have fewer replicas: up to {} are wanted, and {} other broker{} up. Start "
                  "another broker first, or give them fewer: thalweg partition move TOPIC --replicas {}",
                  count, count == 1 ? "" : "s", most, left, left == 1 ? " is" : "s are",
                  std::max<std::size_t>(left, 1)));
}

Result<> check_led(const std::vector<PartitionState>& held, BrokerId broker) {
  const auto nobody = std::ranges::find_if(held, &PartitionState::leaderless);
  if (nobody == held.end()) return {};
  return fail(ErrorCode::kNotEnoughReplicas,
              fmt::format("{} has a replica on broker {} and no leader, so there is nobody to copy from; start the "
                          "brokers that have it: thalweg partition list --state leaderless",
                          to_string(nobody->id), broker.value));
}

}  // namespace

Result<RemovalPlan> plan_removal(const ClusterState& state, BrokerId broker) {
  RemovalPlan plan{.broker = broker, .moves = {}, .under_way = {}, .votes_on = {}, .registered = false};
  std::vector<BrokerId> known;
  for (const auto& one : state.cluster.brokers) known.push_back(one.id);
  plan.registered = names(known, broker);
  const auto* voter = state.quorum ? replica_in(state.quorum->voters, broker) : nullptr;
  if (voter) plan.votes_on = voter->replica_directory_id;
  const bool follows = state.quorum && replica_in(state.quorum->observers, broker);
  if (!plan.registered && !voter && !follows)
    return fail(ErrorCode::kBrokerNotAvailable,
                fmt::format("no broker {}; there are {}", broker.value, id_list(known)));
  std::vector<PartitionState> held;
  std::vector<TopicPartition> ids;
  for (const auto& p : state.partitions) {
    if (!names(p.now.replicas, broker)) continue;
    held.push_back(p);
    if (!is_going(p, broker)) {
      ids.push_back(p.id);
      continue;
    }
    PlannedMove move{.partition = p.id, .from = p.now.replicas, .to = p.now.replicas};
    std::erase_if(move.from, [&](BrokerId id) { return names(p.move->adding, id); });
    std::erase_if(move.to, [&](BrokerId id) { return names(p.move->removing, id); });
    plan.under_way.push_back(std::move(move));
  }
  TRY_VOID(check_led(held, broker));
  TRY_VOID(check_enough_are_left(state, held, broker));
  MoveWish wish;
  wish.off = {broker};
  TRY(plan.moves, plan_moves(state.cluster.brokers, state.partitions, ids, wish));
  return plan;
}

}  // namespace thalweg::cli
