// What was grouped by a key, to be aggregated: a stream's records, a table's rows, several streams into one.
// (KGroupedStream, KGroupedTable, CogroupedKStream)
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "thalweg/streams/detail/changed_serde.h"
#include "thalweg/streams/detail/nodes/aggregate.h"
#include "thalweg/streams/ktable.h"

namespace thalweg::streams {

template <class K, class V, class W>
class WindowedKStream;
template <class K, class VA>
class CogroupedKStream;

namespace detail {

// A stream with the key that it is grouped by, and how it comes together under it. K without std::optional.
template <class K, class V>
struct GroupedParts {
  Place place;
  std::string name;  // of the grouping; empty: none was given
  MaybeSerde<K> key;
  MaybeSerde<V> value;  // V without std::optional
  // A named grouping goes through one topic, however often it is aggregated.
  std::shared_ptr<std::optional<LogicalGraph::Id>> shared = std::make_shared<std::optional<LogicalGraph::Id>>();

  // Where an aggregation that keeps `store` hangs: below a repartition, if the key is not the stream's own. Burns.
  Place keyed(const std::string& node, const std::string& store) const {
    if (!place.rekeyed) return place;
    LogicalGraph& graph = *place.graph;
    if (*shared && !name.empty()) {
      graph.burn(3);
      graph.touch(**shared);
      const std::string& source = graph.node(**shared).name;
      return {place.graph, **shared, source, {source}, false};
    }
    const Repartition<K, V> topic{.key = serde_for(graph, node, "key", key),
                                  .value = serde_for(graph, node, "value", value)};
    Place made = repartitioned(place, name.empty() ? store : name, topic);
    *shared = made.node;
    return made;
  }
};

// Adds an aggregation's node below `from`, with its store. `make(TableKept)` makes the node.
template <class K, class VA, class Make>
KTable<K, VA> aggregated(const Place& from, const std::string& node, const TableStorePlan<K, VA>& store,
                         MaybeSerde<K> key, MaybeSerde<VA> value, Make make) {
  LogicalGraph& graph = *from.graph;
  const auto id =
      graph.add({.name = node,
                 .parents = {from.node},
                 .write = [node, store, make](TopologyGraph& topology, const Written& written) {
                   const TableKept kept{.store = store.name, .old_values = written.old_values};
                   store.write(topology);
                   add_node(topology, node, written.parents, [make, kept] { return make(kept); }, {store.name});
                 }});
  graph.is_table(id, {});
  graph.materialize(id);
  TableParts<K, VA> parts{.key = std::move(key), .value = std::move(value), .store = store.how.store};
  parts.view = [name = store.name] { return store_view<K, VA>(name); };
  return {from.moved(id, node), std::move(parts)};
}

}  // namespace detail

// K without std::optional: records without a key or a value are left out and counted.
template <class K, class V>
class KGroupedStream {
 public:
  using Value = unwrap_t<V>;

  KTable<K, std::int64_t> count(Materialized<K, std::int64_t> how = {}, Named named = {}) const {
    if (detail::is_given(how) && how.store.empty()) graph().burn();
    return aggregated<std::int64_t>(detail::CountStep{}, "KSTREAM-AGGREGATE-", std::move(how), {}, named);
  }
  // F gives the new value of the one so far and the record's.
  template <class F>
  KTable<K, unwrap_t<V>> reduce(F combine, Materialized<K, unwrap_t<V>> how = {}, Named named = {}) const {
    return aggregated<Value>(detail::ReduceStep<Value, F>{.plus = std::move(combine)}, "KSTREAM-REDUCE-",
                             std::move(how), parts_.value, named);
  }
  // `add` may return std::optional<VA>: nullopt deletes.
  template <class I, class A, class VA = succeeded_t<std::invoke_result_t<I&>>>
    requires std::invocable<A&, const K&, const unwrap_t<V>&, VA>
  KTable<K, VA> aggregate(I init, A add, Materialized<K, VA> how = {}, Named named = {}) const {
    return aggregated<VA>(detail::AggregateStep<VA, I, A>{.init = std::move(init), .plus = std::move(add)},
                          "KSTREAM-AGGREGATE-", std::move(how), {}, named);
  }
  // TimeWindows, SlidingWindows, SessionWindows. In windowed.h.
  template <class W>
  WindowedKStream<K, V, W> windowed_by(W) const;
  // The first of several streams with the same key; each adds to one VA.
  template <class VA, class A>
    requires std::invocable<A&, const K&, const unwrap_t<V>&, VA>
  CogroupedKStream<K, VA> cogroup(A add) const {
    return CogroupedKStream<K, VA>(graph_pointer()).cogroup(*this, std::move(add));
  }

  // ---- For operations in other headers

  explicit KGroupedStream(detail::GroupedParts<K, unwrap_t<V>> parts) : parts_(std::move(parts)) {}
  const detail::GroupedParts<K, unwrap_t<V>>& parts() const { return parts_; }
  detail::LogicalGraph& graph() const { return *parts_.place.graph; }

 private:
  const std::shared_ptr<detail::LogicalGraph>& graph_pointer() const { return parts_.place.graph; }

  template <class VA, class Step>
  KTable<K, VA> aggregated(Step step, std::string_view prefix, Materialized<K, VA> how, const MaybeSerde<VA>& inherited,
                           const Named& named) const {
    const std::string store_name = how.store.empty() ? graph().new_store_name(prefix) : how.store;
    const std::string node = graph().name_or_new(named.name, prefix);
    auto key = detail::first_of(how.key, parts_.key);
    auto value = detail::first_of(how.value, inherited);
    const auto store = detail::plan_store(graph(), node, store_name, std::move(how), parts_.key, inherited);
    return detail::aggregated<K, VA>(parts_.keyed(node, store_name), node, store, std::move(key), std::move(value),
                                     [step](const detail::TableKept& kept) {
                                       return std::make_unique<detail::StreamAggregateNode<K, Value, VA, Step>>(step,
                                                                                                                kept);
                                     });
  }

  detail::GroupedParts<K, unwrap_t<V>> parts_;
};

template <class K, class VA>
class CogroupedKStream {
 public:
  template <class V, class A>
    requires std::invocable<A&, const K&, const unwrap_t<V>&, VA>
  CogroupedKStream cogroup(const KGroupedStream<K, V>& stream, A add) const {
    using Value = unwrap_t<V>;
    CogroupedKStream more = *this;
    more.inputs_.push_back(
        {.keyed = [parts = stream.parts()](const std::string& node,
                                           const std::string& store) { return parts.keyed(node, store); },
         .make = [add](const Init& init, const detail::TableKept& kept) -> std::unique_ptr<detail::NodeBase> {
           using Step = detail::AggregateStep<VA, Init, A>;
           return std::make_unique<detail::StreamAggregateNode<K, Value, VA, Step>>(Step{.init = init, .plus = add},
                                                                                    kept);
         }});
    return more;
  }

  template <class I>
  KTable<K, VA> aggregate(I init, Materialized<K, VA> how = {}, Named named = {}) const {
    detail::LogicalGraph& graph = *graph_;
    const std::string store_name = how.store.empty() ? graph.new_store_name("COGROUPKSTREAM-AGGREGATE-") : how.store;
    std::vector<detail::Place> from;
    std::set<std::string> sources;
    for (const Input& input : inputs_) {
      from.push_back(input.keyed(store_name, store_name));
      sources.insert(from.back().sources.begin(), from.back().sources.end());
    }
    graph.copartition(sources);
    const auto store = detail::plan_store(graph, store_name, store_name, how, MaybeSerde<K>{}, MaybeSerde<VA>{});
    std::vector<detail::LogicalGraph::Id> nodes;
    for (std::size_t i = 0; i < inputs_.size(); ++i) nodes.push_back(add_input(from[i], i, named, store, Init(init)));
    return merged(nodes, std::move(sources), store, how, named);
  }

  explicit CogroupedKStream(std::shared_ptr<detail::LogicalGraph> graph) : graph_(std::move(graph)) {}

 private:
  using Init = std::function<VA()>;
  struct Input {
    std::function<detail::Place(const std::string& node, const std::string& store)> keyed;
    std::function<std::unique_ptr<detail::NodeBase>(const Init&, const detail::TableKept&)> make;
  };

  detail::LogicalGraph::Id add_input(const detail::Place& from, std::size_t i, const Named& named,
                                     const detail::TableStorePlan<K, VA>& store, Init init) const {
    const std::string name =
        graph_->suffixed_or_new(named.name, "-cogroup-agg-" + std::to_string(i), "COGROUPKSTREAM-AGGREGATE-");
    return graph_->add({.name = name,
                        .parents = {from.node},
                        .write = [name, store, init, make = inputs_[i].make](detail::TopologyGraph& topology,
                                                                             const detail::Written& written) {
                          if (!topology.store(store.name)) store.write(topology);
                          const detail::TableKept kept{.store = store.name, .old_values = written.old_values};
                          detail::add_node(topology, name, written.parents,
                                           [make, init, kept] { return make(init, kept); }, {store.name});
                        }});
  }

  KTable<K, VA> merged(const std::vector<detail::LogicalGraph::Id>& nodes, std::set<std::string> sources,
                       const detail::TableStorePlan<K, VA>& store, const Materialized<K, VA>& how,
                       const Named& named) const {
    const std::string name = graph_->suffixed_or_new(named.name, "-cogroup-merge", "COGROUPKSTREAM-MERGE-");
    const auto id =
        graph_->add_processor(name, nodes, [] { return std::make_unique<detail::PassNode<K, detail::Change<VA>>>(); });
    for (const auto node : nodes) graph_->is_table(node, {});
    graph_->is_table(id, nodes);
    detail::TableParts<K, VA> parts{.key = how.key, .value = how.value, .store = how.store};
    parts.view = [name = store.name] { return detail::store_view<K, VA>(name); };
    return {{graph_, id, name, std::move(sources), false}, std::move(parts)};
  }

  std::shared_ptr<detail::LogicalGraph> graph_;
  std::vector<Input> inputs_;
};

template <class K, class V>
class KGroupedTable {
 public:
  KTable<K, std::int64_t> count(Materialized<K, std::int64_t> how = {}, Named named = {}) const {
    return aggregated<std::int64_t>(detail::CountStep{}, "KTABLE-AGGREGATE-", std::move(how), {}, named);
  }
  template <class A, class S>
  KTable<K, V> reduce(A add, S subtract, Materialized<K, V> how = {}, Named named = {}) const {
    return aggregated<V>(detail::ReduceStep<V, A, S>{.plus = std::move(add), .minus = std::move(subtract)},
                         "KTABLE-REDUCE-", std::move(how), value_, named);
  }
  template <class I, class A, class S, class VA = succeeded_t<std::invoke_result_t<I&>>>
    requires std::invocable<A&, const K&, const V&, VA> && std::invocable<S&, const K&, const V&, VA>
  KTable<K, VA> aggregate(I init, A add, S subtract, Materialized<K, VA> how = {}, Named named = {}) const {
    using Step = detail::AggregateStep<VA, I, A, S>;
    return aggregated<VA>(Step{.init = std::move(init), .plus = std::move(add), .minus = std::move(subtract)},
                          "KTABLE-AGGREGATE-", std::move(how), {}, named);
  }

  KGroupedTable(detail::Place place, std::string name, MaybeSerde<K> key, MaybeSerde<V> value)
      : place_(std::move(place)), name_(std::move(name)), key_(std::move(key)), value_(std::move(value)) {}

 private:
  template <class VA, class Step>
  KTable<K, VA> aggregated(Step step, std::string_view prefix, Materialized<K, VA> how, const MaybeSerde<VA>& inherited,
                           const Named& named) const {
    detail::LogicalGraph& graph = *place_.graph;
    const std::string store_name = how.store.empty() ? graph.new_store_name("KTABLE-AGGREGATE-") : how.store;
    const std::string sink = graph.suffixed_or_new(named.name, "-sink", "KSTREAM-SINK-");
    const std::string source = graph.suffixed_or_new(named.name, "-source", "KSTREAM-SOURCE-");
    const std::string node = graph.name_or_new(named.name, prefix);
    auto key = detail::first_of(how.key, key_);
    auto value = detail::first_of(how.value, inherited);
    const auto store = detail::plan_store(graph, node, store_name, std::move(how), key_, inherited);
    const detail::Place from = changes_sent((name_.empty() ? store_name : name_) + "-repartition", sink, source, node);
    return detail::aggregated<K, VA>(from, node, store, std::move(key), std::move(value),
                                     [step](const detail::TableKept& kept) {
                                       return std::make_unique<detail::TableAggregateNode<K, V, VA, Step>>(step, kept);
                                     });
  }
  // Through a topic, old and new value together. (GroupedTableOperationRepartitionNode)
  detail::Place changes_sent(const std::string& topic, const std::string& sink, const std::string& source,
                             const std::string& node) const {
    using Row = detail::Change<V>;
    const auto key = detail::serde_for(*place_.graph, node, "key", key_);
    const auto value = detail::changed_serde(detail::serde_for(*place_.graph, node, "value", value_));
    const auto id =
        place_.graph->add({.name = source,
                           .parents = {place_.node},
                           .write = [=](detail::TopologyGraph& topology, const detail::Written& written) {
                             topology.repartition_topics.push_back({.name = topic});
                             detail::add_sink<K, Row>(topology, sink, written.parents, topic,
                                                      {.topic = {}, .key = key, .value = value, .partitioner = {}});
                             detail::add_source<K, Row>(topology, source, {topic}, {.key = key, .value = value});
                           }});
    return {place_.graph, id, source, {source}, false};
  }

  detail::Place place_;
  std::string name_;
  MaybeSerde<K> key_;
  MaybeSerde<V> value_;
};

// ---- How streams and tables are grouped

template <class K, class V>
KGroupedStream<unwrap_t<K>, V> KStream<K, V>::group_by_key(Grouped<Key, V> how) const {
  if (!how.name.empty()) graph().check_name(how.name);
  return KGroupedStream<Key, V>({.place = place_,
                                 .name = how.name,
                                 .key = detail::first_of(how.key, key_),
                                 .value = detail::first_of(detail::bare(how.value), value_)});
}

template <class K, class V>
template <class F>
  requires Over<F, K, V>
KGroupedStream<unwrap_t<detail::given_t<F, K, V>>, V> KStream<K, V>::group_by(
    F key, Grouped<unwrap_t<detail::given_t<F, K, V>>, V> how) const {
  using KO = unwrap_t<detail::given_t<F, K, V>>;
  const auto selected = select_key(std::move(key), Named{how.name});
  return KGroupedStream<KO, V>({.place = selected.place(),
                                .name = how.name,
                                .key = detail::first_of(how.key, selected.key_serde()),
                                .value = detail::first_of(detail::bare(how.value), value_)});
}

template <class K, class V>
template <class F, class P>
  requires detail::PairLike<P>
KGroupedTable<unwrap_t<typename P::first_type>, unwrap_t<typename P::second_type>> KTable<K, V>::group_by(
    F select, Grouped<unwrap_t<typename P::first_type>, unwrap_t<typename P::second_type>> how) const {
  using KO = unwrap_t<typename P::first_type>;
  using VO = unwrap_t<typename P::second_type>;
  std::string name = graph().name_or_new(how.name, "KTABLE-SELECT-");
  const auto id = graph().add_processor(
      name, {place_.node}, [select] { return std::make_unique<detail::TableSelectNode<K, V, F, KO, VO>>(select); });
  need_old_values();
  return {place_.moved(id, std::move(name)), how.name, detail::first_of(how.key, detail::same_or_none<KO>(parts_.key)),
          detail::first_of(how.value, detail::same_or_none<VO>(parts_.value))};
}

}  // namespace thalweg::streams
