// The text of Kafka Streams' Topology.describe(). Its order comes out of Java's collections in places: sets by hash,
// and trees ordered by the size that a node had when it was put in, so this goes the same way.
// (InternalTopologyBuilder's describe, NodeComparator, updateSize)
#include <algorithm>
#include <map>
#include <memory>
#include <string_view>
#include <utility>

#include "dataflow/insertion_tree.h"
#include "thalweg/streams/detail/topology_graph.h"

namespace thalweg::streams::detail {
namespace {

constexpr std::size_t kSmallestTable = 16;

// String.hashCode, spread as HashMap does.
std::uint32_t java_hash(std::string_view text) {
  std::uint32_t hash = 0;
  for (const char c : text) hash = hash * 31 + static_cast<unsigned char>(c);
  return hash ^ (hash >> 16);
}

bool overfull(std::size_t count, std::size_t table) { return count * 4 > table * 3; }

// As a HashSet goes through them that grew while they were added, or was made for that many.
template <class T, class Name>
std::vector<T> in_hash_order(std::vector<T> items, bool made_for_them, const Name& name) {
  std::size_t table = kSmallestTable;
  const std::size_t wanted = items.size() * 4 / 3 + 1;
  while (made_for_them ? table < wanted : overfull(items.size(), table)) table *= 2;
  std::vector<std::pair<std::size_t, std::size_t>> order;  // bucket, and there as they came
  for (std::size_t i = 0; i < items.size(); ++i) order.emplace_back(java_hash(name(items[i])) & (table - 1), i);
  std::ranges::sort(order);
  std::vector<T> sorted;
  for (const auto& [bucket, i] : order) sorted.push_back(std::move(items[i]));
  return sorted;
}

// `names`: as they were added.
std::string bracketed(const std::vector<std::string>& added) {
  std::vector<std::string> names;
  for (const auto& name : added)
    if (std::ranges::find(names, name) == names.end()) names.push_back(name);
  names = in_hash_order(std::move(names), true, [](const std::string& name) { return std::string_view(name); });
  std::string text = "[";
  for (const auto& name : names) text += (text.size() > 1 ? ", " : "") + name;
  return text + "]";
}

struct Described;
bool comes_first(Described* a, Described* b);
using Neighbours = InsertionTree<Described*, bool (*)(Described*, Described*)>;

struct Described {
  const NodeSpec* spec;
  int size = 1;  // of the tree below it, itself included; once for each way to it
  Neighbours before{comes_first}, after{comes_first};
};

bool comes_first(Described* a, Described* b) {
  return a->size != b->size ? a->size > b->size : a->spec->name < b->spec->name;
}
void grow(Described* node, int by) {
  node->size += by;
  for (Described* above : node->before.in_order()) grow(above, by);
}

std::string names_of(const Neighbours& nodes) {
  std::string text;
  for (const Described* node : nodes.in_order()) text += (text.empty() ? "" : ", ") + node->spec->name;
  return text.empty() ? "none" : text;
}

std::string text_of(const Described& node) {
  const NodeSpec& spec = *node.spec;
  const std::string before = "\n      <-- " + names_of(node.before), after = "\n      --> " + names_of(node.after);
  switch (spec.kind) {
    case NodeSpec::Kind::kSource:
      return "Source: " + spec.name + " (topics: " + bracketed(spec.topics) + ")" + after;
    case NodeSpec::Kind::kSink:
      if (spec.topics.empty()) return "Sink: " + spec.name + " (extractor class: function)" + before;
      return "Sink: " + spec.name + " (topic: " + spec.topics.front() + ")" + before;
    case NodeSpec::Kind::kProcessor:
      break;
  }
  return "Processor: " + spec.name + " (stores: " + bracketed(spec.stores) + ")" + after + before;
}

std::vector<std::unique_ptr<Described>> connected(const SubTopology& part) {
  std::vector<std::unique_ptr<Described>> nodes;
  std::map<std::string_view, Described*> by_name;
  for (const NodeSpec* spec : part.nodes) {
    nodes.push_back(std::make_unique<Described>(Described{.spec = spec}));
    by_name.emplace(spec->name, nodes.back().get());
  }
  std::vector<Described*> order;
  for (const auto& node : nodes) order.push_back(node.get());
  order = in_hash_order(std::move(order), false, [](const Described* d) { return std::string_view(d->spec->name); });
  for (Described* node : order)
    for (const auto& parent : node->spec->parents) {
      const auto at = by_name.find(parent);
      if (at == by_name.end()) continue;
      node->before.add(at->second);
      at->second->after.add(node);
      grow(at->second, node->size);
    }
  std::ranges::sort(nodes, [](const auto& a, const auto& b) { return comes_first(a.get(), b.get()); });
  return nodes;
}

std::string text_of(const SubTopology& part) {
  std::string text = "Sub-topology: " + std::to_string(part.number);
  text += part.is_global ? " for global store (will not generate tasks)\n" : "\n";
  for (const auto& node : connected(part)) text += "    " + text_of(*node) + "\n";
  return part.is_global ? text : text + "\n";
}

}  // namespace

std::string describe(const TopologyGraph& graph) {
  std::string text = "Topologies:\n ";
  for (const SubTopology& part : sub_topologies(graph)) text += "  " + text_of(part);
  return text;
}

}  // namespace thalweg::streams::detail
