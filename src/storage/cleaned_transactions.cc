#include "storage/cleaned_transactions.h"

#include "base/check.h"
#include "record/record.h"

namespace thalweg::storage {

void CleanedTransactions::add_aborted(std::span<const AbortedTransaction> transactions) {
  for (const AbortedTransaction& one : transactions) {
    const auto begun = aborted_.find(one.producer_id);
    if (begun != aborted_.end() && begun->second.transaction == one) continue;
    coming_.try_emplace({one.first_offset, one.producer_id}, one);
  }
}

void CleanedTransactions::begin_up_to(Offset offset) {
  while (!coming_.empty() && coming_.begin()->first.first <= offset) {
    const AbortedTransaction& one = coming_.begin()->second;
    aborted_.try_emplace(one.producer_id, Aborted{one});
    coming_.erase(coming_.begin());
  }
}

bool CleanedTransactions::on_batch(const record::BatchView& batch) {
  CHECK(!batch.is_control());
  begin_up_to(batch.last_offset());
  if (!batch.is_transactional()) return false;
  if (const auto aborted = aborted_.find(batch.producer_id()); aborted != aborted_.end()) {
    aborted->second.observed = true;
    return true;
  }
  committed_.insert(batch.producer_id());
  return false;
}

Result<CleanedTransactions::Marker> CleanedTransactions::on_marker(const record::BatchView& batch) {
  begin_up_to(batch.last_offset());
  // Apache Kafka leaves markers without their record, of transactions that are gone.
  if (batch.record_count() == 0) return Marker{.is_needless = true, .aborted = {}};
  TRY(const auto control, record::read_control_record(batch));
  switch (control.type) {
    case record::ControlType::kAbort: {
      const auto node = aborted_.extract(batch.producer_id());
      if (!node || !node.mapped().observed) return Marker{.is_needless = true, .aborted = {}};
      return Marker{.is_needless = false, .aborted = node.mapped().transaction};
    }
    case record::ControlType::kCommit:
      return Marker{.is_needless = committed_.erase(batch.producer_id()) == 0, .aborted = {}};
    default:
      return Marker{};
  }
}

}  // namespace thalweg::storage
