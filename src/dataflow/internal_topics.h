// Which topics an application needs beside its users', with how many partitions and which configs, and which tasks
// there are. Pure: what the cluster has is an argument. (RepartitionTopics, CopartitionedTopicsEnforcer,
// ChangelogTopics, PartitionGrouper)
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "thalweg/streams/detail/topology_graph.h"

namespace thalweg::streams::detail {

// Partitions of the topics that are there, by name; 0 partitions counts as not there.
using TopicCounts = std::map<std::string, std::int32_t>;

struct InternalTopic {
  std::string name;  // as the cluster names it
  std::int32_t partitions = 0;
  Properties configs;
  bool is_changelog = false;
};

struct TopicPlan {
  std::vector<InternalTopic> topics;   // repartition topics, then changelogs
  std::map<int, std::int32_t> tasks;   // by number of the sub-topology; one with no tasks is not there
  std::map<int, std::string> drivers;  // driver_topic() of each
  TopicCounts counts;                  // of every topic that is named anywhere, as it will be
};

// `properties`: the application's; those with `topic.` before them go into every internal topic.
// Errors: a source topic that is not there (MISSING_SOURCE_TOPIC), counts that have to be equal and are not; all at
// once.
Result<TopicPlan> plan_topics(const TopologyGraph& graph, const std::vector<SubTopology>& parts,
                              const std::string& application_id, const TopicCounts& there,
                              const Properties& properties);

// The users' topics that the graph reads, global ones with them: those that have to be there before it runs.
std::set<std::string> source_topics(const TopologyGraph& graph);

// The topic whose partitions a sub-topology's members share among themselves: that with the most partitions, of equal
// ones the smallest name. Who is given partition p of it runs task p, with partition p of the others.
std::string driver_topic(const std::vector<std::string>& topic_names, const TopicCounts& counts);

// What is wrong with an internal topic that is there already; empty: nothing. (InternalTopicManager.validate)
std::string misfit(const InternalTopic& wanted, std::int32_t partitions);

}  // namespace thalweg::streams::detail
