// An application: a topology that runs against a cluster. (KafkaStreams)
//
//   auto app = App::open(*topology, {.application_id = "word-count", .brokers = "localhost:9092"});
//   if (!app) return std::unexpected(app.error());
//   auto counts = app->store<std::string, std::int64_t>("counts");  // counts.get("kafka") from any thread
//   return app->run(stop);
//
// Instances with the same application_id share the work: start as many as there are partitions. Each has a state_dir of
// its own. What is different from Kafka Streams is in docs/streams.
#pragma once

#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "thalweg/streams/app_config.h"
#include "thalweg/streams/stores.h"
#include "thalweg/streams/topology.h"

namespace thalweg::streams {

enum class State { kCreated, kRebalancing, kRunning, kPendingShutdown, kNotRunning, kPendingError, kError };
THALWEG_EXPORT std::string_view to_string(State state);

namespace detail {
class AppCore;
// Calls `look` with every store of this name that this instance has, on the thread that owns it and between two
// records, until it answers true. Errors, worth another try: none is here now.
THALWEG_EXPORT Result<> ask_stores(AppCore& core, const std::string& store, std::function<bool(StoreBase&)> look);
// What a store of another type than was asked for says.
THALWEG_EXPORT Error wrong_store_type(const std::string& store);

// `f(const Store&)` for each until it answers true. What it throws is an error.
template <class Store, class F>
Result<> look_at_stores(AppCore& core, const std::string& name, F f) {
  std::optional<Error> wrong;
  auto asked = ask_stores(core, name, [&](StoreBase& base) {
    const auto* const store = dynamic_cast<const Store*>(&base);
    if (!store) return wrong = wrong_store_type(name), true;
    try {
      return static_cast<bool>(f(*store));
    } catch (const std::exception& e) {
      return wrong = Error{.message = name + ": " + e.what()}, true;
    }
  });
  if (wrong) return std::unexpected(*wrong);
  return asked;
}
}  // namespace detail

// The rows of a key-value store or table that are on this instance. From any thread but those that process records; an
// answer is of one moment, and waits for a commit that is under way. It must not outlive its App.
template <class K, class V>
class StoreView {
 public:
  StoreView(detail::AppCore& core, std::string name) : core_(&core), name_(std::move(name)) {}

  Result<std::optional<V>> get(const K& key) const {
    std::optional<V> found;
    auto asked = detail::look_at_stores<KeyValueStore<K, V>>(*core_, name_, [&](const KeyValueStore<K, V>& store) {
      found = store.get(key);
      return found.has_value();
    });
    if (!asked) return std::unexpected(asked.error());
    return found;
  }
  // Keys from `from` to `to`, both included, in the order of each store's bytes; stores come one after the other.
  Result<std::vector<std::pair<K, V>>> range(const std::optional<K>& from = {}, const std::optional<K>& to = {},
                                             std::size_t limit = 1000) const {
    std::vector<std::pair<K, V>> rows;
    auto asked = detail::look_at_stores<KeyValueStore<K, V>>(*core_, name_, [&](const KeyValueStore<K, V>& store) {
      for (auto cursor = store.range(from, to); rows.size() < limit && cursor.next();)
        rows.emplace_back(cursor.key(), cursor.value());
      return rows.size() >= limit;
    });
    if (!asked) return std::unexpected(asked.error());
    return rows;
  }

 private:
  detail::AppCore* core_;
  std::string name_;
};

class THALWEG_EXPORT App {
 public:
  // Checks the topology and all options; asks nobody and starts nothing.
  static Result<App> open(const Topology& topology, AppConfig config);

  // Makes the internal topics, runs until it is stopped or something ends it, then commits, closes the stores and
  // leaves the group. Once.
  Result<> run(std::stop_token stop);

  State state() const;
  // Called on run()'s thread, before run(). Not from inside it.
  App& on_state(std::function<void(State now, State before)> listener);

  template <class K, class V>
  StoreView<K, V> store(std::string name) const {
    return {*core_, std::move(name)};
  }
  // For other stores (windows, sessions): `f(const Store&)` for each that is here; it returns true to end.
  template <class Store, class F>
  Result<> look_at(const std::string& name, F f) const {
    return detail::look_at_stores<Store>(*core_, name, std::move(f));
  }

  // Of each task that is here: how many records it has not read yet, as far as the last fetches told.
  std::vector<std::pair<TaskId, std::int64_t>> lags() const;
  // What has been done, in Prometheus' text format 0.0.4.
  std::string metrics() const;

  App(App&&) noexcept;
  App& operator=(App&&) noexcept;
  ~App();

 private:
  explicit App(std::unique_ptr<detail::AppCore> core);
  std::unique_ptr<detail::AppCore> core_;
};

}  // namespace thalweg::streams
