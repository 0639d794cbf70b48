// Which letters of a queue go back, and why others stay. Pure: letters are shown to it one by one.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <utility>

#include "console/letter_census.h"
#include "console/replay_memory.h"
#include "letters/replay.h"

namespace thalweg::console {

// As ReplayLetters says it. Neither a cause nor letters: all.
struct ReplayWish {
  std::optional<std::string> cause;
  std::map<PartitionId, std::set<Offset>> letters;
  std::optional<std::string> to;
  bool again = false;

  bool takes(const LetterCensus::Place& place, std::span<const letters::HeaderBytes> headers) const;
};

class ReplayChoice {
 public:
  ReplayChoice(std::string queue, ReplayWish wish, MarksByPartition marks)
      : queue_(std::move(queue)), wish_(std::move(wish)), marks_(std::move(marks)) {}

  void consider(const LetterCensus::Place& place, bool has_key, bool has_value,
                std::span<const letters::HeaderBytes> headers);
  // Those that would go to a topic that takes none stay; `why` goes on from "each".
  void leave_those_to(const std::string& topic, std::string why);

  // Where each letter goes, in the order of its partition.
  using Ways = std::map<Offset, std::string>;
  const std::map<PartitionId, Ways>& ways() const { return ways_; }
  // How many go, and where to.
  std::int64_t count() const;
  std::map<std::string, std::int64_t> targets() const;
  std::int64_t sent_before() const { return sent_before_; }
  // Why others stay, and how many.
  const std::map<std::string, std::int64_t>& stay() const { return stay_; }
  std::int64_t considered() const { return considered_; }

 private:
  const std::string queue_;
  const ReplayWish wish_;
  const MarksByPartition marks_;
  std::map<PartitionId, Ways> ways_;
  std::map<std::string, std::int64_t> stay_;
  std::int64_t sent_before_ = 0, considered_ = 0;
};

}  // namespace thalweg::console
