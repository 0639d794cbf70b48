#include "thalweg/streams/topology.h"

namespace thalweg::streams {

Topology::Topology() : graph_(std::make_shared<const detail::TopologyGraph>()) {}
Topology::Topology(std::shared_ptr<const detail::TopologyGraph> graph) : graph_(std::move(graph)) {}

// Copies of this topology keep what they have.
detail::TopologyGraph& Topology::own() {
  auto copy = std::make_shared<detail::TopologyGraph>(*graph_);
  graph_ = copy;
  return *copy;
}

Topology& Topology::add(detail::NodeSpec node) {
  own().nodes.push_back(std::move(node));
  return *this;
}

Topology& Topology::add(detail::StoreSpecData store, const std::vector<std::string>& processors) {
  detail::TopologyGraph& graph = own();
  for (const std::string& name : processors) {
    detail::NodeSpec* user = nullptr;
    for (detail::NodeSpec& node : graph.nodes)
      if (node.name == name && node.kind == detail::NodeSpec::Kind::kProcessor) user = &node;
    if (user)
      user->stores.push_back(store.name);
    else
      graph.mistakes.push_back({.message = "the store " + store.name + " is connected to " + name +
                                           ", and no processor of that name was added before it"});
  }
  graph.stores.push_back(std::move(store));
  return *this;
}

Result<> Topology::check() const { return detail::check(*graph_); }
std::string Topology::describe() const { return detail::describe(*graph_); }
std::string Topology::dot() const { return detail::dot(*graph_); }

}  // namespace thalweg::streams
