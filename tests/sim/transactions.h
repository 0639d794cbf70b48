// What writers of transactions were told, and what a reader of committed records must see therefore: all records of a
// transaction that was committed, once, and none of another one.
#pragma once

#include <map>
#include <set>

#include "history.h"

namespace thalweg::simulation {

// Beside kTopic, with as many partitions.
inline const std::string kTransfers = "transfers";

class Transactions {
 public:
  enum class Fate { kUnknown, kCommitted, kAborted };

  explicit Transactions(History& history) : history_(history) {}

  // A writer's transactions have rising numbers; each writes one record, Value::text(writer, number), to each of these.
  void begun(int writer, int number, std::set<PartitionId> partitions);
  void ended(int writer, int number, Fate fate);
  // A reader of committed records was given this one, while others go on.
  void seen(PartitionId partition, Offset offset, const std::string& value);
  // A writer that was replaced: nothing that it writes from now on is ever committed.
  static int zombie_of(int writer) { return writer + 100; }

  // Holds it against all that readers of committed records get, once every writer has come to its end.
  void check(const std::map<PartitionId, Records>& committed);

  std::uint64_t committed_count() const { return count(Fate::kCommitted); }
  std::uint64_t aborted_count() const { return count(Fate::kAborted); }

 private:
  struct Transaction {
    std::set<PartitionId> partitions;
    Fate fate = Fate::kUnknown;
  };
  std::uint64_t count(Fate fate) const;
  void check_partition(PartitionId partition, const Records& records);

  History& history_;
  std::map<std::pair<int, int>, Transaction> all_;  // by writer and number
  std::map<PartitionId, Records> seen_;
};

}  // namespace thalweg::simulation
