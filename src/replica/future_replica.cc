#include "replica/future_replica.h"

#include <algorithm>
#include <utility>

#include "storage/pieces.h"

namespace thalweg::replica {
namespace {

constexpr std::size_t kPieceBytes = 1 << 20;
constexpr Instant kFreezeAgain = std::chrono::milliseconds(20);

}  // namespace

FutureReplica::FutureReplica(const Shard& shard, PartitionPtr partition, storage::LogPtr future,
                             std::shared_ptr<ReplicationThrottle> throttle)
    : shard_(shard), partition_(std::move(partition)), future_(std::move(future)), throttle_(std::move(throttle)) {}

// Most of it is on disk before the partition stands still, so that it stands still for a moment only.
Task<Result<>> FutureReplica::fill() {
  for (;;) {
    CO_TRY_VOID(co_await copy_all(true));
    CO_TRY_VOID(co_await future_->flush());
    CO_TRY_VOID(co_await copy_all(true));
    if (partition_->freeze()) break;
    co_await stopping_.sleep_until(shard_.clock, shard_.clock.now() + kFreezeAgain);
  }
  auto rest = co_await copy_all(false);
  if (!rest) partition_->thaw(nullptr);
  co_return rest;
}

Task<Result<>> FutureReplica::copy_all(bool throttled) {
  for (;;) {
    if (throttled) CO_TRY_VOID(co_await wait_for_throttle());
    CO_TRY(const Copied copied, co_await copy_some());
    if (copied == Copied::kNothing) co_return Result<>();
  }
}

Task<Result<>> FutureReplica::wait_for_throttle() {
  while (!stopping_.given() && throttle_ && throttle_->is_exceeded(shard_))
    co_await stopping_.sleep_until(shard_.clock, throttle_->look_again_at(shard_));
  if (stopping_.given()) co_return fail(ErrorCode::kOperationNotAttempted, "the move was given up");
  co_return Result<>();
}

Task<Result<FutureReplica::Copied>> FutureReplica::copy_some() {
  CO_TRY_VOID(co_await align());
  const storage::LogPtr log = partition_->log_ptr();
  const std::uint64_t cuts = partition_->cuts();
  auto data = co_await log->read(future_->end_offset(), {.max_bytes = kPieceBytes});
  if (!data && data.error().code == ErrorCode::kOffsetOutOfRange) co_return Copied::kSome;  // it went meanwhile
  if (!data) co_return std::unexpected(data.error());
  const std::size_t bytes = data->bytes;
  if (bytes > 0) {
    auto appended = co_await append(*std::move(data));
    // What was read may be of two logs then.
    if (cuts != partition_->cuts()) co_return Copied::kSome;
    if (!appended) co_return std::unexpected(appended.error());
    if (throttle_) throttle_->record(shard_, bytes);
  }
  CO_TRY_VOID(follow_ends());
  co_return bytes > 0 ? Copied::kSome : Copied::kNothing;
}

Task<Result<>> FutureReplica::append(storage::FetchedData data) {
  const std::uint64_t cuts = partition_->cuts();
  const Offset first = data.first;
  CO_TRY(SharedBytes records, co_await storage::gather(std::move(data.records)));
  if (cuts != partition_->cuts()) co_return Result<>();
  // The log may begin inside of a batch, which is copied whole.
  if (first < future_->end_offset()) CO_TRY_VOID(co_await future_->truncate_fully_and_start_at(first));
  if (auto appended = future_->append_as_follower(std::move(records)); !appended)
    co_return std::unexpected(appended.error().error);
  co_return Result<>();
}

// The high watermark and the start, as far as it has come.
Result<> FutureReplica::follow_ends() {
  const storage::Log& log = partition_->log();
  future_->set_high_watermark(std::min(log.high_watermark(), future_->end_offset()));
  const Offset start = std::min(log.start_offset(), future_->high_watermark());
  if (start > future_->start_offset()) TRY_VOID(future_->delete_records_before(start));
  return {};
}

// What the log does not have, or has no more, goes.
Task<Result<>> FutureReplica::align() {
  const storage::LogPtr log = partition_->log_ptr();
  if (const auto& offline = log->offline()) co_return std::unexpected(*offline);
  if (const auto& offline = future_->offline()) co_return std::unexpected(*offline);
  while (aligned_ != partition_->cuts()) {
    const std::uint64_t cuts = partition_->cuts();
    CO_TRY_VOID(co_await align_epochs());
    aligned_ = cuts;
  }
  if (future_->end_offset() < log->start_offset())
    CO_TRY_VOID(co_await future_->truncate_fully_and_start_at(log->start_offset()));
  co_return Result<>();
}

// As a follower does with its leader's epochs; each round lowers the epoch that is looked for.
Task<Result<>> FutureReplica::align_epochs() {
  const storage::LogPtr log = partition_->log_ptr();
  while (future_->end_offset() > future_->start_offset()) {
    if (future_->end_offset() > log->end_offset()) CO_TRY_VOID(co_await future_->truncate_to(log->end_offset()));
    if (future_->end_offset() == future_->start_offset()) break;
    const LeaderEpoch last = future_->epoch_of(future_->end_offset() - 1);
    if (last == kNoLeaderEpoch) break;
    CO_TRY(const auto known, co_await log->end_offset_for_epoch(last));
    const auto diverging = replication::divergence(known, last, future_->end_offset());
    if (!diverging) co_return co_await future_->truncate_fully_and_start_at(log->start_offset());
    if (!*diverging) break;
    CO_TRY_VOID(co_await future_->truncate_to(
        replication::truncation_point(**diverging, future_->epochs(), future_->end_offset())));
  }
  co_return Result<>();
}

}  // namespace thalweg::replica
