// How an operation looks into a table: the stores it must be connected to, and a getter made by each of its nodes.
// (KTableValueGetterSupplier)
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "thalweg/streams/detail/loose.h"
#include "thalweg/streams/detail/table_store.h"

namespace thalweg::streams::detail {

template <class K, class V>
class TableGetter {
 public:
  virtual ~TableGetter() = default;
  virtual std::optional<ValueAndTime<V>> get(const K& key) = 0;
};

template <class K, class V>
struct TableView {
  std::vector<std::string> stores;
  std::function<std::unique_ptr<TableGetter<K, V>>(TaskRuntime&)> make;
};

template <class K, class V>
TableStore<K, V>& table_store_of(TaskRuntime& runtime, const std::string& name) {
  return dynamic_cast<TableStore<K, V>&>(runtime.store(name));
}

template <class K, class V>
class StoreGetter final : public TableGetter<K, V> {
 public:
  explicit StoreGetter(TableStore<K, V>& store) : store_(store) {}
  std::optional<ValueAndTime<V>> get(const K& key) override { return store_.get_timed(key); }

 private:
  TableStore<K, V>& store_;
};

template <class K, class V>
TableView<K, V> store_view(const std::string& name) {
  return {.stores = {name}, .make = [name](TaskRuntime& runtime) {
            return std::make_unique<StoreGetter<K, V>>(table_store_of<K, V>(runtime, name));
          }};
}

// What a KTable hands to the operations on it.
template <class K, class V>
struct TableParts {
  MaybeSerde<K> key = {};
  MaybeSerde<V> value = {};
  std::string store = {};  // that users can query; empty: none
  // Called by operations that look into it, as they are made; it is then materialized, if it was not.
  std::function<TableView<K, V>()> view = {};
};

// Where a node keeps a table, if it does: writes what it was given, and says what was there before.
template <class K, class V>
class MaybeStore {
 public:
  void open(TaskRuntime& runtime, const std::string& name) {
    if (!name.empty()) store_ = &table_store_of<K, V>(runtime, name);
  }
  bool is_open() const { return store_ != nullptr; }
  std::optional<V> get(const K& key) const { return store_->get(key); }
  void put(const K& key, const std::optional<V>& value, Timestamp timestamp) const {
    store_->put_timed(key, value, timestamp);
  }

 private:
  TableStore<K, V>* store_ = nullptr;
};

}  // namespace thalweg::streams::detail
