// Offsets: where partitions begin and end, what groups have committed, and moving the beginning of a partition.
#pragma once

#include <map>
#include <string>

#include "admin/client.h"

namespace thalweg::admin {

// Timestamps with a meaning of their own in list_offsets().
inline constexpr std::int64_t kLatest = -1, kEarliest = -2, kMaxTimestamp = -3, kEarliestLocal = -4, kLatestTiered = -5,
                              kEarliestPendingUpload = -6;

struct OffsetAt {
  Offset offset{-1};  // -1: nothing at or after the time asked for
  Timestamp timestamp = kNoTimestamp;
  LeaderEpoch leader_epoch = kNoLeaderEpoch;
};

// Who describes shows what is known by then, and nothing where there may be no leader.
inline constexpr Millis kDescribedWithin{2000};

// The first offset at or after a time, or one of the above, by partition. Errors are by partition; those that pass are
// waited out, `patience` long at most.
Task<Result<std::map<TopicPartition, Result<OffsetAt>>>> list_offsets(Client& client,
                                                                      std::map<TopicPartition, std::int64_t> at,
                                                                      bool read_committed = false,
                                                                      Millis patience = Millis::max());

struct CommittedOffset {
  Offset offset{-1};
  LeaderEpoch leader_epoch = kNoLeaderEpoch;
  std::string metadata;
};
using CommittedOffsets = std::map<TopicPartition, CommittedOffset>;
// Who commits: nobody in particular, or a member of the group.
struct Committer {
  std::int32_t generation = -1;
  std::string member_id;
};

// All that the group has committed. Needs brokers of Kafka 3.0 or newer.
Task<Result<CommittedOffsets>> fetch_offsets(Client& client, std::string group);
// Errors by partition, kNone where it went well.
Task<Result<std::map<TopicPartition, ErrorCode>>> commit_offsets(Client& client, std::string group,
                                                                 CommittedOffsets offsets, Committer committer = {});
Task<Result<std::map<TopicPartition, ErrorCode>>> delete_offsets(Client& client, std::string group,
                                                                 std::vector<TopicPartition> partitions);

// Deletes what lies before the offsets (-1: everything). By partition: its new beginning.
Task<Result<std::map<TopicPartition, Result<Offset>>>> delete_records(Client& client,
                                                                      std::map<TopicPartition, Offset> before);

}  // namespace thalweg::admin
