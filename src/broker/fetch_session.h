// Fetch sessions (KIP-227): the client names its partitions once, later requests carry only what changed, and later
// responses only what has news. Source: org.apache.kafka.server.FetchSession.
//
// Owner: the connection's shard; each shard has a cache of its own. A client that reconnects to another shard is told
// FETCH_SESSION_ID_NOT_FOUND and starts again with a full request, which is what it does for any broker restart.
#pragma once

#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/time.h"
#include "base/types.h"
#include "base/uuid.h"
#include "protocol/fetch_request.h"
#include "protocol/fetch_response.h"
#include "runtime/stop_signal.h"

namespace thalweg::broker {

// One partition as the client asked for it. Up to version 12 `topic` identifies it, from 13 on `topic_id`; the other
// one is filled in by whoever resolves it against the image.
struct FetchPartition {
  std::string topic;
  Uuid topic_id;
  PartitionId partition;
  LeaderEpoch current_leader_epoch = kNoLeaderEpoch;
  Offset fetch_offset;
  LeaderEpoch last_fetched_epoch = kNoLeaderEpoch;
  Offset log_start_offset = kNoOffset;
  std::int32_t max_bytes = 0;
  Offset durable_end = kNoOffset;          // of a follower's log; it cannot say so if it is not one of ours
  Offset told_high_watermark = kNoOffset;  // by the last answer of the session; not asked for, but filled in by it
};

class BrokerShard;
class FetchSession;

// What one request asks for: the partitions to read, in order, and how to answer.
//
// Of a follower's session those partitions that rest are not among them (replica/resting_fetch.h): there is nothing to
// tell of them. One that is stirred while the request waits joins it; the next request has all that do not rest.
struct FetchContext {
  std::vector<FetchPartition> partitions;
  std::shared_ptr<FetchSession> session;  // null: sessionless
  bool incremental = false;               // leave out partitions without news
  std::uint64_t number = 0;               // of the request among those of its session

  // For a request that waits: given when the next request of the session comes. Null without a session.
  std::shared_ptr<StopSignal> park() const;

  // A follower asks, also for what rests of its session. Called on `here`, before anything is read for the request.
  void heard(BrokerShard& here, BrokerId follower, std::int64_t broker_epoch, Instant now) const;
  bool others_rest() const;
  // Puts those that were stirred behind the others; true if there were any.
  bool join_stirred();
  // Given when there is one to join. Of the latest request of a session, with one.
  std::shared_ptr<StopSignal> next_stirred() const;
  // These may rest, as of what they were told in the answer: number of the partition, and Partition::stamp().
  using Rest = std::pair<std::size_t, std::uint64_t>;
  void rest(const std::vector<Rest>& rests) const;
};

class FetchSessionCache {
 public:
  // slots: max.incremental.fetch.session.cache.slots of this shard. first_id spreads ids over shards; ids are positive.
  FetchSessionCache(std::size_t slots, std::int32_t first_id, std::int32_t id_step);
  ~FetchSessionCache();

  // Opens, continues or closes a session; the request of it that waits is told so (FetchContext::park). Errors:
  // kFetchSessionIdNotFound, kInvalidFetchSessionEpoch, kFetchSessionTopicIdError (the session was made with names and
  // the request uses ids, or the reverse); these are the response's top-level error.
  Result<FetchContext> begin(const protocol::FetchRequest& request, std::int16_t version, Instant now);
  std::size_t size() const { return sessions_.size(); }

 private:
  Result<FetchContext> full(const protocol::FetchRequest& request, bool by_id, Instant now);
  Result<FetchContext> incremental(const protocol::FetchRequest& request, bool by_id, Instant now);
  bool make_room(std::size_t new_size, bool privileged, Instant now);

  const std::size_t slots_;
  const std::int32_t id_step_;
  std::int32_t next_id_;
  std::map<std::int32_t, std::shared_ptr<FetchSession>> sessions_;
};

// Takes out of `response`, which has all of `context.partitions` in their order, those without news; remembers what was
// sent, sets session_id. Answers which ones had no news. `context.session` may be null: then none.
std::vector<std::size_t> finish_fetch(const FetchContext& context, protocol::FetchResponse& response);

}  // namespace thalweg::broker
