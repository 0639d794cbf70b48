// Asks the brokers that lead partitions, this one as its own clients do and others over the listener between brokers,
// all of them at once.
// There the console is the broker: what its user may do has to be checked before (check_allowed).
#pragma once

#include <map>
#include <optional>
#include <vector>

#include "console/ask.h"

namespace thalweg::console {

// Of what waits for other replicas there.
inline constexpr Instant kLeaderAnswersWithin = std::chrono::seconds(10);

// The places of partitions in their list, by who leads them; under kNoBroker those that nobody leads, or that are gone.
using ByLeader = std::map<BrokerId, std::vector<std::size_t>>;
ByLeader by_leader(const metadata::Image& image, const std::vector<thalweg::TopicPartition>& partitions);

// What such a broker says of one partition, and what is said where there is none.
Error error_at(BrokerId leader, PartitionId partition, ErrorCode code);
Error nobody_leads(PartitionId partition);

enum class ReadIsolation : std::uint8_t { kUncommitted = 0, kCommitted = 1 };  // as Fetch and ListOffsets number them

// Of a partition, for readers of that isolation.
struct LogEdges {
  Offset start, end;
  Offset at_time;  // of the first record that is at least as young; kNoOffset where there is none
};
// In the order of the partitions, which are sorted. Without a time `at_time` is the end. An error of one partition says
// who did not answer, and is none of the others.
Task<std::vector<Result<LogEdges>>> edges_of(const Call& call, std::vector<thalweg::TopicPartition> partitions,
                                             std::optional<Timestamp> time = {},
                                             ReadIsolation isolation = ReadIsolation::kUncommitted,
                                             AskOptions options = {});

// Where the records of a partition begin and end.
struct LogExtent {
  Offset start, end;
};
// The same, for a page that waits for none that hangs: nothing where its leader does not say. What this broker leads is
// asked of its shards.
Task<std::vector<std::optional<LogExtent>>> extents_of(const Call& call,
                                                       std::vector<thalweg::TopicPartition> partitions);
// Records behind: from where a group stands, or the log begins if that is later.
std::int64_t lag_of(const LogExtent& log, Offset committed);

}  // namespace thalweg::console
