// Key-value stores: each value has the time of the record that made it, which is also that of the changelog record.
// Kept as key -> int64 time, value. A table's, and those of the Processor API, which see no times.
// (MeteredTimestampedKeyValueStore, ValueAndTimestampSerializer)
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "thalweg/streams/detail/decoding_cursor.h"
#include "thalweg/streams/detail/topology_graph.h"

namespace thalweg::streams::detail {

template <class V>
struct ValueAndTime {
  V value;
  Timestamp timestamp;
  bool operator==(const ValueAndTime&) const = default;
};

template <class K, class V>
class TableStore : public KeyValueStore<K, V>, public StoreBase {
 public:
  TableStore(StateStore& state, TaskRuntime& runtime, Serde<K> key, Serde<V> value)
      : state_(state),
        runtime_(runtime),
        codec_(state.name(), runtime.changelog_topic(state.name()), std::move(key), std::move(value)) {}

  std::optional<ValueAndTime<V>> get_timed(const K& key) const { return read(codec_.key_bytes(key)); }
  // Nothing: deletes, whatever the timestamp.
  void put_timed(const K& key, const std::optional<V>& value, Timestamp timestamp) {
    write(codec_.key_bytes(key), value, timestamp);
  }
  Cursor<K, ValueAndTime<V>> range_timed(const std::optional<K>& from, const std::optional<K>& to) const {
    const ByteRange range = key_range(codec_, from, to);
    return decoding<K, ValueAndTime<V>>(state_.scan(range.from, range.to), [this](const ByteCursor& at) {
      return std::optional(std::pair(codec_.key(at.key()), timed(at.value())));
    });
  }

  std::optional<V> get(const K& key) const override {
    auto found = get_timed(key);
    return found ? std::optional<V>(std::move(found->value)) : std::nullopt;
  }
  void put(const K& key, std::optional<V> value) override { put_timed(key, value, runtime_.record_time()); }
  std::optional<V> put_if_absent(const K& key, V value) override {
    auto before = get(key);
    if (!before) put(key, std::move(value));
    return before;
  }
  Cursor<K, V> range(const std::optional<K>& from, const std::optional<K>& to) const override {
    return cursor(key_range(codec_, from, to));
  }
  Cursor<K, V> prefix(std::string_view bytes) const override {
    return cursor({std::string(bytes), after_prefix(std::string(bytes))});
  }
  void restore(const RawRecord& record) override {
    if (!record.key) return;  // of a table's source topic: what the table drops
    if (!record.value) return state_.put(*record.key, std::nullopt);
    std::string bytes;
    append_i64(bytes, millis(record.timestamp));
    state_.put(*record.key, bytes += *record.value);
  }

 private:
  ValueAndTime<V> timed(std::string_view bytes) const {
    if (bytes.size() < 8) bytes_are_damaged(codec_.store(), "a value without its timestamp");
    return {codec_.value(bytes.substr(8)), at_millis(read_i64(bytes))};
  }
  std::optional<ValueAndTime<V>> read(std::string_view key) const {
    const auto bytes = state_.get(key);
    return bytes ? std::optional(timed(*bytes)) : std::nullopt;
  }
  void write(std::string_view key, const std::optional<V>& value, Timestamp timestamp) {
    if (!value) {
      state_.put(key, std::nullopt);
      return state_.log(key, std::nullopt, runtime_.record_time());  // there is no value whose time it could be
    }
    std::string bytes;
    append_i64(bytes, millis(timestamp));
    codec_.append_value(*value, bytes);
    state_.put(key, bytes);
    state_.log(key, std::string_view(bytes).substr(8), timestamp);
  }
  Cursor<K, V> cursor(const ByteRange& range) const {
    return decoding<K, V>(state_.scan(range.from, range.to), [this](const ByteCursor& at) {
      return std::optional(std::pair(codec_.key(at.key()), timed(at.value()).value));
    });
  }

  StateStore& state_;
  TaskRuntime& runtime_;
  StoreCodec<K, V> codec_;
};

// `name`: made, where `how` names none.
template <class K, class V>
StoreSpecData table_store(std::string name, const Materialized<K, V>& how, Serde<K> key, Serde<V> value) {
  return {.name = std::move(name),
          .kind = StoreKind::kKeyValue,
          .type = how.type,
          .logging = how.logging,
          .topic = how.topic,
          .retention = {},
          .source_topic = {},
          .is_global = false,
          .make = [key = std::move(key), value = std::move(value)](StateStore& state, TaskRuntime& runtime) {
            return std::make_unique<TableStore<K, V>>(state, runtime, key, value);
          }};
}

}  // namespace thalweg::streams::detail
