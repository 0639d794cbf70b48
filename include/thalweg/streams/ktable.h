// KTable: the last value of each key, and what can be done with that. An update is a row that changed; a deletion is a
// row without a value. (KTable, KTableImpl)
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "thalweg/streams/detail/nodes/table_join.h"
#include "thalweg/streams/kstream.h"

namespace thalweg::streams {

template <class K, class V>
class KGroupedTable;

namespace detail {

// Anything in it was said; then Kafka Streams' names burn numbers that they do not without.
template <class K, class V>
bool is_given(const Materialized<K, V>& how) {
  return !how.store.empty() || how.type != StoreType::kDefault || how.key || how.value || !how.logging ||
         !how.caching || !how.topic.empty() || how.retention;
}

// A table's store and what it is called, decided by the call that makes the table.
template <class K, class V>
struct TableStorePlan {
  std::string name;  // empty: there is none
  Materialized<K, V> how;
  Serde<K> key;
  Serde<V> value;

  void write(TopologyGraph& graph) const { graph.stores.push_back(table_store<K, V>(name, how, key, value)); }
};

template <class K, class V>
TableStorePlan<K, V> plan_store(LogicalGraph& graph, const std::string& node, std::string name, Materialized<K, V> how,
                                const MaybeSerde<K>& key, const MaybeSerde<V>& value) {
  if (!how.store.empty()) graph.check_name(how.store);
  return {std::move(name), how, serde_for(graph, node, "key", first_of(how.key, key)),
          serde_for(graph, node, "value", first_of(how.value, value))};
}

}  // namespace detail

template <class K, class V>
class KTable {
 public:
  template <class F>
    requires PredicateOver<F, K, V>
  KTable filter(F keep, Materialized<K, V> how = {}, Named named = {}) const {
    return filtered(std::move(keep), false, std::move(how), named);
  }
  template <class F>
    requires PredicateOver<F, K, V>
  KTable filter_not(F drop, Materialized<K, V> how = {}, Named named = {}) const {
    return filtered(std::move(drop), true, std::move(how), named);
  }
  template <class F>
    requires Over<F, K, V>
  KTable<K, detail::given_t<F, K, V>> map_values(F, Materialized<K, detail::given_t<F, K, V>> = {}, Named = {}) const;
  KStream<K, std::optional<V>> to_stream(Named = {}) const;  // a deletion is nullopt

  // ---- Joins with a table of the same key: the result's rows follow both sides'

  template <class VO, class F>
  KTable<K, detail::joins_to_t<F, const V&, const VO&>> join(
      const KTable<K, VO>&, F, Materialized<K, detail::joins_to_t<F, const V&, const VO&>> = {}, Named = {}) const;
  template <class VO, class F>
  KTable<K, detail::joins_to_t<F, const V&, const std::optional<VO>&>> left_join(
      const KTable<K, VO>&, F, Materialized<K, detail::joins_to_t<F, const V&, const std::optional<VO>&>> = {},
      Named = {}) const;
  template <class VO, class F>
  KTable<K, detail::joins_to_t<F, const std::optional<V>&, const std::optional<VO>&>> outer_join(
      const KTable<K, VO>&, F,
      Materialized<K, detail::joins_to_t<F, const std::optional<V>&, const std::optional<VO>&>> = {}, Named = {}) const;

  // Foreign key: `key` gives the other table's key, or nullopt, of (row) or (key, row). In foreign_joins.h.
  template <class KO, class VO, class E, class F>
  KTable<K, detail::joins_to_t<F, const V&, const VO&>> join(
      const KTable<KO, VO>&, E key, F, TableJoined = {},
      Materialized<K, detail::joins_to_t<F, const V&, const VO&>> = {}) const;
  template <class KO, class VO, class E, class F>
  KTable<K, detail::joins_to_t<F, const V&, const std::optional<VO>&>> left_join(
      const KTable<KO, VO>&, E key, F, TableJoined = {},
      Materialized<K, detail::joins_to_t<F, const V&, const std::optional<VO>&>> = {}) const;

  // F gives a pair: under which key a row counts, and as what. In grouped.h.
  template <class F, class P = detail::given_t<F, K, V>>
    requires detail::PairLike<P>
  KGroupedTable<unwrap_t<typename P::first_type>, unwrap_t<typename P::second_type>> group_by(
      F, Grouped<unwrap_t<typename P::first_type>, unwrap_t<typename P::second_type>> = {}) const;
  // In suppress.h.
  KTable suppress(Suppressed) const;

  // ---- For operations in other headers

  KTable(detail::Place place, detail::TableParts<K, V> parts) : place_(std::move(place)), parts_(std::move(parts)) {}
  const detail::Place& place() const { return place_; }
  const detail::TableParts<K, V>& parts() const { return parts_; }
  detail::LogicalGraph& graph() const { return *place_.graph; }
  // How a node looks into it. What makes the table keeps a store from now on, if it did not.
  detail::TableView<K, V> view() const { return parts_.view(); }
  // Its changes say what was there before.
  void need_old_values() const { graph().need_old_values(place_.node); }

 private:
  template <class F>
  KTable filtered(F keep, bool negated, Materialized<K, V> how, const Named& named) const;
  template <class VO, class Row>
  KTable<K, VO> row_by_row(Row row, const std::string& name, Materialized<K, VO> how, MaybeSerde<VO> value,
                           bool skips_absent) const;
  template <class VR, class VO, class J>
  KTable<K, VR> joined_with(const KTable<K, VO>& other, J join, detail::JoinNeeds needs, Materialized<K, VR> how,
                            const Named& named) const;

  detail::Place place_;
  detail::TableParts<K, V> parts_;
};

// A table that every instance has all of. (GlobalKTable)
template <class K, class V>
class GlobalKTable {
 public:
  GlobalKTable(std::shared_ptr<detail::LogicalGraph> graph, std::string store)
      : graph_(std::move(graph)), store_(std::move(store)) {}
  // Nodes need not be connected to it.
  detail::TableView<K, V> view() const {
    auto view = detail::store_view<K, V>(store_);
    view.stores.clear();
    return view;
  }
  const std::string& store() const { return store_; }

 private:
  std::shared_ptr<detail::LogicalGraph> graph_;
  std::string store_;
};

// ---- How they are made

namespace detail {

// A table that records make, row by row: a topic's or a stream's. `store`: its name if it comes to have one.
template <class K, class V>
KTable<K, V> source_table(Place place, TableStorePlan<K, V> store, MaybeSerde<K> key, MaybeSerde<V> value) {
  LogicalGraph& graph = *place.graph;
  graph.is_table(place.node, {});
  if (!store.how.store.empty()) graph.materialize(place.node);
  TableParts<K, V> parts{.key = std::move(key), .value = std::move(value), .store = store.how.store};
  parts.view = [graph = place.graph, id = place.node, name = store.name] {
    graph->materialize(id);
    return store_view<K, V>(name);
  };
  return {std::move(place), std::move(parts)};
}
// What its node is written as; `parents` end above it.
template <class K, class V>
void write_source_table(TopologyGraph& graph, const Written& written, const std::string& name,
                        std::vector<std::string> parents, const TableStorePlan<K, V>& store,
                        const std::optional<std::string>& topic) {
  TableKept kept{.store = written.materialized ? store.name : std::string(), .old_values = written.old_values};
  std::vector<std::string> stores;
  if (written.materialized) {
    store.write(graph);
    if (written.reuse_source_topic && topic) {
      graph.stores.back().source_topic = topic;
      graph.stores.back().logging = false;
    }
    stores = {store.name};
  }
  add_node(graph, name, std::move(parents), [kept] { return std::make_unique<TableSourceNode<K, V>>(kept); }, stores);
}

}  // namespace detail

template <class K, class V>
template <class F>
KTable<K, V> KTable<K, V>::filtered(F keep, bool negated, Materialized<K, V> how, const Named& named) const {
  if (detail::is_given(how) && how.store.empty()) graph().burn();
  const std::string name = graph().name_or_new(named.name, "KTABLE-FILTER-");
  // With them it need not tell of rows that were left out before, too.
  const bool old_values = graph().ask_for_old_values(place_.node);
  auto kept =
      row_by_row<V>(detail::KeepRow<K, V, F>{std::move(keep), negated}, name, std::move(how), parts_.value, true);
  if (old_values) kept.need_old_values();
  return kept;
}

template <class K, class V>
template <class F>
  requires Over<F, K, V>
KTable<K, detail::given_t<F, K, V>> KTable<K, V>::map_values(F map, Materialized<K, detail::given_t<F, K, V>> how,
                                                             Named named) const {
  using VO = detail::given_t<F, K, V>;
  static_assert(!detail::kIsOptional<VO>, "a row of a table has a value: use filter() to leave rows out");
  if (detail::is_given(how) && how.store.empty()) graph().burn();
  const std::string name = graph().name_or_new(named.name, "KTABLE-MAPVALUES-");
  return row_by_row<VO>(detail::MapRow<K, V, VO, F>{std::move(map)}, name, std::move(how),
                        detail::same_or_none<VO>(parts_.value), false);
}

template <class K, class V>
template <class VO, class Row>
KTable<K, VO> KTable<K, V>::row_by_row(Row row, const std::string& name, Materialized<K, VO> how, MaybeSerde<VO> value,
                                       bool skips_absent) const {
  using Node = detail::TableRowNode<K, V, VO, Row>;
  detail::TableParts<K, VO> parts{
      .key = detail::first_of(how.key, parts_.key), .value = detail::first_of(how.value, value), .store = how.store};
  std::optional<detail::TableStorePlan<K, VO>> store;
  if (!how.store.empty()) store = detail::plan_store(graph(), name, how.store, how, parts_.key, value);
  const auto id = graph().add(
      {.name = name,
       .parents = {place_.node},
       .write = [name, row, store, skips_absent](detail::TopologyGraph& graph, const detail::Written& written) {
         const detail::TableKept kept{.store = store ? store->name : std::string(), .old_values = written.old_values};
         if (store) store->write(graph);
         detail::add_node(
             graph, name, written.parents,
             [row, kept, skips_absent] { return std::make_unique<Node>(row, kept, skips_absent); },
             store ? std::vector{store->name} : std::vector<std::string>{});
       }});
  graph().is_table(id, store ? std::vector<detail::LogicalGraph::Id>{} : std::vector{place_.node});
  if (store) graph().materialize(id);
  if (store)
    parts.view = [store = store->name] { return detail::store_view<K, VO>(store); };
  else
    parts.view = [above = parts_.view, row] { return detail::row_view<VO>(above(), row); };
  return {place_.moved(id, name), std::move(parts)};
}

template <class K, class V>
KStream<K, std::optional<V>> KTable<K, V>::to_stream(Named named) const {
  const std::string name = graph().name_or_new(named.name, "KTABLE-TOSTREAM-");
  const auto id =
      graph().add_processor(name, {place_.node}, [] { return std::make_unique<detail::ToStreamNode<K, V>>(); });
  return {place_.moved(id, name), parts_.key, parts_.value};
}

template <class K, class V>
template <class VO, class F>
KTable<K, detail::joins_to_t<F, const V&, const VO&>> KTable<K, V>::join(
    const KTable<K, VO>& other, F join, Materialized<K, detail::joins_to_t<F, const V&, const VO&>> how,
    Named named) const {
  using VR = detail::joins_to_t<F, const V&, const VO&>;
  return joined_with<VR>(other, detail::InnerJoiner<V, VO, VR, F>{std::move(join)}, {true, true}, std::move(how),
                         named);
}

template <class K, class V>
template <class VO, class F>
KTable<K, detail::joins_to_t<F, const V&, const std::optional<VO>&>> KTable<K, V>::left_join(
    const KTable<K, VO>& other, F join, Materialized<K, detail::joins_to_t<F, const V&, const std::optional<VO>&>> how,
    Named named) const {
  using VR = detail::joins_to_t<F, const V&, const std::optional<VO>&>;
  return joined_with<VR>(other, detail::LeftJoiner<V, VO, VR, F>{std::move(join)}, {true, false}, std::move(how),
                         named);
}

template <class K, class V>
template <class VO, class F>
KTable<K, detail::joins_to_t<F, const std::optional<V>&, const std::optional<VO>&>> KTable<K, V>::outer_join(
    const KTable<K, VO>& other, F join,
    Materialized<K, detail::joins_to_t<F, const std::optional<V>&, const std::optional<VO>&>> how, Named named) const {
  using VR = detail::joins_to_t<F, const std::optional<V>&, const std::optional<VO>&>;
  return joined_with<VR>(other, detail::OuterJoiner<V, VO, VR, F>{std::move(join)}, {false, false}, std::move(how),
                         named);
}

template <class K, class V>
template <class VR, class VO, class J>
KTable<K, VR> KTable<K, V>::joined_with(const KTable<K, VO>& other, J join, detail::JoinNeeds needs,
                                        Materialized<K, VR> how, const Named& named) const {
  detail::LogicalGraph& graph = this->graph();
  const bool kept = detail::is_given(how);
  const std::string store_name = kept && how.store.empty() ? graph.new_store_name("KTABLE-MERGE-") : how.store;
  const std::string merge = graph.name_or_new(named.name, "KTABLE-MERGE-");
  const std::string on_this = graph.suffixed_or_new(named.name, "-join-this", "KTABLE-JOINTHIS-");
  const std::string on_other = graph.suffixed_or_new(named.name, "-join-other", "KTABLE-JOINOTHER-");
  auto sources = place_.sources;
  sources.insert(other.place().sources.begin(), other.place().sources.end());
  graph.copartition(sources);
  if (!needs.theirs) need_old_values();
  if (!needs.mine) other.need_old_values();

  std::optional<detail::TableStorePlan<K, VR>> store;
  if (kept) store = detail::plan_store(graph, merge, store_name, how, parts_.key, MaybeSerde<VR>{});
  auto write = [=, mine = view(), theirs = other.view(), a = place_.name, b = other.place().name](
                   detail::TopologyGraph& topology, const detail::Written& written) {
    using This = detail::TableJoinNode<K, V, VO, VR, J>;
    using Other = detail::TableJoinNode<K, VO, V, VR, detail::Reversed<J>>;
    const bool old = written.old_values;
    detail::add_node(
        topology, on_this, {a}, [=] { return std::make_unique<This>(theirs, join, needs, old); }, theirs.stores);
    detail::add_node(
        topology, on_other, {b},
        [=] { return std::make_unique<Other>(mine, detail::Reversed<J>{join}, needs.reversed(), old); }, mine.stores);
    const detail::TableKept merged{.store = store ? store->name : std::string(), .old_values = old};
    if (store) store->write(topology);
    detail::add_node(
        topology, merge, {on_this, on_other},
        [merged] { return std::make_unique<detail::TableMergeNode<K, VR>>(merged); },
        store ? std::vector{store->name} : std::vector<std::string>{});
  };
  const auto id = graph.add({.name = merge, .parents = {place_.node, other.place().node}, .write = std::move(write)});
  graph.is_table(id, store ? std::vector<detail::LogicalGraph::Id>{} : std::vector{place_.node, other.place().node});
  if (store) graph.materialize(id);

  detail::TableParts<K, VR> parts{.key = detail::first_of(how.key, parts_.key), .value = how.value, .store = how.store};
  if (store)
    parts.view = [name = store->name] { return detail::store_view<K, VR>(name); };
  else
    parts.view = [mine = parts_.view, theirs = other.parts().view, join, needs] {
      return detail::join_view<VR>(mine(), theirs(), join, needs);
    };
  return {{place_.graph, id, merge, std::move(sources), false}, std::move(parts)};
}

template <class K, class V>
KTable<unwrap_t<K>, unwrap_t<V>> KStream<K, V>::to_table(Materialized<Key, Value> how, Named named) const {
  detail::LogicalGraph& graph = this->graph();
  const std::string name = graph.name_or_new(named.name, "KSTREAM-TOTABLE-");
  const std::string store_name = how.store.empty() ? graph.new_store_name("KSTREAM-TOTABLE-") : how.store;
  auto key = detail::first_of(how.key, key_);
  auto value = detail::first_of(how.value, value_);
  const auto store = detail::plan_store(graph, name, store_name, how, key_, value_);
  const detail::Place from =
      place_.rekeyed ? detail::repartitioned<Key, Value>(place_, name, {.key = store.key, .value = store.value})
                     : place_;
  const auto id = graph.add({.name = name,
                             .parents = {from.node},
                             .write = [name, store](detail::TopologyGraph& topology, const detail::Written& written) {
                               detail::write_source_table(topology, written, name, written.parents, store, {});
                             }});
  return detail::source_table(from.moved(id, name), store, std::move(key), std::move(value));
}

// ---- Joins of streams with tables

template <class K, class V>
template <class VT, class F>
KStream<K, detail::joins_to_t<F, const unwrap_t<V>&, const VT&>> KStream<K, V>::join(const KTable<Key, VT>& table,
                                                                                     F join,
                                                                                     Joined<Key, Value, VT> how) const {
  using VO = detail::joins_to_t<F, const Value&, const VT&>;
  return joined_with<VT, VO>(table, detail::InnerJoiner<Value, VT, VO, F>{std::move(join)}, false, how);
}
template <class K, class V>
template <class VT, class F>
KStream<K, detail::joins_to_t<F, const unwrap_t<V>&, const std::optional<VT>&>> KStream<K, V>::left_join(
    const KTable<Key, VT>& table, F join, Joined<Key, Value, VT> how) const {
  using VO = detail::joins_to_t<F, const Value&, const std::optional<VT>&>;
  return joined_with<VT, VO>(table, detail::LeftJoiner<Value, VT, VO, F>{std::move(join)}, true, how);
}
template <class K, class V>
template <class KT, class VT, class S, class F>
KStream<K, detail::joins_to_t<F, const unwrap_t<V>&, const VT&>> KStream<K, V>::join(const GlobalKTable<KT, VT>& table,
                                                                                     S key, F join, Named named) const {
  using VO = detail::joins_to_t<F, const Value&, const VT&>;
  return joined_with<KT, VT, VO>(table, std::move(key), detail::InnerJoiner<Value, VT, VO, F>{std::move(join)}, false,
                                 named);
}
template <class K, class V>
template <class KT, class VT, class S, class F>
KStream<K, detail::joins_to_t<F, const unwrap_t<V>&, const std::optional<VT>&>> KStream<K, V>::left_join(
    const GlobalKTable<KT, VT>& table, S key, F join, Named named) const {
  using VO = detail::joins_to_t<F, const Value&, const std::optional<VT>&>;
  return joined_with<KT, VT, VO>(table, std::move(key), detail::LeftJoiner<Value, VT, VO, F>{std::move(join)}, true,
                                 named);
}

template <class K, class V>
template <class VT, class VO, class J>
KStream<K, VO> KStream<K, V>::joined_with(const KTable<Key, VT>& table, J join, bool left,
                                          const Joined<Key, Value, VT>& how) const {
  detail::Place from = place_;
  auto key = detail::first_of(how.key, key_);
  if (place_.rekeyed) {
    const detail::Repartition<Key, Value> topic{
        .key = detail::serde_for(graph(), place_.name, "key", key),
        .value = detail::serde_for(graph(), place_.name, "value", detail::first_of(how.value, value_))};
    from = detail::repartitioned_for_join(place_, how.name, topic);
  }
  from.sources.insert(table.place().sources.begin(), table.place().sources.end());
  graph().copartition(from.sources);
  std::string name = graph().name_or_new(how.name, left ? "KSTREAM-LEFTJOIN-" : "KSTREAM-JOIN-");
  const auto view = table.view();
  const auto own_key = [](const K& k, const Value&) { return std::optional<Key>(k); };
  using Node = detail::StreamTableJoinNode<K, Value, Key, VT, VO, decltype(own_key), J>;
  const auto id = graph().add_processor(
      name, {from.node}, [=] { return std::make_unique<Node>(view, own_key, join, left); }, view.stores);
  graph().node(id).takes_null_keys = left;
  return {from.moved(id, std::move(name)), std::move(key), {}};
}

template <class K, class V>
template <class KT, class VT, class VO, class S, class J>
KStream<K, VO> KStream<K, V>::joined_with(const GlobalKTable<KT, VT>& table, S key, J join, bool left,
                                          const Named& named) const {
  const auto key_of = [key](const K& k, const Value& v) mutable {
    if constexpr (TakesPair<S, K, Value>)
      return std::optional<KT>(detail::or_fail(key(k, v)));
    else
      return std::optional<KT>(detail::or_fail(key(v)));
  };
  using Node = detail::StreamTableJoinNode<K, Value, KT, VT, VO, std::remove_const_t<decltype(key_of)>, J>;
  auto place = below(graph().name_or_new(named.name, "KSTREAM-LEFTJOIN-"), [view = table.view(), key_of, join, left] {
    return std::make_unique<Node>(view, key_of, join, left);
  });
  graph().node(place.node).takes_null_keys = left;
  return {std::move(place), key_, {}};
}

}  // namespace thalweg::streams
