// Joins into tables: a stream's records with a table, a table with a table. (KStreamKTableJoinProcessor,
// KTableKTableInnerJoin, ...LeftJoin, ...RightJoin, ...OuterJoin, KTableKTableJoinMerger)
#pragma once

#include <algorithm>
#include <utility>

#include "thalweg/streams/detail/nodes/table.h"

namespace thalweg::streams::detail {

// A user's joiner, given two sides of which one may be missing.
template <class A, class B, class VO, class F>
struct InnerJoiner {
  VO operator()(const std::optional<A>& a, const std::optional<B>& b) { return or_fail(join(*a, *b)); }
  F join;
};
template <class A, class B, class VO, class F>
struct LeftJoiner {
  VO operator()(const std::optional<A>& a, const std::optional<B>& b) { return or_fail(join(*a, b)); }
  F join;
};
template <class A, class B, class VO, class F>
struct OuterJoiner {
  VO operator()(const std::optional<A>& a, const std::optional<B>& b) { return or_fail(join(a, b)); }
  F join;
};
// The other side's view of the same.
template <class J>
struct Reversed {
  template <class B, class A>
  auto operator()(const std::optional<B>& b, const std::optional<A>& a) {
    return join(a, b);
  }
  J join;
};

// `KeyOf` gives the table's key of a record, or nothing. K as the stream has it, V without std::optional.
template <class K, class V, class KT, class VT, class VO, class KeyOf, class J>
class StreamTableJoinNode final : public NodeBase, public Receiver<K, V>, public Receiver<K, std::optional<V>> {
 public:
  StreamTableJoinNode(TableView<KT, VT> table, KeyOf key_of, J join, bool left)
      : view_(std::move(table)), key_of_(std::move(key_of)), join_(std::move(join)), left_(left) {}
  bool add_child(NodeBase& child) override { return children_.add(child); }
  void init(TaskRuntime& runtime) override {
    NodeBase::init(runtime);
    table_ = view_.make(runtime);
  }
  void receive(Record<K, V>&& r) override {
    take({std::move(r.key), std::move(r.value), r.timestamp, std::move(r.headers)});
  }
  void receive(Record<K, std::optional<V>>&& r) override { take(std::move(r)); }

 private:
  void take(Record<K, std::optional<V>>&& r) {
    const std::optional<KT> key = r.value ? std::optional<KT>(key_of_(r.key, *r.value)) : std::nullopt;
    if (!r.value || (!key && !left_)) return this->runtime().dropped(this->name(), "a join needs a key and a value");
    std::optional<VT> other;
    if (key)
      if (auto found = table_->get(*key)) other = std::move(found->value);
    if (!other && !left_) return;
    VO value = join_(r.value, other);
    children_.forward({std::move(r.key), std::move(value), r.timestamp, std::move(r.headers)});
  }

  TableView<KT, VT> view_;
  KeyOf key_of_;
  J join_;
  bool left_;
  std::unique_ptr<TableGetter<KT, VT>> table_;
  Children<K, VO> children_;
};

// Which sides a result needs.
struct JoinNeeds {
  bool mine = false, theirs = false;
  JoinNeeds reversed() const { return {theirs, mine}; }
};
template <class A, class B, class VO, class J>
std::optional<VO> joined_row(JoinNeeds needs, J& join, const std::optional<A>& mine, const std::optional<B>& theirs) {
  if ((needs.mine && !mine) || (needs.theirs && !theirs) || (!mine && !theirs)) return {};
  return std::optional<VO>(join(mine, theirs));
}

// One side of a join of tables: its changes meet the other's rows.
template <class K, class A, class B, class VO, class J>
class TableJoinNode final : public Node<K, Change<A>, K, Change<VO>> {
 public:
  TableJoinNode(TableView<K, B> other, J join, JoinNeeds needs, bool old_values)
      : view_(std::move(other)), join_(std::move(join)), needs_(needs), old_values_(old_values) {}
  void init(TaskRuntime& runtime) override {
    NodeBase::init(runtime);
    other_ = view_.make(runtime);
  }
  void receive(Record<K, Change<A>>&& r) override {
    std::optional<B> theirs;
    Timestamp time = r.timestamp;
    if (auto found = other_->get(r.key)) {
      time = std::max(time, found->timestamp);
      theirs = std::move(found->value);
    }
    if (!theirs && (needs_.theirs || (!r.value.now && !r.value.before))) return;
    Change<VO> change{.now = joined_row<A, B, VO>(needs_, join_, r.value.now, theirs), .before = {}};
    if (old_values_) change.before = joined_row<A, B, VO>(needs_, join_, r.value.before, theirs);
    this->forward({std::move(r.key), std::move(change), time, std::move(r.headers)});
  }

 private:
  TableView<K, B> view_;
  J join_;
  JoinNeeds needs_;
  bool old_values_;
  std::unique_ptr<TableGetter<K, B>> other_;
};

// Where both sides meet; keeps the result if somebody wants it kept.
template <class K, class V>
class TableMergeNode final : public Node<K, Change<V>, K, Change<V>> {
 public:
  explicit TableMergeNode(TableKept kept) : kept_(std::move(kept)) {}
  void init(TaskRuntime& runtime) override {
    NodeBase::init(runtime);
    store_.open(runtime, kept_.store);
  }
  void receive(Record<K, Change<V>>&& r) override {
    if (store_.is_open()) store_.put(r.key, r.value.now, r.timestamp);
    if (!kept_.old_values) r.value.before.reset();
    this->forward(std::move(r));
  }

 private:
  TableKept kept_;
  MaybeStore<K, V> store_;
};

template <class K, class A, class B, class VO, class J>
class JoinGetter final : public TableGetter<K, VO> {
 public:
  JoinGetter(std::unique_ptr<TableGetter<K, A>> a, std::unique_ptr<TableGetter<K, B>> b, J join, JoinNeeds needs)
      : a_(std::move(a)), b_(std::move(b)), join_(std::move(join)), needs_(needs) {}
  std::optional<ValueAndTime<VO>> get(const K& key) override {
    const auto a = a_->get(key);
    const auto b = b_->get(key);
    auto value = joined_row<A, B, VO>(needs_, join_, value_of(a), value_of(b));
    if (!value) return {};
    const Timestamp time = a && b ? std::max(a->timestamp, b->timestamp) : (a ? a->timestamp : b->timestamp);
    return ValueAndTime<VO>{*std::move(value), time};
  }

 private:
  template <class T>
  static std::optional<T> value_of(const std::optional<ValueAndTime<T>>& found) {
    return found ? std::optional<T>(found->value) : std::nullopt;
  }
  std::unique_ptr<TableGetter<K, A>> a_;
  std::unique_ptr<TableGetter<K, B>> b_;
  J join_;
  JoinNeeds needs_;
};
template <class VO, class K, class A, class B, class J>
TableView<K, VO> join_view(const TableView<K, A>& a, const TableView<K, B>& b, J join, JoinNeeds needs) {
  TableView<K, VO> view{
      .stores = a.stores, .make = [make_a = a.make, make_b = b.make, join, needs](TaskRuntime& runtime) {
        return std::make_unique<JoinGetter<K, A, B, VO, J>>(make_a(runtime), make_b(runtime), join, needs);
      }};
  view.stores.insert(view.stores.end(), b.stores.begin(), b.stores.end());
  return view;
}

}  // namespace thalweg::streams::detail
