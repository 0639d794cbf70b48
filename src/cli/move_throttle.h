// Throttles for moves (KIP-73), set and removed by the same options as Kafka's tool uses: a rate on each broker that
// takes part, and on each topic which of its replicas send and which fetch.
// Source: ReassignPartitionsCommand.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "admin/replicas.h"
#include "admin/topics.h"

namespace thalweg::cli {

using ReplicaMap = std::map<TopicPartition, std::vector<BrokerId>>;

// From whom to whom a partition is copied.
struct MoveEnds {
  std::set<BrokerId> sources, destinations;
};
using MoveMap = std::map<TopicPartition, MoveEnds>;

// The moves under way, and those to `proposed` from where the replicas are `now`. Pure.
MoveMap moves_of(const std::vector<admin::Reassignment>& under_way, const ReplicaMap& proposed, const ReplicaMap& now);

// By topic, like "0:1,0:2,10:1": partition and broker, in the order of these texts. Pure.
struct ThrottledReplicas {
  std::map<std::string, std::string> leaders, followers;
};
ThrottledReplicas throttled_replicas(const MoveMap& moves);

// Bytes per second, of each broker that takes part: for what it sends, and for what it fetches.
Task<Result<>> throttle_moves(admin::Client& client, MoveMap moves, std::int64_t bytes_per_second);
// The same for copies between directories of each of these brokers.
Task<Result<>> throttle_directories(admin::Client& client, std::set<BrokerId> brokers, std::int64_t bytes_per_second);
// All of it is taken away.
Task<Result<>> unthrottle_brokers(admin::Client& client, std::set<BrokerId> brokers);
Task<Result<>> unthrottle_topics(admin::Client& client, std::set<std::string> topics);
// Of these topics those of which replicas are named as throttled; where somebody has throttled all of them ("*") that
// is not for a move.
Task<Result<std::set<std::string>>> throttled_among(admin::Client& client, std::set<std::string> topics);

}  // namespace thalweg::cli
