// What nodes have scheduled on one of a task's clocks. (PunctuationQueue, PunctuationSchedule)
//
// Due at `first` and then at multiples of the interval from there on; what was missed is made up for by one call. The
// argument is the clock's time, not the one at which it was due.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "thalweg/streams/detail/runtime.h"

namespace thalweg::streams::detail {

class PunctuationQueue {
 public:
  using Body = std::function<void(Timestamp)>;
  // Runs one for its node, and knows what to do with what it throws.
  using Call = std::function<void(const std::string& node, const Body&)>;

  // REQUIRES: interval >= 1 ms. One that no clock lives to see is cut to kNever.
  Punctuation schedule(std::string node, Timestamp first, milliseconds interval, Body);
  // When one of that interval is due for the first time on a clock that is at `now`.
  static Timestamp after(Timestamp now, milliseconds interval) { return now + std::min(interval, kNever); }
  // All that are due, in the order of their times; what is scheduled meanwhile and is due runs, too. True: some ran.
  bool punctuate(Timestamp now, const Call&);
  // When the next is due; nothing: none is scheduled.
  std::optional<Timestamp> next();
  void clear() { entries_.clear(); }

 private:
  static constexpr milliseconds kNever{std::int64_t{1} << 53};
  struct Entry {
    std::string node;
    milliseconds interval;
    Body body;
    std::shared_ptr<bool> cancelled;
  };
  std::multimap<Timestamp, Entry> entries_;  // equal times in the order in which they were scheduled
};

}  // namespace thalweg::streams::detail
