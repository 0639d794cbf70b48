// Joins of a table with another by a foreign key: by a key of the other table that is found in the rows of this one.
// (KTableImpl.doJoinOnForeignKey)
#pragma once

#include <string>
#include <utility>

#include "thalweg/streams/detail/nodes/foreign_join.h"
#include "thalweg/streams/detail/repartition.h"
#include "thalweg/streams/ktable.h"

namespace thalweg::streams {
namespace detail {

// Names, in the order in which Kafka Streams gives them.
struct ForeignJoinNames {
  std::string subscriptions, subscribe, subscribe_sink, subscribe_source, store, receive, answer, tell;
  std::string answers, answer_sink, answer_source, resolve, result, result_store;
};
ForeignJoinNames foreign_join_names(LogicalGraph&, const std::string& name, const std::string& store);

// A user's key function: (row) or (key, row), with or without std::optional around its result.
template <class K, class V, class KO, class E>
struct ForeignKeyOf {
  std::optional<KO> operator()(const K& key, const V& row) {
    if constexpr (TakesPair<E, K, V>)
      return std::optional<KO>(or_fail(extract(key, row)));
    else
      return std::optional<KO>(or_fail(extract(row)));
  }
  E extract;
};

template <class K, class V, class KO, class VO, class VR, class Extract, class J>
struct ForeignJoin {
  LogicalGraph& graph;
  const KTable<K, V>& left;
  const KTable<KO, VO>& right;
  ForeignJoinNames names;
  ForeignSerdes<K, V, KO> serdes;
  Serde<VO> row;
  bool is_left;

  using Id = LogicalGraph::Id;
  Id node(std::string name, std::vector<Id> parents, std::function<std::unique_ptr<NodeBase>()> make,
          std::vector<std::string> stores = {}) {
    return graph.add_processor(std::move(name), std::move(parents), std::move(make), std::move(stores));
  }
  // What is sent to a topic and read from it again; gives the reading end.
  template <class KT, class VT>
  Id through(const std::string& topic, const std::string& sink, const std::string& source, std::vector<Id> parents,
             SinkSettings<KT, VT> settings) {
    const SourceSettings<unwrap_t<KT>, VT> read{.key = settings.key, .value = settings.value};
    const Id sent = graph.add(
        {.name = sink, .parents = std::move(parents), .write = [=](TopologyGraph& topology, const Written& written) {
           topology.repartition_topics.push_back({.name = topic});
           add_sink<KT, VT>(topology, sink, written.parents, topic, settings);
         }});
    return graph.add({.name = source, .parents = {sent}, .write = [=](TopologyGraph& topology, const Written&) {
                        add_source<unwrap_t<KT>, VT>(topology, source, {topic}, read);
                      }});
  }
  Id subscribed(Extract extract) {
    const Id subscribe = node(names.subscribe, {left.place().node}, [serdes = serdes, extract, l = is_left] {
      return std::make_unique<SubscribeNode<K, V, KO, Extract>>(serdes, extract, l);
    });
    return through<std::optional<KO>, Subscription>(
        names.subscriptions, names.subscribe_sink, names.subscribe_source, {subscribe},
        {.topic = {}, .key = serdes.foreign, .value = subscription_serde(), .partitioner = {}});
  }
  // Both ways in which an answer comes about, and the way back.
  Id answered(Id subscriptions) {
    const Materialized<std::string, Subscription> how;
    const auto receive = graph.add(
        {.name = names.receive,
         .parents = {subscriptions},
         .write = [names = names, serdes = serdes, how](TopologyGraph& topology, const Written& written) {
           topology.stores.push_back(table_store<std::string, Subscription>(
               names.store, how, client::serde_of<std::string>(), subscription_serde()));
           topology.stores.back().kind = StoreKind::kForeignKey;
           add_node(topology, names.receive, written.parents,
                    [=] { return std::make_unique<SubscriptionsNode<K, V, KO>>(serdes, names.store); }, {names.store});
         }});
    const auto rows = right.view();
    const Id answer = node(
        names.answer, {receive},
        [serdes = serdes, rows] { return std::make_unique<AnswerNode<K, V, KO, VO>>(serdes, rows); }, rows.stores);
    const Id tell =
        node(names.tell, {right.place().node},
             [serdes = serdes, store = names.store] { return std::make_unique<TellNode<K, V, KO, VO>>(serdes, store); },
             {names.store});
    SinkSettings<K, Answer<VO>> sink{.topic = {}, .key = serdes.key, .value = answer_serde(row), .partitioner = {}};
    sink.partitioner = [](const Record<K, Answer<VO>>& r, const std::optional<std::string>&, std::int32_t) {
      return r.value.partition < 0 ? std::optional<std::int32_t>() : r.value.partition;
    };
    return through<K, Answer<VO>>(names.answers, names.answer_sink, names.answer_source, {answer, tell},
                                  std::move(sink));
  }
};

template <class VR, class K, class V, class KO, class VO, class E, class J>
KTable<K, VR> join_foreign(const KTable<K, V>& left, const KTable<KO, VO>& right, E extract, J join, bool is_left,
                           const TableJoined& joined, Materialized<K, VR> how) {
  using Extract = ForeignKeyOf<K, V, KO, E>;
  LogicalGraph& graph = left.graph();
  right.need_old_values();
  left.need_old_values();
  const ForeignJoinNames names = foreign_join_names(graph, joined.name, how.store);
  ForeignJoin<K, V, KO, VO, VR, Extract, J> parts{
      .graph = graph,
      .left = left,
      .right = right,
      .names = names,
      .serdes = {.topic = names.subscriptions,
                 .key = serde_for(graph, names.subscribe, "key", left.parts().key),
                 .value = serde_for(graph, names.subscribe, "value", left.parts().value),
                 .foreign = serde_for(graph, names.subscribe, "foreign key", right.parts().key)},
      .row = serde_for(graph, names.answer, "value", right.parts().value),
      .is_left = is_left};
  const auto subscriptions = parts.subscribed(Extract{std::move(extract)});
  auto right_sources = right.place().sources;
  right_sources.insert(names.subscribe_source);
  graph.copartition(std::move(right_sources));
  const auto answers = parts.answered(subscriptions);
  auto sources = left.place().sources;
  sources.insert(names.answer_source);
  graph.copartition(sources);

  const auto rows = left.view();
  const auto resolve = parts.node(
      names.resolve, {answers},
      [serdes = parts.serdes, rows, join, is_left] {
        return std::make_unique<ResolveNode<K, V, KO, VO, VR, J>>(serdes, rows, join, is_left);
      },
      rows.stores);
  const auto store = plan_store(graph, names.result, names.result_store, how, left.parts().key, MaybeSerde<VR>{});
  const auto id = graph.add(
      {.name = names.result, .parents = {resolve}, .write = [=](TopologyGraph& topology, const Written& written) {
         write_source_table(topology, written, names.result, written.parents, store, {});
       }});
  return source_table(Place{left.place().graph, id, names.result, std::move(sources), false}, store,
                      first_of(how.key, left.parts().key), how.value);
}

}  // namespace detail

template <class K, class V>
template <class KO, class VO, class E, class F>
KTable<K, detail::joins_to_t<F, const V&, const VO&>> KTable<K, V>::join(
    const KTable<KO, VO>& other, E key, F join, TableJoined joined,
    Materialized<K, detail::joins_to_t<F, const V&, const VO&>> how) const {
  using VR = detail::joins_to_t<F, const V&, const VO&>;
  return detail::join_foreign<VR>(*this, other, std::move(key), detail::InnerJoiner<V, VO, VR, F>{std::move(join)},
                                  false, joined, std::move(how));
}
template <class K, class V>
template <class KO, class VO, class E, class F>
KTable<K, detail::joins_to_t<F, const V&, const std::optional<VO>&>> KTable<K, V>::left_join(
    const KTable<KO, VO>& other, E key, F join, TableJoined joined,
    Materialized<K, detail::joins_to_t<F, const V&, const std::optional<VO>&>> how) const {
  using VR = detail::joins_to_t<F, const V&, const std::optional<VO>&>;
  return detail::join_foreign<VR>(*this, other, std::move(key), detail::LeftJoiner<V, VO, VR, F>{std::move(join)}, true,
                                  joined, std::move(how));
}

}  // namespace thalweg::streams
