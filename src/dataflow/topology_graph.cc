#include "thalweg/streams/detail/topology_graph.h"

#include <algorithm>

namespace thalweg::streams::detail {
namespace {

template <class T>
const T* named(const std::vector<T>& all, std::string_view name) {
  const auto at = std::ranges::find(all, name, &T::name);
  return at == all.end() ? nullptr : &*at;
}

}  // namespace

const NodeSpec* TopologyGraph::node(std::string_view name) const { return named(nodes, name); }

const StoreSpecData* TopologyGraph::store(std::string_view name) const { return named(stores, name); }

bool TopologyGraph::is_internal(std::string_view topic) const { return named(repartition_topics, topic) != nullptr; }

std::string TopologyGraph::topic_name(std::string_view application_id, std::string_view topic) const {
  if (!is_internal(topic)) return std::string(topic);
  return std::string(application_id) + "-" + std::string(topic);
}

std::string TopologyGraph::changelog_name(std::string_view application_id, std::string_view store) {
  return std::string(application_id) + "-" + std::string(store) + "-changelog";
}

}  // namespace thalweg::streams::detail
