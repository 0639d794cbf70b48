// A table joined with another by a key that is found in its rows. (SubscriptionSendProcessorSupplier,
// SubscriptionReceiveProcessorSupplier, SubscriptionJoinProcessorSupplier, ForeignTableJoinProcessorSupplier,
// ResponseJoinProcessorSupplier)
#pragma once

#include <algorithm>
#include <string>
#include <utility>

#include "thalweg/streams/detail/foreign_key.h"
#include "thalweg/streams/detail/nodes/table.h"

namespace thalweg::streams::detail {

// The serdes of both sides' keys, and the left rows' for their hash. What is written here goes into other bytes, so
// serdes are told pseudo topics of the subscription topic, as a registry's subjects.
template <class K, class V, class KO>
struct ForeignSerdes {
  std::string topic;  // of subscriptions, without the application's prefix
  Serde<K> key;
  Serde<V> value;
  Serde<KO> foreign;

  std::string primary_bytes(const K& k, const TaskRuntime& runtime) const {
    return bytes(key, k, runtime, "-pk", true);
  }
  std::string foreign_bytes(const KO& k, const TaskRuntime& runtime) const {
    return bytes(foreign, k, runtime, "-fk", true);
  }
  RowHash hash(const V& v, const TaskRuntime& runtime) const {
    return row_hash(bytes(value, v, runtime, "-vh", false));
  }
  K primary_key(std::string_view from, const TaskRuntime& runtime) const {
    auto read = key.read(from, {.topic = runtime.topic_name(topic) + "-pk", .is_key = true});
    if (!read) throw Failed(std::move(read.error()));
    return *std::move(read);
  }

 private:
  template <class T>
  std::string bytes(const Serde<T>& serde, const T& v, const TaskRuntime& runtime, const char* suffix,
                    bool is_key) const {
    return *encoded<T>(serde, v, {.topic = runtime.topic_name(topic) + suffix, .is_key = is_key});
  }
};

// Left rows to subscriptions. `Extract` gives std::optional<KO> of (key, row).
template <class K, class V, class KO, class Extract>
class SubscribeNode final : public Node<K, Change<V>, std::optional<KO>, Subscription> {
 public:
  SubscribeNode(ForeignSerdes<K, V, KO> serdes, Extract extract, bool left)
      : serdes_(std::move(serdes)), extract_(std::move(extract)), left_(left) {}
  void receive(Record<K, Change<V>>&& r) override {
    if (!r.value.now && !r.value.before) return;
    const auto before = foreign_key(r.key, r.value.before), now = foreign_key(r.key, r.value.now);
    Message message{.record = r,
                    .subscription = {.primary_key = serdes_.primary_bytes(r.key, this->runtime()),
                                     .partition = this->runtime().task().partition}};
    if (r.value.now) message.subscription.hash = serdes_.hash(*r.value.now, this->runtime());
    const bool moved = before && (!now || foreign_bytes(*now) != foreign_bytes(*before));
    if (left_) {
      if (moved) send(message, before, Instruction::kDeleteQuietly);
      return send(message, now, Instruction::kAlwaysAnswer);
    }
    if (!now) {
      if (r.value.now) this->runtime().dropped(this->name(), "the row has no foreign key");
      if (before) send(message, before, Instruction::kDelete);
      return;
    }
    if (!moved) return send(message, now, Instruction::kAnswerIfThere);
    send(message, before, Instruction::kDeleteQuietly);
    send(message, now, Instruction::kAlwaysAnswer);
  }

 private:
  struct Message {
    const Record<K, Change<V>>& record;
    Subscription subscription;
  };
  std::optional<KO> foreign_key(const K& key, const std::optional<V>& row) {
    return row ? std::optional<KO>(extract_(key, *row)) : std::nullopt;
  }
  std::string foreign_bytes(const KO& key) const { return serdes_.foreign_bytes(key, this->runtime()); }
  void send(Message& message, const std::optional<KO>& to, Instruction instruction) const {
    message.subscription.instruction = instruction;
    this->forward({to, message.subscription, message.record.timestamp, message.record.headers});
  }

  ForeignSerdes<K, V, KO> serdes_;
  Extract extract_;
  bool left_;
};

// Remembers subscriptions on the right side.
template <class K, class V, class KO>
class SubscriptionsNode final : public LooseNode<KO, Subscription, std::optional<KO>, Subscription> {
 public:
  SubscriptionsNode(ForeignSerdes<K, V, KO> serdes, std::string store)
      : serdes_(std::move(serdes)), store_name_(std::move(store)) {}
  void init(TaskRuntime& runtime) override {
    NodeBase::init(runtime);
    store_ = &table_store_of<std::string, Subscription>(runtime, store_name_);
  }

 protected:
  void take(Record<std::optional<KO>, std::optional<Subscription>>&& r) override {
    if (!r.value || (!r.key && r.value->instruction != Instruction::kAlwaysAnswer))
      return this->runtime().dropped(this->name(), "a subscription needs a foreign key");
    if (r.key) remember(*r.key, *r.value, r.timestamp);
    this->forward({std::move(r.key), *std::move(r.value), r.timestamp, std::move(r.headers)});
  }

 private:
  void remember(const KO& key, const Subscription& subscription, Timestamp time) {
    const bool ends =
        subscription.instruction == Instruction::kDelete || subscription.instruction == Instruction::kDeleteQuietly;
    store_->put_timed(foreign_prefix(serdes_.foreign_bytes(key, this->runtime())) + subscription.primary_key,
                      ends ? std::nullopt : std::optional(subscription), time);
  }

  ForeignSerdes<K, V, KO> serdes_;
  std::string store_name_;
  TableStore<std::string, Subscription>* store_ = nullptr;
};

// Answers a subscription with the right row as it is now.
template <class K, class V, class KO, class VO>
class AnswerNode final : public Node<std::optional<KO>, Subscription, K, Answer<VO>> {
 public:
  AnswerNode(ForeignSerdes<K, V, KO> serdes, TableView<KO, VO> rows)
      : serdes_(std::move(serdes)), view_(std::move(rows)) {}
  void init(TaskRuntime& runtime) override {
    NodeBase::init(runtime);
    rows_ = view_.make(runtime);
  }
  void receive(Record<std::optional<KO>, Subscription>&& r) override {
    const Subscription& asked = r.value;
    if (asked.instruction == Instruction::kDeleteQuietly) return;
    auto found = r.key ? rows_->get(*r.key) : std::nullopt;
    if (!found && asked.instruction == Instruction::kAnswerIfThere) return;
    const Timestamp time = found ? std::max(r.timestamp, found->timestamp) : r.timestamp;
    Answer<VO> answer{.hash = asked.hash, .row = {}, .partition = asked.partition};
    if (found && asked.instruction != Instruction::kDelete) answer.row = std::move(found->value);
    this->forward(
        {serdes_.primary_key(asked.primary_key, this->runtime()), std::move(answer), time, std::move(r.headers)});
  }

 private:
  ForeignSerdes<K, V, KO> serdes_;
  TableView<KO, VO> view_;
  std::unique_ptr<TableGetter<KO, VO>> rows_;
};

// Tells all that subscribe to a right row that it has changed.
template <class K, class V, class KO, class VO>
class TellNode final : public Node<KO, Change<VO>, K, Answer<VO>> {
 public:
  TellNode(ForeignSerdes<K, V, KO> serdes, std::string store)
      : serdes_(std::move(serdes)), store_name_(std::move(store)) {}
  void init(TaskRuntime& runtime) override {
    NodeBase::init(runtime);
    store_ = &table_store_of<std::string, Subscription>(runtime, store_name_);
  }
  void receive(Record<KO, Change<VO>>&& r) override {
    for (auto at = store_->prefix(foreign_prefix(serdes_.foreign_bytes(r.key, this->runtime()))); at.next();)
      this->forward({serdes_.primary_key(at.value().primary_key, this->runtime()),
                     {.hash = at.value().hash, .row = r.value.now, .partition = at.value().partition},
                     r.timestamp,
                     r.headers});
  }

 private:
  ForeignSerdes<K, V, KO> serdes_;
  std::string store_name_;
  TableStore<std::string, Subscription>* store_ = nullptr;
};

// Answers to results, on the left side. `J` is called with both rows as std::optional.
template <class K, class V, class KO, class VO, class VR, class J>
class ResolveNode final : public LooseNode<K, Answer<VO>, K, std::optional<VR>> {
 public:
  ResolveNode(ForeignSerdes<K, V, KO> serdes, TableView<K, V> rows, J join, bool left)
      : serdes_(std::move(serdes)), view_(std::move(rows)), join_(std::move(join)), left_(left) {}
  void init(TaskRuntime& runtime) override {
    NodeBase::init(runtime);
    rows_ = view_.make(runtime);
  }

 protected:
  void take(Record<std::optional<K>, std::optional<Answer<VO>>>&& r) override {
    if (!r.key || !r.value) return this->runtime().dropped(this->name(), "an answer needs a key and a value");
    const auto found = rows_->get(*r.key);
    const std::optional<V> mine = found ? std::optional<V>(found->value) : std::nullopt;
    const std::optional<RowHash> hash = mine ? std::optional(serdes_.hash(*mine, this->runtime())) : std::nullopt;
    if (hash != r.value->hash) return this->runtime().dropped(this->name(), "the answer is to an earlier row");
    std::optional<VR> result;
    if (mine && (r.value->row || left_)) result = join_(mine, r.value->row);
    this->forward({*std::move(r.key), std::move(result), r.timestamp, std::move(r.headers)});
  }

 private:
  ForeignSerdes<K, V, KO> serdes_;
  TableView<K, V> view_;
  J join_;
  bool left_;
  std::unique_ptr<TableGetter<K, V>> rows_;
};

}  // namespace thalweg::streams::detail
