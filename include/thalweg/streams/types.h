// The words that topologies are written in: records, windows, what a user's function may take, and the options of the
// DSL's operations. Plain values.
//
// Null is a type: a K or V that may be absent is a std::optional. A KTable<K, V> never has an optional V: absent is
// deleted.
#pragma once

#include <array>
#include <compare>
#include <concepts>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "thalweg/client/serde.h"

namespace thalweg::streams {

using client::Error;
using client::fail;
using client::Headers;
using client::milliseconds;
using client::Properties;
using client::Result;
using client::Serde;
using client::Timestamp;
using client::TopicPartition;
using namespace std::chrono_literals;

template <class T>
struct Unwrap {
  using type = T;
};
template <class T>
struct Unwrap<std::optional<T>> {
  using type = T;
};
// T without the std::optional around it.
template <class T>
using unwrap_t = typename Unwrap<std::remove_cvref_t<T>>::type;

template <class K, class V>
struct Record {
  K key;
  V value;
  Timestamp timestamp{};
  Headers headers{};
};

// From `start` on, and before `end`; a session's and a sliding window's end belongs to it.
struct Window {
  Timestamp start, end;
  auto operator<=>(const Window&) const = default;
};

template <class K>
struct Windowed {
  K key;
  Window window;
  auto operator<=>(const Windowed&) const = default;
};

// Which part of the application: sub-topology and partition. Written "0_3".
struct TaskId {
  int subtopology = 0;
  std::int32_t partition = 0;
  auto operator<=>(const TaskId&) const = default;
};
std::string to_string(const TaskId&);

// ---- What a user's function may take: the value, the key and the value, or the whole record

template <class F, class K, class V>
concept TakesValue = std::invocable<F&, const V&>;
template <class F, class K, class V>
concept TakesPair = std::invocable<F&, const K&, const V&>;
template <class F, class K, class V>
concept TakesRecord = std::invocable<F&, const Record<K, V>&>;
template <class F, class K, class V>
concept Over = TakesValue<F, K, V> || TakesPair<F, K, V> || TakesRecord<F, K, V>;

template <class F, class K, class V>
  requires Over<F, K, V>
decltype(auto) apply_over(F& f, const Record<K, V>& record) {
  if constexpr (TakesPair<F, K, V>)
    return f(record.key, record.value);
  else if constexpr (TakesValue<F, K, V>)
    return f(record.value);
  else
    return f(record);
}
// What it returns, without references.
template <class F, class K, class V>
using over_t =
    std::remove_cvref_t<decltype(apply_over<F, K, V>(std::declval<F&>(), std::declval<const Record<K, V>&>()))>;
template <class T>
struct Succeeded {
  using type = T;
};
template <class T>
struct Succeeded<Result<T>> {
  using type = T;
};
// What a user's function gives: its Result without the error, which fails the record.
template <class T>
using succeeded_t = typename Succeeded<T>::type;
template <class F, class K, class V>
concept PredicateOver = Over<F, K, V> && std::convertible_to<succeeded_t<over_t<F, K, V>>, bool>;
template <class F, class A, class B>
using joined_t = std::remove_cvref_t<std::invoke_result_t<F&, A, B>>;

// ---- Options of operations. All may be left out

// One that is left out is inherited, or that of the type: serde_of<T>(). Decided when the topology is built.
template <class T>
struct MaybeSerde : std::optional<Serde<T>> {
  using std::optional<Serde<T>>::optional;
};

// 1 to 249 of [A-Za-z0-9._-], and not "." or "..".
struct Named {
  std::string name;
};
enum class OffsetReset { kEarliest, kLatest, kNone };
template <class K, class V>
struct Consumed {
  std::string name = {};
  MaybeSerde<K> key = {};
  MaybeSerde<V> value = {};
  std::optional<OffsetReset> reset = {};
  // Milliseconds since 1970 of a record, given the partition's time so far (-1: none). Negative: the record is dropped.
  std::function<std::int64_t(const Record<K, V>&, std::int64_t partition_time)> timestamp = {};
};
template <class K, class V>
struct Produced {
  std::string name = {};
  MaybeSerde<K> key = {};
  MaybeSerde<V> value = {};
  // Nothing: as the key's bytes say, by Kafka's murmur2.
  std::function<std::optional<std::int32_t>(const K&, const V&, std::int32_t partitions)> partitioner = {};
};
template <class K, class V>
struct Grouped {
  std::string name = {};
  MaybeSerde<K> key = {};
  MaybeSerde<V> value = {};
};
template <class K, class V>
struct Repartitioned {
  std::string name = {};
  MaybeSerde<K> key = {};
  MaybeSerde<V> value = {};
  std::int32_t partitions = 0;  // 0: as many as the input has
};
enum class StoreType { kDefault, kPersistent, kInMemory };
// Naming the store is what makes it queryable, as in Kafka Streams.
template <class K, class V>
struct Materialized {
  std::string store = {};
  StoreType type = StoreType::kDefault;
  MaybeSerde<K> key = {};
  MaybeSerde<V> value = {};
  bool logging = true;    // a changelog topic, from which the store is restored elsewhere
  bool caching = true;    // reserved: only the last update of a key and commit goes down
  Properties topic = {};  // of the changelog topic
  std::optional<milliseconds> retention = {};
};
template <class K, class V, class VO>
struct Joined {
  std::string name = {};
  MaybeSerde<K> key = {};
  MaybeSerde<V> value = {};
  MaybeSerde<VO> other = {};
};
template <class K, class V, class VO>
struct StreamJoined {
  std::string name = {}, store = {};
  MaybeSerde<K> key = {};
  MaybeSerde<V> value = {};
  MaybeSerde<VO> other = {};
  StoreType type = StoreType::kDefault;
  bool logging = true;
};
struct TableJoined {
  std::string name = {};
};

// ---- Windows

// Of `size`, one beginning at each multiple of `advance`; hopping where that is less than the size.
struct TimeWindows {
  milliseconds size, grace, advance;
  static TimeWindows of(milliseconds size, milliseconds grace) { return {size, grace, size}; }
  TimeWindows advance_by(milliseconds by) const { return {size, grace, by}; }
};
struct SlidingWindows {
  milliseconds difference, grace;
};
struct SessionWindows {
  milliseconds gap, grace;
};
struct JoinWindows {
  milliseconds before, after, grace;
  static JoinWindows of(milliseconds difference, milliseconds grace) { return {difference, difference, grace}; }
};
enum class Emit { kOnUpdate, kOnClose };
struct Suppressed {
  enum class Full { kEmitEarly, kFail };
  std::string name = {};
  bool until_close = true;
  milliseconds time_limit{0};
  std::size_t max_records = SIZE_MAX, max_bytes = SIZE_MAX;
  Full when_full = Full::kFail;
  bool logging = true;  // a changelog topic, from which what waits is restored elsewhere
  // One result per window, the last, when nothing can change it any more.
  static Suppressed until_window_closes() { return {}; }
  // Each key's last update after `limit` of stream time; earlier where more than `max_records` wait.
  static Suppressed until(milliseconds limit, std::size_t max_records = SIZE_MAX) {
    return {.until_close = false, .time_limit = limit, .max_records = max_records, .when_full = Full::kEmitEarly};
  }
};

}  // namespace thalweg::streams
