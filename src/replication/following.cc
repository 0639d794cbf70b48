#include "replication/following.h"

#include <algorithm>

namespace thalweg::replication {
namespace {

using namespace std::chrono_literals;

Instant doubled(Instant first, int times, Instant last) {
  return std::min<Instant>(last, first * (std::int64_t{1} << std::clamp(times, 0, 20)));
}

}  // namespace

Next next(const Position& asked, const Position& now, const Answer& answer, const record::LeaderEpochCache& mine,
          int failures) {
  if (asked.leader_epoch != now.leader_epoch || asked.end != now.end) return Drop{};
  if (answer.error == ErrorCode::kOffsetOutOfRange && now.last_epoch > now.leader_epoch)
    return Truncate{mine.end_offset_for(now.leader_epoch, now.end).end_offset};
  if (answer.error == ErrorCode::kOffsetOutOfRange) return AskOffsets{};
  if (answer.error != ErrorCode::kNone) return Later{wait_after(answer.error, failures), answer.error};
  if (answer.diverging) {
    // Below its start the leader's epochs tell nothing: what is left there might be somebody else's.
    const Offset to = truncation_point(*answer.diverging, mine, now.end);
    if (answer.log_start > Offset{0} && to <= answer.log_start) return StartOver{answer.log_start};
    return Truncate{to};
  }
  // What it has, the leader has deleted: it may be of an epoch of which the leader knows nothing any more.
  const bool nothing_counts = now.empty || now.end <= answer.log_start;
  if (nothing_counts && answer.first && answer.first->base >= Offset{0} && answer.first->base < now.end &&
      answer.first->last >= now.end)
    return BeginWithBatch{answer.first->base};
  return Append{};
}

// A follower whose end is above the leader's has what an unclean election left behind; where epochs could tell, it was
// told by `diverging` and does not come here.
Next next(const Position& asked, const Position& now, const LeaderOffsets& leader) {
  if (asked.leader_epoch != now.leader_epoch || asked.end != now.end) return Drop{};
  if (now.end < leader.start) return StartOver{leader.start};
  if (now.end > leader.end) return Truncate{leader.end};
  return Append{};
}

Offset truncation_point(record::EpochEnd theirs, const record::LeaderEpochCache& mine, Offset end) {
  const record::EpochEnd known = mine.end_offset_for(theirs.epoch, end);
  if (known.end_offset == kNoOffset) return std::min(theirs.end_offset, end);
  // An epoch that the leader has and we have not: all that we have above the one before it is of somebody else.
  if (known.epoch != theirs.epoch) return std::min(known.end_offset, end);
  return std::min({known.end_offset, theirs.end_offset, end});
}

Result<std::optional<record::EpochEnd>> divergence(record::EpochEnd known, LeaderEpoch last_fetched, Offset from) {
  if (known.end_offset == kNoOffset)
    return fail(ErrorCode::kOffsetOutOfRange, "no leader epoch is known at or below the last fetched one");
  const bool diverges = known.epoch < last_fetched || known.end_offset < from;
  return diverges ? std::optional(known) : std::nullopt;
}

Instant wait_after(ErrorCode why, int failures) {
  switch (why) {
    case ErrorCode::kFencedLeaderEpoch:  // our image is old, and a newer one on its way
      return 500ms;
    case ErrorCode::kOffsetOutOfRange:    // the leader has come so far since it said so
    case ErrorCode::kUnknownLeaderEpoch:  // the leader has not heard yet
    case ErrorCode::kNotLeaderOrFollower:
    case ErrorCode::kUnknownTopicId:
    case ErrorCode::kUnknownTopicOrPartition:
      return doubled(5ms, failures, 200ms);
    default:
      return doubled(1s, failures, 30s);
  }
}

}  // namespace thalweg::replication
