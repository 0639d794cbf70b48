// Which letters of one partition have gone back: all below an offset, and of those above it some that were chosen one
// by one. Kept as a committed offset of the replay's group: the offset itself, and the rest as its metadata. Who does
// not know of the metadata reads what any group has committed, and sends the chosen ones once more.
//
// Only the first kTextMax bytes of what was chosen can be kept: some thousand that lie apart. Beyond it the last ones
// are forgotten. A letter is never lost by that: it may go back twice.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>

#include "base/types.h"

namespace thalweg::letters {

class ReplayMarks {
 public:
  static constexpr std::size_t kTextMax = 4096;  // bytes, the default of offset.metadata.max.bytes

  // Nothing has gone back at `below` or above it.
  explicit ReplayMarks(Offset below = Offset{0}) : below_(below) {}
  // What was committed. Metadata of others says nothing.
  static ReplayMarks of(Offset committed, std::string_view metadata);

  bool has(Offset offset) const;
  void add(Offset offset);
  // All below it have gone back, or were passed over.
  void raise(Offset below);

  // What is to be committed.
  Offset below() const { return below_; }
  std::string metadata(std::size_t text_max = kTextMax) const;

 private:
  void take_what_touches_below();

  Offset below_;
  std::map<Offset, Offset> chosen_;  // [first, behind the last), apart from each other and above below_
};

}  // namespace thalweg::letters
