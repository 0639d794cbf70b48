// A cluster of three brokers that a test arranges: one FakeBroker behind all of their addresses.
#pragma once

#include <algorithm>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "admin/testing.h"
#include "cli/testing.h"
#include "protocol/alter_partition_reassignments_request.h"
#include "protocol/alter_partition_reassignments_response.h"
#include "protocol/alter_replica_log_dirs_request.h"
#include "protocol/alter_replica_log_dirs_response.h"
#include "protocol/describe_cluster_request.h"
#include "protocol/describe_cluster_response.h"
#include "protocol/describe_configs_request.h"
#include "protocol/describe_configs_response.h"
#include "protocol/describe_log_dirs_request.h"
#include "protocol/describe_log_dirs_response.h"
#include "protocol/describe_quorum_request.h"
#include "protocol/describe_quorum_response.h"
#include "protocol/describe_topic_partitions_request.h"
#include "protocol/describe_topic_partitions_response.h"
#include "protocol/elect_leaders_request.h"
#include "protocol/elect_leaders_response.h"
#include "protocol/incremental_alter_configs_request.h"
#include "protocol/incremental_alter_configs_response.h"
#include "protocol/list_partition_reassignments_request.h"
#include "protocol/list_partition_reassignments_response.h"

namespace thalweg::cli {

using Ids = std::vector<BrokerId>;
inline Ids ids(std::initializer_list<int> numbers) {
  Ids out;
  for (const int n : numbers) out.push_back(BrokerId{n});
  return out;
}

struct FakePartition {
  int leader = 1;
  Ids replicas, isr;
  Ids adding = {}, removing = {};
  Ids eligible = {};
};

class FakeCluster {
 public:
  explicit FakeCluster(const Shard& shard) : broker(shard) {
    serve_metadata();
    serve_changes();
  }

  // What a tool prints when it is run against the cluster.
  Task<Ran> run(const Shard* shard, Tool tool, Arguments arguments) {
    terminal.out_text.clear();
    terminal.err_text.clear();
    Ran ran;
    ran.code = co_await tool({*shard, terminal}, std::move(arguments));
    ran.out = terminal.out_text;
    ran.err = terminal.err_text;
    co_return ran;
  }
  Task<Ran> thalweg(const Shard* shard, Arguments arguments) {
    arguments.insert(arguments.end(), {"--brokers", to_string(broker.endpoint)});
    co_return co_await run(shard, run_thalweg, std::move(arguments));
  }

  admin::FakeBroker broker;
  FakeTerminal terminal;
  std::map<TopicPartition, FakePartition> partitions;
  // What was set and not removed again, by the name of a topic or the id of a broker.
  std::map<std::string, std::map<std::string, std::string>> configs;
  std::set<int> down;
  std::set<int> silent;  // voters that the controller has not heard for ten seconds
  std::map<std::string, std::string> racks;
  int controller = 2;
  bool is_controller = false;                             // what listens is for controllers
  int looks_until_moved = 2;                              // questions after which a move is done
  std::int64_t size = 1'000;                              // of each replica
  std::vector<std::string> directories{"/data"};          // of each broker
  std::map<TopicPartition, std::string> places, futures;  // of the replicas; "/data" for others
  int looks_until_there = 0;  // questions before a replica can be moved to another directory

 private:
  void serve_metadata();
  void serve_changes();
  void move_on();
};

inline void FakeCluster::serve_metadata() {
  using namespace protocol;
  broker.on<MetadataRequest, MetadataResponse>([this](const MetadataRequest& request) {
    MetadataResponse response;
    for (const int id : {1, 2, 3})
      if (!down.contains(id))
        response.brokers.push_back(
            {.node_id = {id}, .host = broker.endpoint.host, .port = broker.endpoint.port, .rack = {}});
    response.controller_id = {1};
    std::set<std::string> names;
    for (const auto& [tp, partition] : partitions) names.insert(tp.topic);
    if (!request.topics)
      for (const auto& name : names) response.topics.emplace_back().name = name;
    return response;
  });
  broker.on<DescribeTopicPartitionsRequest, DescribeTopicPartitionsResponse>([this](const auto& request) {
    DescribeTopicPartitionsResponse response;
    for (const auto& wanted : request.topics) {
      auto& topic = response.topics.emplace_back();
      topic.name = wanted.name;
      topic.error_code = ErrorCode::kUnknownTopicOrPartition;
      for (const auto& [tp, partition] : partitions) {
        if (tp.topic != wanted.name) continue;
        topic.error_code = ErrorCode::kNone;
        auto& out = topic.partitions.emplace_back();
        out.partition_index = tp.partition;
        out.leader_id = {partition.leader};
        out.replica_nodes = partition.replicas;
        out.isr_nodes = partition.isr;
        out.eligible_leader_replicas = partition.eligible;
        out.last_known_elr = Ids();
      }
    }
    return response;
  });
  broker.on<DescribeConfigsRequest, DescribeConfigsResponse>([this](const auto& request) {
    DescribeConfigsResponse response;
    for (const auto& resource : request.resources) {
      auto& result = response.results.emplace_back();
      result.resource_type = resource.resource_type;
      result.resource_name = resource.resource_name;
      auto its = configs.contains(resource.resource_name) ? configs.at(resource.resource_name)
                                                          : std::map<std::string, std::string>();
      its.emplace("min.insync.replicas", "2");
      for (const auto& [name, value] : its) {
        if (const auto& keys = resource.configuration_keys; keys && std::ranges::find(*keys, name) == keys->end())
          continue;
        auto& entry = result.configs.emplace_back();
        entry.name = name;
        entry.value = value;
      }
    }
    return response;
  });
  broker.on<DescribeClusterRequest, DescribeClusterResponse>([this](const auto& request) {
    DescribeClusterResponse response;
    if (is_controller && request.endpoint_type == 1) {
      response.error_code = ErrorCode::kMismatchedEndpointType;
      return response;
    }
    response.cluster_id = "AAAAAAAAAAAAAAAAAAAAAQ";
    response.controller_id = {1};
    for (const int id : {1, 2, 3}) {
      if (down.contains(id) && !request.include_fenced_brokers) continue;
      auto& out = response.brokers.emplace_back();
      out.broker_id = {id};
      out.host = "host";
      out.port = 9091 + id;
      out.is_fenced = down.contains(id);
      if (const auto at = racks.find(std::to_string(id)); at != racks.end()) out.rack = at->second;
    }
    return response;
  });
  broker.on<DescribeQuorumRequest, DescribeQuorumResponse>([this](const auto&) {
    DescribeQuorumResponse response;
    auto& topic = response.topics.emplace_back();
    topic.topic_name = "__cluster_metadata";
    auto& partition = topic.partitions.emplace_back();
    partition.leader_id = {controller};
    partition.leader_epoch = {5};
    partition.high_watermark = {40};
    for (const int id : {1, 2, 3}) {
      auto& voter = partition.current_voters.emplace_back();
      voter.replica_id = {id};
      voter.replica_directory_id = {1, static_cast<std::uint64_t>(id)};
      voter.log_end_offset = {id == controller ? 41 : 40};
      voter.last_fetch_timestamp = voter.last_caught_up_timestamp =
          silent.contains(id) ? 1'699'999'990'000 : 1'700'000'000'000;
      response.nodes.push_back({{id}, {{"CONTROLLER", "host", static_cast<std::uint16_t>(19091 + id)}}});
    }
    return response;
  });
  broker.on<DescribeLogDirsRequest, DescribeLogDirsResponse>([this](const auto& request) {
    DescribeLogDirsResponse response;
    for (const std::string& path : directories) {
      auto& directory = response.results.emplace_back();
      directory.log_dir = path;
      for (const auto& [tp, partition] : partitions) {
        const auto wants = [&](const auto& topic) {
          return topic.topic == tp.topic && std::ranges::find(topic.partitions, tp.partition) != topic.partitions.end();
        };
        if (request.topics && std::ranges::none_of(*request.topics, wants)) continue;
        const auto place = places.find(tp), future = futures.find(tp);
        const auto add = [&](std::int64_t lag, bool is_future) {
          auto& topic = directory.topics.emplace_back();
          topic.name = tp.topic;
          topic.partitions.push_back({tp.partition, size, lag, is_future});
        };
        if ((place == places.end() ? "/data" : place->second) == path) add(0, false);
        if (future != futures.end() && future->second == path) add(7, true);
      }
    }
    return response;
  });
}

inline void FakeCluster::serve_changes() {
  using namespace protocol;
  broker.on<ListPartitionReassignmentsRequest, ListPartitionReassignmentsResponse>([this](const auto&) {
    move_on();
    ListPartitionReassignmentsResponse response;
    response.error_message.reset();
    if (controller < 0) response.error_code = ErrorCode::kNotController;
    for (const auto& [tp, partition] : partitions)
      if (!partition.adding.empty() || !partition.removing.empty())
        response.topics.push_back(
            {tp.topic, {{tp.partition, partition.replicas, partition.adding, partition.removing}}});
    return response;
  });
  broker.on<AlterPartitionReassignmentsRequest, AlterPartitionReassignmentsResponse>([this](const auto& request) {
    AlterPartitionReassignmentsResponse response;
    response.error_message.reset();
    for (const auto& topic : request.topics) {
      auto& out = response.responses.emplace_back();
      out.name = topic.name;
      for (const auto& wanted : topic.partitions) {
        out.partitions.push_back({wanted.partition_index, ErrorCode::kNone, std::nullopt});
        auto& its = partitions.at({topic.name, wanted.partition_index});
        const auto has = [](const Ids& all, BrokerId id) { return std::ranges::find(all, id) != all.end(); };
        if (!wanted.replicas) {
          std::erase_if(its.replicas, [&](BrokerId id) { return has(its.adding, id); });
          its.adding.clear();
          its.removing.clear();
          continue;
        }
        its.adding.clear();
        its.removing.clear();
        for (const BrokerId id : *wanted.replicas)
          if (!has(its.replicas, id)) its.adding.push_back(id);
        auto all = *wanted.replicas;
        for (const BrokerId id : its.replicas)
          if (!has(all, id)) {
            its.removing.push_back(id);
            all.push_back(id);
          }
        its.replicas = all;
      }
    }
    return response;
  });
  broker.on<IncrementalAlterConfigsRequest, IncrementalAlterConfigsResponse>([this](const auto& request) {
    IncrementalAlterConfigsResponse response;
    for (const auto& resource : request.resources) {
      auto& its = configs[resource.resource_name];
      for (const auto& change : resource.configs) {
        if (change.value)
          its[change.name] = *change.value;
        else
          its.erase(change.name);
      }
      if (its.empty()) configs.erase(resource.resource_name);
      response.responses.push_back({ErrorCode::kNone, std::nullopt, resource.resource_type, resource.resource_name});
    }
    return response;
  });
  broker.on<AlterReplicaLogDirsRequest, AlterReplicaLogDirsResponse>([this](const auto& request) {
    AlterReplicaLogDirsResponse response;
    const bool there = --looks_until_there < 0;
    for (const auto& directory : request.dirs)
      for (const auto& topic : directory.topics) {
        auto& out = response.results.emplace_back();
        out.topic_name = topic.name;
        for (const PartitionId number : topic.partitions) {
          const TopicPartition tp{topic.name, number};
          out.partitions.push_back({number, there ? ErrorCode::kNone : ErrorCode::kReplicaNotAvailable});
          const auto place = places.find(tp);
          futures.erase(tp);
          if (there && (place == places.end() ? "/data" : place->second) != directory.path)
            futures[tp] = directory.path;
        }
      }
    return response;
  });
  broker.on<ElectLeadersRequest, ElectLeadersResponse>([this](const auto& request) {
    ElectLeadersResponse response;
    for (auto& [tp, partition] : partitions) {
      const auto wants = [&](const auto& topic) {
        return topic.topic == tp.topic && std::ranges::find(topic.partitions, tp.partition) != topic.partitions.end();
      };
      if (request.topic_partitions && std::ranges::none_of(*request.topic_partitions, wants)) continue;
      const bool needed = partition.leader != partition.replicas.front().value;
      if (!request.topic_partitions && !needed) continue;
      auto& out = response.replica_election_results.emplace_back();
      out.topic = tp.topic;
      out.partition_result.push_back({tp.partition, needed ? ErrorCode::kNone : ErrorCode::kElectionNotNeeded, {}});
      partition.leader = partition.replicas.front().value;
    }
    return response;
  });
}

// A move is done once it was asked for often enough.
inline void FakeCluster::move_on() {
  for (auto& [tp, partition] : partitions) {
    if (partition.adding.empty() && partition.removing.empty()) continue;
    if (--looks_until_moved > 0) continue;
    std::erase_if(partition.replicas,
                  [&](BrokerId id) { return std::ranges::find(partition.removing, id) != partition.removing.end(); });
    partition.isr = partition.replicas;
    partition.adding.clear();
    partition.removing.clear();
  }
}

inline const TopicPartition kFirst{"orders", PartitionId{0}}, kSecond{"orders", PartitionId{1}};

// A cluster in which orders-0 and orders-1 are well.
inline std::map<TopicPartition, FakePartition> two_orders() {
  return {{kFirst, {1, ids({1, 2}), ids({1, 2})}}, {kSecond, {2, ids({2, 3}), ids({2, 3})}}};
}

template <class Script>
void with_cluster(Script script) {
  struct Play {
    static Task<> run(const Shard* shard, Script script) {
      FakeCluster cluster(*shard);
      co_await script(shard, cluster);
      co_await cluster.broker.stop();
    }
  };
  platform::TestShards shards;
  platform::run_on(shards[0], Play::run(&shards[0], std::move(script)));
}

}  // namespace thalweg::cli
