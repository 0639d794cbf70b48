// Holds a table's updates back. (KTableSuppressProcessorSupplier)
#pragma once

#include <algorithm>
#include <string>
#include <utility>

#include "thalweg/streams/detail/nodes/table.h"
#include "thalweg/streams/detail/suppress_buffer.h"
#include "thalweg/streams/detail/window_math.h"

namespace thalweg::streams::detail {

template <class K, class V>
struct SuppressPlan {
  std::string store;
  Suppressed how;
  std::int64_t wait = 0;  // ms; until a window closes: its grace
  Serde<K> key;
  Serde<V> value;
};

template <class K, class V>
class SuppressCodec {
 public:
  SuppressCodec(TaskRuntime& runtime, const SuppressPlan<K, V>& plan)
      : codec_(plan.store, runtime.changelog_topic(plan.store), plan.key, plan.value),
        buffer_(dynamic_cast<SuppressBuffer&>(runtime.store(plan.store))) {}
  SuppressBuffer& buffer() const { return buffer_; }
  std::string key_bytes(const K& key) const { return codec_.key_bytes(key); }
  K key(std::string_view bytes) const { return codec_.key(bytes); }
  Suppress::Value value_bytes(const std::optional<V>& value) const {
    return value ? Suppress::Value(codec_.value_bytes(*value)) : std::nullopt;
  }
  std::optional<V> value(const Suppress::Value& bytes) const {
    return bytes ? std::optional<V>(codec_.value(*bytes)) : std::nullopt;
  }

 private:
  StoreCodec<K, V> codec_;
  SuppressBuffer& buffer_;
};

template <class K, class V>
class SuppressNode final : public Node<K, Change<V>, K, Change<V>> {
 public:
  explicit SuppressNode(SuppressPlan<K, V> plan) : plan_(std::move(plan)) {}
  void init(TaskRuntime& runtime) override {
    NodeBase::init(runtime);
    codec_.emplace(runtime, plan_);
  }
  void receive(Record<K, Change<V>>&& r) override {
    time_ = std::max(time_, millis(r.timestamp));
    const std::int64_t waits_from = buffer_time(r);
    SuppressContext context{.timestamp = r.timestamp, .headers = std::move(r.headers)};
    if (const SourceRecord* source = this->runtime().source()) {
      context.offset = source->offset;
      context.topic = source->from.topic;
      context.partition = source->from.partition;
    }
    SuppressBuffer& buffer = codec_->buffer();
    buffer.put(codec_->key_bytes(r.key), waits_from, codec_->value_bytes(r.value.now),
               codec_->value_bytes(r.value.before), std::move(context));
    buffer.evict_while([&] { return buffer.oldest() <= time_ - plan_.wait; }, giving());
    if (!is_full()) return;
    if (plan_.how.when_full == Suppressed::Full::kEmitEarly)
      return buffer.evict_while([this] { return is_full(); }, giving());
    throw Failed({.message = "more waits than it may hold: " + std::to_string(buffer.records()) + " updates and " +
                             std::to_string(buffer.bytes()) + " bytes of at most " +
                             std::to_string(plan_.how.max_records) + " and " + std::to_string(plan_.how.max_bytes)});
  }

 private:
  // The end of its window, or its own time.
  std::int64_t buffer_time(const Record<K, Change<V>>& r) const {
    if constexpr (kIsWindowed<K>) {
      if (plan_.how.until_close) return millis(r.key.window.end);
    }
    return millis(r.timestamp);
  }
  bool is_full() const {
    return codec_->buffer().records() > plan_.how.max_records || codec_->buffer().bytes() > plan_.how.max_bytes;
  }
  std::function<void(std::string_view, Suppress)> giving() const {
    return [this](std::string_view key, Suppress entry) {
      // A window that was never given has nothing to be taken back.
      if (!entry.now && plan_.how.until_close) return;
      this->forward({codec_->key(key),
                     {codec_->value(entry.now), codec_->value(entry.before)},
                     entry.context.timestamp,
                     std::move(entry.context.headers)});
    };
  }

  SuppressPlan<K, V> plan_;
  std::optional<SuppressCodec<K, V>> codec_;
  std::int64_t time_ = -1;  // the highest that was seen
};

// The table as those below know it: without what waits.
template <class K, class V>
class SuppressGetter final : public TableGetter<K, V> {
 public:
  SuppressGetter(std::unique_ptr<TableGetter<K, V>> above, SuppressCodec<K, V> codec)
      : above_(std::move(above)), codec_(std::move(codec)) {}
  std::optional<ValueAndTime<V>> get(const K& key) override {
    const auto prior = codec_.buffer().prior(codec_.key_bytes(key));
    if (!prior) return above_->get(key);
    auto value = codec_.value(*prior);
    if (!value) return {};
    return ValueAndTime<V>{*std::move(value), at_millis(-1)};  // when it came is not known
  }

 private:
  std::unique_ptr<TableGetter<K, V>> above_;
  SuppressCodec<K, V> codec_;
};

}  // namespace thalweg::streams::detail
