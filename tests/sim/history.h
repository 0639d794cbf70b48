// What clients were told, and what must therefore be true.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/types.h"

namespace thalweg::simulation {

inline constexpr std::int32_t kPartitions = 3;
inline const std::string kTopic = "orders";

// Offset -> value of one partition, as a consumer got it.
using Records = std::map<Offset, std::string>;

// The values that one producer sent to one partition carry a running number, so order and repetition show.
struct Value {
  int producer, number;
  static std::string text(int producer, int number);
  static Value parse(const std::string& text);
};

class History {
 public:
  // The disk has lost what it had called durable. Nobody can make up for that: from now on only damage and crashes
  // count.
  void excuse_losses() { losses_count_ = false; }

  // The broker acknowledged these values, the first at `base`. A negative base: acknowledged again, offset unknown.
  void acknowledged(PartitionId partition, Offset base, const std::vector<std::string>& values);
  // A consumer was given a record.
  void consumed(PartitionId partition, Offset offset, const std::string& value);
  // A group's member was assigned a partition in this generation.
  void owned(std::int32_t generation, PartitionId partition, const std::string& member);
  // The newest generation in which a commit was acknowledged so far.
  std::int32_t newest_generation() const { return newest_generation_; }
  // A commit of this generation was acknowledged that was sent when `newest` was known already.
  void committed_in(std::int32_t generation, std::int32_t newest);
  // Something that must not happen did.
  void violation(std::string what);
  // Something is gone that had been promised.
  void loss(std::string what) {
    if (losses_count_) violation(std::move(what));
  }

  // Holds everything above against what the partition contains from its beginning to its end.
  void check(PartitionId partition, const Records& records);

  std::size_t acknowledged_count() const { return acknowledged_; }
  const std::vector<std::string>& violations() const { return violations_; }

 private:
  bool losses_count_ = true;
  std::map<PartitionId, Records> known_;                    // acknowledged or consumed, by offset
  std::map<PartitionId, std::set<std::string>> somewhere_;  // acknowledged, offset unknown
  std::map<std::pair<std::int32_t, PartitionId>, std::string> owners_;
  std::int32_t newest_generation_ = -1;
  std::size_t acknowledged_ = 0;
  std::vector<std::string> violations_;
};

}  // namespace thalweg::simulation
