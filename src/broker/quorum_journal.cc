#include "broker/quorum_journal.h"

#include <optional>

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

// The last level of metadata.version that the records finalize.
std::optional<std::int16_t> finalized_in(const std::vector<metadata::Record>& records) {
  std::optional<std::int16_t> level;
  for (const auto& record : records)
    if (const auto* feature = std::get_if<protocol::FeatureLevelRecord>(&record))
      if (feature->name == metadata::kMetadataVersion) level = feature->feature_level;
  return level;
}

}  // namespace

void QuorumJournal::lead(LeaderEpoch epoch) {
  epoch_ = epoch;
  end_ = Offset{0};  // an entry of an earlier leadership may have been cut, and would be waited for in vain
  metadata_version_ = 0;
}

replicated::AppendResult QuorumJournal::append(const std::vector<metadata::Record>& records) {
  // A level counts for what comes after it; the first one, of a new cluster, for what comes with it.
  const auto finalized = finalized_in(records);
  const auto level = metadata::level_to_write(metadata_version_ > 0 ? metadata_version_ : finalized.value_or(0));
  auto appended = quorum_.append(metadata::encode_records(records, level), epoch_);
  if (appended) {
    metadata_version_ = finalized.value_or(level);
    return end_ = *appended;
  }
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
  if (!publisher_.health()) co_return std::unexpected(publisher_.health().error());
  const auto image = publisher_.current_image();
  metadata_version_ = image->feature(metadata::kMetadataVersion);
  end_ = Offset{image->index()};  // a new leader's first entry and changes of members are not among the images
  for (const auto& record : image->snapshot()) each(record);
  co_return Result<>();
}

}  // namespace thalweg::broker
