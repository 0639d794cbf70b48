#include "history.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>

#include "base/log.h"

namespace thalweg::simulation {

std::string Value::text(int producer, int number) {
  return fmt::format("{}:{}:{}", producer, number, std::string(60, '.'));
}

Value Value::parse(const std::string& text) {
  const auto colon = text.find(':');
  if (colon == std::string::npos) return {-1, -1};
  return {std::atoi(text.c_str()), std::atoi(text.c_str() + colon + 1)};
}

void History::violation(std::string what) {
  log::error("violation", field("what", what));
  if (violations_.size() < 20) violations_.push_back(std::move(what));
}

void History::acknowledged(PartitionId partition, Offset base, const std::vector<std::string>& values) {
  acknowledged_ += values.size();
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (base < Offset{0})
      somewhere_[partition].insert(values[i]);
    else
      consumed(partition, base + static_cast<std::int64_t>(i), values[i]);
  }
}

void History::consumed(PartitionId partition, Offset offset, const std::string& value) {
  const auto [at, is_new] = known_[partition].emplace(offset, value);
  if (!is_new && at->second != value)
    loss(fmt::format("partition {} offset {}: was {}, now {}", partition.value, offset.value, at->second, value));
}

void History::owned(std::int32_t generation, PartitionId partition, const std::string& member) {
  const auto [at, is_new] = owners_.emplace(std::pair(generation, partition), member);
  if (!is_new && at->second != member)
    loss(fmt::format("generation {}: partition {} belongs to {} and to {}", generation, partition.value, at->second,
                     member));
}

void History::committed_in(std::int32_t generation, std::int32_t newest) {
  if (generation < newest) loss(fmt::format("a commit of generation {} was taken after one of {}", generation, newest));
  newest_generation_ = std::max(newest_generation_, generation);
}

void History::deletion_asked(PartitionId partition, Offset before) {
  auto& asked = deletions_[partition].asked;
  asked = std::max(asked, before);
}

void History::deleted(PartitionId partition, Offset before) {
  auto& answered = deletions_[partition].answered;
  answered = std::max(answered, before);
}

History::Deletion History::deletion_of(PartitionId partition) const {
  const auto at = deletions_.find(partition);
  return at == deletions_.end() ? Deletion{} : at->second;
}

Offset History::known_end(PartitionId partition) const {
  const auto at = known_.find(partition);
  return at == known_.end() || at->second.empty() ? Offset{0} : at->second.rbegin()->first + 1;
}

void History::check(PartitionId partition, const Records& records) {
  check_known(partition, records);
  check_order(partition, records);
}

void History::check_known(PartitionId partition, const Records& records) {
  const auto where = [&](Offset offset) {
    return fmt::format("partition {} offset {}", partition.value, offset.value);
  };
  const Deletion deletion = deletion_of(partition);
  for (const auto& [offset, value] : known_[partition]) {
    const auto at = records.find(offset);
    if (at == records.end() && offset >= deletion.asked)
      loss(fmt::format("{}: lost {}", where(offset), value));
    else if (at != records.end() && at->second != value)
      loss(fmt::format("{}: {} became {}", where(offset), value, at->second));
  }
  if (!records.empty() && records.begin()->first < deletion.answered)
    loss(
        fmt::format("{}: was deleted, up to {}, and is there", where(records.begin()->first), deletion.answered.value));
}

// Dense, and nobody's record twice or out of order. What a producer wrote before the first record that is left is not
// known.
void History::check_order(PartitionId partition, const Records& records) {
  const auto where = [&](Offset offset) {
    return fmt::format("partition {} offset {}", partition.value, offset.value);
  };
  const bool from_the_beginning = deletion_of(partition).asked == Offset{0};
  std::map<int, int> firsts, last;  // number by producer
  std::set<std::string> present;
  Offset expected = from_the_beginning || records.empty() ? Offset{0} : records.begin()->first;
  for (const auto& [offset, text] : records) {
    if (offset != expected) loss(fmt::format("{}: expected offset {}", where(offset), expected.value));
    expected = offset + 1;
    present.insert(text);
    const Value value = Value::parse(text);
    firsts.emplace(value.producer, value.number);
    const auto [at, is_first] = last.emplace(value.producer, from_the_beginning ? -1 : value.number - 1);
    if (value.number != at->second + 1)
      loss(fmt::format("{}: producer {} number {} after {}", where(offset), value.producer, value.number, at->second));
    at->second = value.number;
  }
  // Acknowledged at an unknown offset, so among what was deleted if that is before what is left of its producer.
  for (const auto& text : somewhere_[partition]) {
    const Value value = Value::parse(text);
    const auto first = firsts.find(value.producer);
    if (!from_the_beginning && (first == firsts.end() || value.number < first->second)) continue;
    if (!present.contains(text)) loss(fmt::format("partition {}: lost {}", partition.value, text));
  }
}

}  // namespace thalweg::simulation
