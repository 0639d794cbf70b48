// A table's updates held back: until their window has closed, or for a time. (KTableImpl.suppress)
#pragma once

#include <string>
#include <utility>

#include "thalweg/streams/detail/nodes/suppress.h"
#include "thalweg/streams/ktable.h"

namespace thalweg::streams {

template <class K, class V>
KTable<K, V> KTable<K, V>::suppress(Suppressed how) const {
  detail::LogicalGraph& graph = this->graph();
  if (!how.name.empty()) graph.check_name(how.name);
  const std::string name = how.name.empty() ? graph.new_name("KTABLE-SUPPRESS-") : how.name;
  const std::string store = how.name.empty() ? graph.new_store_name("KTABLE-SUPPRESS-") : how.name + "-store";
  std::int64_t wait = how.time_limit.count();
  if (how.until_close) {
    const auto grace = graph.window_grace(place_.node);
    if (!detail::kIsWindowed<K> || !grace)
      graph.mistake(name, "it waits for windows to close, and its table has none: use Suppressed::until()");
    wait = grace.value_or(milliseconds(0)).count();
  }
  const detail::SuppressPlan<K, V> plan{.store = store,
                                        .how = how,
                                        .wait = wait,
                                        .key = detail::serde_for(graph, name, "key", parts_.key),
                                        .value = detail::serde_for(graph, name, "value", parts_.value)};
  const auto id =
      graph.add({.name = name,
                 .parents = {place_.node},
                 .write = [=](detail::TopologyGraph& topology, const detail::Written& written) {
                   detail::StoreSpecData spec{.name = store,
                                              .kind = detail::StoreKind::kSuppress,
                                              .type = {},
                                              .logging = plan.how.logging,
                                              .topic = {},
                                              .retention = {},
                                              .source_topic = {},
                                              .is_global = false,
                                              .make = {}};
                   spec.make = [](detail::StateStore& state, detail::TaskRuntime&) {
                     return std::make_unique<detail::SuppressBuffer>(state);
                   };
                   topology.stores.push_back(std::move(spec));
                   detail::add_node(topology, name, written.parents,
                                    [plan] { return std::make_unique<detail::SuppressNode<K, V>>(plan); }, {store});
                 }});
  graph.is_table(id, {place_.node});
  need_old_values();  // what those below know of a key that waits

  detail::TableParts<K, V> parts{.key = parts_.key, .value = parts_.value, .store = {}};
  parts.view = [above = parts_.view, plan] {
    detail::TableView<K, V> view = above();
    view.stores.insert(view.stores.begin(), plan.store);
    view.make = [make = view.make, plan](detail::TaskRuntime& runtime) {
      return std::make_unique<detail::SuppressGetter<K, V>>(make(runtime), detail::SuppressCodec<K, V>(runtime, plan));
    };
    return view;
  };
  return {place_.moved(id, name), std::move(parts)};
}

}  // namespace thalweg::streams
