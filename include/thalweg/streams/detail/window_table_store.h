// Window stores: values by key and start of a window, each with the time of the record that made it last. The
// changelog's key is the key, int64 start, int32 0. (MeteredTimestampedWindowStore, WindowKeySchema)
#pragma once

#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "thalweg/streams/detail/decoding_cursor.h"
#include "thalweg/streams/detail/segmented_bytes.h"
#include "thalweg/streams/detail/table_store.h"

namespace thalweg::streams::detail {

struct WindowShape {
  milliseconds size{}, retention{};
  bool by_time = false;  // fetch_all() is in the order of starts, then of keys: for emit on close
};

template <class K, class V>
class WindowTableStore : public WindowStore<K, V>, public StoreBase {
 public:
  using Timed = ValueAndTime<V>;

  WindowTableStore(StateStore& state, TaskRuntime& runtime, Serde<K> key, Serde<V> value, WindowShape shape)
      : state_(state),
        runtime_(runtime),
        size_(shape.size.count()),
        codec_(state.name(), runtime.changelog_topic(state.name()), std::move(key), std::move(value)),
        bytes_(state, {.retention = shape.retention, .extra = 4, .by_time = shape.by_time}) {}

  std::optional<Timed> get_timed(const K& key, Timestamp start) const {
    const auto found = bytes_.get(codec_.key_bytes(key), millis(start), kSequence);
    return found ? std::optional(timed(*found)) : std::nullopt;
  }
  // Nothing: deletes. What is too old is left out and counted as dropped; the changelog is told all the same.
  void put_timed(const K& key, const std::optional<V>& value, Timestamp start, Timestamp timestamp) {
    const std::string key_bytes = codec_.key_bytes(key);
    std::string bytes;
    if (value) {
      append_i64(bytes, millis(timestamp));
      codec_.append_value(*value, bytes);
    }
    if (!bytes_.put(key_bytes, millis(start), kSequence, value ? std::optional<std::string_view>(bytes) : std::nullopt))
      runtime_.dropped(state_.name(), "older than the store's retention");
    state_.log(bytes_.outside(key_bytes, millis(start), kSequence),
               value ? std::optional(std::string_view(bytes).substr(8)) : std::nullopt,
               value ? timestamp : runtime_.record_time());
  }
  // Windows that start in [from, to], of one key in the order of time.
  Cursor<Windowed<K>, Timed> fetch_timed(const K& key, Timestamp from, Timestamp to, bool backward = false) const {
    return timed_cursor(bytes_.fetch(codec_.key_bytes(key), millis(from), millis(to), backward));
  }
  Cursor<Windowed<K>, Timed> fetch_all_timed(Timestamp from, Timestamp to) const {
    return timed_cursor(bytes_.fetch_all(millis(from), millis(to)));
  }
  // Of a store in the order of time: windows that start before this may go; none does before this was called.
  void release(Timestamp before) { bytes_.release(millis(before)); }

  void put(const K& key, std::optional<V> value, Timestamp start) override {
    put_timed(key, value, start, runtime_.record_time());
  }
  std::optional<V> fetch(const K& key, Timestamp start) const override {
    auto found = get_timed(key, start);
    return found ? std::optional<V>(std::move(found->value)) : std::nullopt;
  }
  Cursor<Windowed<K>, V> fetch(const std::optional<K>& key, Timestamp from, Timestamp to,
                               bool backward) const override {
    auto found = key ? bytes_.fetch(codec_.key_bytes(*key), millis(from), millis(to), backward)
                     : bytes_.fetch_all(millis(from), millis(to), backward);
    return decoding<Windowed<K>, V>(std::move(found), [this](const ByteCursor& at) {
      return std::optional(std::pair(windowed(at.key()), timed(at.value()).value));
    });
  }
  void restore(const RawRecord& record) override {
    const auto parts = record.key ? bytes_.parts(*record.key) : std::nullopt;
    if (!parts) bytes_are_damaged(state_.name(), "a record of the changelog whose key has no window");
    if (!record.value) {
      bytes_.put(parts->key, parts->time, parts->extra, std::nullopt);
      return;
    }
    std::string bytes;
    append_i64(bytes, millis(record.timestamp));
    bytes_.put(parts->key, parts->time, parts->extra, bytes += *record.value);
  }

 private:
  static constexpr std::string_view kSequence{"\0\0\0\0", 4};

  Timed timed(std::string_view bytes) const {
    if (bytes.size() < 8) bytes_are_damaged(state_.name(), "a value without its timestamp");
    return {codec_.value(bytes.substr(8)), at_millis(read_i64(bytes))};
  }
  Windowed<K> windowed(std::string_view outside) const {
    const auto parts = bytes_.parts(outside);
    const std::int64_t most = std::numeric_limits<std::int64_t>::max();
    return {codec_.key(parts->key),
            {at_millis(parts->time), at_millis(parts->time > most - size_ ? most : parts->time + size_)}};
  }
  Cursor<Windowed<K>, Timed> timed_cursor(std::unique_ptr<ByteCursor> bytes) const {
    return decoding<Windowed<K>, Timed>(std::move(bytes), [this](const ByteCursor& at) {
      return std::optional(std::pair(windowed(at.key()), timed(at.value())));
    });
  }

  StateStore& state_;
  TaskRuntime& runtime_;
  std::int64_t size_;
  StoreCodec<K, V> codec_;
  SegmentedBytes bytes_;
};

template <class K, class V>
StoreSpecData window_table_store(std::string name, const Materialized<K, V>& how, Serde<K> key, Serde<V> value,
                                 WindowShape shape) {
  return {.name = std::move(name),
          .kind = StoreKind::kWindow,
          .type = how.type,
          .logging = how.logging,
          .topic = how.topic,
          .retention = shape.retention,
          .source_topic = {},
          .is_global = false,
          .make = [key = std::move(key), value = std::move(value), shape](StateStore& state, TaskRuntime& runtime) {
            return std::make_unique<WindowTableStore<K, V>>(state, runtime, key, value, shape);
          }};
}

}  // namespace thalweg::streams::detail
