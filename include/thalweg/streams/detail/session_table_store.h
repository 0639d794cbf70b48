// Session stores: aggregates by key and session. The changelog's key is the key, int64 end, int64 start, its time that
// of the record that is processed. (MeteredSessionStore, SessionKeySchema)
#pragma once

#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "thalweg/streams/detail/decoding_cursor.h"
#include "thalweg/streams/detail/segmented_bytes.h"
#include "thalweg/streams/detail/topology_graph.h"

namespace thalweg::streams::detail {

template <class K, class V>
class SessionTableStore : public SessionStore<K, V>, public StoreBase {
 public:
  // `by_time`: ended_in() is in the order of ends, starts, then of keys: for emit on close.
  SessionTableStore(StateStore& state, TaskRuntime& runtime, Serde<K> key, Serde<V> value, milliseconds retention,
                    bool by_time = false)
      : state_(state),
        runtime_(runtime),
        codec_(state.name(), runtime.changelog_topic(state.name()), std::move(key), std::move(value)),
        bytes_(state, {.retention = retention, .extra = 8, .extra_before_key = true, .by_time = by_time}) {}

  std::optional<V> get(const Windowed<K>& session) const {
    const auto found = bytes_.get(codec_.key_bytes(session.key), millis(session.window.end), start_bytes(session));
    return found ? std::optional<V>(codec_.value(*found)) : std::nullopt;
  }
  // Sessions of all keys that end in [from, to].
  Cursor<Windowed<K>, V> ended_in(Timestamp from, Timestamp to) const {
    return decoding<Windowed<K>, V>(bytes_.fetch_all(millis(from), millis(to)),
                                    [this](const ByteCursor& at) { return std::optional(session(at)); });
  }
  // Of a store in the order of time: sessions that end before this may go; none does before this was called.
  void release(Timestamp before) { bytes_.release(millis(before)); }
  // `timestamp`: of the record that made it so, for the changelog.
  void put_timed(const Windowed<K>& session, const std::optional<V>& value, Timestamp timestamp) {
    const std::string key = codec_.key_bytes(session.key), start = start_bytes(session);
    const std::int64_t end = millis(session.window.end);
    std::optional<std::string> bytes;
    if (value) bytes = codec_.value_bytes(*value);
    // Its changelog is told all the same, as Kafka Streams does.
    if (!bytes_.put(key, end, start, bytes)) runtime_.dropped(state_.name(), "older than the store's retention");
    state_.log(bytes_.outside(key, end, start), bytes, timestamp);
  }

  Cursor<Windowed<K>, V> find(const K& key, Timestamp earliest_end, Timestamp latest_start) const override {
    auto found = bytes_.fetch(codec_.key_bytes(key), millis(earliest_end), std::numeric_limits<std::int64_t>::max());
    return decoding<Windowed<K>, V>(std::move(found), [this, latest_start](const ByteCursor& at) {
      const auto start = at_millis(read_i64(bytes_.parts(at.key())->extra));
      return start <= latest_start ? std::optional(session(at)) : std::nullopt;
    });
  }
  void put(const Windowed<K>& session, std::optional<V> value) override {
    put_timed(session, value, runtime_.record_time());
  }
  void restore(const RawRecord& record) override {
    const auto parts = record.key ? bytes_.parts(*record.key) : std::nullopt;
    if (!parts) bytes_are_damaged(state_.name(), "a record of the changelog whose key has no session");
    bytes_.put(parts->key, parts->time, parts->extra, record.value);
  }

 private:
  static std::string start_bytes(const Windowed<K>& session) {
    std::string bytes;
    append_i64(bytes, millis(session.window.start));
    return bytes;
  }
  std::pair<Windowed<K>, V> session(const ByteCursor& at) const {
    const auto parts = bytes_.parts(at.key());
    return {{codec_.key(parts->key), {at_millis(read_i64(parts->extra)), at_millis(parts->time)}},
            codec_.value(at.value())};
  }

  StateStore& state_;
  TaskRuntime& runtime_;
  StoreCodec<K, V> codec_;
  SegmentedBytes bytes_;
};

template <class K, class V>
StoreSpecData session_table_store(std::string name, const Materialized<K, V>& how, Serde<K> key, Serde<V> value,
                                  milliseconds retention, bool by_time) {
  return {.name = std::move(name),
          .kind = StoreKind::kSession,
          .type = how.type,
          .logging = how.logging,
          .topic = how.topic,
          .retention = retention,
          .source_topic = {},
          .is_global = false,
          .make = [key = std::move(key), value = std::move(value), retention, by_time](StateStore& state,
                                                                                       TaskRuntime& runtime) {
            return std::make_unique<SessionTableStore<K, V>>(state, runtime, key, value, retention, by_time);
          }};
}

}  // namespace thalweg::streams::detail
