// Entries of a store by key and time, in segments of time, so that what is old goes a segment at a stroke and a search
// touches few. Below window and session stores; bytes only. (AbstractRocksDBSegmentedBytesStore, KeyValueSegments)
//
// An entry is (key, time, extra): a window's start and an int32 sequence, or a session's end and start. Outside it is
// known by the changelog's key: key, int64 time, extra. What is kept is ours:
//   int64 segment, key, int64 time, extra                      in the order of keys
//   int64 segment, 0, int64 time, key and extra -> value       in the order of time, where `by_time`
//   int64 segment, 1, key, int64 time, extra -> nothing        and found by key through these
//   255 -> int64, the highest time that was put
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "thalweg/client/export.h"
#include "thalweg/streams/detail/store.h"

namespace thalweg::streams::detail {

struct SegmentShape {
  milliseconds retention{};
  std::size_t extra = 4;          // bytes of it
  bool extra_before_key = false;  // in the order of time
  bool by_time = false;  // fetch_all() is in the order of time, then of keys; otherwise of segments, then of keys
};

class THALWEG_EXPORT SegmentedBytes {
 public:
  // `state` outlives this.
  SegmentedBytes(StateStore& state, SegmentShape shape);

  // False: it is too old to be kept, and nothing was done. Nothing as a value deletes.
  bool put(std::string_view key, std::int64_t time, std::string_view extra, std::optional<std::string_view> value);
  std::optional<std::string> get(std::string_view key, std::int64_t time, std::string_view extra) const;
  // Of times in [from, to] that are still kept; a cursor's key() is the changelog's. Of one key: in the order of time.
  std::unique_ptr<ByteCursor> fetch(std::string_view key, std::int64_t from, std::int64_t to,
                                    bool backward = false) const;
  std::unique_ptr<ByteCursor> fetch_all(std::int64_t from, std::int64_t to, bool backward = false) const;

  // Where `by_time`: whoever emits what has closed is done with times before this; until it says so for the first time
  // nothing is forgotten.
  void release(std::int64_t before);
  // "key, time, extra", as the changelog has it.
  std::string outside(std::string_view key, std::int64_t time, std::string_view extra) const;
  // Its parts; nothing: it is shorter than any.
  struct Parts {
    std::string_view key;
    std::int64_t time;
    std::string_view extra;
  };
  std::optional<Parts> parts(std::string_view outside) const;
  const SegmentShape& shape() const { return shape_; }

 private:
  class Cursor;
  std::int64_t segment(std::int64_t time) const { return time / interval_; }
  std::string by_key(std::string_view key, std::int64_t time, std::string_view extra) const;
  std::string by_time(std::string_view key, std::int64_t time, std::string_view extra) const;
  // Times before it are forgotten.
  std::int64_t oldest() const;
  void forget();

  StateStore& state_;
  SegmentShape shape_;
  std::int64_t interval_;
  std::int64_t highest_ = -1;
  std::int64_t held_;               // not forgotten from here on
  std::int64_t first_segment_ = 0;  // those before it are gone
};

}  // namespace thalweg::streams::detail
