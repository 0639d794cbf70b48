// What of one partition was read, what of it is settled, and therefore what may be committed. Records are numbered in
// the order they were read (`sequence`), because offsets have gaps: compaction and transaction markers make them.
//
// Invariant: committable() never passes a record that is not settled.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>

#include "base/types.h"

namespace thalweg::dispatch {

class Progress {
 public:
  // Notes a record and returns its sequence. Offsets rise, until a log was cut or made anew under its reader: then they
  // begin again below, and what is committed follows once everything read before is settled.
  std::uint64_t add(Offset offset, std::uint32_t bytes);
  // REQUIRES: added, not settled before.
  void settle(std::uint64_t sequence);

  // The offset to commit: one past the last record of the unbroken run of settled ones, or that of the first unsettled
  // one. Nothing while nothing has been settled.
  std::optional<Offset> committable() const { return committable_; }

  std::uint64_t first() const { return first_; }  // the oldest unsettled sequence
  std::uint64_t end() const { return first_ + entries_.size(); }
  std::size_t unsettled_span() const {
    return entries_.size();
  }  // what is kept: from the oldest unsettled to the newest
  Offset offset(std::uint64_t sequence) const { return entry(sequence).offset; }
  std::uint32_t bytes(std::uint64_t sequence) const { return entry(sequence).bytes; }
  bool settled(std::uint64_t sequence) const { return sequence < first_ || entry(sequence).settled; }

 private:
  struct Entry {
    Offset offset;
    std::uint32_t bytes = 0;
    bool settled = false;
  };
  const Entry& entry(std::uint64_t sequence) const;

  std::deque<Entry> entries_;
  std::uint64_t first_ = 0;
  std::optional<Offset> committable_;
};

}  // namespace thalweg::dispatch
