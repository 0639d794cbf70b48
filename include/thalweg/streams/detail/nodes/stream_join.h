// Joins of two streams within a window of time. (KStreamJoinWindow, KStreamKStreamJoin)
//
// Each side has two nodes: one that remembers its records, and one that looks for partners among those of the other
// side. What finds none waits, where the join wants it, until no partner can come any more: until the window has
// closed.
#pragma once

#include <algorithm>
#include <string>
#include <utility>

#include "thalweg/streams/detail/join_stores.h"
#include "thalweg/streams/detail/nodes/table_join.h"

namespace thalweg::streams::detail {

// Remembers, after it has passed a record on, as Kafka Streams does.
template <class K, class V>
class WindowedNode final : public LooseNode<K, V, std::optional<K>, std::optional<V>> {
 public:
  explicit WindowedNode(std::string store) : store_name_(std::move(store)) {}
  void init(TaskRuntime& runtime) override {
    NodeBase::init(runtime);
    store_ = &dynamic_cast<JoinStore<K, V>&>(runtime.store(store_name_));
  }

 protected:
  void take(Record<std::optional<K>, std::optional<V>>&& r) override {
    if (!r.key) return this->forward(std::move(r));
    const auto bytes = store_->bytes(*r.key, r.value);
    const Timestamp time = r.timestamp;
    this->forward(std::move(r));
    store_->put(bytes, time);
  }

 private:
  std::string store_name_;
  JoinStore<K, V>* store_ = nullptr;
};

// Of one side.
struct StreamJoinSide {
  std::string other_store;                        // what the other side has seen
  std::string lonely_store;                       // empty: of neither side anything waits
  bool outer = false;                             // what finds no partner is a result, too
  std::int64_t before = 0, after = 0, grace = 0;  // ms; of the window around this side's records
};

// KO: the key as the streams have it. A, B: values of the left and the right stream without std::optional. `J` is
// called with both as std::optional.
template <bool kLeft, class KO, class A, class B, class VO, class J>
class StreamJoinNode final : public LooseNode<unwrap_t<KO>, std::conditional_t<kLeft, A, B>, KO, VO> {
  using K = unwrap_t<KO>;
  using Mine = std::conditional_t<kLeft, A, B>;
  using Theirs = std::conditional_t<kLeft, B, A>;
  using Loose = Record<std::optional<K>, std::optional<Mine>>;
  using Lonely = LonelyStore<K, A, B>;

 public:
  StreamJoinNode(J join, StreamJoinSide side) : join_(std::move(join)), side_(std::move(side)) {}
  void init(TaskRuntime& runtime) override {
    NodeBase::init(runtime);
    other_ = &dynamic_cast<JoinStore<K, Theirs>&>(runtime.store(side_.other_store));
    if (!side_.lonely_store.empty()) lonely_ = &dynamic_cast<Lonely&>(runtime.store(side_.lonely_store));
  }

 protected:
  void take(Loose&& r) override {
    const std::int64_t time = millis(r.timestamp);
    if (lonely_) lonely_->stream_time = std::max(lonely_->stream_time, time);
    if (kIsOptional<KO> && side_.outer && !r.key && r.value) return alone(r);  // KIP-962
    if (!r.key || !r.value) return this->runtime().dropped(this->name(), "a join needs a key and a value");
    if (lonely_ && time == lonely_->stream_time) give_closed(r);
    if (meet(r, time) || !side_.outer) return;
    // A record that is late has no one to wait for.
    if (std::max<std::int64_t>(0, time + side_.after) < lonely_->stream_time) return alone(r);
    lonely_->oldest = lonely_->oldest == Lonely::kUnknown ? Lonely::kUnknown : std::min(lonely_->oldest, time);
    lonely_->bytes.add({.time = time, .left = kLeft, .key = key_bytes(*r.key)}, value_bytes(*r.value), r.timestamp);
  }

 private:
  // With each partner; false: there is none.
  bool meet(const Loose& r, std::int64_t time) {
    bool met = false;
    const std::string key = lonely_ ? key_bytes(*r.key) : std::string();
    for (auto at = other_->fetch(*r.key, std::max<std::int64_t>(0, time - side_.before),
                                 std::max<std::int64_t>(0, time + side_.after));
         at.next(); met = true) {
      if (lonely_) lonely_->bytes.remove_if_there({.time = millis(at.key()), .left = !kLeft, .key = key}, r.timestamp);
      this->forward({KO(*r.key), joined(r.value, at.value()), std::max(r.timestamp, at.key()), r.headers});
    }
    return met;
  }
  void alone(const Loose& r) { this->forward({key(r.key), joined(r.value, std::nullopt), r.timestamp, r.headers}); }

  // What no partner can come for any more, in the order of time. Where entries of both sides are still open, the search
  // ends, and `oldest` may have passed them: they are given when the window of the entry at which it ended has closed,
  // as in Kafka Streams.
  void give_closed(const Loose& r) {
    if (lonely_->oldest == Lonely::kNothing) return;
    if (lonely_->oldest != Lonely::kUnknown && lonely_->oldest + side_.after + side_.grace >= lonely_->stream_time)
      return;
    lonely_->oldest = Lonely::kNothing;
    bool left_open = false, right_open = false;
    for (auto at = lonely_->bytes.all(); at->next();) {
      const auto place = LonelyBytes::place(at->key());
      const auto values = LonelyBytes::values(at->value());
      if (!place || !values) bytes_are_damaged(side_.lonely_store, "an entry that has no time or no list");
      lonely_->oldest = place->time;
      if (left_open && right_open) break;
      if (is_open(*place)) {
        (place->left ? left_open : right_open) = true;
        continue;
      }
      for (const std::string_view value : *values) give(r, *place, value);
      lonely_->bytes.remove(std::string(at->key()), r.timestamp);
    }
  }
  bool is_open(const LonelyBytes::Place& place) const {
    const std::int64_t looks = place.left == kLeft ? side_.after : side_.before;
    return place.time + looks + side_.grace >= lonely_->stream_time;
  }
  void give(const Loose& r, const LonelyBytes::Place& place, std::string_view value) {
    KO key(lonely_->left().key(place.key));
    VO result = place.left ? join_(std::optional<A>(lonely_->left().value(value)), std::optional<B>())
                           : join_(std::optional<A>(), std::optional<B>(lonely_->right().value(value)));
    this->forward({std::move(key), std::move(result), at_millis(place.time), r.headers});
  }

  VO joined(const std::optional<Mine>& mine, const std::optional<Theirs>& theirs) {
    if constexpr (kLeft)
      return join_(mine, theirs);
    else
      return join_(theirs, mine);
  }
  static KO key(const std::optional<K>& key) {
    if constexpr (kIsOptional<KO>)
      return key;
    else
      return *key;
  }
  std::string key_bytes(const K& key) const { return lonely_->left().key_bytes(key); }
  std::string value_bytes(const Mine& value) const {
    if constexpr (kLeft)
      return lonely_->left().value_bytes(value);
    else
      return lonely_->right().value_bytes(value);
  }

  J join_;
  StreamJoinSide side_;
  JoinStore<K, Theirs>* other_ = nullptr;
  Lonely* lonely_ = nullptr;
};

}  // namespace thalweg::streams::detail
