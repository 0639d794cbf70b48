// A topology as a picture: topics as boxes, stores as cylinders, a frame around each sub-topology.
#include <set>
#include <string>

#include "thalweg/streams/detail/topology_graph.h"

namespace thalweg::streams::detail {
namespace {

std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + "\"";
}
// Names of nodes, topics and stores may be equal.
std::string id(std::string_view kind, std::string_view name) {
  return quoted(std::string(kind) + ":" + std::string(name));
}
std::string item(std::string_view kind, std::string_view name, std::string_view shape) {
  return id(kind, name) + " [label=" + quoted(name) + ", shape=" + std::string(shape) + "];\n";
}
std::string edge(const std::string& from, const std::string& to, std::string_view more = "") {
  return "  " + from + " -> " + to + std::string(more) + ";\n";
}

std::string frame(const SubTopology& part) {
  std::string out = "  subgraph cluster_" + std::to_string(part.number) + " {\n    label=" +
                    quoted((part.is_global ? "global " : "sub-topology ") + std::to_string(part.number)) + ";\n";
  for (const NodeSpec* node : part.nodes) out += "    " + item("node", node->name, "ellipse");
  for (const StoreSpecData* store : part.stores) out += "    " + item("store", store->name, "cylinder");
  return out + "  }\n";
}

}  // namespace

std::string dot(const TopologyGraph& graph) {
  std::string out = "digraph topology {\n  rankdir=LR;\n";
  std::set<std::string> topics;
  for (const NodeSpec& node : graph.nodes) topics.insert(node.topics.begin(), node.topics.end());
  for (const auto& topic : topics)
    out += "  " + item("topic", topic, graph.is_internal(topic) ? "box, style=dashed" : "box");
  for (const SubTopology& part : sub_topologies(graph)) out += frame(part);
  for (const NodeSpec& node : graph.nodes) {
    const std::string self = id("node", node.name);
    for (const auto& parent : node.parents) out += edge(id("node", parent), self);
    for (const auto& store : node.stores) out += edge(self, id("store", store), " [dir=none, style=dotted]");
    for (const auto& topic : node.topics)
      out += node.kind == NodeSpec::Kind::kSource ? edge(id("topic", topic), self) : edge(self, id("topic", topic));
  }
  return out + "}\n";
}

}  // namespace thalweg::streams::detail
