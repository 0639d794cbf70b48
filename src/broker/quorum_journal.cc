#include "broker/quorum_journal.h"

#include "base/error_code.h"
#include "runtime/disk.h"

namespace thalweg::broker {
namespace {

constexpr Instant kReplayWithin = std::chrono::seconds(5);

bool is_lost(const Error& error) {
  switch (error.code) {
    case ErrorCode::kMessageTooLarge:
    case ErrorCode::kInvalidRequest:
    case ErrorCode::kThrottlingQuotaExceeded:
      return false;
    case ErrorCode::kKafkaStorageError:
      return !Disk::is_full(error);
    default:
      return true;
  }
}

}  // namespace

void QuorumJournal::lead(LeaderEpoch epoch) {
  epoch_ = epoch;
  end_ = Offset{0};  // an entry of an earlier leadership may have been cut, and would be waited for in vain
}

replicated::AppendResult QuorumJournal::append(const std::vector<metadata::Record>& records) {
  auto appended = quorum_.append(metadata::encode_records(records), epoch_);
  if (appended) return end_ = *appended;
  Error& error = appended.error();
  if (is_lost(error)) return replicated::lost(std::move(error));
  if (error.code == ErrorCode::kMessageTooLarge) error.code = ErrorCode::kPolicyViolation;
  return replicated::refused(std::move(error));
}

Task<Result<>> QuorumJournal::replay(std::function<void(const metadata::Record&)> each) {
  const Instant deadline = shard_.clock.now() + kReplayWithin;
  CO_TRY_VOID(co_await quorum_.read_barrier(deadline));
  const Offset last = quorum_.position().last;
  if (!co_await quorum_.applied().reached(last, deadline))
    co_return fail(ErrorCode::kRequestTimedOut, "entries of the metadata log are not committed yet");
  const auto image = publisher_.current_image();
  end_ = Offset{image->index()};  // a new leader's first entry and changes of members are not among the images
  for (const auto& record : image->snapshot()) each(record);
  co_return Result<>();
}

}  // namespace thalweg::broker
