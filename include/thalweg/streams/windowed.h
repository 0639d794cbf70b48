// Aggregation by key and window. (TimeWindowedKStream, SessionWindowedKStream, SlidingWindowedKStreamImpl)
//
// A window closes when its aggregation has seen a record later than the window's end by the grace; what comes later
// for it is left out and counted as dropped. Records without a value are left out, too, but for a count, and for
// reducers and aggregators that take const std::optional<V>& (with sliding windows: always). With Emit::kOnClose a
// window's result is sent once, then. Unlike Kafka Streams no jump in time loses it: the store forgets no window that
// was not sent yet.
#pragma once

#include <string>
#include <utility>

#include "thalweg/streams/detail/nodes/session_aggregate.h"
#include "thalweg/streams/detail/nodes/sliding_aggregate.h"
#include "thalweg/streams/detail/windowed_plan.h"
#include "thalweg/streams/grouped.h"
#include "thalweg/streams/windowed_serdes.h"

namespace thalweg::streams {

// W: TimeWindows, SlidingWindows or SessionWindows.
template <class K, class V, class W>
class WindowedKStream {
 public:
  using Value = unwrap_t<V>;

  WindowedKStream emit(Emit when) const {
    WindowedKStream other = *this;
    other.emit_ = when;
    return other;
  }
  KTable<Windowed<K>, std::int64_t> count(Materialized<K, std::int64_t> how = {}, Named named = {}) const {
    constexpr bool kBurns = !std::same_as<W, SlidingWindows>;
    if (kBurns && detail::is_given(how) && how.store.empty()) graph().burn();
    return aggregated<std::int64_t>(detail::CountStep{}, detail::CountMerge{}, "KSTREAM-AGGREGATE-", std::move(how), {},
                                    named);
  }
  // F gives the new value of the one so far and the record's; of sessions that merge, of the two.
  template <class F>
  KTable<Windowed<K>, Value> reduce(F combine, Materialized<K, Value> how = {}, Named named = {}) const {
    return aggregated<Value>(detail::ReduceStep<Value, F>{.plus = combine}, detail::ReduceMerge<Value, F>{combine},
                             "KSTREAM-REDUCE-", std::move(how), parts_.value, named);
  }
  // `add` may return std::optional<VA>: nullopt deletes.
  template <class I, class A, class VA = detail::succeeded_t<std::invoke_result_t<I&>>>
    requires(!std::same_as<W, SessionWindows> && std::invocable<A&, const K&, const unwrap_t<V>&, VA>)
  KTable<Windowed<K>, VA> aggregate(I init, A add, Materialized<K, VA> how = {}, Named named = {}) const {
    return aggregated<VA>(detail::AggregateStep<VA, I, A>{.init = std::move(init), .plus = std::move(add)},
                          detail::CountMerge{}, "KSTREAM-AGGREGATE-", std::move(how), {}, named);
  }
  // `merge(key, a, b)`: of sessions that a record joins.
  template <class I, class A, class M, class VA = detail::succeeded_t<std::invoke_result_t<I&>>>
    requires(std::same_as<W, SessionWindows> && std::invocable<A&, const K&, const unwrap_t<V>&, VA> &&
             std::invocable<M&, const K&, const VA&, const VA&>)
  KTable<Windowed<K>, VA> aggregate(I init, A add, M merge, Materialized<K, VA> how = {}, Named named = {}) const {
    return aggregated<VA>(detail::AggregateStep<VA, I, A>{.init = std::move(init), .plus = std::move(add)},
                          detail::AggregateMerge<VA, M>{std::move(merge)}, "KSTREAM-AGGREGATE-", std::move(how), {},
                          named);
  }

  WindowedKStream(detail::GroupedParts<K, Value> parts, W windows) : parts_(std::move(parts)), windows_(windows) {}

 private:
  detail::LogicalGraph& graph() const { return *parts_.place.graph; }

  template <class VA, class Step, class Merge>
  KTable<Windowed<K>, VA> aggregated(Step step, Merge merge, std::string_view prefix, Materialized<K, VA> how,
                                     const MaybeSerde<VA>& inherited, const Named& named) const {
    const std::string store = how.store.empty() ? graph().new_store_name(prefix) : how.store;
    if (!how.store.empty()) graph().check_name(how.store);
    const std::string node = graph().name_or_new(named.name, prefix);
    detail::check_windows(graph(), node, windows_, how.retention);
    const auto plan = detail::plan_windows<K, VA>(graph(), node, store, how, parts_.key, inherited, windows_, emit_);
    const detail::Place from = parts_.keyed(node, store);
    const auto id = graph().add(
        {.name = node,
         .parents = {from.node},
         .write =
             [=, windows = windows_, emit = emit_](detail::TopologyGraph& topology, const detail::Written& written) {
               const detail::WindowedKept kept{.store = store, .old_values = written.old_values, .emit = emit};
               topology.stores.push_back(plan.spec());
               detail::add_node(topology, node, written.parents,
                                [=] { return make_node<VA>(windows, step, merge, kept); }, {store});
             },
         .window_grace = detail::grace_of(windows_)});
    graph().is_table(id, {});
    graph().materialize(id);
    return {from.moved(id, node),
            {.key = plan.windowed_key(), .value = plan.value, .store = how.store, .view = plan.view()}};
  }
  template <class VA, class Step, class Merge>
  static std::unique_ptr<detail::NodeBase> make_node(const W& windows, const Step& step,
                                                     [[maybe_unused]] const Merge& merge,
                                                     const detail::WindowedKept& kept) {
    if constexpr (std::same_as<W, TimeWindows>)
      return std::make_unique<detail::TimeWindowNode<K, Value, VA, Step>>(windows, step, kept);
    else if constexpr (std::same_as<W, SlidingWindows>)
      return std::make_unique<detail::SlidingWindowNode<K, Value, VA, Step>>(windows, step, kept);
    else
      return std::make_unique<detail::SessionNode<K, Value, VA, Step, Merge>>(windows, step, merge, kept);
  }

  detail::GroupedParts<K, Value> parts_;
  W windows_;
  Emit emit_ = Emit::kOnUpdate;
};

template <class K, class V>
template <class W>
WindowedKStream<K, V, W> KGroupedStream<K, V>::windowed_by(W windows) const {
  return {parts_, windows};
}

}  // namespace thalweg::streams
