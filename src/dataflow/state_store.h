// The write buffer of one store: what was written since the last commit, over what is kept. One mechanism is the
// uncommitted layer (a crash forgets it), the cache (hot keys are answered from here) and the changelog's
// de-duplication (one record per key and commit). Owner: the task.
//
// A commit: flush() gives the changelog's records; once they and the offsets are safe in Kafka, take()
// gives what to keep, and the caller writes it before anything else is asked of the store.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "thalweg/streams/detail/store.h"

namespace thalweg::streams::detail {

class BufferedStore : public StateStore {
 public:
  // `number`: of the store in its task. `kept` outlives this. `cache_bytes`: of entries that are kept already and stay
  // here to be read.
  BufferedStore(std::string name, const KeptStore& kept, std::size_t number, bool logging,
                std::size_t cache_bytes = std::size_t{4} << 20);
  ~BufferedStore() override;
  BufferedStore(const BufferedStore&) = delete;

  const std::string& name() const override { return name_; }
  std::optional<std::string> get(std::string_view key) const override;
  // A cursor sees writes that follow, or does not; after take() it throws StoreFailure.
  std::unique_ptr<ByteCursor> scan(std::string_view from, std::optional<std::string_view> to,
                                   bool backward = false) const override;
  void put(std::string_view key, std::optional<std::string_view> value) override;
  void expire(std::string_view from, std::string_view to) override;
  void log(std::string_view key, std::optional<std::string_view> value, std::optional<Timestamp>,
           Headers headers = {}) override;

  // Appends the changelog's records since the last flush: the last of each key, in the order in which keys were first
  // logged.
  void flush(const std::string& changelog, std::int32_t partition, std::vector<Outgoing>& out);
  // Appends what was written since the last take().
  void take(KeptBatch& batch);

  // Of what take() would give and flush() would send, as an estimate of the memory it needs.
  std::size_t uncommitted_bytes() const { return dirty_bytes_ + log_bytes_; }
  std::size_t cached_bytes() const { return clean_bytes_; }

 private:
  struct Entry;
  using Entries = std::map<std::string, Entry, std::less<>>;
  using Order = std::list<Entries::iterator>;
  struct Entry {
    std::optional<std::string> value;  // nothing: not there
    bool dirty = false;
    Order::iterator place{};  // in dirty_ or in clean_
  };
  struct Logged {
    std::string key;
    std::optional<std::string> value;
    std::optional<Timestamp> timestamp;
    Headers headers;
  };
  class Merged;

  void touch(Entries::iterator) const;
  void evict() const;
  void erase(Entries::iterator) const;
  bool is_expired(std::string_view key) const;

  std::string name_;
  const KeptStore& kept_;
  std::size_t number_;
  bool logging_;
  std::size_t cache_bytes_;

  // Reads fill the cache, hence mutable.
  mutable Entries entries_;
  mutable Order dirty_;  // as they were first written
  mutable Order clean_;  // the last used first
  mutable std::size_t dirty_bytes_ = 0, clean_bytes_ = 0;
  mutable std::uint64_t changes_ = 0;  // of which entries there are: cursors look up their place again
  std::uint64_t commits_ = 0;
  std::map<std::string, std::string, std::less<>> expired_;  // [from, to) of what is kept; they do not touch
  std::deque<Logged> logged_;
  std::unordered_map<std::string_view, Logged*> logged_at_;
  std::size_t log_bytes_ = 0;
};

}  // namespace thalweg::streams::detail
