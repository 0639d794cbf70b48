#include "storage/producer_state.h"

#include <algorithm>
#include <string>

#include "base/check.h"
#include "base/crc32c.h"
#include "base/endian.h"
#include "record/record.h"

namespace thalweg::storage {
namespace {

std::unexpected<Error> refuse(ErrorCode code, std::string what, const record::BatchView& batch) {
  return fail(code, std::move(what) + " (producer " + to_string(batch.producer_id()) + ", epoch " +
                        to_string(batch.producer_epoch()) + ")");
}

bool in_sequence(std::int32_t last, std::int32_t next) {
  return last == record::kNoSequence ? next == 0 : next == record::advance_sequence(last, 1);
}

std::optional<ProducerBatch> find_duplicate(const ProducerEntry& entry, const record::BatchView& batch) {
  if (entry.epoch != batch.producer_epoch()) return std::nullopt;
  for (const auto& known : entry.batches())
    if (known.first_sequence() == batch.base_sequence() && known.last_sequence == batch.last_sequence()) return known;
  return std::nullopt;
}

}  // namespace

// --- ProducerEntry
// -------------------------------------------------------------------------------------------------------

void ProducerEntry::add(const ProducerBatch& batch) {
  if (count_ == kBatchesKept) {
    std::shift_left(batches_.begin(), batches_.end(), 1);
    --count_;
  }
  batches_[count_++] = batch;
}

void ProducerEntry::move_to_epoch(ProducerEpoch to) {
  if (epoch == to) return;
  epoch = to;
  count_ = 0;
}

bool operator==(const ProducerEntry& a, const ProducerEntry& b) {
  return a.epoch == b.epoch && a.coordinator_epoch == b.coordinator_epoch && a.last_timestamp == b.last_timestamp &&
         a.transaction_first_offset == b.transaction_first_offset && std::ranges::equal(a.batches(), b.batches());
}

// --- Checks before an append
// ---------------------------------------------------------------------------------------------

Result<ProducerVerdict> ProducerStateManager::check(const record::BatchView& batch, AppendOrigin origin,
                                                    int transaction_version) const {
  if (!batch.has_producer_id()) return ProducerVerdict{};
  const ProducerEntry* entry = find(batch.producer_id());
  if (!batch.is_control()) return check_data(batch, entry, origin);
  TRY_VOID(check_marker(batch, entry, transaction_version));
  return ProducerVerdict{};
}

Result<ProducerVerdict> ProducerStateManager::check_data(const record::BatchView& batch, const ProducerEntry* entry,
                                                         AppendOrigin origin) const {
  // Nobody known: state may have expired or gone with the records, so any sequence is a beginning.
  if (!entry || entry->epoch == kNoProducerEpoch) return ProducerVerdict{};
  if (origin == AppendOrigin::kClient) {
    if (const auto known = find_duplicate(*entry, batch)) return ProducerVerdict{known};
  }
  if (batch.producer_epoch() < entry->epoch)
    return refuse(ErrorCode::kInvalidProducerEpoch, "the current epoch of this producer is " + to_string(entry->epoch),
                  batch);
  if (origin == AppendOrigin::kClient) {
    const bool new_epoch = batch.producer_epoch() != entry->epoch;
    const std::int32_t last = new_epoch ? record::kNoSequence : entry->last_sequence();
    if (!in_sequence(last, batch.base_sequence()))
      return refuse(ErrorCode::kOutOfOrderSequenceNumber,
                    "sequence " + std::to_string(batch.base_sequence()) + " does not follow " +
                        (new_epoch ? std::string("a new epoch") : std::to_string(last)),
                    batch);
  }
  if (entry->transaction_first_offset && !batch.is_transactional())
    return refuse(ErrorCode::kInvalidTxnState, "a write outside the transaction that is open", batch);
  return ProducerVerdict{};
}

Result<> ProducerStateManager::check_marker(const record::BatchView& batch, const ProducerEntry* entry,
                                            int transaction_version) const {
  TRY(const auto control, record::read_control_record(batch));
  if (!entry) return {};
  const bool fenced = transaction_version >= 2
                          ? batch.producer_epoch() <= entry->epoch && entry->epoch != kNoProducerEpoch
                          : batch.producer_epoch() < entry->epoch;
  if (fenced)
    return refuse(ErrorCode::kInvalidProducerEpoch,
                  "marker for an epoch that is over, the current one is " + to_string(entry->epoch), batch);
  if (control.coordinator_epoch < entry->coordinator_epoch)
    return refuse(ErrorCode::kTransactionCoordinatorFenced,
                  "marker of coordinator epoch " + std::to_string(control.coordinator_epoch) + " after one of " +
                      std::to_string(entry->coordinator_epoch),
                  batch);
  return {};
}

// --- What is in the log
// ----------------------------------------------------------------------------------------------------

Result<std::optional<CompletedTransaction>> ProducerStateManager::update(const record::BatchView& batch,
                                                                         Offset base_offset) {
  const Offset last{record::wrapping_add(base_offset.value, batch.last_offset_delta())};
  advance_end({record::wrapping_add(last.value, 1)});
  if (!batch.has_producer_id()) return std::nullopt;
  if (batch.is_control()) {
    // Read before the entry is made, so that damage leaves nothing behind.
    TRY(const auto control, record::read_control_record(batch));
    if (control.type != record::ControlType::kAbort && control.type != record::ControlType::kCommit)
      return std::nullopt;
    return end_transaction(batch, control, last);
  }

  ProducerEntry& entry = producers_[batch.producer_id()];
  entry.move_to_epoch(batch.producer_epoch());
  entry.add({.last_sequence = batch.last_sequence(),
             .offset_delta = batch.last_offset_delta(),
             .last_offset = last,
             .timestamp = batch.max_timestamp()});
  entry.last_timestamp = batch.max_timestamp();
  if (batch.is_transactional() && !entry.transaction_first_offset) {
    entry.transaction_first_offset = base_offset;
    ongoing_[base_offset] = batch.producer_id();
  }
  return std::nullopt;
}

std::optional<CompletedTransaction> ProducerStateManager::end_transaction(const record::BatchView& batch,
                                                                          const record::ControlRecord& control,
                                                                          Offset at) {
  ProducerEntry& entry = producers_[batch.producer_id()];
  entry.move_to_epoch(batch.producer_epoch());
  entry.coordinator_epoch = control.coordinator_epoch;
  entry.last_timestamp = batch.max_timestamp();
  if (!entry.transaction_first_offset) return std::nullopt;  // a marker without data changes nothing for readers

  const Offset first = *entry.transaction_first_offset;
  entry.transaction_first_offset.reset();
  ongoing_.erase(first);
  unreplicated_[first] = at;
  return CompletedTransaction{.producer_id = batch.producer_id(),
                              .first_offset = first,
                              .last_offset = at,
                              .aborted = control.type == record::ControlType::kAbort,
                              .last_stable_offset = ongoing_.empty() ? at + 1 : ongoing_.begin()->first};
}

// --- Reading
// ---------------------------------------------------------------------------------------------------------------

std::optional<Offset> ProducerStateManager::first_unstable_offset() const {
  std::optional<Offset> first;
  if (!ongoing_.empty()) first = ongoing_.begin()->first;
  if (!unreplicated_.empty() && (!first || unreplicated_.begin()->first < *first)) first = unreplicated_.begin()->first;
  return first;
}

void ProducerStateManager::on_high_watermark(Offset high_watermark) {
  std::erase_if(unreplicated_, [&](const auto& ended) { return ended.second < high_watermark; });
}

const ProducerEntry* ProducerStateManager::find(ProducerId id) const {
  const auto at = producers_.find(id);
  return at == producers_.end() ? nullptr : &at->second;
}

bool ProducerStateManager::has_ongoing_transaction(ProducerId id, ProducerEpoch epoch) const {
  const ProducerEntry* entry = find(id);
  return entry && entry->epoch == epoch && entry->transaction_first_offset;
}

// --- Housekeeping
// ------------------------------------------------------------------------------------------------------------

bool ProducerStateManager::is_expired(const ProducerEntry& entry, Timestamp now) const {
  if (entry.transaction_first_offset) return false;
  return entry.last_timestamp <= record::wrapping_add(now, -expiration_.count());
}

std::size_t ProducerStateManager::remove_expired(Timestamp now) {
  return std::erase_if(producers_, [&](const auto& p) { return is_expired(p.second, now); });
}

void ProducerStateManager::on_log_start(Offset offset) {
  std::erase_if(unreplicated_, [&](const auto& ended) { return ended.second < offset; });
  advance_end(offset);
}

void ProducerStateManager::advance_end(Offset offset) { end_offset_ = std::max(end_offset_, offset); }

void ProducerStateManager::clear(Offset end) {
  producers_.clear();
  ongoing_.clear();
  unreplicated_.clear();
  end_offset_ = end;
}

}  // namespace thalweg::storage
