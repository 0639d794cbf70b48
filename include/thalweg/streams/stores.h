// What add_state_store() takes: which store, its name, its serdes.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "thalweg/streams/detail/session_table_store.h"
#include "thalweg/streams/detail/table_store.h"
#include "thalweg/streams/detail/topology_graph.h"
#include "thalweg/streams/detail/window_table_store.h"
#include "thalweg/streams/store_types.h"

namespace thalweg::streams {

// What a store is to be; made by stores::key_value() and its siblings, then changed field by field.
template <class Store>
struct StoreSpec {
  std::string name;
  StoreType type = StoreType::kDefault;
  bool logging = true;    // a changelog topic, from which the store is restored elsewhere
  Properties topic = {};  // of the changelog topic
  // Filled by the functions below.
  detail::StoreKind kind = detail::StoreKind::kKeyValue;
  std::optional<milliseconds> retention = {};
  std::function<std::unique_ptr<detail::StoreBase>(detail::StateStore&, detail::TaskRuntime&)> make = {};
};

namespace stores {

template <class K, class V>
StoreSpec<KeyValueStore<K, V>> key_value(std::string name, StoreType type = StoreType::kDefault, MaybeSerde<K> key = {},
                                         MaybeSerde<V> value = {}) {
  return {.name = std::move(name),
          .type = type,
          .make = [key = detail::serde_or(std::move(key)), value = detail::serde_or(std::move(value))](
                      detail::StateStore& state, detail::TaskRuntime& runtime) {
            return std::make_unique<detail::TableStore<K, V>>(state, runtime, key, value);
          }};
}

// Windows of `size`; what starts `retention` before the latest is forgotten.
template <class K, class V>
StoreSpec<WindowStore<K, V>> window(std::string name, milliseconds size, milliseconds retention,
                                    StoreType type = StoreType::kDefault, MaybeSerde<K> key = {},
                                    MaybeSerde<V> value = {}) {
  const detail::WindowShape shape{.size = size, .retention = retention};
  return {.name = std::move(name),
          .type = type,
          .kind = detail::StoreKind::kWindow,
          .retention = retention,
          .make = [shape, key = detail::serde_or(std::move(key)), value = detail::serde_or(std::move(value))](
                      detail::StateStore& state, detail::TaskRuntime& runtime) {
            return std::make_unique<detail::WindowTableStore<K, V>>(state, runtime, key, value, shape);
          }};
}

// Sessions; what ended `retention` before the latest is forgotten.
template <class K, class V>
StoreSpec<SessionStore<K, V>> session(std::string name, milliseconds retention, StoreType type = StoreType::kDefault,
                                      MaybeSerde<K> key = {}, MaybeSerde<V> value = {}) {
  return {.name = std::move(name),
          .type = type,
          .kind = detail::StoreKind::kSession,
          .retention = retention,
          .make = [retention, key = detail::serde_or(std::move(key)), value = detail::serde_or(std::move(value))](
                      detail::StateStore& state, detail::TaskRuntime& runtime) {
            return std::make_unique<detail::SessionTableStore<K, V>>(state, runtime, key, value, retention);
          }};
}

}  // namespace stores

namespace detail {
// For add_state_store(): the spec as the topology keeps it.
template <class Store>
StoreSpecData spec_data(const StoreSpec<Store>& spec) {
  return {.name = spec.name,
          .kind = spec.kind,
          .type = spec.type,
          .logging = spec.logging,
          .topic = spec.topic,
          .retention = spec.retention,
          .source_topic = {},
          .is_global = false,
          .make = spec.make};
}
}  // namespace detail
}  // namespace thalweg::streams
