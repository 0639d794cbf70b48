// Reads records from partitions: those assigned by hand, or those that a classic consumer group gives this member
// (range assignor). Positions advance as poll() hands records out; commit() stores them with the group.
//
// Owner: one shard. One poll() at a time; wakeup() from anywhere on the shard. The Client must outlive the Consumer,
// and close() must be awaited before the Consumer goes, or the group waits for this member's session to end.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "admin/client.h"
#include "admin/offsets.h"
#include "protocol/fetch_response.h"
#include "protocol/join_group_response.h"
#include "record/batch.h"
#include "runtime/signal.h"

namespace thalweg::admin {

struct ConsumerOptions {
  std::string group;  // only for subscribe()
  bool auto_commit = true;
  Millis auto_commit_interval{5'000};
  // Where to begin without a committed offset, or when the offset is gone: kEarliest, kLatest, or nothing for an error.
  std::optional<std::int64_t> reset = kLatest;
  bool read_committed = false;
  bool create_topics = true;  // lets the broker create topics that are subscribed to but missing
  Millis session_timeout{45'000};
  Millis heartbeat_interval{3'000};
  Millis rebalance_timeout{300'000};
  Millis metadata_age_max{300'000};
  Millis fetch_wait_max{500};
  std::int32_t fetch_size_max = 50 * 1024 * 1024;
  std::int32_t partition_fetch_size_max = 1024 * 1024;
};

struct ConsumedRecord {
  TopicPartition partition;
  Offset offset;
  Timestamp timestamp = kNoTimestamp;
  record::TimestampType timestamp_type = record::TimestampType::kCreateTime;
  LeaderEpoch leader_epoch = kNoLeaderEpoch;
  std::optional<std::string> key;
  std::optional<std::string> value;
  std::vector<std::pair<std::string, std::optional<std::string>>> headers;
};

class Consumer : public std::enable_shared_from_this<Consumer> {
 public:
  static std::shared_ptr<Consumer> create(Client& client, ConsumerOptions options);

  // Exactly one of these, once, before poll(). Offsets below 0 are kEarliest and kLatest.
  void subscribe(std::vector<std::string> topics);
  void subscribe_matching(std::function<bool(const std::string&)> matches);
  void assign(std::map<TopicPartition, std::int64_t> partitions);

  // Records as soon as there are any; none at the deadline and after wakeup(). An error is one that does not pass.
  Task<Result<std::vector<ConsumedRecord>>> poll(Instant deadline);
  // Ends the poll() under way, or the next one, and what it waits for.
  void wakeup();
  // Stores the positions of all records handed out. Without effect outside a group.
  Task<Result<>> commit();
  // Sets the position of a partition back, so that what was handed out but not used is not committed.
  void seek(const TopicPartition& partition, Offset next);
  // Commits if auto_commit is on, and leaves the group.
  Task<> close();

  std::set<TopicPartition> assignment() const;
  // The offset before which everything of an assigned partition was handed out or is nothing to hand out, like markers;
  // negative while its beginning is looked for.
  std::int64_t reached(const TopicPartition& partition) const;

 private:
  struct Position {
    std::int64_t next;         // of the next record to hand out; negative: a place to be looked up first
    std::int64_t fetched = 0;  // of the next record to fetch; valid when next >= 0
    LeaderEpoch epoch = kNoLeaderEpoch;
  };
  struct Topic {
    Uuid id;
    std::map<PartitionId, BrokerId> leaders;
  };

  Consumer(Client& client, ConsumerOptions options) : client_(client), options_(std::move(options)) {}
  bool in_group() const { return matches_ || !subscribed_.empty(); }
  Task<Result<>> prepare(Instant deadline);
  Task<Result<>> refresh_metadata(Instant deadline);
  std::vector<std::string> wanted_topics(const std::map<std::string, Topic>& topics) const;
  Task<Result<>> look_up_positions();
  std::vector<ConsumedRecord> take_ready();
  Task<> wait_until(Instant when);
  Task<Result<>> commit_if_due();

  // Group membership (consumer_group.cc).
  Task<Result<>> join(Instant deadline);
  Task<Result<>> join_once(Instant deadline);
  Task<Result<std::map<std::string, std::set<TopicPartition>>>> assign_members(
      const protocol::JoinGroupResponse& joined, Instant deadline);
  Task<Result<>> start_from_committed();
  static Task<> keep_session(std::shared_ptr<Consumer> self, std::int32_t generation);
  bool lost_membership(ErrorCode code);
  Task<> leave();

  // Fetching (consumer_fetch.cc).
  void start_fetches();
  static Task<> fetch_from(std::shared_ptr<Consumer> self, BrokerId broker, std::set<TopicPartition> partitions,
                           std::int64_t round);
  void take_response(const protocol::FetchResponse& response, const std::set<TopicPartition>& asked);
  void take_partition(const TopicPartition& tp, const protocol::FetchResponse::PartitionData& data);
  Result<> take_batches(const TopicPartition& tp, Position& position,
                        const protocol::FetchResponse::PartitionData& data);
  void handle_fetch_error(const TopicPartition& tp, ErrorCode code);

  Client& client_;
  const ConsumerOptions options_;
  std::vector<std::string> subscribed_;
  std::function<bool(const std::string&)> matches_;

  std::map<std::string, Topic> topics_;
  bool metadata_stale_ = true;
  Instant metadata_due_{};

  // Grows with every change of the assignment, so that what was fetched for an older one is thrown away.
  std::int64_t round_ = 0;
  std::map<TopicPartition, Position> positions_;
  std::set<BrokerId> fetching_;
  int heartbeats_under_way_ = 0;
  std::deque<ConsumedRecord> ready_;
  std::optional<Error> failure_;
  Signal changed_;
  bool woken_ = false;

  std::string member_id_;
  std::int32_t generation_ = -1;
  bool leader_ = false;
  bool rejoin_ = true;
  Instant commit_due_{};
};

}  // namespace thalweg::admin
