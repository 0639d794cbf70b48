// The inputs of a task, merged by time: which record is next, and whether it may be taken though another input is empty
// and might still have an earlier one. (PartitionGroup, KIP-353, KIP-695)
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "dataflow/record_queue.h"

namespace thalweg::streams::detail {

class PartitionGroup {
 public:
  // `max_idle`: how long an input at its end is waited for; -1 ms: nobody is waited for, whatever is known of the end.
  PartitionGroup(std::vector<std::unique_ptr<Head>> heads, milliseconds max_idle);

  void add(std::size_t input, std::span<RawRecord> records);
  void at_end(std::size_t input, std::int64_t position, Timestamp now);
  // When next() takes something; nothing: not before something is added or said to be at its end.
  std::optional<Timestamp> ready_at(Timestamp now) const;

  struct Next : RecordQueue::Taken {
    std::size_t input = 0;
  };
  // The head with the smallest timestamp, the first input's where they are equal. Nothing: none is ready.
  Result<std::optional<Next>> next(Timestamp now, const PassedOver&);

  // The highest timestamp that was taken; -1: none yet.
  std::int64_t stream_time() const { return stream_time_; }
  std::int64_t partition_time(std::size_t input) const { return inputs_[input].queue.partition_time(); }
  // After a restart, from the committed metadata.
  void set_partition_time(std::size_t input, std::int64_t time);

  std::size_t size() const { return inputs_.size(); }
  std::size_t queued(std::size_t input) const { return inputs_[input].queue.size(); }
  // What to commit; nothing: not known.
  std::optional<std::int64_t> position(std::size_t input) const { return inputs_[input].queue.position(); }

 private:
  struct Input {
    RecordQueue queue;
    bool at_end = false;
    std::optional<Timestamp> waited_for;  // while it is empty and at its end
  };
  void wait_for(Input&, Timestamp now) const;
  Result<> look(const PassedOver&);

  std::vector<Input> inputs_;
  milliseconds max_idle_;
  std::size_t empty_;
  std::vector<std::size_t> unseen_;   // have records, and a head nobody has looked at
  std::vector<std::size_t> by_time_;  // a heap of the others that have records
  std::int64_t stream_time_ = -1;
};

}  // namespace thalweg::streams::detail
