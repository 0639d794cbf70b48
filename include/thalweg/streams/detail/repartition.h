// Records with equal keys come together: through a topic, by the keys' bytes. (KStreamImpl.createRepartitionedSource)
#pragma once

#include <string>
#include <utility>

#include "thalweg/streams/detail/nodes/sink.h"
#include "thalweg/streams/detail/nodes/source.h"
#include "thalweg/streams/detail/nodes/stateless.h"

namespace thalweg::streams::detail {

template <class K, class V>
void add_sink(TopologyGraph& graph, std::string name, std::vector<std::string> parents, const std::string& topic,
              SinkSettings<K, V> settings) {
  settings.topic = [topic](const Record<K, V>&) { return topic; };
  graph.nodes.push_back({.kind = NodeSpec::Kind::kSink,
                         .name = std::move(name),
                         .parents = std::move(parents),
                         .topics = {topic},
                         .make = [settings] { return std::make_unique<SinkNode<K, V>>(settings); }});
}
template <class K, class V>
void add_source(TopologyGraph& graph, std::string name, std::vector<std::string> topics, SourceSettings<K, V> settings,
                std::optional<OffsetReset> reset = {}) {
  graph.nodes.push_back({.kind = NodeSpec::Kind::kSource,
                         .name = std::move(name),
                         .topics = std::move(topics),
                         .make = [settings] { return std::make_unique<SourceNode<K, V>>(settings); },
                         .reset = reset});
}

// K and V without std::optional; records from above may be of either kind.
template <class K, class V>
struct Repartition {
  Serde<K> key;
  Serde<V> value;
  std::int32_t partitions = 0;

  LogicalNode::Write write(const RepartitionNames& names) const {
    return [names, *this](TopologyGraph& graph, const Written& written) {
      graph.repartition_topics.push_back({.name = names.topic, .partitions = partitions});
      add_node(graph, names.filter, written.parents,
               [null_keys = written.null_keys] { return std::make_unique<RepartitionFilterNode<K, V>>(null_keys); });
      add_sink<std::optional<K>, std::optional<V>>(graph, names.sink, {names.filter}, names.topic,
                                                   {.topic = {}, .key = key, .value = value, .partitioner = {}});
      add_source<K, V>(graph, names.source, {names.topic}, {.key = key, .value = value});
    };
  }
};

// `prefix`: the topic's name before "-repartition". Optimizations may merge it with others of the same key.
template <class K, class V>
Place repartitioned(const Place& from, const std::string& prefix, const Repartition<K, V>& how, bool may_merge = true) {
  const RepartitionNames names = from.graph->repartition_names(prefix);
  LogicalNode node{.name = names.source, .parents = {from.node}, .write = how.write(names)};
  if (may_merge) {
    node.repartition_topic = names.topic;
    node.write_repartition = [how](const RepartitionNames& others) { return how.write(others); };
  }
  const auto id = from.graph->add(std::move(node));
  return {from.graph, id, names.source, {names.source}, false};
}

// One that joins of a stream share unless they are named. `name`: of the join; empty: the stream's own.
// (KStreamImpl.repartitionForJoin)
template <class K, class V>
Place repartitioned_for_join(const Place& from, const std::string& name, const Repartition<K, V>& how) {
  auto& shared = from.graph->shared_repartition(from.node);
  if (shared && name.empty()) {
    from.graph->burn(3);
    const std::string& source = from.graph->node(*shared).name;
    return {from.graph, *shared, source, {source}, false};
  }
  Place place = repartitioned(from, name.empty() ? from.name : name, how);
  from.graph->shared_repartition(from.node) = place.node;
  return place;
}

}  // namespace thalweg::streams::detail
