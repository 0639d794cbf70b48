// Strong types: the compiler knows an offset from an epoch. All are trivially copyable wrappers of the wire's integers.
#pragma once

#include <compare>
#include <cstdint>
#include <functional>
#include <string>
#include <utility>

namespace thalweg {

template <class Rep, class Tag>
struct Strong {
  using rep = Rep;
  Rep value{};
  friend constexpr auto operator<=>(const Strong&, const Strong&) = default;
};

// Position of a record in a partition; also used for "one past the last" (log end offset, high watermark).
using Offset = Strong<std::int64_t, struct OffsetTag>;
using PartitionId = Strong<std::int32_t, struct PartitionIdTag>;
using BrokerId = Strong<std::int32_t, struct BrokerIdTag>;
using LeaderEpoch = Strong<std::int32_t, struct LeaderEpochTag>;
using ProducerId = Strong<std::int64_t, struct ProducerIdTag>;
using ProducerEpoch = Strong<std::int16_t, struct ProducerEpochTag>;

// Offset + count is an Offset, Offset - Offset is a count; Offset + Offset does not compile.
constexpr Offset operator+(Offset o, std::int64_t n) { return {o.value + n}; }
constexpr Offset operator-(Offset o, std::int64_t n) { return {o.value - n}; }
constexpr std::int64_t operator-(Offset a, Offset b) { return a.value - b.value; }

inline constexpr BrokerId kNoBroker{-1};
inline constexpr LeaderEpoch kNoLeaderEpoch{-1};
inline constexpr Offset kNoOffset{-1};
inline constexpr ProducerId kNoProducerId{-1};
inline constexpr ProducerEpoch kNoProducerEpoch{-1};

struct TopicPartition {
  std::string topic;
  PartitionId partition;
  friend auto operator<=>(const TopicPartition&, const TopicPartition&) = default;
};

template <class Rep, class Tag>
std::string to_string(Strong<Rep, Tag> s) {
  return std::to_string(s.value);
}
// "orders-3", as Kafka names the folder.
inline std::string to_string(const TopicPartition& tp) { return tp.topic + "-" + std::to_string(tp.partition.value); }

}  // namespace thalweg

template <class Rep, class Tag>
struct std::hash<thalweg::Strong<Rep, Tag>> {
  std::size_t operator()(thalweg::Strong<Rep, Tag> s) const noexcept { return std::hash<Rep>()(s.value); }
};
template <>
struct std::hash<thalweg::TopicPartition> {
  std::size_t operator()(const thalweg::TopicPartition& tp) const noexcept {
    return std::hash<std::string>()(tp.topic) * 31 + std::hash<std::int32_t>()(tp.partition.value);
  }
};
