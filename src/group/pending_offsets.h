// Offsets that were committed in transactions which have not ended yet, of all groups of one machine (KIP-98, KIP-447).
//
// They take effect when their transaction is committed, unless something later in the log has been there before: a
// commit outside of transactions, or in one that was committed earlier. A tombstone takes them with it.
// Source: OffsetMetadataManager (pendingTransactionalOffsets, openTransactionsByGroup).
//
// Plain values, used inside GroupMachine only. Changed by apply() alone, in the order of the log.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/types.h"
#include "group/group_records.h"

namespace thalweg::group {

// What is in either, once. REQUIRES: both are sorted
std::vector<TopicPartition> united(const std::vector<TopicPartition>& committed,
                                   const std::vector<TopicPartition>& pending);

class PendingOffsets {
 public:
  // What is pending in the same transaction for the same partition is replaced. REQUIRES: a producer and a value
  void add(const OffsetRecord& record);
  // A commit of the partition outside of transactions: it is later than all that is pending.
  void overtake(const std::string& group, const TopicPartition& partition);
  // A tombstone of the partition.
  void forget(const std::string& group, const TopicPartition& partition);

  struct Ended {
    std::vector<OffsetRecord> in_force;  // as commits outside of transactions; none of one that was aborted
    std::vector<std::string> groups;     // for which it held anything
  };
  // The transaction of the producer, whatever its epoch, has ended.
  Ended end(ProducerId producer, bool commit);

  bool has(const std::string& group) const { return groups_.contains(group); }
  bool has(const std::string& group, const TopicPartition& partition) const;
  // In order, each once.
  std::vector<TopicPartition> of_group(const std::string& group) const;
  std::vector<TopicPartition> of_topic(const std::string& group, const std::string& topic) const;

  // What all of it takes in memory, roughly, and what a record would add.
  std::size_t bytes() const { return bytes_; }
  static std::size_t bytes_of(const OffsetRecord& record);

 private:
  struct Pending {
    protocol::OffsetCommitValue value;
    std::uint64_t order = 0;  // in the log, compared with others
    bool overtaken = false;   // the partition has a later commit that is in force
    std::size_t bytes = 0;
  };
  using ByProducer = std::map<ProducerId, Pending>;
  using Partitions = std::map<TopicPartition, ByProducer>;

  // Removes what is pending for the partition when nothing is, and the group with it.
  void drop_if_empty(const std::string& group, const TopicPartition& partition);
  void drop_from_transaction(ProducerId producer, const std::string& group, const TopicPartition& partition);

  // No entry of these is empty.
  std::map<std::string, Partitions> groups_;
  std::map<ProducerId, std::map<std::string, std::set<TopicPartition>>> transactions_;
  std::uint64_t last_order_ = 0;
  std::size_t bytes_ = 0;
};

}  // namespace thalweg::group
