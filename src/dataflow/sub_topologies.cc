// Which nodes belong together: whatever is joined by an edge or by a store. (InternalTopologyBuilder.makeNodeGroups,
// QuickUnion)
#include <algorithm>
#include <map>
#include <numeric>
#include <string_view>

#include "thalweg/streams/detail/topology_graph.h"

namespace thalweg::streams::detail {
namespace {

class Unions {
 public:
  explicit Unions(std::size_t count) : above_(count) { std::iota(above_.begin(), above_.end(), std::size_t{0}); }
  std::size_t root(std::size_t i) {
    while (above_[i] != i) i = above_[i] = above_[above_[i]];
    return i;
  }
  void unite(std::size_t a, std::size_t b) { above_[root(a)] = root(b); }

 private:
  std::vector<std::size_t> above_;
};

Unions united(const TopologyGraph& graph) {
  Unions unions(graph.nodes.size());
  std::map<std::string_view, std::size_t> nodes, first_user;
  for (std::size_t i = 0; i < graph.nodes.size(); ++i) {
    nodes.emplace(graph.nodes[i].name, i);
    for (const auto& parent : graph.nodes[i].parents)
      if (const auto at = nodes.find(parent); at != nodes.end()) unions.unite(i, at->second);
    for (const auto& store : graph.nodes[i].stores) {
      // Everybody sees a global store; it connects nobody.
      if (const auto* spec = graph.store(store); spec && spec->is_global && !graph.nodes[i].is_global) continue;
      const auto [at, is_new] = first_user.emplace(store, i);
      if (!is_new) unions.unite(i, at->second);
    }
  }
  return unions;
}

void add_topics(SubTopology& part, const NodeSpec& node) {
  if (node.kind == NodeSpec::Kind::kProcessor) return;
  auto& topics = node.kind == NodeSpec::Kind::kSource ? part.sources : part.sinks;
  topics.insert(topics.end(), node.topics.begin(), node.topics.end());
}

void sort_topics(std::vector<std::string>& topics) {
  std::ranges::sort(topics);
  topics.erase(std::ranges::unique(topics).begin(), topics.end());
}

void add_stores(SubTopology& part, const TopologyGraph& graph) {
  for (const StoreSpecData& store : graph.stores) {
    const bool used = std::ranges::any_of(part.nodes, [&](const NodeSpec* node) {
      return std::ranges::find(node->stores, store.name) != node->stores.end();
    });
    if (used && (part.is_global || !store.is_global)) part.stores.push_back(&store);
  }
}

}  // namespace

std::vector<SubTopology> sub_topologies(const TopologyGraph& graph) {
  Unions unions = united(graph);
  std::vector<SubTopology> parts;
  std::map<std::size_t, std::size_t> part_of;  // by root
  for (std::size_t i = 0; i < graph.nodes.size(); ++i) {
    const auto [at, is_new] = part_of.emplace(unions.root(i), parts.size());
    if (is_new) parts.push_back({.number = static_cast<int>(parts.size())});
    SubTopology& part = parts[at->second];
    part.nodes.push_back(&graph.nodes[i]);
    part.is_global |= graph.nodes[i].is_global;
    add_topics(part, graph.nodes[i]);
  }
  for (SubTopology& part : parts) {
    sort_topics(part.sources);
    sort_topics(part.sinks);
    add_stores(part, graph);
  }
  return parts;
}

}  // namespace thalweg::streams::detail
