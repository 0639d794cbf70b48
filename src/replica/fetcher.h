// Fetches what one leader has of the partitions that one shard follows: one connection, one incremental session, one
// coroutine. Decisions are replication::next's, the session is FetchSessionClient's; this class sends, appends and
// waits.
//
// A fetch carries two numbers for each partition: where the follower reads on (the end of its log), and how much of
// that is on its disk (the claim), which is what the leader counts. After an answer the next fetch waits until what
// came is on disk, but no longer than durable_wait: so a slow file holds up nobody else. What comes to disk later, and
// partitions that come or go, are told by a second fetch, sent while the first one waits at the leader; the leader
// then answers the first one with what there is.
//
// Owner: the shard of the partitions. Held by shared_ptr, as its coroutines outlive a call. Invariants: at most two
// fetches under way; nothing is appended that was asked for under another leader epoch or from another place.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>

#include "network/channel.h"
#include "replica/fetch_session_client.h"
#include "replica/partition.h"
#include "replica/replication_throttle.h"
#include "runtime/shard.h"
#include "runtime/signal.h"
#include "runtime/stop_signal.h"

namespace thalweg::replica {

// Two connections to a leader: what keeps partitions in sync never waits behind what fills new ones.
enum class Lane : std::uint8_t { kLive, kCatchUp };

// How a follower reaches its leaders, and who it is to them.
struct FetchLinks {
  using ChannelPtr = std::shared_ptr<network::Channel>;

  BrokerId self;
  // An open, negotiated channel that nobody else uses. One attempt, at the place where the leader is known to be now.
  std::function<Task<Result<ChannelPtr>>(BrokerId leader, Lane lane, Instant deadline)> connect;
  // A connection to it ended without this side's doing; nothing: nobody needs to know.
  std::function<void(BrokerId leader)> lost = nullptr;
  // What this broker is registered with, as this shard's image says.
  std::function<std::int64_t()> broker_epoch;
  // What throttled replicas fetch (KIP-73); nothing: they are not throttled.
  std::shared_ptr<ReplicationThrottle> throttle = nullptr;
};

struct FetcherOptions {
  Millis wait_max{500};                    // replica.fetch.wait.max.ms
  std::int32_t bytes_min = 1;              // replica.fetch.min.bytes
  std::int32_t partition_bytes = 1 << 20;  // replica.fetch.max.bytes
  std::int32_t response_bytes = 10 << 20;  // replica.fetch.response.max.bytes
  std::int32_t catch_up_bytes = 4 << 20;   // the same for the lane of those that are not in sync
  Instant durable_wait = std::chrono::microseconds(500);
  Instant supersede_every = std::chrono::milliseconds(1);
  Instant answer_within = std::chrono::seconds(3);  // beside wait_max; then the leader is asked over another connection
  Instant reconnect_first = std::chrono::milliseconds(5), reconnect_last = std::chrono::milliseconds(200);
};

class Fetcher : public std::enable_shared_from_this<Fetcher> {
 public:
  Fetcher(const Shard& shard, BrokerId leader, Lane lane, FetchLinks links, FetcherOptions options);
  Fetcher(const Fetcher&) = delete;

  // Fetches the partition from where its log ends, or goes on with it under what its image says by now.
  void follow(const PartitionKey& key, const PartitionPtr& partition);
  void leave(const PartitionKey& key);
  bool empty() const { return followed_.empty(); }
  std::size_t size() const { return followed_.size(); }

  static Task<> run(std::shared_ptr<Fetcher> self);
  // Closes the connection; the coroutines end by themselves.
  void stop();

 private:
  using ChannelPtr = FetchLinks::ChannelPtr;
  using FetchAnswer = Result<protocol::FetchResponse>;
  struct Followed {
    PartitionPtr partition;
    bool busy = false;                                 // truncated, or asked about; not fetched
    std::optional<Instant> again;                      // paused until then
    std::optional<Instant> held_until;                 // throttled; not fetched before
    int failures = 0;                                  // in a row
    std::unique_ptr<Watermark::Registration> on_disk;  // while it claims less than it has
    std::unique_ptr<Watermark::Registration> start_on_disk;
  };
  using FollowedMap = std::map<PartitionKey, Followed>;
  struct Sent {
    FetchSessionClient::Number number;
    std::shared_ptr<std::optional<FetchAnswer>> answer;
  };

  Task<ChannelPtr> connected();
  Task<> exchange(ChannelPtr channel);
  void send(const ChannelPtr& channel);
  static Task<> send_one(std::shared_ptr<Fetcher> self, ChannelPtr channel, protocol::FetchRequest request,
                         std::shared_ptr<std::optional<FetchAnswer>> answer);
  Instant next_send() const;
  void wake_paused();

  Task<> take(FetchSessionClient::Number number, protocol::FetchResponse response);
  void take_one(FetchSessionClient::Number number, const PartitionKey& key,
                protocol::FetchResponse::PartitionData& data);
  void append(const PartitionKey& key, Followed& followed, LeaderEpoch epoch,
              protocol::FetchResponse::PartitionData& data);
  void refresh(const PartitionKey& key, Followed& followed);
  Offset claimed_start(const PartitionKey& key, Followed& followed);
  bool is_held(const PartitionKey& key, Followed& followed);
  void on_disk(const PartitionKey& key, Offset seen);
  void pause(const PartitionKey& key, Followed& followed, replication::Later later);
  // Off the session until it is done; `change` runs beside the fetches.
  void cut(const PartitionKey& key, Followed& followed, replication::Next decision);
  static Task<> cut_now(std::shared_ptr<Fetcher> self, PartitionKey key, PartitionPtr partition,
                        replication::Position asked, replication::Next decision);
  static Task<> begin_with_batch(std::shared_ptr<Fetcher> self, PartitionKey key, PartitionPtr partition,
                                 replication::Position asked, Offset at, protocol::FetchResponse::PartitionData data);
  static Task<> ask_offsets(std::shared_ptr<Fetcher> self, PartitionKey key, PartitionPtr partition,
                            replication::Position asked);
  Task<Result<Offset>> leader_offset(TopicPartition partition, LeaderEpoch epoch, Timestamp which);
  void done_with(const PartitionKey& key, const PartitionPtr& partition, const Result<>& outcome);
  std::int32_t partition_bytes() const;

  const Shard& shard_;
  const BrokerId leader_;
  const Lane lane_;
  const FetchLinks links_;
  const FetcherOptions options_;

  FollowedMap followed_;
  FetchSessionClient session_;
  std::set<PartitionKey> paused_;  // those that wait for a moment: `again` or `held_until`
  std::size_t unclaimed_ = 0;      // partitions that have more than they claim
  Signal bell_;
  StopSignal stopping_;
  ChannelPtr channel_;
  std::deque<Sent> sent_;
  Instant last_sent_{}, hold_until_{};
  int failed_connects_ = 0;
};

}  // namespace thalweg::replica
