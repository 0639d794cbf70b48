// What is wrong with a topology, all of it. Nodes are made once and wired here, so that a type that does not fit is
// said before anything runs. (TopologyException)
#include <algorithm>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>

#include "dataflow/names.h"
#include "thalweg/streams/detail/serdes.h"
#include "thalweg/streams/detail/topology_graph.h"

namespace thalweg::streams::detail {
namespace {

class Checker {
 public:
  explicit Checker(const TopologyGraph& graph) : graph_(graph) {}

  std::vector<std::string> mistakes() {
    for (const Error& error : graph_.mistakes) wrong_.push_back(error.message);
    if (graph_.nodes.empty()) wrong_.push_back("it has no nodes: begin with a source");
    check_stores();
    for (const NodeSpec& node : graph_.nodes) check_node(node);
    check_copartitions();
    if (wrong_.empty()) check_types();
    return std::move(wrong_);
  }

 private:
  void say(const NodeSpec& node, std::string what) { wrong_.push_back(node.name + ": " + std::move(what)); }

  void check_stores() {
    std::set<std::string_view> names;
    for (const StoreSpecData& store : graph_.stores) {
      if (!names.insert(store.name).second)
        wrong_.push_back("store " + store.name + " is added twice: name one otherwise");
      if (!is_valid_name(store.name))
        wrong_.push_back("store \"" + store.name + "\": a name has 1 to 249 letters, digits, '.', '_' or '-'");
    }
  }

  void check_node(const NodeSpec& node) {
    if (!nodes_.insert(node.name).second) say(node, "two nodes have this name: name one otherwise");
    if (node.kind == NodeSpec::Kind::kSource)
      check_source(node);
    else if (node.parents.empty())
      say(node, "it has no parents, so nothing reaches it");
    for (const auto& parent : node.parents) {
      const NodeSpec* above = graph_.node(parent);
      if (!nodes_.contains(parent) || parent == node.name)
        say(node, "its parent " + parent + " is not there: add it first");
      else if (above->kind == NodeSpec::Kind::kSink)
        say(node, "its parent " + parent + " is a sink, after which nothing comes");
    }
    for (const auto& store : node.stores) {
      if (node.kind != NodeSpec::Kind::kProcessor) say(node, "stores are connected to processors only");
      if (!graph_.store(store)) say(node, "it uses the store " + store + ", which is not added");
    }
  }

  void check_source(const NodeSpec& node) {
    if (node.topics.empty()) say(node, "it reads no topic");
    for (const auto& topic : node.topics) {
      if (!is_valid_name(topic)) say(node, "\"" + topic + "\" cannot be a topic's name");
      const auto [at, is_new] = readers_.emplace(topic, node.name);
      if (!is_new)
        say(node, "topic " + topic + " is already read by " + at->second + ": read it once and use that twice");
    }
  }

  // Repartition topics with a fixed number must have the same; of user topics nobody knows yet. (validateCopartition)
  void check_copartitions() {
    for (const auto& group : graph_.copartitioned) {
      std::map<std::string, std::int32_t> fixed;
      std::size_t topics = 0;
      for (const auto& source : group)
        if (const NodeSpec* node = graph_.node(source))
          for (const auto& topic : node->topics) {
            ++topics;
            for (const auto& one : graph_.repartition_topics)
              if (one.name == topic && one.partitions > 0) fixed.emplace(topic, one.partitions);
          }
      const auto differs = [&](const auto& one) { return one.second != fixed.begin()->second; };
      if (fixed.size() != topics || !std::ranges::any_of(fixed, differs)) continue;
      std::string counts;
      for (const auto& [topic, count] : fixed)
        counts += (counts.empty() ? "" : ", ") + topic + " has " + std::to_string(count);
      wrong_.push_back("topics that are joined need as many partitions: " + counts);
    }
  }

  void check_types() {
    std::map<std::string_view, std::unique_ptr<NodeBase>> made;
    for (const NodeSpec& spec : graph_.nodes) {
      if (!spec.make) continue;
      auto node = spec.make();
      node->set_name(spec.name);
      for (const auto& parent : spec.parents)
        if (const auto above = made.find(parent); above != made.end() && !above->second->add_child(*node))
          say(spec, "it does not take what " + parent + " gives: " + readable_types(*above->second) + " against " +
                        readable_types(*node));
      made.emplace(spec.name, std::move(node));
    }
  }
  static std::string readable_types(const NodeBase& node) { return std::string(node.types()); }

  const TopologyGraph& graph_;
  std::vector<std::string> wrong_;
  std::set<std::string_view> nodes_;
  std::map<std::string, std::string> readers_;
};

}  // namespace

Result<> check(const TopologyGraph& graph) {
  const auto mistakes = Checker(graph).mistakes();
  if (mistakes.empty()) return {};
  std::string message = "the topology has " + (mistakes.size() == 1 ? std::string("a mistake")
                                                                    : std::to_string(mistakes.size()) + " mistakes");
  for (const auto& one : mistakes) message += "\n- " + one;
  return std::unexpected(Error{.message = std::move(message), .fatal = true});
}

}  // namespace thalweg::streams::detail
