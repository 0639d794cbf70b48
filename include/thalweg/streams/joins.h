// Joins of two streams: what comes within a window of time under the same key meets. (KStreamImplJoin)
#pragma once

#include <string>
#include <utility>

#include "thalweg/streams/detail/nodes/stream_join.h"
#include "thalweg/streams/kstream.h"
#include "thalweg/streams/ktable.h"

namespace thalweg::streams {
namespace detail {

// Of which sides what finds no partner is a result, too.
struct OuterSides {
  bool left = false, right = false;
};

// Names, in the order in which Kafka Streams gives them.
struct StreamJoinNames {
  std::string this_windowed, other_windowed, this_join, other_join, merge;
  std::string this_store, other_store, lonely_store;
};
StreamJoinNames stream_join_names(LogicalGraph&, const std::string& name, const std::string& store, OuterSides);
// What is wrong with it; empty: nothing.
std::string mistake_of(const JoinWindows&);

// Where a side's records come from: a topic between, if keys were changed. `name`: of that topic; empty: the stream's.
template <class K, class V>
Place side_of_join(const KStream<K, V>& stream, const std::string& name, const Serde<unwrap_t<K>>& key,
                   const Serde<unwrap_t<V>>& value) {
  if (!stream.place().rekeyed) return stream.place();
  return repartitioned_for_join<unwrap_t<K>, unwrap_t<V>>(stream.place(), name, {.key = key, .value = value});
}

template <class K, class V, class VO>
StoreSpecData join_store(std::string name, const StreamJoined<K, V, VO>& how, milliseconds retention, StoreKind kind) {
  return {.name = std::move(name),
          .kind = kind,
          .type = how.type,
          .logging = how.logging,
          .topic = {},
          .retention = retention,
          .source_topic = {},
          .is_global = false,
          .make = {}};
}

// The two nodes of a side that remember, and their store.
template <class K, class V>
LogicalNode remembering(std::string name, const Place& from, StoreSpecData store, Serde<K> key, Serde<V> value) {
  const milliseconds retention = *store.retention;
  store.make = [=](StateStore& state, TaskRuntime& runtime) {
    return std::make_unique<JoinStore<K, V>>(state, runtime, key, value, retention);
  };
  return {.name = name, .parents = {from.node}, .write = [=](TopologyGraph& graph, const Written& written) {
            graph.stores.push_back(store);
            add_node(graph, name, written.parents,
                     [store = store.name] { return std::make_unique<WindowedNode<K, V>>(store); }, {store.name});
          }};
}

template <class R, class K, class V, class VO, class J>
KStream<K, R> join_streams(const KStream<K, V>& left, const KStream<K, VO>& right, J join, OuterSides outer,
                           const JoinWindows& windows,
                           const StreamJoined<unwrap_t<K>, unwrap_t<V>, unwrap_t<VO>>& how) {
  using Key = unwrap_t<K>;
  using A = unwrap_t<V>;
  using B = unwrap_t<VO>;
  LogicalGraph& graph = left.graph();
  const auto key = serde_for(graph, left.place().name, "key", first_of(how.key, left.key_serde()));
  const auto a = serde_for(graph, left.place().name, "value", first_of(how.value, left.value_serde()));
  const auto b = serde_for(graph, right.place().name, "value", first_of(how.other, right.value_serde()));
  const auto topic = [&](std::string_view suffix) {
    return how.name.empty() ? how.name : how.name + std::string(suffix);
  };
  const Place from_left = side_of_join(left, topic("-left"), key, a);
  const Place from_right = side_of_join(right, topic("-right"), key, b);
  auto sources = from_left.sources;
  sources.insert(from_right.sources.begin(), from_right.sources.end());
  graph.copartition(sources);

  const StreamJoinNames names = stream_join_names(graph, how.name, how.store, outer);
  if (auto wrong = mistake_of(windows); !wrong.empty()) graph.mistake(names.merge, std::move(wrong));
  const milliseconds retention = windows.before + windows.after + windows.grace;
  graph.add(remembering<Key, A>(names.this_windowed, from_left,
                                join_store(names.this_store, how, retention, StoreKind::kJoinWindow), key, a));
  graph.add(remembering<Key, B>(names.other_windowed, from_right,
                                join_store(names.other_store, how, retention, StoreKind::kJoinWindow), key, b));

  std::optional<StoreSpecData> lonely;
  if (!names.lonely_store.empty()) {
    lonely = join_store(names.lonely_store, how, retention, StoreKind::kOuterJoin);
    lonely->make = [=](StateStore& state, TaskRuntime& runtime) {
      return std::make_unique<LonelyStore<Key, A, B>>(state, runtime, key, a, b);
    };
  }
  const auto side = [&](const std::string& store, bool is_outer, milliseconds before, milliseconds after) {
    return StreamJoinSide{.other_store = store,
                          .lonely_store = names.lonely_store,
                          .outer = is_outer,
                          .before = before.count(),
                          .after = after.count(),
                          .grace = windows.grace.count()};
  };
  const auto on_left = side(names.other_store, outer.left, windows.before, windows.after);
  const auto on_right = side(names.this_store, outer.right, windows.after, windows.before);
  auto write = [=](TopologyGraph& topology, const Written&) {
    const auto stores = [&](std::string first) {
      std::vector<std::string> all{std::move(first)};
      if (lonely) all.push_back(lonely->name);
      return all;
    };
    if (lonely) topology.stores.push_back(*lonely);
    add_node(
        topology, names.this_join, {names.this_windowed},
        [=] { return std::make_unique<StreamJoinNode<true, K, A, B, R, J>>(join, on_left); },
        stores(names.other_store));
    add_node(
        topology, names.other_join, {names.other_windowed},
        [=] { return std::make_unique<StreamJoinNode<false, K, A, B, R, J>>(join, on_right); },
        stores(names.this_store));
    add_node(topology, names.merge, {names.this_join, names.other_join},
             [] { return std::make_unique<PassNode<K, R>>(); });
  };
  const auto id =
      graph.add({.name = names.merge, .parents = {from_left.node, from_right.node}, .write = std::move(write)});
  graph.node(id).takes_null_keys = outer.left || outer.right;
  return {{left.place().graph, id, names.merge, std::move(sources), false}, first_of(how.key, left.key_serde()), {}};
}

}  // namespace detail

template <class K, class V>
template <class VO, class F>
KStream<K, detail::joins_to_t<F, const unwrap_t<V>&, const unwrap_t<VO>&>> KStream<K, V>::join(
    const KStream<K, VO>& other, F join, JoinWindows windows, StreamJoined<Key, Value, unwrap_t<VO>> how) const {
  using R = detail::joins_to_t<F, const Value&, const unwrap_t<VO>&>;
  return detail::join_streams<R>(*this, other, detail::InnerJoiner<Value, unwrap_t<VO>, R, F>{std::move(join)}, {},
                                 windows, how);
}
template <class K, class V>
template <class VO, class F>
KStream<K, detail::joins_to_t<F, const unwrap_t<V>&, const std::optional<unwrap_t<VO>>&>> KStream<K, V>::left_join(
    const KStream<K, VO>& other, F join, JoinWindows windows, StreamJoined<Key, Value, unwrap_t<VO>> how) const {
  using R = detail::joins_to_t<F, const Value&, const std::optional<unwrap_t<VO>>&>;
  return detail::join_streams<R>(*this, other, detail::LeftJoiner<Value, unwrap_t<VO>, R, F>{std::move(join)},
                                 {.left = true}, windows, how);
}
template <class K, class V>
template <class VO, class F>
KStream<K, detail::joins_to_t<F, const std::optional<unwrap_t<V>>&, const std::optional<unwrap_t<VO>>&>>
KStream<K, V>::outer_join(const KStream<K, VO>& other, F join, JoinWindows windows,
                          StreamJoined<Key, Value, unwrap_t<VO>> how) const {
  using R = detail::joins_to_t<F, const std::optional<Value>&, const std::optional<unwrap_t<VO>>&>;
  return detail::join_streams<R>(*this, other, detail::OuterJoiner<Value, unwrap_t<VO>, R, F>{std::move(join)},
                                 {.left = true, .right = true}, windows, how);
}

}  // namespace thalweg::streams
