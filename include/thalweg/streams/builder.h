// StreamsBuilder: where a topology begins. What its calls got wrong is said by build(), all of it at once.
// (StreamsBuilder, InternalStreamsBuilder)
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "thalweg/streams/grouped.h"
#include "thalweg/streams/processor.h"
#include "thalweg/streams/stores.h"
#include "thalweg/streams/topology.h"

namespace thalweg::streams {

class StreamsBuilder {
 public:
  StreamsBuilder() : graph_(std::make_shared<detail::LogicalGraph>()) {}

  template <class K, class V>
  KStream<K, V> stream(std::string topic, Consumed<K, V> how = {}) {
    return stream<K, V>(std::vector{std::move(topic)}, std::move(how));
  }
  template <class K, class V>
  KStream<K, V> stream(std::vector<std::string> topics, Consumed<K, V> how = {});
  template <class K, class V>
  KTable<K, V> table(std::string topic, Consumed<K, V> how = {}, Materialized<K, V> kept = {});
  template <class K, class V>
  GlobalKTable<K, V> global_table(std::string topic, Consumed<K, V> how = {}, Materialized<K, V> kept = {});
  // For process().
  template <class Store>
  StreamsBuilder& add_state_store(StoreSpec<Store> spec) {
    graph_->check_name(spec.name);
    graph_->add({.name = spec.name,
                 .parents = {},
                 .write = [data = detail::spec_data(spec)](detail::TopologyGraph& graph, const detail::Written&) {
                   graph.stores.push_back(data);
                 }});
    return *this;
  }

  // `properties`: "topology.optimization". Errors: every mistake of every call, with the node.
  Result<Topology> build(const Properties& properties = {}) {
    auto graph = graph_->build(properties);
    if (!graph) return std::unexpected(std::move(graph.error()));
    return Topology(*std::move(graph));
  }

 private:
  std::shared_ptr<detail::LogicalGraph> graph_;
};

namespace detail {

template <class K, class V>
SourceSettings<unwrap_t<K>, unwrap_t<V>> source_settings(LogicalGraph& graph, const std::string& name,
                                                         const Consumed<K, V>& how) {
  using Loose = Record<std::optional<unwrap_t<K>>, std::optional<unwrap_t<V>>>;
  SourceSettings<unwrap_t<K>, unwrap_t<V>> settings{.key = serde_for(graph, name, "key", bare(how.key)),
                                                    .value = serde_for(graph, name, "value", bare(how.value)),
                                                    .needs_key = !kIsOptional<K>,
                                                    .needs_value = !kIsOptional<V>};
  if (!how.timestamp) return settings;
  settings.timestamp = [time_of = how.timestamp](const Loose& loose, std::int64_t so_far) {
    const auto part = []<class T>(std::type_identity<T>, const auto& value) -> T {
      if constexpr (kIsOptional<T>)
        return value;
      else
        return *value;
    };
    return time_of({part(std::type_identity<K>{}, loose.key), part(std::type_identity<V>{}, loose.value),
                    loose.timestamp, loose.headers},
                   so_far);
  };
  return settings;
}

// A table's source says null: that is a row that goes. Its timestamp function still sees plain values, so then the key
// and value it needs must be there.
template <class K, class V>
SourceSettings<K, V> table_settings(LogicalGraph& graph, const std::string& name, const Consumed<K, V>& how) {
  auto settings = source_settings(graph, name, how);
  settings.needs_key = settings.needs_value = static_cast<bool>(how.timestamp);
  return settings;
}

}  // namespace detail

// Its stores' names are those of add_state_store(). Given a name it burns no number. (KStreamImpl.process)
template <class K, class V>
template <class Make, class P>
KStream<typename P::Key, typename P::Value> KStream<K, V>::process(Make make, std::vector<std::string> stores,
                                                                   Named named) const {
  if (!named.name.empty()) graph().check_name(named.name);
  auto place = below(named.name.empty() ? graph().new_name("KSTREAM-PROCESSOR-") : named.name,
                     detail::processor_maker(std::move(make)), std::move(stores));
  place.rekeyed = true;
  return {std::move(place), {}, {}};
}

template <class K, class V>
KStream<K, V> StreamsBuilder::stream(std::vector<std::string> topics, Consumed<K, V> how) {
  std::string name = graph_->name_or_new(how.name, "KSTREAM-SOURCE-");
  auto settings = detail::source_settings(*graph_, name, how);
  const auto id =
      graph_->add({.name = name,
                   .parents = {},
                   .write = [name, topics, settings, reset = how.reset](
                                detail::TopologyGraph& graph,
                                const detail::Written&) { detail::add_source(graph, name, topics, settings, reset); },
                   .topics = topics,
                   .source_type = &typeid(std::pair<unwrap_t<K>, unwrap_t<V>>),
                   .reset = how.reset});
  return {detail::Place{graph_, id, name, {name}, false}, detail::bare(how.key), detail::bare(how.value)};
}

template <class K, class V>
KTable<K, V> StreamsBuilder::table(std::string topic, Consumed<K, V> how, Materialized<K, V> kept) {
  static_assert(!detail::kIsOptional<K> && !detail::kIsOptional<V>,
                "a table's key and value are never absent: a null value deletes the row");
  const std::string store_name = kept.store.empty() ? graph_->new_store_name(topic + "-") : kept.store;
  const std::string source = graph_->suffixed_or_new(how.name, "-source", "KSTREAM-SOURCE-");
  const std::string name = graph_->name_or_new(how.name, "KTABLE-SOURCE-");
  auto key = detail::first_of(kept.key, how.key);
  auto value = detail::first_of(kept.value, how.value);
  const auto store = detail::plan_store(*graph_, name, store_name, kept, how.key, how.value);
  how.key = key;
  how.value = value;
  auto settings = detail::table_settings(*graph_, source, how);
  auto write = [=, reset = how.reset](detail::TopologyGraph& graph, const detail::Written& written) {
    detail::add_source(graph, source, {topic}, settings, reset);
    detail::write_source_table(graph, written, name, {source}, store, topic);
  };
  const auto id = graph_->add({.name = name, .parents = {}, .write = std::move(write)});
  return detail::source_table(detail::Place{graph_, id, name, {source}, false}, store, std::move(key),
                              std::move(value));
}

template <class K, class V>
GlobalKTable<K, V> StreamsBuilder::global_table(std::string topic, Consumed<K, V> how, Materialized<K, V> kept) {
  static_assert(!detail::kIsOptional<K> && !detail::kIsOptional<V>,
                "a table's key and value are never absent: a null value deletes the row");
  const std::string store_name = kept.store.empty() ? graph_->new_store_name(topic + "-") : kept.store;
  const std::string source = graph_->suffixed_or_new(how.name, "-source", "KSTREAM-SOURCE-");
  const std::string name = graph_->name_or_new(how.name, "KTABLE-SOURCE-");
  kept.logging = false;
  how.key = detail::first_of(kept.key, how.key);
  how.value = detail::first_of(kept.value, how.value);
  const auto store = detail::plan_store(*graph_, name, store_name, kept, how.key, how.value);
  auto settings = detail::table_settings(*graph_, source, how);
  graph_->add({.name = name, .parents = {}, .write = [=](detail::TopologyGraph& graph, const detail::Written&) {
                 detail::add_source(graph, source, {topic}, settings);
                 graph.nodes.back().is_global = true;
                 store.write(graph);
                 graph.stores.back().source_topic = topic;
                 graph.stores.back().is_global = true;
                 const detail::TableKept in{.store = store.name, .old_values = false};
                 detail::add_node(graph, name, {source},
                                  [in] { return std::make_unique<detail::TableSourceNode<K, V>>(in); }, {store.name});
                 graph.nodes.back().is_global = true;
               }});
  return {graph_, store_name};
}

}  // namespace thalweg::streams
