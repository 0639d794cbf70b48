// What is asked of a Partition: appends, reads, offsets, deletions. Its role, and what follows from that, is in
// partition.cc.
#include <algorithm>
#include <utility>

#include "base/check.h"
#include "replica/partition.h"
#include "replication/replica_selector.h"

namespace thalweg::replica {
namespace {

constexpr Instant kLatestWithin = std::chrono::seconds(1);  // then the end is told as it is

std::optional<storage::VerificationGuard> guard_of(const AppendRequest& request) {
  if (!request.verification) return std::nullopt;
  return request.verification->guard;
}

}  // namespace

// ---- Appending

Result<> Partition::check_epoch(LeaderEpoch believed) const {
  if (believed != kNoLeaderEpoch && believed < leader_epoch_)
    return fail(ErrorCode::kFencedLeaderEpoch, "the leader epoch is " + to_string(leader_epoch_) + " by now");
  if (believed != kNoLeaderEpoch && believed > leader_epoch_)
    return fail(ErrorCode::kUnknownLeaderEpoch, "this broker knows leader epoch " + to_string(leader_epoch_));
  return {};
}

Result<> Partition::check_leader(LeaderEpoch believed) const {
  TRY_VOID(check_epoch(believed));
  if (!is_leader())
    return fail(ErrorCode::kNotLeaderOrFollower,
                "the leader of " + to_string(log_->partition()) + " is broker " + to_string(leader_));
  if (log_->is_offline()) return fail(ErrorCode::kKafkaStorageError, log_->offline()->message);
  return {};
}

// A follower answers consumers as well, up to what it knows to be committed.
Result<> Partition::check_reader(const ReadRequest& request) const {
  if (is_leader() || !request.may_read_follower) return check_leader(request.current_leader_epoch);
  TRY_VOID(check_epoch(request.current_leader_epoch));
  if (stopped_) return fail(ErrorCode::kNotLeaderOrFollower, "the partition left this broker");
  if (log_->is_offline()) return fail(ErrorCode::kKafkaStorageError, log_->offline()->message);
  return {};
}

std::optional<BrokerId> Partition::preferred_replica(const ReadRequest& request) const {
  if (request.rack.empty() || !rack_of_ || !leading()) return std::nullopt;
  std::vector<replication::ReadableReplica> others;
  for (const auto& follower : leading()->replication.followers()) {
    const bool in_sync = std::ranges::find(isr_, follower.id) != isr_.end();
    if (!in_sync || follower.position < request.from || follower.log_start > request.from) continue;
    if (auto rack = rack_of_(follower.id))
      others.push_back({follower.id, *std::move(rack), follower.position, follower.caught_up});
  }
  return replication::replica_in_rack(request.rack, rack_of_(self_).value_or(""), others);
}

storage::AppendResult Partition::append_as_leader(AppendRequest request) {
  const std::size_t bytes = request.records.size();
  auto appended = append(std::move(request));
  if (!appended)
    counts_->append_failed(appended.error().error.code, bytes);
  else if (appended->duplicate)
    counts_->appended_before();
  else
    counts_->appended(bytes, std::uint64_t(appended->end() - appended->first));
  return appended;
}

storage::AppendResult Partition::append(AppendRequest request) {
  if (auto leader = check_leader(kNoLeaderEpoch); !leader) return std::unexpected(storage::AppendError(leader.error()));
  // No leadership is lost, so nobody who writes a journal here has to begin anew.
  if (frozen_)
    return std::unexpected(storage::AppendError(Error{
        ErrorCode::kNotEnoughReplicas, to_string(log_->partition()) + " is being moved to another log directory"}));
  const auto in_sync = *this->in_sync();
  if (request.all_in_sync && in_sync.now < in_sync.needed) {
    return std::unexpected(storage::AppendError(
        Error{ErrorCode::kNotEnoughReplicas, "the in-sync replicas of " + to_string(log_->partition()) + " are " +
                                                 std::to_string(in_sync.now) + ", fewer than min.insync.replicas " +
                                                 std::to_string(in_sync.needed)}));
  }
  if (request.verification && request.verification->epoch != leader_epoch_)
    return std::unexpected(storage::AppendError(
        Error{ErrorCode::kNotLeaderOrFollower, "the leadership ended while the transaction's coordinator was asked"}));
  const storage::AppendOptions options{.leader_epoch = leader_epoch_,
                                       .origin = request.origin,
                                       .produce_version = request.produce_version,
                                       .transaction_version = request.transaction_version,
                                       .guard = guard_of(request),
                                       .walked = request.walked};
  auto appended = log_->append_as_leader(std::move(request.records), options);
  if (!appended) return appended;
  appended->leader_epoch = leader_epoch_;
  if (replicas_ > 1 && leading() && !leading()->disk_look) watch_disk(later(shard_.clock.now(), times_.lag_max));
  moved();
  return appended;
}

Result<Verification> Partition::begin_verification(const storage::VerificationStart& start) {
  TRY_VOID(check_leader(kNoLeaderEpoch));
  TRY(const auto guard, log_->begin_verification(start));
  return Verification{guard, leader_epoch_};
}

Task<Result<>> Partition::committed(Offset end, LeaderEpoch epoch, Instant deadline) {
  const auto self = shared_from_this();
  const auto ended = [] {
    return fail(ErrorCode::kNotLeaderOrFollower, "the leadership ended before the records were committed");
  };
  if (!has_led_since(epoch)) co_return ended();
  if (co_await high_watermark_.reached(end, is_alone_in_sync() ? Instant::max() : deadline)) co_return Result<>();
  if (!has_led_since(epoch)) co_return ended();
  if (log_->is_offline()) co_return fail(ErrorCode::kKafkaStorageError, log_->offline()->message);
  co_return fail(ErrorCode::kRequestTimedOut, "the records are written but were not committed in time");
}

// ---- Reading

Offset Partition::bound(Isolation isolation) const {
  switch (isolation) {
    case Isolation::kLogEnd:
      return log_->end_offset();
    case Isolation::kHighWatermark:
      return high_watermark_.value();
    case Isolation::kLastStable:
      return std::min(log_->last_stable_offset(), high_watermark_.value());
  }
  return high_watermark_.value();
}

Task<Result<ReadResult>> Partition::read(ReadRequest request) {
  const auto self = shared_from_this();  // a read that is under way survives the partition's removal
  CO_TRY_VOID(check_reader(request));
  // A consumer that took it for the leader, or the leader went on: out of range is for the leader to say.
  if (!is_leader() && request.from > log_->end_offset())
    co_return fail(ErrorCode::kNotLeaderOrFollower, "this follower has not come so far yet");
  ReadResult result{.high_watermark = high_watermark_.value(),
                    .last_stable_offset = bound(Isolation::kLastStable),
                    .log_start_offset = log_->start_offset()};
  result.preferred = preferred_replica(request);
  if (result.preferred) {
    result.data.next = request.from;
    co_return result;
  }
  if (request.last_fetched_epoch != kNoLeaderEpoch) {
    CO_TRY(result.diverging, co_await diverging(request.last_fetched_epoch, request.from));
    if (result.diverging) co_return result;
    CO_TRY_VOID(check_reader(request));  // the epochs may have been on their way to the disk
  }
  CO_TRY(result.data,
         co_await log_->read(request.from, {.max_bytes = request.bytes_max,
                                            .upper_bound = std::min(bound(request.isolation), request.below),
                                            .at_least_one_batch = request.at_least_one_batch,
                                            .aborted_transactions = request.isolation == Isolation::kLastStable}));
  // Only now: a place that cannot be read is none that the follower has reached.
  if (request.follower && check_leader(request.current_leader_epoch)) {
    note_fetch(*request.follower, request.from);
    result.high_watermark = high_watermark_.value();
  }
  if (has_all(request, result)) {
    result.high_watermark = high_watermark_.value();
    result.log_start_offset = log_->start_offset();
    result.rests_as_of = stamp_;
  }
  co_return result;
}

// Where the reader has to cut its log, as what follows is of another leader.
Task<Result<std::optional<record::EpochEnd>>> Partition::diverging(LeaderEpoch last_fetched, Offset from) {
  CO_TRY(const auto known, co_await log_->end_offset_for_epoch(last_fetched));
  co_return replication::divergence(known, last_fetched, from);
}

Task<Result<storage::TimestampAndOffset>> Partition::find_offset(OffsetQuery query) {
  using Kind = OffsetQuery::Kind;
  const auto self = shared_from_this();
  CO_TRY_VOID(check_leader(query.current_leader_epoch));
  if (query.kind == Kind::kLatest && query.isolation != Isolation::kLogEnd && is_alone_in_sync()) {
    // Whoever was told with acks=1 that this broker has a record asks for an end behind it. Nobody has to be waited for
    // but the disk; Apache Kafka does not wait for that either.
    co_await log_->acknowledged().reached(log_->end_offset(), shard_.clock.now() + kLatestWithin);
    CO_TRY_VOID(check_leader(query.current_leader_epoch));
  }
  const Offset limit = bound(query.isolation);
  storage::TimestampAndOffset found;
  switch (query.kind) {
    case Kind::kLatest:
      // Before that a consumer would be told of an end that others have been beyond (KIP-207).
      if (query.isolation != Isolation::kLogEnd && !leading()->replication.high_watermark_is_known())
        co_return fail(ErrorCode::kOffsetNotAvailable, "the new leader does not know yet how far its followers are");
      found = {kNoTimestamp, limit, leader_epoch_};
      co_return found;
    case Kind::kEarliest:
    case Kind::kEarliestLocal:
      found = {kNoTimestamp, log_->start_offset(), log_->epoch_of(log_->start_offset())};
      co_return found;
    case Kind::kMaxTimestamp: {
      CO_TRY(found, co_await log_->offset_of_max_timestamp(limit));
      break;
    }
    case Kind::kTimestamp: {
      CO_TRY(found, co_await log_->offset_for_timestamp(query.timestamp));
      break;
    }
  }
  if (found.offset >= limit) found = {};  // not visible yet is the same as not there
  co_return found;
}

Task<Result<record::EpochEnd>> Partition::end_offset_for_epoch(LeaderEpoch current, LeaderEpoch asked) {
  const auto self = shared_from_this();
  CO_TRY_VOID(check_leader(current));
  CO_TRY(const auto known, co_await log_->end_offset_for_epoch(asked));
  CO_TRY_VOID(check_leader(current));
  if (asked == leader_epoch_) co_return record::EpochEnd{leader_epoch_, log_->end_offset()};
  co_return known;
}

Result<Offset> Partition::delete_records(Offset before) {
  TRY_VOID(check_leader(kNoLeaderEpoch));
  if (!log_->config().cleanup_delete)
    return fail(ErrorCode::kPolicyViolation, "records of " + to_string(log_->partition()) +
                                                 " cannot be deleted: its cleanup.policy does not contain delete");
  const Offset to = before == kNoOffset ? high_watermark_.value() : before;
  if (to > high_watermark_.value() || to < Offset{0})
    return fail(ErrorCode::kOffsetOutOfRange, "the high watermark is " + to_string(high_watermark_.value()));
  TRY_VOID(log_->delete_records_before(to));
  return std::max(to, log_->start_offset());
}

Task<Result<>> Partition::deleted_everywhere(Offset start, Instant deadline) {
  CHECK(is_leader());
  const auto self = shared_from_this();
  const LeaderEpoch epoch = leader_epoch_;
  const auto log = log_;
  const bool here = co_await log->durable_start().reached(start, deadline);
  if (here && is_leader() && has_led_since(epoch)) co_return co_await deleted_by_followers(start, deadline);
  co_return why_not_deleted(epoch);
}

Task<Result<>> Partition::deleted_by_followers(Offset start, Instant deadline) {
  const auto self = shared_from_this();
  const LeaderEpoch epoch = leader_epoch_;
  if (!leading()) co_return fail(ErrorCode::kKafkaStorageError, "the log is offline");
  const Offset low = leading()->replication.low_watermark(log_->start_offset());
  if (!low_watermark_) low_watermark_ = std::make_unique<Watermark>(shard_.clock, low);
  low_watermark_->advance(low);  // it may be of an earlier deletion, and no follower may come to move it
  if (co_await low_watermark_->reached(start, deadline)) co_return Result<>();
  co_return why_not_deleted(epoch);
}

std::unexpected<Error> Partition::why_not_deleted(LeaderEpoch epoch) const {
  if (!has_led_since(epoch)) return fail(ErrorCode::kNotLeaderOrFollower, "the leadership ended meanwhile");
  if (log_->is_offline()) return fail(ErrorCode::kKafkaStorageError, log_->offline()->message);
  return fail(ErrorCode::kRequestTimedOut, "not all replicas in sync have deleted the records in time");
}

std::unique_ptr<Watermark::Registration> Partition::once_readable(Isolation isolation, Offset seen,
                                                                  std::move_only_function<void()> listener) {
  if (isolation == Isolation::kLogEnd) return log_->end_watermark().once_above(seen, std::move(listener));
  // A transaction ends with a marker, which moves the high watermark: waiting for that covers the last stable offset.
  return (is_leader() ? high_watermark_ : followed_).once_above(seen, std::move(listener));
}

}  // namespace thalweg::replica
