// The stores of a join of two streams: what each side has seen within the window, and what has found no partner yet.
#pragma once

#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "thalweg/client/export.h"
#include "thalweg/streams/detail/decoding_cursor.h"
#include "thalweg/streams/detail/segmented_bytes.h"
#include "thalweg/streams/detail/topology_graph.h"

namespace thalweg::streams::detail {

// All records of one side, also those of one key and time. The changelog's key is the key, int64 time, int32 number:
// one counter for all keys. (RocksDBWindowStore with retainDuplicates, ChangeLoggingWindowBytesStore)
class THALWEG_EXPORT JoinBytes {
 public:
  JoinBytes(StateStore& state, milliseconds retention);
  // An absent value counts in the changelog alone. False: it was too old to be kept.
  bool put(std::string_view key, std::int64_t time, std::optional<std::string_view> value);
  // Of times in [from, to], in the order of time, then as they came.
  std::unique_ptr<ByteCursor> fetch(std::string_view key, std::int64_t from, std::int64_t to) const {
    return bytes_.fetch(key, from, to);
  }
  void restore(const RawRecord&);
  std::int64_t time_of(std::string_view outside) const { return bytes_.parts(outside)->time; }

 private:
  std::string next_number();

  StateStore& state_;
  SegmentedBytes bytes_;
};

template <class K, class V>
class JoinStore : public StoreBase {
 public:
  JoinStore(StateStore& state, TaskRuntime& runtime, Serde<K> key, Serde<V> value, milliseconds retention)
      : state_(state),
        runtime_(runtime),
        codec_(state.name(), runtime.changelog_topic(state.name()), std::move(key), std::move(value)),
        bytes_(state, retention) {}

  // What put() takes, written before the record goes on.
  struct Bytes {
    std::string key;
    std::optional<std::string> value;
  };
  Bytes bytes(const K& key, const std::optional<V>& value) const {
    Bytes written{.key = codec_.key_bytes(key), .value = {}};
    if (value) written.value = codec_.value_bytes(*value);
    return written;
  }
  void put(const Bytes& record, Timestamp time) {
    if (!bytes_.put(record.key, millis(time), record.value))
      runtime_.dropped(state_.name(), "older than the store's retention");
  }
  Cursor<Timestamp, V> fetch(const K& key, std::int64_t from, std::int64_t to) const {
    return decoding<Timestamp, V>(bytes_.fetch(codec_.key_bytes(key), from, to), [this](const ByteCursor& at) {
      return std::optional(std::pair(at_millis(bytes_.time_of(at.key())), codec_.value(at.value())));
    });
  }
  void restore(const RawRecord& record) override { bytes_.restore(record); }

 private:
  StateStore& state_;
  TaskRuntime& runtime_;
  StoreCodec<K, V> codec_;
  JoinBytes bytes_;
};

// What has found no partner, by time, side (right before left) and key; several values under one. In the changelog the
// same bytes: int64 time, byte 1 = left, key -> a list of (byte 1 = left, value).
// (ListValueStore, TimestampedKeyAndJoinSideSerializer, LeftOrRightValueSerializer)
class THALWEG_EXPORT LonelyBytes {
 public:
  explicit LonelyBytes(StateStore& state) : state_(state) {}
  struct Place {
    std::int64_t time = 0;
    bool left = false;
    std::string_view key;
  };
  void add(const Place&, std::string_view value, Timestamp now);
  void remove_if_there(const Place&, Timestamp now);
  void remove(std::string_view key, Timestamp now);
  std::unique_ptr<ByteCursor> all() const { return state_.scan({}, {}); }
  // Nothing: it is damaged.
  static std::optional<Place> place(std::string_view key);
  static std::optional<std::vector<std::string_view>> values(std::string_view list);
  void restore(const RawRecord&);

 private:
  StateStore& state_;
};

// The same with what both sides of the join share of time.
template <class K, class A, class B>
class LonelyStore : public StoreBase {
 public:
  LonelyStore(StateStore& state, TaskRuntime& runtime, Serde<K> key, Serde<A> left, Serde<B> right)
      : bytes(state),
        left_(state.name(), runtime.changelog_topic(state.name()), key, std::move(left)),
        right_(state.name(), runtime.changelog_topic(state.name()), std::move(key), std::move(right)) {}

  // Of all records of both sides; -1: none yet.
  std::int64_t stream_time = -1;
  // No entry is older than this, as far as is known: kNothing: there is none, kUnknown: after a restart.
  static constexpr std::int64_t kNothing = std::numeric_limits<std::int64_t>::max();
  static constexpr std::int64_t kUnknown = std::numeric_limits<std::int64_t>::min();
  std::int64_t oldest = kUnknown;

  LonelyBytes bytes;
  const StoreCodec<K, A>& left() const { return left_; }
  const StoreCodec<K, B>& right() const { return right_; }
  void restore(const RawRecord& record) override { bytes.restore(record); }

 private:
  StoreCodec<K, A> left_;
  StoreCodec<K, B> right_;
};

}  // namespace thalweg::streams::detail
