#include "cli/cluster_state.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "admin/configs.h"
#include "cli/columns.h"
#include "cli/options.h"

namespace thalweg::cli {
namespace {

constexpr std::string_view kMinIsr = "min.insync.replicas";
// Nobody leads while controllers elect; whoever looks on learns that rather than waits.
constexpr Millis kQuorumPatience{3'000};

Task<Result<std::map<std::string, std::size_t>>> min_isrs(admin::Client& client,
                                                          const std::vector<std::string>& topics) {
  std::map<std::string, std::size_t> found;
  if (topics.empty()) co_return found;
  std::vector<admin::ConfigResource> resources;
  for (const auto& name : topics) resources.push_back({admin::ResourceType::kTopic, name});
  CO_TRY(const auto described,
         co_await admin::describe_configs(client, std::move(resources), false, {std::string(kMinIsr)}));
  for (const auto& topic : described)
    for (const auto& entry : topic.entries)
      if (entry.name == kMinIsr)
        found[topic.resource.name] = static_cast<std::size_t>(parse_integer(entry.value.value_or("")).value_or(1));
  co_return found;
}

Task<Result<std::vector<PartitionState>>> look_once(admin::Client& client, std::vector<std::string> topics,
                                                    Moves what) {
  if (topics.empty()) {
    CO_TRY(const auto listed, co_await admin::list_topics(client));
    for (const auto& topic : listed) topics.push_back(topic.name);
  }
  CO_TRY(const auto described, co_await admin::describe_topics(client, topics));
  CO_TRY(const auto min_isr, co_await min_isrs(client, topics));
  std::vector<admin::Reassignment> moves;
  if (what == Moves::kToo) {
    CO_TRY(moves, co_await admin::list_reassignments(client));
  }
  std::vector<PartitionState> partitions;
  for (const auto& topic : described)
    for (const auto& p : topic.partitions) {
      auto& state = partitions.emplace_back();
      state.id = {topic.name, p.id};
      state.now = p;
      if (const auto at = min_isr.find(topic.name); at != min_isr.end()) state.min_isr = at->second;
      const auto move = std::ranges::find(moves, state.id, &admin::Reassignment::partition);
      if (move != moves.end()) state.move = *move;
    }
  std::ranges::sort(partitions, {}, &PartitionState::id);
  co_return partitions;
}

// Of a voter; its leader hears it ten times a second.
constexpr Millis kSilentFor{3'000};

bool has(const std::vector<BrokerId>& ids, BrokerId id) { return std::ranges::find(ids, id) != ids.end(); }

std::string counted(std::size_t count, std::string_view what) {
  return fmt::format("{} partition{} {}", count, count == 1 ? "" : "s", what);
}

}  // namespace

std::string_view PartitionState::state() const {
  if (leaderless()) return "leaderless";
  if (under_min_isr()) return "under-min-isr";
  if (under_replicated()) return "under-replicated";
  return move ? "moving" : "ok";
}

std::vector<std::string> partition_states() {
  return {"leaderless", "under-min-isr", "under-replicated", "moving", "ok"};
}

BrokerId ClusterState::controller() const {
  if (quorum) return quorum->leader;
  return has_quorum ? kNoBroker : cluster.controller;
}

std::vector<BrokerId> ClusterState::down() const {
  std::vector<BrokerId> ids;
  for (const auto& broker : cluster.brokers)
    if (broker.fenced) ids.push_back(broker.id);
  return ids;
}

std::size_t ClusterState::count(bool (PartitionState::*what)() const) const {
  return static_cast<std::size_t>(std::ranges::count_if(partitions, [&](const auto& p) { return (p.*what)(); }));
}

std::size_t ClusterState::moving() const {
  return static_cast<std::size_t>(std::ranges::count_if(partitions, [](const auto& p) { return p.move.has_value(); }));
}

std::size_t ClusterState::standing_still() const {
  const auto gone = down();
  return static_cast<std::size_t>(std::ranges::count_if(partitions, [&](const auto& p) {
    if (!p.move) return false;
    return p.leaderless() || std::ranges::any_of(p.move->adding, [&](BrokerId id) { return has(gone, id); });
  }));
}

std::vector<BrokerId> ClusterState::silent() const {
  std::vector<BrokerId> ids;
  if (!quorum) return ids;
  const auto heard = [&](const admin::QuorumReplica& one) { return one.last_fetch_timestamp; };
  const auto leader = std::ranges::find(quorum->voters, quorum->leader, &admin::QuorumReplica::replica_id);
  if (leader == quorum->voters.end() || heard(*leader) < 0) return ids;
  for (const auto& voter : quorum->voters)
    if (heard(voter) < heard(*leader) - kSilentFor.count()) ids.push_back(voter.replica_id);
  return ids;
}

bool ClusterState::healthy() const { return troubles().empty(); }

std::vector<Trouble> ClusterState::troubles() const {
  std::vector<Trouble> found;
  const auto are = [](const std::vector<BrokerId>& ids) { return ids.size() == 1 ? "is" : "are"; };
  if (controller() == kNoBroker)
    found.push_back({"the controllers have no leader",
                     "start those that are down: more than half of them have to reach each other"});
  if (const auto ids = down(); !ids.empty())
    found.push_back(
        {fmt::format("{} {} {} down", ids.size() == 1 ? "broker" : "brokers", id_list(ids), are(ids)),
         "start it again, it catches up by itself; for good: thalweg partition move --off " + id_list(ids)});
  if (const auto ids = silent(); !ids.empty())
    found.push_back({fmt::format("{} {} {} not heard by the others", ids.size() == 1 ? "controller" : "controllers",
                                 id_list(ids), are(ids)),
                     "start it again; with more than half gone nothing is created, moved or elected"});
  if (const auto n = count(&PartitionState::leaderless))
    found.push_back({counted(n, "without a leader"),
                     "start the brokers in sync or eligible: thalweg partition list --state leaderless"});
  if (const auto n = count(&PartitionState::under_min_isr))
    found.push_back({counted(n, "with fewer replicas in sync than min.insync.replicas"),
                     "writes with acks=all are refused until those that are missing are back"});
  if (const auto n = count(&PartitionState::under_replicated))
    found.push_back({counted(n, "with replicas behind"),
                     "they catch up by themselves once their brokers are up; if not, those brokers' logs say why"});
  if (const auto n = standing_still())
    found.push_back({counted(n, "on a move that stands still"),
                     "start the brokers that it adds, or take it back: thalweg partition move --cancel"});
  return found;
}

Task<Result<std::vector<PartitionState>>> look_at_partitions(admin::Client& client, std::vector<std::string> topics,
                                                             Moves moves) {
  // A topic that is deleted between two questions is no error of whoever asked for all.
  constexpr int kAttempts = 3;
  for (int attempt = 1;; ++attempt) {
    auto partitions = co_await look_once(client, topics, moves);
    const bool vanished = !partitions && partitions.error().code == ErrorCode::kUnknownTopicOrPartition;
    if (!vanished || !topics.empty() || attempt == kAttempts) co_return partitions;
  }
}

Task<Result<ClusterState>> look_at_cluster(admin::Client& client) {
  ClusterState state;
  CO_TRY(state.cluster, co_await admin::describe_cluster(client, admin::Fenced::kIncluded));
  auto quorum = co_await admin::describe_quorum(client, kQuorumPatience);
  state.has_quorum = quorum || quorum.error().code != ErrorCode::kUnsupportedVersion;
  if (quorum) state.quorum = *std::move(quorum);
  // Moves are known to the controller alone; nobody is asked for long who has none.
  const Moves moves = state.controller() == kNoBroker ? Moves::kLeftOut : Moves::kToo;
  CO_TRY(state.partitions, co_await look_at_partitions(client, {}, moves));
  co_return state;
}

}  // namespace thalweg::cli
