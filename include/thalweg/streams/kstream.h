// KStream: records one after the other, and what can be done with them. A light handle into the builder's graph; copy
// it freely, while the StreamsBuilder that made it lives or not. Nothing runs before an App or a TestDriver does.
// (KStream, KStreamImpl)
//
// Functions take (value), (key, value) or (const Record<K, V>&). They may return Result<T> instead of T, or throw:
// either fails the record, and AppConfig's handlers decide. Each task has its own copy.
#pragma once

#include <array>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "thalweg/streams/detail/nodes/stateless.h"
#include "thalweg/streams/detail/repartition.h"

namespace thalweg::streams {

template <class K, class V>
class KTable;
template <class K, class V>
class GlobalKTable;
template <class K, class V>
class KGroupedStream;
template <class K, class V>
class Branches;

namespace detail {
// What F gives over a record, without a Result around it.
template <class F, class K, class V>
using given_t = succeeded_t<over_t<F, K, V>>;
template <class F, class A, class B>
using joins_to_t = succeeded_t<joined_t<F, A, B>>;
template <class P>
concept PairLike = requires(P p) {
  p.first;
  p.second;
};
}  // namespace detail

template <class K, class V>
class KStream {
 public:
  using Key = unwrap_t<K>;
  using Value = unwrap_t<V>;

  template <class F>
    requires PredicateOver<F, K, V>
  KStream filter(F keep, Named named = {}) const {
    return filtered(std::move(keep), false, named);
  }
  template <class F>
    requires PredicateOver<F, K, V>
  KStream filter_not(F drop, Named named = {}) const {
    return filtered(std::move(drop), true, named);
  }
  template <class F>
    requires Over<F, K, V>
  KStream<K, detail::given_t<F, K, V>> map_values(F, Named = {}) const;
  // F gives a pair.
  template <class F, class P = detail::given_t<F, K, V>>
    requires detail::PairLike<P>
  KStream<typename P::first_type, typename P::second_type> map(F, Named = {}) const;
  template <class F>
    requires Over<F, K, V>
  KStream<detail::given_t<F, K, V>, V> select_key(F, Named = {}) const;
  // F gives a range.
  template <class F, class R = detail::given_t<F, K, V>>
  KStream<K, typename R::value_type> flat_map_values(F, Named = {}) const;
  // F gives a range of pairs.
  template <class F, class R = detail::given_t<F, K, V>>
  KStream<typename R::value_type::first_type, typename R::value_type::second_type> flat_map(F, Named = {}) const;
  template <class F>
    requires Over<F, K, V>
  KStream peek(F look, Named named = {}) const {
    return looked_at(std::move(look), named, "KSTREAM-PEEK-");
  }
  template <class F>
    requires Over<F, K, V>
  void for_each(F act, Named named = {}) const {
    looked_at(std::move(act), named, "KSTREAM-FOREACH-");
  }
  // Leaves out records without a value; the type follows.
  KStream<K, Value> not_null(Named = {}) const;

  void to(std::string topic, Produced<K, V> = {}) const;
  // The topic by the record; it must exist.
  template <class F>
    requires(Over<F, K, V> && std::convertible_to<over_t<F, K, V>, std::string>)
  void to(F topic, Produced<K, V> = {}) const;

  Branches<K, V> split(Named = {}) const;
  // To the first whose predicate holds; the last is the rest.
  template <class... P>
    requires(PredicateOver<P, K, V> && ...)
  std::array<KStream, sizeof...(P) + 1> branch(P...) const;
  KStream merge(const KStream& other, Named = {}) const;

  // Through a topic, by the key.
  KStream repartition(Repartitioned<K, V> = {}) const;
  // The last value of each key; a null value deletes.
  KTable<Key, Value> to_table(Materialized<Key, Value> = {}, Named = {}) const;
  KGroupedStream<Key, V> group_by_key(Grouped<Key, V> = {}) const;
  template <class F>
    requires Over<F, K, V>
  KGroupedStream<unwrap_t<detail::given_t<F, K, V>>, V> group_by(
      F, Grouped<unwrap_t<detail::given_t<F, K, V>>, V> = {}) const;

  // ---- Joins. A side that may be missing arrives as const std::optional<T>&

  template <class VT, class F>
  KStream<K, detail::joins_to_t<F, const Value&, const VT&>> join(const KTable<Key, VT>&, F,
                                                                  Joined<Key, Value, VT> = {}) const;
  template <class VT, class F>
  KStream<K, detail::joins_to_t<F, const Value&, const std::optional<VT>&>> left_join(
      const KTable<Key, VT>&, F, Joined<Key, Value, VT> = {}) const;
  // `key` gives the table's key of a record.
  template <class KT, class VT, class S, class F>
  KStream<K, detail::joins_to_t<F, const Value&, const VT&>> join(const GlobalKTable<KT, VT>&, S key, F,
                                                                  Named = {}) const;
  template <class KT, class VT, class S, class F>
  KStream<K, detail::joins_to_t<F, const Value&, const std::optional<VT>&>> left_join(const GlobalKTable<KT, VT>&,
                                                                                      S key, F, Named = {}) const;
  // With what comes within a window around it. In joins.h.
  template <class VO, class F>
  KStream<K, detail::joins_to_t<F, const Value&, const unwrap_t<VO>&>> join(
      const KStream<K, VO>&, F, JoinWindows, StreamJoined<Key, Value, unwrap_t<VO>> = {}) const;
  template <class VO, class F>
  KStream<K, detail::joins_to_t<F, const Value&, const std::optional<unwrap_t<VO>>&>> left_join(
      const KStream<K, VO>&, F, JoinWindows, StreamJoined<Key, Value, unwrap_t<VO>> = {}) const;
  template <class VO, class F>
  KStream<K, detail::joins_to_t<F, const std::optional<Value>&, const std::optional<unwrap_t<VO>>&>> outer_join(
      const KStream<K, VO>&, F, JoinWindows, StreamJoined<Key, Value, unwrap_t<VO>> = {}) const;

  // `make` gives std::unique_ptr<Processor<...>>, one for each task. In processor.h.
  template <class Make, class P = typename std::invoke_result_t<Make&>::element_type>
  KStream<typename P::Key, typename P::Value> process(Make make, std::vector<std::string> stores = {},
                                                      Named = {}) const;

  // ---- For operations in other headers

  KStream(detail::Place place, MaybeSerde<Key> key, MaybeSerde<Value> value)
      : place_(std::move(place)), key_(std::move(key)), value_(std::move(value)) {}
  const detail::Place& place() const { return place_; }
  const MaybeSerde<Key>& key_serde() const { return key_; }
  const MaybeSerde<Value>& value_serde() const { return value_; }
  detail::LogicalGraph& graph() const { return *place_.graph; }
  // A processor below this one.
  detail::Place below(std::string name, std::function<std::unique_ptr<detail::NodeBase>()> make,
                      std::vector<std::string> stores = {}) const {
    const auto id = graph().add_processor(name, {place_.node}, std::move(make), std::move(stores));
    return place_.moved(id, std::move(name));
  }

 private:
  template <class F>
  KStream filtered(F keep, bool negated, const Named& named) const;
  template <class F>
  KStream looked_at(F look, const Named& named, std::string_view prefix) const;
  void sunk(std::function<std::string(const Record<K, V>&)> topic_of, std::vector<std::string> topics,
            const Produced<K, V>& how) const;
  template <class VT, class VO, class J>
  KStream<K, VO> joined_with(const KTable<Key, VT>&, J, bool left, const Joined<Key, Value, VT>&) const;
  template <class KT, class VT, class VO, class S, class J>
  KStream<K, VO> joined_with(const GlobalKTable<KT, VT>&, S, J, bool left, const Named&) const;
  detail::Place place_;
  MaybeSerde<Key> key_;
  MaybeSerde<Value> value_;
};

// A stream that is split. Each record goes to the first branch whose predicate holds. (BranchedKStream)
template <class K, class V>
class Branches {
 public:
  using Streams = std::map<std::string, KStream<K, V>>;

  // Called "<name of the split><name, or its number from 1>". With `use` it is not among the results.
  template <class P>
    requires PredicateOver<P, K, V>
  Branches& branch(P holds, std::string name = {}, std::function<void(KStream<K, V>)> use = {}) {
    ++count_;
    add(
        name.empty() ? std::to_string(count_) : std::move(name),
        [holds](const Record<K, V>& record) mutable { return static_cast<bool>(detail::called(holds, record)); },
        std::move(use));
    return *this;
  }
  // What no branch took; called 0.
  Streams default_branch(std::string name = {}) {
    add(name.empty() ? "0" : std::move(name), {}, {});
    return streams_;
  }
  Streams no_default_branch() { return streams_; }

  Branches(KStream<K, V> from, const Named& named);

 private:
  using Holds = std::function<bool(const Record<K, V>&)>;
  void add(std::string suffix, Holds holds, std::function<void(KStream<K, V>)> use);

  KStream<K, V> from_;
  detail::Place splitter_;
  std::shared_ptr<std::vector<typename detail::SplitNode<K, V>::Branch>> branches_;
  int count_ = 0;
  Streams streams_;
};

// ---- How they are made

template <class K, class V>
template <class F>
KStream<K, V> KStream<K, V>::filtered(F keep, bool negated, const Named& named) const {
  return {below(graph().name_or_new(named.name, "KSTREAM-FILTER-"),
                [keep, negated] { return std::make_unique<detail::FilterNode<K, V, F>>(keep, negated); }),
          key_, value_};
}

template <class K, class V>
template <class F>
KStream<K, V> KStream<K, V>::looked_at(F look, const Named& named, std::string_view prefix) const {
  return {below(graph().name_or_new(named.name, prefix),
                [look] { return std::make_unique<detail::PeekNode<K, V, F>>(look); }),
          key_, value_};
}

template <class K, class V>
KStream<K, unwrap_t<V>> KStream<K, V>::not_null(Named named) const {
  return {below(graph().name_or_new(named.name, "KSTREAM-FILTER-"),
                [] { return std::make_unique<detail::NotNullNode<K, V>>(); }),
          key_, value_};
}

template <class K, class V>
template <class F>
  requires Over<F, K, V>
KStream<K, detail::given_t<F, K, V>> KStream<K, V>::map_values(F map, Named named) const {
  using VO = detail::given_t<F, K, V>;
  auto place = below(graph().name_or_new(named.name, "KSTREAM-MAPVALUES-"),
                     [map] { return std::make_unique<detail::MapValuesNode<K, V, F, VO>>(map); });
  graph().node(place.node).changes_value = true;
  return {std::move(place), key_, detail::same_or_none<unwrap_t<VO>>(value_)};
}

template <class K, class V>
template <class F, class R>
KStream<K, typename R::value_type> KStream<K, V>::flat_map_values(F map, Named named) const {
  using VO = typename R::value_type;
  auto place = below(graph().name_or_new(named.name, "KSTREAM-FLATMAPVALUES-"),
                     [map] { return std::make_unique<detail::FlatMapValuesNode<K, V, F, VO>>(map); });
  graph().node(place.node).changes_value = true;
  return {std::move(place), key_, detail::same_or_none<unwrap_t<VO>>(value_)};
}

template <class K, class V>
template <class F, class P>
  requires detail::PairLike<P>
KStream<typename P::first_type, typename P::second_type> KStream<K, V>::map(F map, Named named) const {
  using KO = typename P::first_type;
  using VO = typename P::second_type;
  auto place = below(graph().name_or_new(named.name, "KSTREAM-MAP-"),
                     [map] { return std::make_unique<detail::MapNode<K, V, F, KO, VO>>(map); });
  graph().node(place.node).changes_key = true;
  place.rekeyed = true;
  return {std::move(place), detail::same_or_none<unwrap_t<KO>>(key_), detail::same_or_none<unwrap_t<VO>>(value_)};
}

template <class K, class V>
template <class F, class R>
KStream<typename R::value_type::first_type, typename R::value_type::second_type> KStream<K, V>::flat_map(
    F map, Named named) const {
  using KO = typename R::value_type::first_type;
  using VO = typename R::value_type::second_type;
  auto place = below(graph().name_or_new(named.name, "KSTREAM-FLATMAP-"),
                     [map] { return std::make_unique<detail::FlatMapNode<K, V, F, KO, VO>>(map); });
  graph().node(place.node).changes_key = true;
  place.rekeyed = true;
  return {std::move(place), detail::same_or_none<unwrap_t<KO>>(key_), detail::same_or_none<unwrap_t<VO>>(value_)};
}

template <class K, class V>
template <class F>
  requires Over<F, K, V>
KStream<detail::given_t<F, K, V>, V> KStream<K, V>::select_key(F key, Named named) const {
  using KO = detail::given_t<F, K, V>;
  auto place = below(graph().name_or_new(named.name, "KSTREAM-KEY-SELECT-"),
                     [key] { return std::make_unique<detail::SelectKeyNode<K, V, F, KO>>(key); });
  graph().node(place.node).changes_key = true;
  place.rekeyed = true;
  return {std::move(place), detail::same_or_none<unwrap_t<KO>>(key_), value_};
}

template <class K, class V>
KStream<K, V> KStream<K, V>::merge(const KStream& other, Named named) const {
  auto name = graph().name_or_new(named.name, "KSTREAM-MERGE-");
  const auto id = graph().add_processor(name, {place_.node, other.place_.node},
                                        [] { return std::make_unique<detail::PassNode<K, V>>(); });
  graph().node(id).merges = true;
  auto place = place_.moved(id, std::move(name));
  place.sources.insert(other.place_.sources.begin(), other.place_.sources.end());
  place.rekeyed |= other.place_.rekeyed;
  return {std::move(place), {}, {}};
}

template <class K, class V>
void KStream<K, V>::to(std::string topic, Produced<K, V> how) const {
  sunk([topic](const Record<K, V>&) { return topic; }, {topic}, how);
}

template <class K, class V>
template <class F>
  requires(Over<F, K, V> && std::convertible_to<over_t<F, K, V>, std::string>)
void KStream<K, V>::to(F topic, Produced<K, V> how) const {
  sunk([topic](const Record<K, V>& record) mutable { return std::string(detail::called(topic, record)); }, {}, how);
}

template <class K, class V>
void KStream<K, V>::sunk(std::function<std::string(const Record<K, V>&)> topic_of, std::vector<std::string> topics,
                         const Produced<K, V>& how) const {
  std::string name = graph().name_or_new(how.name, "KSTREAM-SINK-");
  detail::SinkSettings<K, V> settings{
      .topic = std::move(topic_of),
      .key = detail::serde_for(graph(), name, "key", detail::first_of(detail::bare(how.key), key_)),
      .value = detail::serde_for(graph(), name, "value", detail::first_of(detail::bare(how.value), value_)),
      .partitioner = {}};
  if (how.partitioner)
    settings.partitioner = [choose = how.partitioner](const Record<K, V>& r, const std::optional<std::string>&,
                                                      std::int32_t partitions) {
      return choose(r.key, r.value, partitions);
    };
  graph().add({.name = name,
               .parents = {place_.node},
               .write = [name, topics = std::move(topics), settings = std::move(settings)](
                            detail::TopologyGraph& graph, const detail::Written& written) {
                 graph.nodes.push_back(
                     {.kind = detail::NodeSpec::Kind::kSink,
                      .name = name,
                      .parents = written.parents,
                      .topics = topics,
                      .make = [settings] { return std::make_unique<detail::SinkNode<K, V>>(settings); }});
               }});
}

template <class K, class V>
KStream<K, V> KStream<K, V>::repartition(Repartitioned<K, V> how) const {
  std::string name = how.name;
  if (name.empty())
    name = graph().new_name("KSTREAM-REPARTITION-");
  else
    graph().check_name(name);
  auto key = detail::first_of(detail::bare(how.key), key_);
  auto value = detail::first_of(detail::bare(how.value), value_);
  if (how.partitions < 0) graph().mistake(name, "a topic has one partition at least; 0 is as many as the input has");
  const detail::Repartition<Key, Value> topic{.key = detail::serde_for(graph(), name, "key", key),
                                              .value = detail::serde_for(graph(), name, "value", value),
                                              .partitions = how.partitions};
  return {detail::repartitioned(place_, name, topic, false), std::move(key), std::move(value)};
}

template <class K, class V>
Branches<K, V> KStream<K, V>::split(Named named) const {
  return Branches<K, V>(*this, named);
}

template <class K, class V>
template <class... P>
  requires(PredicateOver<P, K, V> && ...)
std::array<KStream<K, V>, sizeof...(P) + 1> KStream<K, V>::branch(P... predicates) const {
  std::vector<KStream> streams;
  Branches<K, V> branches = split();
  const auto keep = [&](KStream stream) { streams.push_back(std::move(stream)); };
  (branches.branch(std::move(predicates), {}, keep), ...);
  for (auto& [name, stream] : branches.default_branch()) streams.push_back(stream);
  return [&]<std::size_t... I>(std::index_sequence<I...>) {
    return std::array<KStream, sizeof...(P) + 1>{streams[I]...};
  }(std::make_index_sequence<sizeof...(P) + 1>());
}

template <class K, class V>
Branches<K, V>::Branches(KStream<K, V> from, const Named& named)
    : from_(std::move(from)), branches_(std::make_shared<std::vector<typename detail::SplitNode<K, V>::Branch>>()) {
  auto name = from_.graph().name_or_new(named.name, "KSTREAM-BRANCH-");
  // Branches are added later; those of build() are the ones that run.
  const auto id = from_.graph().add(
      {.name = name,
       .parents = {from_.place().node},
       .write = [name, branches = branches_](detail::TopologyGraph& graph, const detail::Written& written) {
         detail::add_node(graph, name, written.parents,
                          [list = *branches] { return std::make_unique<detail::SplitNode<K, V>>(list); });
       }});
  splitter_ = from_.place().moved(id, std::move(name));
}

template <class K, class V>
void Branches<K, V>::add(std::string suffix, Holds holds, std::function<void(KStream<K, V>)> use) {
  const std::string name = splitter_.name + suffix;
  from_.graph().burn();
  from_.graph().check_name(name);
  branches_->emplace_back(name, std::move(holds));
  const auto id =
      from_.graph().add_processor(name, {splitter_.node}, [] { return std::make_unique<detail::PassNode<K, V>>(); });
  KStream<K, V> stream(splitter_.moved(id, name), from_.key_serde(), from_.value_serde());
  if (use)
    use(std::move(stream));
  else
    streams_.emplace(name, std::move(stream));
}

}  // namespace thalweg::streams
