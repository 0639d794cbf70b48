// Asks the brokers that lead partitions, this one as its own clients do and others over the listener between brokers.
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

// What ListOffsets is asked for beside times.
inline constexpr Timestamp kLogEnd = -1, kLogStart = -2;
// In the order of the partitions, which are sorted: the end that readers see, the start, or the first record that is at
// least as young as a time; kNoOffset where there is none. An error of one is none of the others.
Task<std::vector<Result<Offset>>> offsets_at(const Call& call, std::vector<thalweg::TopicPartition> partitions,
                                             Timestamp at, AskOptions options = {});

// Where the records of a partition begin and end for readers.
struct LogExtent {
  Offset start, end;
};
// How long another broker may take to say it for a page: nobody waits for one that hangs.
inline constexpr Instant kExtentsWithin = std::chrono::milliseconds(300);
// In the order of the partitions, which are sorted; nothing where its leader does not say.
Task<std::vector<std::optional<LogExtent>>> extents_of(const Call& call,
                                                       std::vector<thalweg::TopicPartition> partitions);
// Records behind: from where a group stands, or the log begins if that is later.
std::int64_t lag_of(const LogExtent& log, Offset committed);

}  // namespace thalweg::console
