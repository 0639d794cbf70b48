// Topics of a cluster, as the tools list, describe, create, change and delete them. Each call tries again on errors
// that pass until the client's api timeout.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "admin/client.h"

namespace thalweg::admin {

struct PartitionDescription {
  PartitionId id;
  BrokerId leader = kNoBroker;
  LeaderEpoch leader_epoch = kNoLeaderEpoch;
  std::vector<BrokerId> replicas;
  std::vector<BrokerId> isr;
  // Nothing from brokers that do not know eligible leader replicas.
  std::optional<std::vector<BrokerId>> eligible_leaders;
  std::optional<std::vector<BrokerId>> last_known_eligible_leaders;
};

struct TopicDescription {
  std::string name;
  Uuid id;
  bool is_internal = false;
  std::vector<PartitionDescription> partitions;  // by id
};

struct TopicListing {
  std::string name;
  Uuid id;
  bool is_internal = false;
};

struct NewTopic {
  std::string name;
  std::int32_t partitions = -1;                   // -1: the broker's default
  std::int16_t replication_factor = -1;           // -1: the broker's default
  std::vector<std::vector<BrokerId>> assignment;  // by partition; then the two above stay -1
  std::vector<std::pair<std::string, std::string>> configs;
};

// By name.
Task<Result<std::vector<TopicListing>>> list_topics(Client& client);
// In the order asked for; fails with the error of the first topic that has one.
// None for no names.
Task<Result<std::vector<TopicDescription>>> describe_topics(Client& client, std::vector<std::string> names);
Task<Result<>> create_topic(Client& client, NewTopic topic);
// In one request, whose topics are made in one change: the outcome of each, in their order. Kafka takes no more than
// 10,000 partitions at once.
Task<std::vector<Result<>>> create_topics(Client& client, std::vector<NewTopic> topics);
Task<Result<>> delete_topic(Client& client, std::string name);
// Grows the topic to `count` partitions; `assignment` is that of the new ones, empty for the broker's choice.
Task<Result<>> create_partitions(Client& client, std::string name, std::int32_t count,
                                 std::vector<std::vector<BrokerId>> assignment);

struct Reassignment {
  TopicPartition partition;
  std::vector<BrokerId> adding;
  std::vector<BrokerId> removing;
  std::vector<BrokerId> replicas = {};  // all that it has meanwhile
};
// Those under way; empty where the broker does not offer the question.
Task<Result<std::vector<Reassignment>>> list_reassignments(Client& client);

}  // namespace thalweg::admin
