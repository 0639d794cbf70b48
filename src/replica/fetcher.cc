#include "replica/fetcher.h"

#include <algorithm>
#include <utility>

#include "base/log.h"
#include "protocol/list_offsets_request.h"
#include "protocol/list_offsets_response.h"
#include "record/batch.h"
#include "runtime/yielding.h"
#include "storage/pieces.h"

namespace thalweg::replica {
namespace {

using PartitionData = protocol::FetchResponse::PartitionData;

constexpr std::int16_t kFetchVersion = 18;
constexpr Timestamp kLatest = -1, kEarliestLocal = -4;
constexpr std::int32_t kPartitionBytesMin = 64 << 10;

// Decoded answers are in memory, in one run for each partition.
SharedBytes records_of(PartitionData& data) {
  if (!data.records || data.records->empty()) return {};
  auto* bytes = std::get_if<SharedBytes>(&data.records->front());
  CHECK(bytes && data.records->size() == 1);
  return std::move(*bytes);
}

// Nothing where no whole header is there; what is wrong with the batch is found when it is appended.
std::optional<replication::BatchRange> first_batch(const PartitionData& data) {
  if (!data.records || data.records->empty()) return std::nullopt;
  const auto* bytes = std::get_if<SharedBytes>(&data.records->front());
  if (!bytes || bytes->size() < record::kBatchHeaderSize) return std::nullopt;
  const auto batch = record::BatchView::at(*bytes);
  if (!batch) return std::nullopt;
  return replication::BatchRange{batch->base_offset(), batch->last_offset()};
}

replication::Answer answer_of(const PartitionData& data) {
  replication::Answer answer{.error = data.error_code, .log_start = data.log_start_offset, .first = first_batch(data)};
  if (data.diverging_epoch.end_offset != kNoOffset)
    answer.diverging = record::EpochEnd{LeaderEpoch{data.diverging_epoch.epoch}, data.diverging_epoch.end_offset};
  return answer;
}

}  // namespace

Fetcher::Fetcher(const Shard& shard, BrokerId leader, Lane lane, FetchLinks links, FetcherOptions options)
    : shard_(shard), leader_(leader), lane_(lane), links_(std::move(links)), options_(options) {}

// ---- Which partitions

void Fetcher::follow(const PartitionKey& key, const PartitionPtr& partition) {
  auto& followed = followed_[key];
  if (followed.partition != partition) followed = Followed{.partition = partition};
  if (followed.busy) return;
  followed.again.reset();  // whatever it waited for, the image has news
  followed.failures = 0;
  refresh(key, followed);
  bell_.notify();
}

void Fetcher::leave(const PartitionKey& key) {
  const auto node = followed_.extract(key);
  if (!node) return;
  if (node.mapped().on_disk) --unclaimed_;
  paused_.erase(key);
  session_.forget(key);
  bell_.notify();
}

void Fetcher::stop() {
  stopping_.give();
  if (channel_) channel_->close();
  bell_.notify();
}

// ---- The connection

Task<> Fetcher::run(std::shared_ptr<Fetcher> self) {
  while (!self->stopping_.given()) {
    const ChannelPtr channel = co_await self->connected();
    if (!channel) continue;
    self->channel_ = channel;
    co_await self->exchange(channel);
    const bool hung_up = !channel->is_open() && !self->stopping_.given();
    channel->close();
    self->channel_.reset();
    if (hung_up && self->links_.lost) self->links_.lost(self->leader_);
  }
  self->followed_.clear();
}

// Nothing when it failed, after a pause.
Task<Fetcher::ChannelPtr> Fetcher::connected() {
  const Instant now = shard_.clock.now();
  auto channel = co_await links_.connect(leader_, lane_, now + options_.answer_within);
  if (channel && !stopping_.given()) {
    failed_connects_ = 0;
    co_return std::move(*channel);
  }
  if (channel) (*channel)->close();
  if (failed_connects_ == 0 && !channel)
    log::info("leader cannot be reached", field("leader", leader_), field("error", channel.error()));
  const Instant pause =
      std::min<Instant>(options_.reconnect_last, options_.reconnect_first * (1 << std::min(failed_connects_, 10)));
  ++failed_connects_;
  co_await stopping_.sleep_until(shard_.clock, shard_.clock.now() + pause);
  co_return nullptr;
}

// Until the connection is of no use any more.
Task<> Fetcher::exchange(ChannelPtr channel) {
  sent_.clear();
  session_.reset();
  while (!stopping_.given() && channel->is_open()) {
    wake_paused();
    if (!sent_.empty() && sent_.front().answer->has_value()) {
      const Sent sent = std::move(sent_.front());
      sent_.pop_front();
      if (!**sent.answer) {
        log::debug("fetch failed", field("leader", leader_), field("error", (*sent.answer)->error()));
        co_return;
      }
      co_await take(sent.number, std::move(***sent.answer));
      continue;
    }
    const Instant when = next_send();
    if (when <= shard_.clock.now()) {
      send(channel);
      continue;
    }
    const auto timer = when == Instant::max() ? nullptr : shard_.clock.call_at(when, [weak = weak_from_this()] {
      if (const auto self = weak.lock()) self->bell_.notify();
    });
    co_await bell_.wait();
  }
}

// One fetch is always under way while there is something to fetch. A second one only where it has something to say.
Instant Fetcher::next_send() const {
  Instant when = Instant::max();
  const Instant now = shard_.clock.now();
  const Instant held = unclaimed_ > 0 ? hold_until_ : now;
  if (sent_.empty() && (!session_.empty() || session_.has_changes()))
    when = held;
  else if (sent_.size() == 1 && session_.established() && session_.has_changes())
    when = std::max(held, last_sent_ + options_.supersede_every);
  for (const PartitionKey& key : paused_) {
    const Followed& followed = followed_.at(key);
    if (followed.again) when = std::min(when, *followed.again);
    if (followed.held_until) when = std::min(when, *followed.held_until);
  }
  return when;
}

void Fetcher::wake_paused() {
  const Instant now = shard_.clock.now();
  for (const PartitionKey& key : std::exchange(paused_, {})) {
    Followed& followed = followed_.at(key);
    const auto is_due = [now](std::optional<Instant>& when) {
      const bool due = when && *when <= now;
      if (due) when.reset();
      return due;
    };
    const bool again = is_due(followed.again), held = is_due(followed.held_until);
    if (again || held) refresh(key, followed);
    if (followed.again || followed.held_until) paused_.insert(key);
  }
}

std::int32_t Fetcher::partition_bytes() const {
  if (lane_ == Lane::kLive || followed_.empty()) return options_.partition_bytes;
  const auto share = options_.catch_up_bytes / std::int32_t(std::min<std::size_t>(followed_.size(), 1 << 20));
  return std::min(options_.partition_bytes, std::max(share, kPartitionBytesMin));
}

void Fetcher::send(const ChannelPtr& channel) {
  auto next = session_.next();
  auto& request = next.request;
  request.replica_id = kNoBroker;
  request.replica_state.replica_id = links_.self;
  request.replica_state.replica_epoch = links_.broker_epoch();
  request.max_wait_ms = std::int32_t(options_.wait_max.count());
  request.min_bytes = options_.bytes_min;
  request.max_bytes = lane_ == Lane::kLive ? options_.response_bytes : options_.catch_up_bytes;
  last_sent_ = shard_.clock.now();
  sent_.push_back({next.number, std::make_shared<std::optional<FetchAnswer>>()});
  spawn(shard_, send_one(shared_from_this(), channel, std::move(request), sent_.back().answer));
}

// The second of two waits for the first as well.
Task<> Fetcher::send_one(std::shared_ptr<Fetcher> self, ChannelPtr channel, protocol::FetchRequest request,
                         std::shared_ptr<std::optional<FetchAnswer>> answer) {
  const Instant deadline = self->shard_.clock.now() + 2 * self->options_.wait_max + self->options_.answer_within;
  answer->emplace(co_await channel->send<protocol::FetchResponse>(std::move(request), kFetchVersion, deadline));
  self->bell_.notify();
}

// ---- What comes

Task<> Fetcher::take(FetchSessionClient::Number number, protocol::FetchResponse response) {
  Pace pace(kBytesAtOnce);
  for (auto& topic : response.responses) {
    for (auto& data : topic.partitions) {
      const std::size_t bytes = data.records ? size_of(*data.records) : 0;
      take_one(number, {topic.topic_id, data.partition_index}, data);
      if (pace.due(bytes + 100)) co_await give_way();
    }
  }
  if (!session_.on_answer(response))
    log::info("the leader has forgotten the fetch session", field("leader", leader_),
              field("error", name(response.error_code)));
  hold_until_ = shard_.clock.now() + options_.durable_wait;
}

void Fetcher::take_one(FetchSessionClient::Number number, const PartitionKey& key, PartitionData& data) {
  const auto found = followed_.find(key);
  if (found == followed_.end() || found->second.busy) return;
  Followed& followed = found->second;
  const auto* asked = session_.asked(number, key);
  const auto now = followed.partition->following();
  if (!asked || !now) return refresh(key, followed);
  const auto decision =
      replication::next(*asked, *now, answer_of(data), followed.partition->log().epochs(), followed.failures);
  if (std::holds_alternative<replication::Append>(decision)) return append(key, followed, asked->leader_epoch, data);
  if (std::holds_alternative<replication::Drop>(decision)) return refresh(key, followed);
  if (const auto* later = std::get_if<replication::Later>(&decision)) return pause(key, followed, *later);
  if (const auto* begin = std::get_if<replication::BeginWithBatch>(&decision)) {
    followed.busy = true;
    refresh(key, followed);
    return spawn(shard_,
                 begin_with_batch(shared_from_this(), key, followed.partition, *now, begin->at, std::move(data)));
  }
  cut(key, followed, decision);
}

void Fetcher::append(const PartitionKey& key, Followed& followed, LeaderEpoch epoch, PartitionData& data) {
  const std::size_t bytes = data.records ? size_of(*data.records) : 0;
  const auto appended =
      followed.partition->append_as_follower(records_of(data), epoch, data.high_watermark, data.log_start_offset);
  if (!appended) {
    log::error("records of the leader cannot be appended", field("partition", followed.partition->log().partition()),
               field("leader", leader_), field("error", appended.error()));
    return pause(key, followed,
                 {replication::wait_after(ErrorCode::kKafkaStorageError, followed.failures), appended.error().code});
  }
  followed.failures = 0;
  if (links_.throttle && followed.partition->is_throttled_follower()) links_.throttle->record(shard_, bytes);
  refresh(key, followed);
}

// A replica that is not in sync waits while such have fetched more than they may.
bool Fetcher::is_held(const PartitionKey& key, Followed& followed) {
  followed.held_until.reset();
  if (!links_.throttle || !followed.partition->is_throttled_follower() || !links_.throttle->is_exceeded(shard_))
    return false;
  followed.held_until = links_.throttle->look_again_at(shard_);
  paused_.insert(key);
  return true;
}

// What the partition is asked for next, and claims.
void Fetcher::refresh(const PartitionKey& key, Followed& followed) {
  if (std::exchange(followed.on_disk, nullptr)) --unclaimed_;
  followed.start_on_disk.reset();
  const auto position = followed.partition->following();
  if (!position || followed.busy || followed.again || is_held(key, followed)) return session_.forget(key);
  const Offset claim = std::min(followed.partition->claim(), position->end);
  const Offset log_start = claimed_start(key, followed);
  session_.put(key, {.position = *position, .claim = claim, .log_start = log_start, .bytes_max = partition_bytes()});
  if (claim >= position->end) return;
  ++unclaimed_;
  const Offset seen = followed.partition->claim();
  followed.on_disk = followed.partition->log().acknowledged().once_above(seen, [weak = weak_from_this(), key, seen] {
    if (const auto self = weak.lock()) self->on_disk(key, seen);
  });
}

// What the leader has deleted is deleted here as soon as the disk knows, and then the leader is told.
Offset Fetcher::claimed_start(const PartitionKey& key, Followed& followed) {
  auto& kept = followed.partition->log().durable_start();
  if (!followed.partition->log().is_deleting()) return kept.value();
  followed.start_on_disk = kept.once_above(kept.value(), [weak = weak_from_this(), key] {
    const auto self = weak.lock();
    if (!self) return;
    const auto at = self->followed_.find(key);
    if (at == self->followed_.end()) return;
    self->refresh(key, at->second);
    self->bell_.notify();
  });
  return kept.value();
}

// More of it is on disk, or the log is gone.
void Fetcher::on_disk(const PartitionKey& key, Offset seen) {
  const auto at = followed_.find(key);
  if (at == followed_.end()) return;
  if (at->second.partition->claim() > seen)
    refresh(key, at->second);
  else if (std::exchange(at->second.on_disk, nullptr))
    --unclaimed_;
  bell_.notify();
}

void Fetcher::pause(const PartitionKey& key, Followed& followed, replication::Later later) {
  if (followed.failures == 5)
    log::warn("partition cannot be fetched", field("partition", followed.partition->log().partition()),
              field("leader", leader_), field("error", name(later.why)));
  ++followed.failures;
  followed.again = shard_.clock.now() + later.wait;
  paused_.insert(key);
  refresh(key, followed);
}

// ---- What has to go

void Fetcher::cut(const PartitionKey& key, Followed& followed, replication::Next decision) {
  const auto asked = followed.partition->following();
  followed.busy = true;
  refresh(key, followed);
  if (std::holds_alternative<replication::AskOffsets>(decision))
    spawn(shard_, ask_offsets(shared_from_this(), key, followed.partition, *asked));
  else
    spawn(shard_, cut_now(shared_from_this(), key, followed.partition, *asked, decision));
}

Task<> Fetcher::cut_now(std::shared_ptr<Fetcher> self, PartitionKey key, PartitionPtr partition,
                        replication::Position asked, replication::Next decision) {
  Result<> done;
  if (partition->following() == asked) {  // else the image has news, and it is fetched by that
    const auto& where = partition->log().partition();
    if (const auto* truncate = std::get_if<replication::Truncate>(&decision)) {
      log::info("truncating to what the leader has", field("partition", where), field("leader", self->leader_),
                field("leader_epoch", asked.leader_epoch), field("end", asked.end), field("to", truncate->to));
      done = co_await partition->truncate_as_follower(truncate->to);
    } else if (const auto* over = std::get_if<replication::StartOver>(&decision)) {
      log::warn("the leader has nothing any more of where this log ends, starting over", field("partition", where),
                field("leader", self->leader_), field("end", asked.end), field("start", over->at));
      done = co_await partition->start_over(over->at);
    }
  }
  self->done_with(key, partition, done);
}

Task<> Fetcher::begin_with_batch(std::shared_ptr<Fetcher> self, PartitionKey key, PartitionPtr partition,
                                 replication::Position asked, Offset at, PartitionData data) {
  Result<> done;
  if (partition->following() == asked) {
    log::info("the leader's log begins inside of a batch, beginning with the batch",
              field("partition", partition->log().partition()), field("leader", self->leader_),
              field("start", asked.end), field("batch", at));
    done = co_await partition->start_over(at);
    // Another role may have been waiting for the end of the cut.
    const auto now = partition->following();
    if (done && now && now->leader_epoch == asked.leader_epoch && now->end == at)
      done = partition->append_as_follower(records_of(data), asked.leader_epoch, data.high_watermark,
                                           data.log_start_offset);
  }
  self->done_with(key, partition, done);
}

void Fetcher::done_with(const PartitionKey& key, const PartitionPtr& partition, const Result<>& outcome) {
  const auto found = followed_.find(key);
  if (found == followed_.end() || found->second.partition != partition) return;
  Followed& followed = found->second;
  followed.busy = false;
  if (outcome)
    refresh(key, followed);
  else
    pause(key, followed, {replication::wait_after(outcome.error().code, followed.failures), outcome.error().code});
  bell_.notify();
}

Task<> Fetcher::ask_offsets(std::shared_ptr<Fetcher> self, PartitionKey key, PartitionPtr partition,
                            replication::Position asked) {
  const TopicPartition where = partition->log().partition();
  const auto start = co_await self->leader_offset(where, asked.leader_epoch, kEarliestLocal);
  const auto end = co_await self->leader_offset(where, asked.leader_epoch, kLatest);
  const auto now = partition->following();
  if (!start || !end) co_return self->done_with(key, partition, std::unexpected(start ? end.error() : start.error()));
  if (!now) co_return self->done_with(key, partition, {});
  const auto decision = replication::next(asked, *now, replication::LeaderOffsets{*start, *end});
  if (std::holds_alternative<replication::Append>(decision))
    co_return self->done_with(key, partition, fail(ErrorCode::kOffsetOutOfRange, "the leader has what it refuses"));
  if (std::holds_alternative<replication::Truncate>(decision))
    log::warn("the log goes beyond the leader's, and no leader epoch tells from where on they differ",
              field("partition", where), field("leader", self->leader_), field("end", asked.end),
              field("leader_end", *end));
  co_await cut_now(self, key, partition, asked, decision);
}

Task<Result<Offset>> Fetcher::leader_offset(TopicPartition partition, LeaderEpoch epoch, Timestamp which) {
  const ChannelPtr channel = channel_;
  if (!channel) co_return fail(ErrorCode::kNetworkException, "the connection to the leader is gone");
  protocol::ListOffsetsRequest request;
  request.replica_id = links_.self;
  auto& topic = request.topics.emplace_back();
  topic.name = partition.topic;
  auto& asked = topic.partitions.emplace_back();
  asked.partition_index = partition.partition;
  asked.current_leader_epoch = epoch;
  asked.timestamp = which;
  const Instant deadline = shard_.clock.now() + 2 * options_.wait_max + options_.answer_within;
  CO_TRY(const auto answer,
         co_await channel->send<protocol::ListOffsetsResponse>(std::move(request), std::int16_t{8}, deadline));
  if (answer.topics.size() != 1 || answer.topics.front().partitions.size() != 1)
    co_return fail(ErrorCode::kUnknownServerError, "the leader answers for another partition");
  const auto& found = answer.topics.front().partitions.front();
  if (found.error_code != ErrorCode::kNone) co_return fail(found.error_code, "the leader does not tell its offsets");
  co_return found.offset;
}

}  // namespace thalweg::replica
