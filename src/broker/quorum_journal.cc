#include "broker/quorum_journal.h"

namespace thalweg::broker {
namespace {
constexpr Instant kBarrierWithin = std::chrono::seconds(5);
}

Result<Offset> QuorumJournal::append(const std::vector<metadata::Record>& records) {
  TRY(end_, quorum_.append(metadata::encode_records(records), epoch_));
  return end_;
}

Task<Result<>> QuorumJournal::replay(std::function<void(const metadata::Record&)> each) {
  CO_TRY_VOID(co_await quorum_.read_barrier(shard_.clock.now() + kBarrierWithin));
  const auto image = publisher_.current_image();
  for (const auto& record : image->snapshot()) each(record);
  co_return Result<>();
}

}  // namespace thalweg::broker
