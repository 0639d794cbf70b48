// Tables: where they begin, and what follows row by row. (KTableSource, KTableFilter, KTableMapValues, KTableImpl)
#pragma once

#include <utility>

#include "thalweg/streams/detail/nodes/stateless.h"
#include "thalweg/streams/detail/table_view.h"

namespace thalweg::streams::detail {

// What became of a table when it was written: its store, if it has one, and whether somebody needs old values.
struct TableKept {
  std::string store = {};
  bool old_values = false;
};

// Records of a topic, or of a stream, as the rows of a table: the last of a key wins.
template <class K, class V>
class TableSourceNode final : public LooseNode<K, V, K, Change<V>> {
 public:
  explicit TableSourceNode(TableKept kept) : kept_(std::move(kept)) {}
  void init(TaskRuntime& runtime) override {
    NodeBase::init(runtime);
    store_.open(runtime, kept_.store);
  }

 protected:
  void take(Record<std::optional<K>, std::optional<V>>&& r) override {
    if (!r.key) return this->runtime().dropped(this->name(), "a row of a table needs a key");
    Change<V> change{.now = std::move(r.value), .before = {}};
    if (store_.is_open()) {
      if (kept_.old_values) change.before = store_.get(*r.key);
      store_.put(*r.key, change.now, r.timestamp);
    }
    this->forward({*std::move(r.key), std::move(change), r.timestamp, std::move(r.headers)});
  }

 private:
  TableKept kept_;
  MaybeStore<K, V> store_;
};

template <class K, class V>
class ToStreamNode final : public Node<K, Change<V>, K, std::optional<V>> {
 public:
  void receive(Record<K, Change<V>>&& r) override {
    this->forward({std::move(r.key), std::move(r.value.now), r.timestamp, std::move(r.headers)});
  }
};

// Row by row: V to VO or nothing. `Row` is called with (key, value, time) and answers std::optional<VO>.
template <class K, class V, class VO, class Row>
class TableRowNode final : public Node<K, Change<V>, K, Change<VO>> {
 public:
  TableRowNode(Row row, TableKept kept, bool skips_absent)
      : row_(std::move(row)), kept_(std::move(kept)), skips_absent_(skips_absent) {}
  void init(TaskRuntime& runtime) override {
    NodeBase::init(runtime);
    store_.open(runtime, kept_.store);
  }
  void receive(Record<K, Change<V>>&& r) override {
    Change<VO> change{.now = row(r.key, r.value.now, r.timestamp), .before = {}};
    if (kept_.old_values)
      change.before = store_.is_open() ? store_.get(r.key) : row(r.key, r.value.before, r.timestamp);
    // Nothing before and nothing now: nobody below needs to hear of it.
    if (skips_absent_ && kept_.old_values && !change.now && !change.before) return;
    if (store_.is_open()) store_.put(r.key, change.now, r.timestamp);
    this->forward({std::move(r.key), std::move(change), r.timestamp, std::move(r.headers)});
  }

 private:
  std::optional<VO> row(const K& key, const std::optional<V>& value, Timestamp time) {
    return value ? row_(key, *value, time) : std::nullopt;
  }
  Row row_;
  TableKept kept_;
  bool skips_absent_;
  MaybeStore<K, VO> store_;
};

template <class K, class V, class VO, class Row>
class RowGetter final : public TableGetter<K, VO> {
 public:
  RowGetter(std::unique_ptr<TableGetter<K, V>> above, Row row) : above_(std::move(above)), row_(std::move(row)) {}
  std::optional<ValueAndTime<VO>> get(const K& key) override {
    auto found = above_->get(key);
    if (!found) return {};
    auto value = row_(key, found->value, found->timestamp);
    if (!value) return {};
    return ValueAndTime<VO>{*std::move(value), found->timestamp};
  }

 private:
  std::unique_ptr<TableGetter<K, V>> above_;
  Row row_;
};
template <class VO, class K, class V, class Row>
TableView<K, VO> row_view(TableView<K, V> above, Row row) {
  return {.stores = above.stores, .make = [make = above.make, row](TaskRuntime& runtime) {
            return std::make_unique<RowGetter<K, V, VO, Row>>(make(runtime), row);
          }};
}

// A user's function over a row, which sees no headers.
template <class F, class K, class V>
decltype(auto) called_on_row(F& f, const K& key, const V& value, Timestamp time) {
  if constexpr (TakesPair<F, K, V>)
    return or_fail(f(key, value));
  else if constexpr (TakesValue<F, K, V>)
    return or_fail(f(value));
  else
    return or_fail(f(Record<K, V>{key, value, time, {}}));
}
template <class K, class V, class F>
struct KeepRow {
  std::optional<V> operator()(const K& key, const V& value, Timestamp time) {
    return static_cast<bool>(called_on_row<F, K, V>(keep, key, value, time)) != negated ? std::optional<V>(value)
                                                                                        : std::nullopt;
  }
  F keep;
  bool negated;
};
template <class K, class V, class VO, class F>
struct MapRow {
  std::optional<VO> operator()(const K& key, const V& value, Timestamp time) {
    return std::optional<VO>(called_on_row<F, K, V>(map, key, value, time));
  }
  F map;
};

}  // namespace thalweg::streams::detail
