// State stores, in three layers:
//
//   typed      KeyValueStore<K, V>, WindowStore, SessionStore (stores.h): serdes and layout of keys
//   StateStore one per store and task, bytes: what was written since the last commit lies over what is kept, and
//   becomes
//              changelog records with the commit, one per key
//   KeptStore  what is kept: memory or RocksDB. Written once per commit, all stores of a task in one batch
//
// So a process that is killed finds each task's stores as they were at one commit, with the changelog's offsets of
// that moment, and restores the rest.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "thalweg/streams/detail/runtime.h"

namespace thalweg::streams::detail {

// Entries in the order of their keys' bytes (unsigned), or backward.
class ByteCursor {
 public:
  virtual ~ByteCursor() = default;
  virtual bool next() = 0;  // false: there are no more
  // Until next().
  virtual std::string_view key() const = 0;
  virtual std::string_view value() const = 0;
};

// What is kept of one store. Errors: kKafkaStorageError's number, with what to do.
class KeptStore {
 public:
  virtual ~KeptStore() = default;
  virtual Result<std::optional<std::string>> get(std::string_view key) const = 0;
  // Keys from `from` on and before `to`; nothing: to the end. Sees what was there when it was made.
  virtual std::unique_ptr<ByteCursor> scan(std::string_view from, std::optional<std::string_view> to,
                                           bool backward) const = 0;
};

// All that a commit changes in the stores of one task.
struct KeptBatch {
  struct Entry {
    std::size_t store = 0;  // by TaskStores' numbers
    std::string key;
    std::optional<std::string> value;  // nothing: deleted
  };
  struct Range {
    std::size_t store = 0;
    std::string from, to;  // [from, to): deleted, before the entries
  };
  std::vector<Range> deleted;
  std::vector<Entry> entries;
  std::map<std::size_t, std::int64_t> offsets;  // by store: as far as its changelog is in it (the next to read)
};

// The stores of one task, in memory or in one database. Numbered as TaskPlan::stores.
class KeptStores {
 public:
  virtual ~KeptStores() = default;
  virtual KeptStore& store(std::size_t number) = 0;
  // All of it or nothing, also after a crash.
  virtual Result<> write(const KeptBatch&) = 0;
  // Nothing: the store is empty, or in memory and new.
  virtual std::optional<std::int64_t> offset(std::size_t number) const = 0;
};

// One store of a task as typed stores see it. What fails throws StoreFailure, which ends the task.
class StateStore {
 public:
  virtual ~StateStore() = default;
  virtual const std::string& name() const = 0;
  virtual std::optional<std::string> get(std::string_view key) const = 0;
  virtual std::unique_ptr<ByteCursor> scan(std::string_view from, std::optional<std::string_view> to,
                                           bool backward = false) const = 0;
  virtual void put(std::string_view key, std::optional<std::string_view> value) = 0;
  // [from, to), without a word in the changelog: what is too old expires there by itself.
  virtual void expire(std::string_view from, std::string_view to) = 0;
  // What the changelog is told: with the next commit, the last of each key. Nothing happens where logging is off, or
  // while the store is restored.
  // Without a timestamp the broker's or the producer's clock counts.
  virtual void log(std::string_view key, std::optional<std::string_view> value, std::optional<Timestamp>,
                   Headers headers = {}) = 0;
};

// The typed end: StoreSpec::make makes one per task.
class StoreBase {
 public:
  virtual ~StoreBase() = default;
  // A record of the changelog, in order; put()s what it says without log().
  virtual void restore(const RawRecord&) = 0;
};

}  // namespace thalweg::streams::detail
