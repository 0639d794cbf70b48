#include "replica/partition.h"

#include <algorithm>

#include "base/log.h"

namespace thalweg::replica {

Partition::Partition(const Shard& shard, BrokerId self, storage::LogPtr log, Durability durability)
    : shard_(shard),
      self_(self),
      log_(std::move(log)),
      durability_(durability),
      high_watermark_(shard.clock, std::min(log_->high_watermark(), log_->end_offset())) {}

Partition::~Partition() { following_.reset(); }

void Partition::update(const metadata::Partition& state) {
  if (stopped_) return;
  const bool was_leader = is_leader();
  isr_ = state.isr;
  replicas_ = state.replicas.size();
  leader_ = state.leader;
  if (is_leader() && state.leader_epoch > leader_epoch_) log_->start_epoch(state.leader_epoch);
  leader_epoch_ = state.leader_epoch;
  if (is_leader() == was_leader) return;
  if (is_leader()) {
    high_watermark_.reopen();
    follow_log();
  } else {
    following_.reset();
    high_watermark_.fail();
  }
}

void Partition::stop() {
  stopped_ = true;
  following_.reset();
  high_watermark_.fail();
}

// With one in-sync replica the high watermark is what this log acknowledges; each step waits for the next.
void Partition::follow_log() {
  following_.reset();
  if (log_->is_offline()) return high_watermark_.fail();
  const Offset acknowledged_end = acknowledged().value();
  if (acknowledged_end > high_watermark_.value()) {
    log_->set_high_watermark(acknowledged_end);
    high_watermark_.advance(acknowledged_end);
  }
  following_ = acknowledged().once_above(acknowledged_end, [weak = weak_from_this()] {
    if (const auto self = weak.lock(); self && self->is_leader()) self->follow_log();
  });
}

Result<> Partition::check_leader(LeaderEpoch believed) const {
  if (believed != kNoLeaderEpoch && believed < leader_epoch_)
    return fail(ErrorCode::kFencedLeaderEpoch, "the leader epoch is " + to_string(leader_epoch_) + " by now");
  if (believed != kNoLeaderEpoch && believed > leader_epoch_)
    return fail(ErrorCode::kUnknownLeaderEpoch, "this broker knows leader epoch " + to_string(leader_epoch_));
  if (!is_leader())
    return fail(ErrorCode::kNotLeaderOrFollower,
                "the leader of " + to_string(log_->partition()) + " is broker " + to_string(leader_));
  if (log_->is_offline()) return fail(ErrorCode::kKafkaStorageError, log_->offline()->message);
  return {};
}

storage::AppendResult Partition::append_as_leader(AppendRequest request) {
  if (auto leader = check_leader(kNoLeaderEpoch); !leader) return std::unexpected(storage::AppendError(leader.error()));
  // A partition cannot have more replicas in sync than it has replicas: with fewer than min.insync.replicas all must
  // be.
  const auto in_sync_min = std::min(std::size_t(std::max(1, log_->config().min_insync_replicas)), replicas_);
  if (request.all_in_sync && isr_.size() < in_sync_min) {
    return std::unexpected(storage::AppendError(
        Error{ErrorCode::kNotEnoughReplicas, "the in-sync replicas of " + to_string(log_->partition()) + " are " +
                                                 std::to_string(isr_.size()) + ", fewer than min.insync.replicas " +
                                                 std::to_string(in_sync_min)}));
  }
  return log_->append_as_leader(std::move(request.records), {.leader_epoch = leader_epoch_,
                                                             .origin = request.origin,
                                                             .produce_version = request.produce_version,
                                                             .walked = request.walked});
}

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
  CO_TRY_VOID(check_leader(request.current_leader_epoch));
  ReadResult result{.high_watermark = high_watermark_.value(),
                    .last_stable_offset = bound(Isolation::kLastStable),
                    .log_start_offset = log_->start_offset()};
  if (request.last_fetched_epoch != kNoLeaderEpoch) {
    const auto known = log_->end_offset_for_epoch(request.last_fetched_epoch);
    if (known.end_offset == kNoOffset)
      co_return fail(ErrorCode::kOffsetOutOfRange, "no leader epoch is known at or below the last fetched one");
    if (known.epoch < request.last_fetched_epoch || known.end_offset < request.from) {
      result.diverging = known;
      co_return result;
    }
  }
  CO_TRY(result.data,
         co_await log_->read(request.from, {.max_bytes = request.bytes_max,
                                            .upper_bound = bound(request.isolation),
                                            .at_least_one_batch = request.at_least_one_batch,
                                            .aborted_transactions = request.isolation == Isolation::kLastStable}));
  co_return result;
}

Task<Result<storage::TimestampAndOffset>> Partition::find_offset(OffsetQuery query) {
  using Kind = OffsetQuery::Kind;
  const auto self = shared_from_this();
  CO_TRY_VOID(check_leader(query.current_leader_epoch));
  const Offset limit = bound(query.isolation);
  storage::TimestampAndOffset found;
  switch (query.kind) {
    case Kind::kLatest:
      found = {kNoTimestamp, limit, leader_epoch_};
      co_return found;
    case Kind::kEarliest:
    case Kind::kEarliestLocal:
      found = {kNoTimestamp, log_->start_offset(), log_->epoch_of(log_->start_offset())};
      co_return found;
    case Kind::kMaxTimestamp: {
      CO_TRY(found, co_await log_->offset_of_max_timestamp());
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

Result<storage::EpochEnd> Partition::end_offset_for_epoch(LeaderEpoch current, LeaderEpoch asked) {
  TRY_VOID(check_leader(current));
  if (asked == leader_epoch_) return storage::EpochEnd{leader_epoch_, log_->end_offset()};
  return log_->end_offset_for_epoch(asked);
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
  return log_->start_offset();
}

std::unique_ptr<Watermark::Registration> Partition::once_readable(Isolation isolation, Offset seen,
                                                                  std::move_only_function<void()> listener) {
  if (isolation == Isolation::kLogEnd) return log_->end_watermark().once_above(seen, std::move(listener));
  // A transaction ends with a marker, which moves the high watermark: waiting for that covers the last stable offset.
  return high_watermark_.once_above(seen, std::move(listener));
}

}  // namespace thalweg::replica
