// Which records come next over several partitions: always of the partition whose next one is the newest (or the
// oldest), so that all reach back to one time and what is chosen is in order. Within a partition offsets decide.
//
// Only places are kept, and one fetch at a time, so memory does not grow with the records: those that were chosen are
// read once more, which costs less than keeping what is not.
//
// Owner: shard 0, one request.
#pragma once

#include <deque>
#include <vector>

#include "console/fetched_batches.h"
#include "console/record_cursor.h"

namespace thalweg::console {

// One partition on the way. What is to be read is [start, end); the log may begin before it.
struct ReadLane {
  PartitionPlace place;
  Offset log_start, start, end;
  Offset position;      // from here on nothing was looked at yet: upwards, or with the newest first downwards
  std::string problem;  // why it ends early, or passed something over

  std::deque<PlaceInTime> ready;  // the next one first
  std::int64_t span = 1;          // offsets of the next window, newest first
  bool failed = false;
};

class RecordOrder {
 public:
  // Bytes: what is read before a page ends early, and what is read at most although there is no page yet.
  static constexpr std::size_t kWorkEnough = 64u << 20, kWorkMax = 512u << 20;

  RecordOrder(const Call& call, ReadDirection direction, ReadIsolation isolation, std::vector<ReadLane> lanes);

  // Chooses up to so many. Once.
  Task<> choose(std::size_t limit);

  struct Chosen {
    std::size_t lane;
    Offset offset;
  };
  const std::vector<Chosen>& chosen() const { return chosen_; }
  const std::vector<ReadLane>& lanes() const { return lanes_; }
  RecordsEnd why() const { return why_; }
  // Where the next page begins; nothing where there are no more.
  std::optional<RecordCursor> next() const;

 private:
  bool newest_first() const { return direction_ != ReadDirection::kOldestFirst; }
  bool is_over(const ReadLane& lane) const;
  // Until the lane has a place ready, or is over.
  Task<> fill(ReadLane& lane);
  Task<Result<>> read_up(ReadLane& lane);
  Task<Result<>> read_down(ReadLane& lane);
  struct DownWindow;
  Task<Result<>> read_window(ReadLane& lane, DownWindow& window);
  Task<Result<PlacesRead>> read_places(const ReadLane& lane, Offset from, OffsetRange range, std::size_t bytes_max);
  std::optional<std::size_t> next_lane() const;

  const Call& call_;
  const ReadDirection direction_;
  const ReadIsolation isolation_;
  std::vector<ReadLane> lanes_;
  std::size_t kept_;  // places of a lane that are kept at once
  std::size_t work_ = 0;
  std::vector<Chosen> chosen_;
  RecordsEnd why_ = RecordsEnd::kEnd;
};

}  // namespace thalweg::console
