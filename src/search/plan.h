// Which part of which partition is looked at next, and how far the search has come: decisions and sums, no I/O.
//
// All partitions advance along one frontier: the one whose next records are the newest (or the oldest) goes on, so that
// all of them reach back to about one time. What was looked at is never looked at again, also across a cursor; the ends
// are fixed at the start, so that "N of M" is true.
//
// Owner: one search.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/result.h"
#include "search/match.h"
#include "search/scan.h"

namespace thalweg::search {

// What is left of a partition: [begin, end), of the [begin, end) that it had at the start.
struct Part {
  PartitionId partition;
  Offset first_begin, first_end;
  Offset begin, end;
  // Newest first: the oldest time that was looked at; oldest first: the newest. Nothing: not begun, or no times there.
  std::optional<Timestamp> frontier;
  // Newest first: whether `end` is where a batch begins, and how many offsets are looked at in one go.
  bool end_is_edge = false;
  std::int64_t stride = 1024;
  // Newest first: how many of them the filter's steps reach for; 0: for all. Not in a cursor: it is soon found out.
  std::int64_t at_once = 0;
  std::optional<Error> failed;  // it is not gone on with

  bool is_done() const { return begin >= end || failed.has_value(); }
  std::int64_t left() const { return end - begin; }
  std::int64_t all() const { return first_end - first_begin; }
};

// The next window, as a reader is asked for it: of what lies in [from, to), about as much as fits in `bytes`.
struct Window {
  std::size_t part = 0;
  PartitionId partition;
  Offset from, to;
  std::size_t bytes = kWindowBytes;
  Offset lowest;             // newest first: what is read before `from` by the way, down to here, is looked at too
  std::int64_t at_once = 0;  // newest first: as Part says it
  bool to_is_edge = false;   // a batch begins at `to`, so nothing from there on needs to be read
};

// What came of it.
struct Looked {
  Scanned scanned;
  std::size_t read_bytes = 0;
  Offset log_start{0};  // what was before it is gone
};

class Plan {
 public:
  // REQUIRES: begin <= end for each
  Plan(Order order, std::vector<Part> parts) : order_(order), parts_(std::move(parts)) {}

  Order order() const { return order_; }
  // Nothing: all was looked at, or cannot be. REQUIRES: bytes > 0
  std::optional<Window> next(std::size_t bytes = kWindowBytes) const;
  void took(const Window& window, const Looked& looked);
  // The partition cannot be read (now): the others are gone on with.
  void failed(const Window& window, Error why);
  const std::vector<Part>& parts() const { return parts_; }
  const Counts& counts() const { return counts_; }
  void add(const Counts& before) { counts_ += before; }
  bool is_done() const { return !next(); }
  // Offsets that were at the start, and how many of these were passed.
  std::int64_t offsets() const;
  std::int64_t offsets_passed() const;
  // How far all partitions have come: no match on this side of it is missing. Nothing: not all have begun.
  std::optional<Timestamp> frontier() const;

 private:
  bool newest_first() const { return order_ == Order::kNewestFirst; }
  bool goes_before(const Part& a, const Part& b) const;
  static void begins_at(Part& part, Offset log_start);

  Order order_;
  std::vector<Part> parts_;
  Counts counts_;
};

}  // namespace thalweg::search
