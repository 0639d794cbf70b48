#include "console/replay_choice.h"

namespace thalweg::console {

bool ReplayWish::takes(const LetterCensus::Place& place, std::span<const letters::HeaderBytes> headers) const {
  if (!letters.empty()) {
    const auto some = letters.find(PartitionId{place.partition});
    return some != letters.end() && some->second.contains(Offset{place.offset});
  }
  return !cause || cause_of(place, headers).id == *cause;
}

void ReplayChoice::consider(const LetterCensus::Place& place, bool has_key, bool has_value,
                            std::span<const letters::HeaderBytes> headers) {
  if (!wish_.takes(place, headers)) return;
  ++considered_;
  const auto marks = marks_.find(PartitionId{place.partition});
  if (!wish_.again && marks != marks_.end() && marks->second.has(Offset{place.offset})) {
    ++sent_before_;
    return;
  }
  const auto to = letters::way_back(letters::dead_letter_in(headers), has_key, has_value, queue_, wish_.to);
  if (to)
    ways_[PartitionId{place.partition}][Offset{place.offset}] = *to;
  else
    ++stay_[std::string(sentence(to.error()))];
}

void ReplayChoice::leave_those_to(const std::string& topic, std::string why) {
  auto& left = stay_[std::move(why)];
  for (auto& [partition, ways] : ways_)
    left += std::int64_t(std::erase_if(ways, [&topic](const auto& way) { return way.second == topic; }));
  std::erase_if(ways_, [](const auto& one) { return one.second.empty(); });
}

std::int64_t ReplayChoice::count() const {
  std::int64_t sum = 0;
  for (const auto& [partition, ways] : ways_) sum += std::int64_t(ways.size());
  return sum;
}

std::map<std::string, std::int64_t> ReplayChoice::targets() const {
  std::map<std::string, std::int64_t> targets;
  for (const auto& [partition, ways] : ways_)
    for (const auto& [offset, topic] : ways) ++targets[topic];
  return targets;
}

}  // namespace thalweg::console
