// Records of one input that wait, in the order of their offsets. Only the head is decoded and stamped, since a later
// record's timestamp may depend on those before it. (RecordQueue)
//
// What cannot be decoded, and what its extractor drops, is passed over; only when nothing good follows is it the head,
// with timestamp -1, so that taking it moves the offset on. (CorruptedRecord, KAFKA-6502)
#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <span>

#include "thalweg/streams/detail/node.h"

namespace thalweg::streams::detail {

// What to do with records that are passed over.
struct PassedOver {
  // Cannot be decoded. False: the task fails of it.
  std::function<bool(std::size_t input, const RawRecord&, const Error&)> resume;
  // Its extractor said so.
  std::function<void(const RawRecord&)> dropped;
};

class RecordQueue {
 public:
  RecordQueue(std::size_t input, std::unique_ptr<Head> head) : input_(input), head_(std::move(head)) {}

  void add(std::span<RawRecord> records);
  bool empty() const { return waiting_.empty(); }
  std::size_t size() const { return waiting_.size(); }

  // Makes the head known. Errors: of a record that is not passed over.
  // REQUIRES: !empty()
  Result<> look(const PassedOver&);
  // Of the head; -1: it is one that is passed over. REQUIRES: look() has succeeded
  std::int64_t timestamp() const { return timestamp_; }

  struct Taken {
    RawRecord record;
    std::int64_t timestamp = -1;
    Head* head = nullptr;  // has decoded it; null: passed over
  };
  // REQUIRES: look() has succeeded
  Taken take();

  // The highest timestamp that was taken; -1: none yet.
  std::int64_t partition_time() const { return partition_time_; }
  void set_partition_time(std::int64_t time) { partition_time_ = time; }
  // What to commit: the first that waits, or the next to be read. Nothing: it is not known.
  std::optional<std::int64_t> position() const;
  // Beyond what was added, where transaction markers follow.
  void set_next(std::int64_t offset) { next_ = std::max(next_, offset); }

 private:
  std::size_t input_;
  std::unique_ptr<Head> head_;
  std::deque<RawRecord> waiting_;
  bool known_ = false, good_ = false;  // the head
  std::int64_t timestamp_ = -1;
  std::int64_t partition_time_ = -1;
  std::int64_t next_ = -1;
};

}  // namespace thalweg::streams::detail
