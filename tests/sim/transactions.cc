#include "transactions.h"

#include <fmt/format.h>

#include <algorithm>

namespace thalweg::simulation {

void Transactions::begun(int writer, int number, std::set<PartitionId> partitions) {
  all_[{writer, number}] = {.partitions = std::move(partitions)};
}

void Transactions::ended(int writer, int number, Fate fate) { all_.at({writer, number}).fate = fate; }

void Transactions::seen(PartitionId partition, Offset offset, const std::string& value) {
  const auto [at, is_new] = seen_[partition].emplace(offset, value);
  if (!is_new && at->second != value)
    history_.loss(fmt::format("{} partition {} offset {}: was {}, now {}", kTransfers, partition.value, offset.value,
                              at->second, value));
}

std::uint64_t Transactions::count(Fate fate) const {
  return std::uint64_t(std::ranges::count_if(all_, [fate](const auto& one) { return one.second.fate == fate; }));
}

void Transactions::check(const std::map<PartitionId, Records>& committed) {
  std::map<std::pair<int, int>, std::set<PartitionId>> found;
  for (const auto& [partition, records] : committed) {
    check_partition(partition, records);
    for (const auto& [offset, text] : records) {
      const Value value = Value::parse(text);
      if (!found[{value.producer, value.number}].insert(partition).second)
        history_.loss(fmt::format("transaction {} of writer {} is twice in partition {}", value.number, value.producer,
                                  partition.value));
    }
  }
  for (const auto& [which, where] : found) {
    const auto known = all_.find(which);
    if (known == all_.end())
      history_.loss(fmt::format("what writer {} wrote after it was replaced is committed", which.first));
    else if (known->second.fate == Fate::kAborted)
      history_.loss(fmt::format("transaction {} of writer {} was aborted and is read", which.second, which.first));
    else if (known->second.partitions != where)
      history_.loss(fmt::format("transaction {} of writer {} is there in part", which.second, which.first));
  }
  for (const auto& [which, transaction] : all_)
    if (transaction.fate == Fate::kCommitted && !found.contains(which))
      history_.loss(fmt::format("transaction {} of writer {} was committed and is gone", which.second, which.first));
}

void Transactions::check_partition(PartitionId partition, const Records& records) {
  for (const auto& [offset, value] : seen_[partition])
    if (const auto at = records.find(offset); at == records.end() || at->second != value)
      history_.loss(fmt::format("{} partition {} offset {}: {} was read as committed and is not", kTransfers,
                                partition.value, offset.value, value));
  std::map<int, int> last;
  for (const auto& [offset, text] : records) {
    const Value value = Value::parse(text);
    const auto [at, is_first] = last.emplace(value.producer, value.number);
    if (!is_first && value.number <= at->second)
      history_.loss(fmt::format("{} partition {} offset {}: writer {} number {} after {}", kTransfers, partition.value,
                                offset.value, value.producer, value.number, at->second));
    at->second = value.number;
  }
}

}  // namespace thalweg::simulation
