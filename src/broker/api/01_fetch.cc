// Fetch (1), versions 4-18: sessions (KIP-227), long poll, isolation levels, leader epochs (KIP-320, KIP-595), topic
// ids (KIP-516), leader hints (KIP-951). Bytes are not read here: what the log gives back are pieces that the
// connection sends.
//
// A follower's fetch has two stages: the first takes what it says of itself and reads, in order; the second waits. The
// next fetch of its session ends that wait, so it can say more at once, or ask for other partitions. Of its partitions
// those rest of which there is nothing new: they are not looked at until something of them is
// (replica/resting_fetch.h). A consumer's wait holds its connection, as in Kafka. A throttled replica (KIP-73) gets no
// records while such have had more than they may, and what else it asks for is answered meanwhile. A consumer that says
// in which rack it is may be sent to a replica there (KIP-392, replica.selector.class); replicas answer up to their
// high watermark. Not done: the quota window.
#include <algorithm>
#include <map>
#include <memory>

#include "base/log.h"
#include "broker/api/api.h"
#include "broker/api/leader_hint.h"
#include "broker/broker.h"
#include "broker/broker_shard.h"
#include "broker/connection_memory.h"
#include "broker/fetch_wait.h"
#include "broker/replication.h"
#include "broker/slices.h"
#include "broker/topics.h"
#include "protocol/fetch_request.h"
#include "protocol/fetch_response.h"
#include "runtime/gather.h"
#include "runtime/yielding.h"

namespace thalweg::broker {
namespace {

using protocol::FetchRequest;
using protocol::FetchResponse;
using PartitionData = FetchResponse::PartitionData;
using ReadResult = Result<replica::ReadResult>;

// A request that holds so many bytes does not wait on while others wait for memory.
constexpr std::size_t kMuchMemory = 64 * 1024;

// The follower that asks; kNoBroker for a consumer. Below that: debugging clients, which are consumers here.
BrokerId follower_of(const FetchRequest& request) {
  return std::max({request.replica_id, request.replica_state.replica_id, kNoBroker});
}

// Nothing for a consumer. No follower has more on disk than it has.
std::optional<replica::Follower> replica_of(const FetchRequest& request, const FetchPartition& partition) {
  const BrokerId id = follower_of(request);
  if (id == kNoBroker) return std::nullopt;
  return replica::Follower{.id = id,
                           .epoch = request.replica_state.replica_epoch,
                           .durable = partition.durable_end,
                           .log_start = partition.log_start_offset};
}

replica::Isolation isolation_of(const FetchRequest& request) {
  if (follower_of(request) != kNoBroker) return replica::Isolation::kLogEnd;
  return request.isolation_level == 1 ? replica::Isolation::kLastStable : replica::Isolation::kHighWatermark;
}

class Fetch {
 public:
  Fetch(const RequestContext& context, FetchRequest request)
      : context_(context),
        request_(std::move(request)),
        speaker_(speaker_of(*context.image, follower_of(request_), request_.replica_state.replica_epoch)),
        isolation_(isolation_of(request_)) {}

  static Task<Staged<FetchResponse>> run(std::unique_ptr<Fetch> self) {
    const auto& context = self->context_;
    if (context.request.noted) context.request.noted->is_follower = self->is_follower();
    auto& sessions = self->is_follower() && context.memory ? context.memory->follower_sessions : context.here.sessions;
    auto begun = sessions.begin(self->request_, context.version, context.here.shard.clock.now());
    if (!begun) {
      FetchResponse refused;
      refused.error_code = begun.error().code;
      co_return Staged<FetchResponse>{.now = std::move(refused)};
    }
    self->fetch_ = std::move(*begun);
    if (self->is_follower() && self->speaker_ == Speaker::kRegistered)
      self->fetch_.heard(context.here, follower_of(self->request_), self->request_.replica_state.replica_epoch,
                         context.here.shard.clock.now());
    co_await self->begin();
    if (!self->is_follower() || self->ends()) co_return Staged<FetchResponse>{.now = co_await self->answer()};
    self->superseded_ = self->fetch_.park();
    self->context_.request.leave_stage_one();
    co_return Staged<FetchResponse>{.later = answer_later(std::move(self))};
  }

 private:
  struct Wanted {
    std::optional<replica::PartitionKey> key;  // nothing: unknown, see result
    unsigned shard = 0;
    ReadResult result;
  };

  // A consumer that can be sent to another replica, and may come from one that was (KIP-392).
  bool knows_of_replicas() const { return !is_follower() && context_.version >= 11; }

  // What one partition takes here, in the wait for it and in the answer.
  static constexpr std::size_t kPartitionBytes =
      sizeof(FetchPartition) + sizeof(Wanted) + sizeof(FetchWait::Partition) + sizeof(PartitionData) + 150;

  bool is_follower() const { return follower_of(request_) != kNoBroker; }

  // What the partition is told of its follower: nothing that the follower may not have said.
  std::optional<replica::Follower> heard_of(const FetchPartition& partition) const {
    return speaker_ == Speaker::kRegistered ? replica_of(request_, partition) : std::nullopt;
  }

  // What the follower says of itself counts from here on.
  Task<> begin() {
    // All of it is kept for as long as the poll lasts.
    if (Charge* memory = context_.request.memory) memory->add(fetch_.partitions.size() * kPartitionBytes);
    const std::int32_t bytes_max = std::min(request_.max_bytes, context_.here.broker.config().fetch_max_bytes);
    bytes_max_ = std::size_t(std::max(bytes_max, 0));
    bytes_min_ = std::size_t(std::clamp(request_.min_bytes, 0, std::max(bytes_max, 0)));
    deadline_ = context_.received + Millis(std::max(request_.max_wait_ms, 0));
    co_await resolve();
    co_await read(Reading::kFirst, 0);
  }

  bool ends() const { return enough() || context_.here.shard.clock.now() >= deadline_; }

  Task<FetchResponse> answer() {
    while (!ends() && !owes_commits()) {
      if (co_await join_stirred()) continue;
      if (!co_await readable()) break;
      const std::int64_t before = committed();
      co_await read(Reading::kAgain, 0);
      if (tells_commits() && committed() != before) break;
    }
    FetchResponse response;
    co_await fill(response);
    rest(finish_fetch(fetch_, response));
    co_return response;
  }

  // What has begun to move since the request came, and was not looked at for it.
  Task<bool> join_stirred() {
    const std::size_t first = fetch_.partitions.size();
    if (!fetch_.join_stirred()) co_return false;
    co_await resolve();
    co_await read(Reading::kAgain, first);
    co_return true;
  }

  void rest(const std::vector<std::size_t>& without_news) {
    if (!is_follower()) return;
    std::vector<FetchContext::Rest> rests;
    for (const std::size_t i : without_news)
      if (wanted_[i].result && wanted_[i].result->rests_as_of) rests.emplace_back(i, *wanted_[i].result->rests_as_of);
    fetch_.rest(rests);
  }
  static Task<FetchResponse> answer_later(std::unique_ptr<Fetch> self) { co_return co_await self->answer(); }

  // What is not committed yet is for the partition's own followers only, and not for a process that is gone: as
  // Kafka's Replica.updateFetchStateOrThrow has it.
  Result<> check_may_read(const metadata::Partition& state) const {
    const BrokerId follower = follower_of(request_);
    if (follower == kNoBroker) return {};
    if (follower == state.leader || std::ranges::find(state.replicas, follower) == state.replicas.end())
      return fail(ErrorCode::kNotLeaderOrFollower, "who asks is no follower of this partition");
    if (speaker_ == Speaker::kGone)
      return fail(ErrorCode::kNotLeaderOrFollower, "this broker has registered again, with another process");
    return {};
  }

  Task<> resolve() {
    const auto& image = *context_.image;
    while (wanted_.size() < fetch_.partitions.size()) {
      auto& partition = fetch_.partitions[wanted_.size()];
      if (pace_.due()) co_await give_way();
      Wanted wanted;
      auto found = context_.version >= 13 ? find_partition(image, partition.topic_id, partition.partition)
                                          : find_partition(image, partition.topic, partition.partition);
      if (!found) {
        wanted.result = std::unexpected(found.error());
      } else if (const auto may = check_may_read(*found->state); !may) {
        wanted.result = std::unexpected(may.error());
      } else {
        wanted.key = found->key;
        wanted.shard = context_.here.broker.owner_of(found->key).shard.id;
      }
      wanted_.push_back(std::move(wanted));
    }
  }

  // In slices, so that other work of the owner comes in between.
  static Task<std::vector<ReadResult>> read_on(BrokerShard& owner, std::vector<replica::Partitions::Read> reads) {
    std::vector<ReadResult> all;
    for (auto& slice : slices(std::move(reads), kPartitionsAtOnce)) {
      if (!all.empty()) co_await give_way();
      auto results = co_await owner.shard.call(owner.partitions, &replica::Partitions::read, std::move(slice));
      std::ranges::move(results, std::back_inserter(all));
    }
    co_return all;
  }

  // A follower is heard once for each request: what wakes it is no sign of life.
  enum class Reading { kFirst, kAgain };
  Task<> read(Reading reading, std::size_t first) {
    std::map<unsigned, std::vector<replica::Partitions::Read>> reads;
    std::map<unsigned, std::vector<std::size_t>> slots;
    for (std::size_t i = first; i < wanted_.size(); ++i) {
      if (!wanted_[i].key) continue;
      const auto& p = fetch_.partitions[i];
      reads[wanted_[i].shard].push_back({*wanted_[i].key,
                                         {.from = p.fetch_offset,
                                          .bytes_max = std::min(std::size_t(std::max(p.max_bytes, 0)), bytes_max_),
                                          .at_least_one_batch = true,
                                          .isolation = isolation_,
                                          .current_leader_epoch = p.current_leader_epoch,
                                          .last_fetched_epoch = p.last_fetched_epoch,
                                          .follower = reading == Reading::kFirst ? heard_of(p) : std::nullopt,
                                          .replica = follower_of(request_),
                                          .may_read_follower = knows_of_replicas(),
                                          .rack = knows_of_replicas() ? request_.rack_id : std::string()}});
      slots[wanted_[i].shard].push_back(i);
    }
    std::vector<Task<std::vector<ReadResult>>> tasks;
    for (auto& [shard, batch] : reads)
      tasks.push_back(read_on(*context_.here.broker.shards()[shard], std::move(batch)));
    auto results = co_await gather(std::move(tasks));
    std::size_t next = 0;
    for (auto& [shard, indexes] : slots) {
      auto& batch = results[next++];
      for (std::size_t i = 0; i < indexes.size(); ++i) wanted_[indexes[i]].result = std::move(batch[i]);
    }
    share_out();
  }

  // In the order of the request: the first partition with data keeps its first batch whatever its size, later ones keep
  // what still fits. Those left out are served next time, since clients and sessions rotate.
  void share_out() {
    std::size_t left = bytes_max_;
    bytes_ = 0;
    for (std::size_t i = 0; i < wanted_.size(); ++i) {
      auto& wanted = wanted_[i];
      if (!wanted.result || wanted.result->data.bytes == 0) continue;
      const std::size_t bytes = wanted.result->data.bytes;
      const std::size_t limit = std::min(left, std::size_t(std::max(fetch_.partitions[i].max_bytes, 0)));
      if (bytes_ > 0 && bytes > limit) {
        wanted.result->data.records.clear();
        wanted.result->data.bytes = 0;
        continue;
      }
      bytes_ += bytes;
      left -= std::min(left, bytes);
    }
  }

  bool enough() const {
    if (request_.max_wait_ms <= 0 || bytes_ >= bytes_min_) return true;
    if (wanted_.empty() && !fetch_.others_rest()) return true;
    return std::ranges::any_of(wanted_,
                               [](const Wanted& w) { return !w.result || w.result->diverging || w.result->preferred; });
  }

  // Consumers read at followers, so these are told at once of what is committed, not with the next record.
  bool tells_commits() const {
    return is_follower() && context_.here.broker.config().replica_selector == config::ReplicaSelector::kRackAware;
  }
  // What it said of itself may have committed something just now.
  bool owes_commits() const {
    if (!tells_commits() || !fetch_.incremental) return false;
    for (std::size_t i = 0; i < wanted_.size(); ++i)
      if (wanted_[i].result && wanted_[i].result->high_watermark != fetch_.partitions[i].told_high_watermark)
        return true;
    return false;
  }
  std::int64_t committed() const {
    std::int64_t sum = 0;
    for (const auto& wanted : wanted_)
      if (wanted.result) sum += wanted.result->high_watermark.value;
    return sum;
  }

  // True when any partition has moved since it was read, or one that was held back may be read.
  Task<bool> readable() {
    std::vector<FetchWait::Partition> partitions;
    Instant until = deadline_;
    for (const auto& wanted : wanted_) {
      const auto& r = *wanted.result;
      if (r.held_until) {
        until = std::min(until, *r.held_until);
        continue;
      }
      const Offset seen =
          isolation_ == replica::Isolation::kLogEnd ? std::max(r.data.next, r.high_watermark) : r.high_watermark;
      partitions.push_back(
          {wanted.shard, *wanted.key, seen, tells_commits() ? std::optional(r.high_watermark) : std::nullopt});
    }
    const Charge* memory = context_.request.memory;
    const bool gives_way = memory && memory->bytes() >= kMuchMemory;
    const Instant begun = context_.now();
    const auto stirred = fetch_.next_stirred();
    const bool moved = co_await FetchWait::any_readable(context_.here, isolation_, std::move(partitions), until,
                                                        gives_way, superseded_.get(), stirred.get());
    context_.note_wait_since(begun);
    co_return moved || (until < deadline_ && context_.now() >= until);
  }

  Task<> fill(FetchResponse& response) {
    for (std::size_t i = 0; i < wanted_.size(); ++i) {
      if (pace_.due()) co_await give_way();
      const auto& asked = fetch_.partitions[i];
      auto& topics = response.responses;
      const bool same =
          !topics.empty() && topics.back().topic == asked.topic && topics.back().topic_id == asked.topic_id;
      if (!same) {
        topics.emplace_back();
        topics.back().topic = asked.topic;
        topics.back().topic_id = asked.topic_id;
      }
      PartitionData& data = topics.back().partitions.emplace_back();
      data.partition_index = asked.partition;
      fill(data, wanted_[i], response);
    }
  }

  void fill(PartitionData& data, Wanted& wanted, FetchResponse& response) {
    data.records.emplace();  // empty, not null: clients of all ages read that
    data.aborted_transactions.reset();
    if (!wanted.result) {
      data.high_watermark = kNoOffset;
      data.error_code = error_for_version(wanted.result.error().code);
      add_leader(data, wanted, response);
      return;
    }
    auto& result = *wanted.result;
    count(wanted.key->topic_id, result.data);
    if (result.is_throttled && result.data.bytes > 0)
      context_.here.broker.replication().leader_throttle().record(context_.here.shard, result.data.bytes);
    data.high_watermark = result.high_watermark;
    data.last_stable_offset = result.last_stable_offset;
    data.log_start_offset = result.log_start_offset;
    if (result.preferred) data.preferred_read_replica = *result.preferred;
    if (result.diverging) {
      data.diverging_epoch.epoch = result.diverging->epoch.value;
      data.diverging_epoch.end_offset = result.diverging->end_offset;
    }
    if (isolation_ == replica::Isolation::kLastStable) {
      auto& aborted = data.aborted_transactions.emplace();
      for (const auto& transaction : result.data.aborted) {
        auto& out = aborted.emplace_back();
        out.producer_id = transaction.producer_id;
        out.first_offset = transaction.first_offset;
      }
    }
    *data.records = std::move(result.data.records);
  }

  void count(const Uuid& topic_id, const storage::FetchedData& data) {
    if (data.bytes == 0) return;
    if (follower_of(request_) != kNoBroker)
      context_.here.replication_bytes_out.add(data.bytes);
    else
      context_.here.topic_counts(topic_id).sent(data.bytes, std::uint64_t(data.next - data.first));
  }

  // Clients from before version 6 do not know the storage error and would not try again.
  ErrorCode error_for_version(ErrorCode error) const {
    return error == ErrorCode::kKafkaStorageError && context_.version <= 5 ? ErrorCode::kNotLeaderOrFollower : error;
  }

  void add_leader(PartitionData& data, const Wanted& wanted, FetchResponse& response) const {
    const bool moved =
        data.error_code == ErrorCode::kNotLeaderOrFollower || data.error_code == ErrorCode::kFencedLeaderEpoch;
    if (context_.version < 16 || !moved || !wanted.key) return;
    const auto image = context_.here.image();
    const auto found = find_partition(*image, wanted.key->topic_id, wanted.key->partition);
    if (found) add_leader_hint(context_.connection->listener, *image, *found->state, data, response);
  }

  RequestContext context_;
  const FetchRequest request_;
  const Speaker speaker_;
  const replica::Isolation isolation_;
  FetchContext fetch_;
  Instant deadline_{};
  std::shared_ptr<StopSignal> superseded_;  // of a follower that waits
  std::vector<Wanted> wanted_;
  std::size_t bytes_max_ = 0, bytes_min_ = 0, bytes_ = 0;
  Pace pace_{kPartitionsAtOnce};
};

Task<Staged<FetchResponse>> fetch(const RequestContext& context, FetchRequest request) {
  return Fetch::run(std::make_unique<Fetch>(context, std::move(request)));
}

}  // namespace

extern const Api kFetch = serve<&fetch>;

}  // namespace thalweg::broker
