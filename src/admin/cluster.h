// The cluster as a whole, as the tools see it: its brokers, the metadata quorum behind them, what it may do (features),
// and what lies on a broker's disks. Each call tries again on errors that pass until the client's api timeout.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "admin/client.h"
#include "protocol/add_raft_voter_request.h"
#include "protocol/describe_quorum_response.h"

namespace thalweg::admin {

struct BrokerDescription {
  BrokerId id;
  std::string host;
  std::int32_t port = 0;
  std::optional<std::string> rack;
  bool fenced = false;  // registered, and not at work: it has not come up yet, is gone, or stops
};
struct ClusterDescription {
  std::string id;
  // A broker that takes requests for the controller; who controls is the quorum's leader.
  BrokerId controller = kNoBroker;
  std::vector<BrokerDescription> brokers;  // by id
};
enum class Fenced { kLeftOut, kIncluded };
// Brokers before DescribeCluster 2 do not tell of fenced ones: then those that are at work. Asked of a controller, the
// nodes are the controllers.
Task<Result<ClusterDescription>> describe_cluster(Client& client, Fenced fenced = Fenced::kLeftOut);

using QuorumReplica = protocol::DescribeQuorumResponse::ReplicaState;
struct QuorumDescription {
  BrokerId leader = kNoBroker;
  LeaderEpoch epoch;
  Offset high_watermark;
  std::vector<QuorumReplica> voters, observers;
  std::map<BrokerId, std::vector<protocol::DescribeQuorumResponse::Listener>> listeners;  // of controllers
};
// kUnsupportedVersion where there is no such quorum. While nobody leads it, it is asked again for as long as
// `patience`.
Task<Result<QuorumDescription>> describe_quorum(Client& client, Millis patience = Millis::max());

// Gives a controller that follows the quorum a vote. `listeners`: where it listens for controllers. Errors are the
// broker's: kDuplicateVoter, kRequestTimedOut (it does not follow closely; later), kUnsupportedVersion (the voters are
// those of a file) and others.
Task<Result<>> add_raft_voter(Client& client, BrokerId voter, Uuid directory,
                              std::vector<protocol::AddRaftVoterRequest::Listener> listeners);
// Takes it. kVoterNotFound: there is no such voter.
Task<Result<>> remove_raft_voter(Client& client, BrokerId voter, Uuid directory);

struct FeatureDescription {
  std::string name;
  std::int16_t min = 0, max = 0;  // what the broker can
  std::int16_t finalized = 0;     // what the cluster does; 0: not at all
};
struct FeaturesDescription {
  std::vector<FeatureDescription> features;  // by name
  std::optional<std::int64_t> epoch;
};
Task<Result<FeaturesDescription>> describe_features(Client& client);

// Kafka's numbers. (Source: FeatureUpdate.UpgradeType)
enum class FeatureChange : std::int8_t { kUpgrade = 1, kSafeDowngrade = 2, kUnsafeDowngrade = 3 };
// All of them or none; only checked when `validate_only`. The error is the first feature's.
Task<Result<>> update_features(Client& client, std::map<std::string, std::int16_t> levels, FeatureChange change,
                               bool validate_only);

Task<Result<>> unregister_broker(Client& client, BrokerId id);

struct ReplicaOnDisk {
  TopicPartition partition;
  std::int64_t size = 0;
  std::int64_t offset_lag = 0;
  bool is_future = false;  // it will replace the one in another directory
};
struct LogDirDescription {
  std::string path;
  ErrorCode error = ErrorCode::kNone;
  std::vector<ReplicaOnDisk> replicas;
};
// Nothing: all partitions.
Task<Result<std::vector<LogDirDescription>>> describe_log_dirs(Client& client, BrokerId broker,
                                                               std::optional<std::vector<TopicPartition>> of = {});

}  // namespace thalweg::admin
