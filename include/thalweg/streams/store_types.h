// State stores as a processor sees them; stores.h makes them. A store belongs to one task; it is used by
// that task's thread, from init() on.
//
// What is written is kept with the next commit, and lost with a crash before it, together with what it led to.
// What is read back and cannot be decoded, and a disk that fails, throw detail::StoreFailure: let it pass, it ends the
// task. Keys and values that cannot be written throw std::runtime_error, as any failure of processing.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "thalweg/streams/types.h"

namespace thalweg::streams {

// Entries, one after the other: `while (cursor.next()) use(cursor.key(), cursor.value());` Writing to the store
// meanwhile is allowed, and may or may not be seen. It must be gone before process() or the punctuation returns.
template <class K, class V>
class Cursor {
 public:
  struct Source {
    virtual ~Source() = default;
    virtual bool next(std::optional<std::pair<K, V>>& into) = 0;
  };
  explicit Cursor(std::unique_ptr<Source> source) : source_(std::move(source)) {}

  bool next() { return source_->next(at_); }  // false: there are no more
  const K& key() const { return at_->first; }
  const V& value() const { return at_->second; }

 private:
  std::unique_ptr<Source> source_;
  std::optional<std::pair<K, V>> at_;
};

template <class K, class V>
class KeyValueStore {
 public:
  virtual ~KeyValueStore() = default;
  virtual std::optional<V> get(const K& key) const = 0;
  virtual void put(const K& key, std::optional<V> value) = 0;  // nothing: deletes
  // What was there before; then nothing was written.
  virtual std::optional<V> put_if_absent(const K& key, V value) = 0;
  // Both inclusive, nothing: no bound. In the order of the keys' bytes (unsigned).
  virtual Cursor<K, V> range(const std::optional<K>& from, const std::optional<K>& to) const = 0;
  virtual Cursor<K, V> prefix(std::string_view bytes) const = 0;
};

// Values by key and start of a window. A window can be read while its start is above (highest start written) -
// retention; a write that is older is not kept and counted as dropped.
template <class K, class V>
class WindowStore {
 public:
  virtual ~WindowStore() = default;
  virtual void put(const K& key, std::optional<V> value, Timestamp start) = 0;
  virtual std::optional<V> fetch(const K& key, Timestamp start) const = 0;
  // Windows that start in [from, to], of one key in the order of time. Of all keys: by key within stretches of time
  // (segments), as Kafka Streams' stores do.
  virtual Cursor<Windowed<K>, V> fetch(const std::optional<K>& key, Timestamp from, Timestamp to,
                                       bool backward = false) const = 0;
};

// Values by key and session. Expires by a session's end, as a WindowStore by the start.
template <class K, class V>
class SessionStore {
 public:
  virtual ~SessionStore() = default;
  // Sessions that end at `earliest_end` or later and start at `latest_start` or earlier, in the order of their ends.
  virtual Cursor<Windowed<K>, V> find(const K& key, Timestamp earliest_end, Timestamp latest_start) const = 0;
  virtual void put(const Windowed<K>& session, std::optional<V> value) = 0;
};

}  // namespace thalweg::streams
