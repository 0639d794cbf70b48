#include "dataflow/internal_topics.h"

#include <algorithm>
#include <optional>

namespace thalweg::streams::detail {
namespace {

constexpr int kInvalidArgument = -186;  // librdkafka's number
constexpr std::int64_t kDayMs = 86'400'000;
constexpr std::string_view kForTopics = "topic.";

// What is found out step by step: how many partitions each topic has, by the cluster's name.
class Planner {
 public:
  Planner(const TopologyGraph& graph, const std::vector<SubTopology>& parts, const std::string& application_id,
          const TopicCounts& there)
      : graph_(graph), parts_(parts), application_id_(application_id), there_(there) {}

  void find_sources();
  void count_repartition_topics();
  void copartition();
  void count_tasks();

  std::string name(const std::string& topic) const { return graph_.topic_name(application_id_, topic); }
  std::int32_t count(const std::string& topic) const {
    const auto found = counts_.find(name(topic));
    return found == counts_.end() ? 0 : found->second;
  }
  const TopicCounts& counts() const { return counts_; }
  std::map<int, std::int32_t> tasks;
  std::vector<std::string> mistakes;

 private:
  std::optional<std::int32_t> of_writers(const RepartitionTopic& topic, bool known_only) const;
  void copartition(const std::vector<std::string>& nodes);
  void set_internal(const std::set<std::string>& internal, std::int32_t partitions);
  std::int32_t enforced(const std::string& topic) const;

  const TopologyGraph& graph_;
  const std::vector<SubTopology>& parts_;
  const std::string& application_id_;
  const TopicCounts& there_;
  TopicCounts counts_;
};

void Planner::find_sources() {
  for (const auto& topic : source_topics(graph_)) {
    const auto found = there_.find(topic);
    if (found == there_.end() || found->second == 0)
      mistakes.push_back("source topic " + topic + " is not there: create it before the application starts");
    else
      counts_[topic] = found->second;
  }
}

std::int32_t Planner::enforced(const std::string& topic) const {
  for (const auto& one : graph_.repartition_topics)
    if (one.name == topic) return one.partitions;
  return 0;
}

// The most partitions among the sources of those that write it; nothing: one of them is not known yet.
std::optional<std::int32_t> Planner::of_writers(const RepartitionTopic& topic, bool known_only) const {
  std::int32_t most = 0;
  for (const auto& part : parts_) {
    if (std::ranges::find(part.sinks, topic.name) == part.sinks.end()) continue;
    for (const auto& source : part.sources) {
      const auto partitions = count(source);
      if (partitions == 0 && source != topic.name && !known_only) return std::nullopt;
      most = std::max(most, partitions);
    }
  }
  return most == 0 ? std::nullopt : std::optional(most);
}

// One that reads another waits for it; where they wait for each other, what is known decides.
void Planner::count_repartition_topics() {
  for (const auto& topic : graph_.repartition_topics)
    if (topic.partitions > 0) counts_[name(topic.name)] = topic.partitions;
  const auto pass = [&](bool known_only) {
    bool found = false;
    for (const auto& topic : graph_.repartition_topics) {
      if (count(topic.name) > 0) continue;
      const auto partitions = of_writers(topic, known_only);
      if (!partitions) continue;
      counts_[name(topic.name)] = *partitions;
      found = true;
    }
    return found;
  };
  while (pass(false) || pass(true)) continue;
  for (const auto& topic : graph_.repartition_topics)
    if (count(topic.name) == 0)
      mistakes.push_back("repartition topic " + name(topic.name) + ": nothing says how many partitions it has");
}

void Planner::set_internal(const std::set<std::string>& internal, std::int32_t partitions) {
  for (const auto& topic : internal) {
    const auto given = enforced(topic);
    if (given > 0 && given != partitions)
      mistakes.push_back("repartition topic " + name(topic) + " was given " + std::to_string(given) +
                         " partitions, and what it is joined with has " + std::to_string(partitions));
    else
      counts_[name(topic)] = partitions;
  }
}

void Planner::copartition(const std::vector<std::string>& nodes) {
  std::set<std::string> users, internal;
  for (const auto& node_name : nodes)
    if (const auto* node = graph_.node(node_name))
      for (const auto& topic : node->topics) (graph_.is_internal(topic) ? internal : users).insert(topic);
  std::set<std::int32_t> of_users;
  std::string all;
  for (const auto& topic : users) {
    of_users.insert(count(topic));
    all += (all.empty() ? "" : ", ") + topic + " has " + std::to_string(count(topic));
  }
  if (of_users.size() > 1)
    return mistakes.push_back("topics that are joined need the same number of partitions: " + all);
  if (!of_users.empty()) return set_internal(internal, *of_users.begin());
  std::int32_t most = 0, given = 0;
  for (const auto& topic : internal) {
    most = std::max(most, count(topic));
    if (given == 0) given = enforced(topic);
  }
  set_internal(internal, given > 0 ? given : most);
}

void Planner::copartition() {
  for (const auto& group : graph_.copartitioned) copartition(group);
}

void Planner::count_tasks() {
  for (const auto& part : parts_) {
    if (part.is_global) continue;
    std::int32_t most = 0;
    for (const auto& source : part.sources) most = std::max(most, count(source));
    if (most > 0) tasks[part.number] = most;
  }
}

Properties with(Properties configs, const Properties& application, const Properties& own) {
  configs["message.timestamp.type"] = "CreateTime";
  for (const auto& [key, value] : application)
    if (key.starts_with(kForTopics)) configs[key.substr(kForTopics.size())] = value;
  for (const auto& [key, value] : own) configs[key] = value;
  return configs;
}

Properties of_changelog(const StoreSpecData& store, const Properties& application) {
  const auto additional = application.find("windowstore.changelog.additional.retention.ms");
  const auto retention = [&] {
    return std::to_string(store.retention.value_or(milliseconds(0)).count() +
                          (additional == application.end() ? kDayMs : std::atoll(additional->second.c_str())));
  };
  switch (store.kind) {
    case StoreKind::kWindow:
    case StoreKind::kSession:
      return {{"cleanup.policy", "compact,delete"}, {"retention.ms", retention()}};
    case StoreKind::kJoinWindow:
      return {{"cleanup.policy", "delete"}, {"retention.ms", retention()}};
    default:
      return {{"cleanup.policy", "compact"}};
  }
}

const Properties kOfRepartition{{"cleanup.policy", "delete"}, {"segment.bytes", "52428800"}, {"retention.ms", "-1"}};

}  // namespace

std::set<std::string> source_topics(const TopologyGraph& graph) {
  std::set<std::string> topics;
  for (const auto& node : graph.nodes)
    if (node.kind == NodeSpec::Kind::kSource)
      for (const auto& topic : node.topics)
        if (!graph.is_internal(topic)) topics.insert(topic);
  return topics;
}

std::string driver_topic(const std::vector<std::string>& topic_names, const TopicCounts& counts) {
  std::string driver;
  std::int32_t most = 0;
  for (const auto& name : topic_names) {
    const auto found = counts.find(name);
    const auto partitions = found == counts.end() ? 0 : found->second;
    if (partitions > most || (partitions == most && most > 0 && name < driver)) {
      driver = name;
      most = partitions;
    }
  }
  return driver;
}

std::string misfit(const InternalTopic& wanted, std::int32_t partitions) {
  if (partitions == wanted.partitions) return {};
  return "topic " + wanted.name + " is there with " + std::to_string(partitions) +
         " partitions, and the application needs " + std::to_string(wanted.partitions) +
         ": delete it with the application's offsets, or give the sources as many as before";
}

Result<TopicPlan> plan_topics(const TopologyGraph& graph, const std::vector<SubTopology>& parts,
                              const std::string& application_id, const TopicCounts& there,
                              const Properties& properties) {
  Planner planner(graph, parts, application_id, there);
  planner.find_sources();
  if (planner.mistakes.empty()) planner.count_repartition_topics();
  if (planner.mistakes.empty()) planner.copartition();
  if (!planner.mistakes.empty()) {
    std::string all;
    for (const auto& mistake : planner.mistakes) all += (all.empty() ? "" : "; ") + mistake;
    return std::unexpected(Error{.code = kInvalidArgument, .message = all});
  }
  planner.count_tasks();
  TopicPlan plan{.tasks = planner.tasks, .counts = planner.counts()};
  for (const auto& topic : graph.repartition_topics)
    plan.topics.push_back({planner.name(topic.name), planner.count(topic.name),
                           with(kOfRepartition, properties, topic.properties), false});
  for (const auto& part : parts) {
    const auto tasks = plan.tasks.find(part.number);
    if (tasks == plan.tasks.end()) continue;
    std::vector<std::string> names;
    for (const auto& source : part.sources) names.push_back(planner.name(source));
    plan.drivers[part.number] = driver_topic(names, plan.counts);
    for (const auto* store : part.stores) {
      if (!store->logging || store->source_topic || store->is_global) continue;
      auto name = TopologyGraph::changelog_name(application_id, store->name);
      plan.counts[name] = tasks->second;
      plan.topics.push_back(
          {std::move(name), tasks->second, with(of_changelog(*store, properties), properties, store->topic), true});
    }
  }
  return plan;
}

}  // namespace thalweg::streams::detail
