// Dead letters counted by why they died. Pure; only so many causes are told apart, so its memory has a bound whatever
// strangers write into headers.
#pragma once

#include <map>
#include <span>
#include <string>
#include <vector>

#include "console/api_types.h"
#include "letters/dead_letter.h"

namespace thalweg::console {

class LetterCensus {
 public:
  static constexpr std::size_t kCausesMax = 200;
  static constexpr std::size_t kTextMax = 300;  // bytes of each text that is kept

  struct Place {
    std::int32_t partition;
    std::int64_t offset, timestamp;
  };
  void count(const Place& place, std::span<const letters::HeaderBytes> headers);

  std::int32_t looked_at() const { return looked_at_; }
  std::int32_t others() const { return others_; }
  // The most frequent first; of equally many, the one with the newest letter.
  std::vector<LetterCause> causes() const;

 private:
  std::map<std::string, LetterCause> by_cause_;  // by its id
  std::int32_t looked_at_ = 0, others_ = 0;
};

// The cause of one letter, as a heap of one.
LetterCause cause_of(const LetterCensus::Place& place, std::span<const letters::HeaderBytes> headers);

}  // namespace thalweg::console
