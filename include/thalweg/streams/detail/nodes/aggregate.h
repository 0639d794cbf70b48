// Aggregations by key: of a stream's records, and of a table's rows. (KStreamAggregate, KStreamReduce, KTableAggregate,
// KTableReduce, KTableRepartitionMap)
#pragma once

#include <algorithm>
#include <utility>

#include "thalweg/streams/detail/nodes/table.h"

namespace thalweg::streams::detail {

// One aggregate after the other. `Step` has
//   std::optional<VA> first()                                      what a new key begins with
//   std::optional<VA> add(key, value, std::optional<VA>&& so_far)  nothing: the row goes
template <class K, class V, class VA, class Step>
class StreamAggregateNode final : public LooseNode<K, V, K, Change<VA>> {
 public:
  StreamAggregateNode(Step step, TableKept kept) : step_(std::move(step)), kept_(std::move(kept)) {}
  void init(TaskRuntime& runtime) override {
    NodeBase::init(runtime);
    store_ = &table_store_of<K, VA>(runtime, kept_.store);
  }

 protected:
  void take(Record<std::optional<K>, std::optional<V>>&& r) override {
    if (!r.key || !r.value) return this->runtime().dropped(this->name(), "an aggregation needs a key and a value");
    auto found = store_->get_timed(*r.key);
    const Timestamp time = found ? std::max(r.timestamp, found->timestamp) : r.timestamp;
    std::optional<VA> before = found ? std::optional<VA>(std::move(found->value)) : step_.first();
    Change<VA> change;
    if (kept_.old_values) change.before = before;
    change.now = step_.add(*r.key, *r.value, std::move(before));
    store_->put_timed(*r.key, change.now, time);
    this->forward({*std::move(r.key), std::move(change), time, std::move(r.headers)});
  }

 private:
  Step step_;
  TableKept kept_;
  TableStore<K, VA>* store_ = nullptr;
};

// The same of a grouped table: what a row was is taken away, what it is is added. `Step` also has subtract().
template <class K, class V, class VA, class Step>
class TableAggregateNode final : public Node<K, Change<V>, K, Change<VA>> {
 public:
  TableAggregateNode(Step step, TableKept kept) : step_(std::move(step)), kept_(std::move(kept)) {}
  void init(TaskRuntime& runtime) override {
    NodeBase::init(runtime);
    store_ = &table_store_of<K, VA>(runtime, kept_.store);
  }
  void receive(Record<K, Change<V>>&& r) override {
    const auto found = store_->get_timed(r.key);
    const std::optional<VA> before = found ? std::optional<VA>(found->value) : std::nullopt;
    std::optional<VA> now = before;
    Timestamp time = r.timestamp;
    if (found && (r.value.before || r.value.now)) time = std::max(time, found->timestamp);
    if (r.value.before && now) now = step_.subtract(r.key, *r.value.before, std::move(now));
    if (r.value.now) now = step_.add(r.key, *r.value.now, now ? std::move(now) : step_.first());
    store_->put_timed(r.key, now, time);
    Change<VA> change{.now = std::move(now), .before = kept_.old_values ? before : std::nullopt};
    this->forward({std::move(r.key), std::move(change), time, std::move(r.headers)});
  }

 private:
  Step step_;
  TableKept kept_;
  TableStore<K, VA>* store_ = nullptr;
};

// A table's rows under the keys that they are grouped by. `F` gives a pair.
template <class K, class V, class F, class KO, class VO>
class TableSelectNode final : public Node<K, Change<V>, KO, Change<VO>> {
 public:
  explicit TableSelectNode(F select) : select_(std::move(select)) {}
  void receive(Record<K, Change<V>>&& r) override {
    auto now = selected(r.key, r.value.now, r.timestamp), before = selected(r.key, r.value.before, r.timestamp);
    if (now && before && is_same_group(now->first, before->first)) {
      this->forward(
          {std::move(now->first), {std::move(now->second), std::move(before->second)}, r.timestamp, r.headers});
      return;
    }
    if (before) this->forward({std::move(before->first), {{}, std::move(before->second)}, r.timestamp, r.headers});
    if (now) this->forward({std::move(now->first), {std::move(now->second), {}}, r.timestamp, std::move(r.headers)});
  }

 private:
  // Keys that cannot be compared are said to differ: the row goes and comes in two messages instead of one.
  static bool is_same_group(const KO& a, const KO& b) {
    if constexpr (std::equality_comparable<KO>)
      return a == b;
    else
      return false;
  }
  // Nothing where there is no row, or its group's key or value is absent.
  std::optional<std::pair<KO, VO>> selected(const K& key, const std::optional<V>& value, Timestamp time) {
    if (!value) return {};
    auto pair = called_on_row<F, K, V>(select_, key, *value, time);
    if (!is_present(pair.first) || !is_present(pair.second)) return {};
    return std::pair<KO, VO>(inner(std::move(pair.first)), inner(std::move(pair.second)));
  }
  template <class T>
  static bool is_present(const T& value) {
    if constexpr (kIsOptional<T>)
      return value.has_value();
    else
      return true;
  }
  template <class T>
  static unwrap_t<T> inner(T&& value) {
    if constexpr (kIsOptional<std::remove_cvref_t<T>>)
      return *std::forward<T>(value);
    else
      return std::forward<T>(value);
  }
  F select_;
};

// ---- Steps

struct CountStep {
  std::optional<std::int64_t> first() { return 0; }
  template <class K, class V>
  std::optional<std::int64_t> add(const K&, const V&, std::optional<std::int64_t>&& n) {
    return *n + 1;
  }
  template <class K, class V>
  std::optional<std::int64_t> subtract(const K&, const V&, std::optional<std::int64_t>&& n) {
    return *n - 1;
  }
};

struct NoSubtract {};
template <class V, class Add, class Subtract = NoSubtract>
struct ReduceStep {
  std::optional<V> first() { return {}; }
  template <class K>
  std::optional<V> add(const K&, const V& value, std::optional<V>&& so_far) {
    return so_far ? std::optional<V>(or_fail(plus(*so_far, value))) : value;
  }
  template <class K>
  std::optional<V> subtract(const K&, const V& value, std::optional<V>&& so_far) {
    return std::optional<V>(or_fail(minus(*so_far, value)));
  }
  Add plus;
  Subtract minus = {};
};

template <class VA, class Init, class Add, class Subtract = NoSubtract>
struct AggregateStep {
  std::optional<VA> first() { return std::optional<VA>(or_fail(init())); }
  template <class K, class V>
  std::optional<VA> add(const K& key, const V& value, std::optional<VA>&& so_far) {
    return std::optional<VA>(or_fail(plus(key, value, *std::move(so_far))));
  }
  template <class K, class V>
  std::optional<VA> subtract(const K& key, const V& value, std::optional<VA>&& so_far) {
    return std::optional<VA>(or_fail(minus(key, value, *std::move(so_far))));
  }
  Init init;
  Add plus;
  Subtract minus = {};
};

}  // namespace thalweg::streams::detail
