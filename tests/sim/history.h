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
  // Somebody asks for all records before this offset to be deleted: from now on they need not be there.
  void deletion_asked(PartitionId partition, Offset before);
  // He was answered: they must not be there any more in the end.
  void deleted(PartitionId partition, Offset before);
  // Whether what lies at the offset may be gone, since somebody has asked for that.
  bool may_be_deleted(PartitionId partition, Offset offset) const { return offset < deletion_of(partition).asked; }
  Offset deletion_asked(PartitionId partition) const { return deletion_of(partition).asked; }
  // One behind the last record that is known to be committed.
  Offset known_end(PartitionId partition) const;

  // Something that must not happen did.
  void violation(std::string what);
  // Something is gone that had been promised.
  void loss(std::string what) {
    if (losses_count_) violation(std::move(what));
  }

  // Holds everything above against what the partition contains from its beginning to its end. Empty where all was
  // deleted.
  void check(PartitionId partition, const Records& records);

  std::size_t acknowledged_count() const { return acknowledged_; }
  const std::vector<std::string>& violations() const { return violations_; }

 private:
  struct Deletion {
    Offset asked{0}, answered{0};
  };
  Deletion deletion_of(PartitionId partition) const;
  void check_known(PartitionId partition, const Records& records);
  void check_order(PartitionId partition, const Records& records);

  bool losses_count_ = true;
  std::map<PartitionId, Records> known_;                    // acknowledged or consumed, by offset
  std::map<PartitionId, std::set<std::string>> somewhere_;  // acknowledged, offset unknown
  std::map<PartitionId, Deletion> deletions_;
  std::map<std::pair<std::int32_t, PartitionId>, std::string> owners_;
  std::int32_t newest_generation_ = -1;
  std::size_t acknowledged_ = 0;
  std::vector<std::string> violations_;
};

}  // namespace thalweg::simulation
