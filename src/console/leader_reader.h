// Reads for a search what no replica here has: from whoever leads it, by Fetch and ListOffsets as a consumer would, a
// window at a time. What comes is charged to this shard's memory and looked at here.
//
// A broker that has not answered once is not asked again by the same search, so one that hangs costs it kAnswersWithin
// once, whatever it leads. Each search has a connection to itself, since answers on one keep their order.
//
// Owner: one search, on shard 0.
#pragma once

#include <optional>
#include <set>
#include <vector>

#include "console/partition_reads.h"
#include "search/shard_reader.h"

namespace thalweg::console {

class LeaderReader {
 public:
  static constexpr Instant kAnswersWithin = std::chrono::seconds(2);

  // `lane` is the number of the search among those that run.
  LeaderReader(const Call& call, Uuid topic_id, std::size_t lane)
      : call_(call), topic_id_(topic_id), lane_(std::uint32_t(lane) + 1) {}
  LeaderReader(const LeaderReader&) = delete;

  // As search::ShardReader does. kRequestTimedOut, kNetworkException, kBrokerNotAvailable: the leader does not answer;
  // kLeaderNotAvailable: nobody leads the partition.
  Task<Result<search::Looked>> look(search::ReadWish wish);
  Task<Result<std::optional<Timestamp>>> edge_time(search::EdgeWish wish);
  // As edges_of() does, in the order of the partitions, which ascend.
  Task<std::vector<Result<LogEdges>>> edges(std::vector<PartitionId> partitions, std::optional<Timestamp> time,
                                            ReadIsolation isolation);

 private:
  Task<Result<FetchedRecords>> fetch(PartitionId partition, Offset from, std::size_t bytes_max,
                                     ReadIsolation isolation);
  Task<Result<search::Batches>> read(search::ReadWish wish, Offset from);
  // By the image of now: a search takes minutes, and leaders move.
  Call call_now() const;
  Result<PartitionPlace> place_of(const Call& call, PartitionId partition) const;
  void note(BrokerId leader, const Error& error);
  AskOptions options() const { return {.version = {}, .within = kAnswersWithin, .lane = lane_}; }

  const Call call_;
  const Uuid topic_id_;
  const std::uint32_t lane_;
  std::set<BrokerId> away_;
};

// Of what was fetched, the batches that begin in front of `to`; others may be behind them.
Result<search::Batches> batches_before(FetchedRecords fetched, Offset to);

}  // namespace thalweg::console
