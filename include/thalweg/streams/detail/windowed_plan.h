// What the call that makes a windowed table decides: its store, how long that keeps windows, how its keys are written,
// and how others look into it. (WindowStoreMaterializer, SlidingWindowStoreMaterializer, SessionStoreMaterializer)
#pragma once

#include <string>
#include <utility>

#include "thalweg/streams/detail/session_table_store.h"
#include "thalweg/streams/detail/table_view.h"
#include "thalweg/streams/detail/window_table_store.h"
#include "thalweg/streams/windowed_serdes.h"

namespace thalweg::streams::detail {

inline milliseconds grace_of(const TimeWindows& windows) { return windows.grace; }
inline milliseconds grace_of(const SlidingWindows& windows) { return windows.grace; }
inline milliseconds grace_of(const SessionWindows& windows) { return windows.grace + windows.gap; }

// How long a window may still be needed after a later one began (a session: ended).
inline milliseconds least_retention(const TimeWindows& windows) { return windows.size + windows.grace; }
inline milliseconds least_retention(const SlidingWindows& windows) { return 2 * windows.difference + windows.grace; }
inline milliseconds least_retention(const SessionWindows& windows) { return windows.gap + windows.grace; }

inline milliseconds size_of(const TimeWindows& windows) { return windows.size; }
inline milliseconds size_of(const SlidingWindows& windows) { return windows.difference; }

// Mistakes of `node`: sizes that are none, windows that leave gaps, a retention that is too short.
void check_windows(LogicalGraph&, const std::string& node, const TimeWindows&, std::optional<milliseconds> retention);
void check_windows(LogicalGraph&, const std::string& node, const SlidingWindows&,
                   std::optional<milliseconds> retention);
void check_windows(LogicalGraph&, const std::string& node, const SessionWindows&,
                   std::optional<milliseconds> retention);

template <class K, class V>
class WindowGetter final : public TableGetter<Windowed<K>, V> {
 public:
  explicit WindowGetter(WindowTableStore<K, V>& store) : store_(store) {}
  std::optional<ValueAndTime<V>> get(const Windowed<K>& key) override {
    return store_.get_timed(key.key, key.window.start);
  }

 private:
  WindowTableStore<K, V>& store_;
};
template <class K, class V>
class SessionGetter final : public TableGetter<Windowed<K>, V> {
 public:
  explicit SessionGetter(SessionTableStore<K, V>& store) : store_(store) {}
  std::optional<ValueAndTime<V>> get(const Windowed<K>& key) override {
    auto value = store_.get(key);
    return value ? std::optional<ValueAndTime<V>>({*std::move(value), key.window.end}) : std::nullopt;
  }

 private:
  SessionTableStore<K, V>& store_;
};

template <class K, class V, class W>
struct WindowedPlan {
  static constexpr bool kSessions = std::same_as<W, SessionWindows>;
  std::string store;
  Materialized<K, V> how;
  Serde<K> key;
  Serde<V> value;
  W windows;
  bool by_time;  // it emits on close

  StoreSpecData spec() const {
    const milliseconds retention = how.retention.value_or(least_retention(windows));
    if constexpr (kSessions)
      return session_table_store<K, V>(store, how, key, value, retention, by_time);
    else
      return window_table_store<K, V>(store, how, key, value,
                                      {.size = size_of(windows), .retention = retention, .by_time = by_time});
  }
  Serde<Windowed<K>> windowed_key() const {
    if constexpr (kSessions)
      return session_windowed<K>(key);
    else
      return time_windowed<K>(size_of(windows), key);
  }
  std::function<TableView<Windowed<K>, V>()> view() const {
    using Store = std::conditional_t<kSessions, SessionTableStore<K, V>, WindowTableStore<K, V>>;
    using Getter = std::conditional_t<kSessions, SessionGetter<K, V>, WindowGetter<K, V>>;
    return [name = store]() -> TableView<Windowed<K>, V> {
      return {.stores = {name}, .make = [name](TaskRuntime& runtime) {
                return std::make_unique<Getter>(dynamic_cast<Store&>(runtime.store(name)));
              }};
    };
  }
};

template <class K, class V, class W>
WindowedPlan<K, V, W> plan_windows(LogicalGraph& graph, const std::string& node, const std::string& store,
                                   const Materialized<K, V>& how, const MaybeSerde<K>& key, const MaybeSerde<V>& value,
                                   const W& windows, Emit emit) {
  return {.store = store,
          .how = how,
          .key = serde_for(graph, node, "key", first_of(how.key, key)),
          .value = serde_for(graph, node, "value", first_of(how.value, value)),
          .windows = windows,
          .by_time = emit == Emit::kOnClose};
}

}  // namespace thalweg::streams::detail
