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

Result<VerificationGuard> ProducerStateManager::begin_verification(const VerificationStart& start, Timestamp now) {
  const ProducerEntry* entry = find(start.producer_id);
  if (entry && start.epoch < entry->epoch)
    return fail(ErrorCode::kInvalidProducerEpoch, "epoch " + to_string(start.epoch) + " of producer " +
                                                      to_string(start.producer_id) + " is over, the current one is " +
                                                      to_string(entry->epoch));
  if (has_ongoing_transaction(start.producer_id, start.epoch)) return kNoGuard;
  return verifications_.begin(start, now);
}

Result<ProducerVerdict> ProducerStateManager::check(const record::BatchView& batch, AppendOrigin origin,
                                                    int transaction_version,
                                                    std::optional<VerificationGuard> guard) const {
  if (!batch.has_producer_id()) return ProducerVerdict{};
  const ProducerEntry* entry = find(batch.producer_id());
  if (!batch.is_control()) return check_data(batch, entry, origin, guard);
  TRY_VOID(check_marker(batch, entry, transaction_version));
  return ProducerVerdict{};
}

Result<ProducerVerdict> ProducerStateManager::check_data(const record::BatchView& batch, const ProducerEntry* entry,
                                                         AppendOrigin origin,
                                                         std::optional<VerificationGuard> guard) const {
  if (entry && entry->epoch == kNoProducerEpoch) entry = nullptr;
  if (entry && origin == AppendOrigin::kClient) {
    if (const auto known = find_duplicate(*entry, batch)) return ProducerVerdict{known};
  }
  if (entry && batch.producer_epoch() < entry->epoch)
    return refuse(ErrorCode::kInvalidProducerEpoch, "the current epoch of this producer is " + to_string(entry->epoch),
                  batch);
  if (guard && batch.is_transactional()) TRY_VOID(check_verified(batch, entry, *guard));
  if (origin == AppendOrigin::kClient) TRY_VOID(check_sequence(batch, entry));
  if (entry && entry->transaction_first_offset && !batch.is_transactional())
    return refuse(ErrorCode::kInvalidTxnState, "a write outside the transaction that is open", batch);
  return ProducerVerdict{};
}

Result<> ProducerStateManager::check_verified(const record::BatchView& batch, const ProducerEntry* entry,
                                              VerificationGuard guard) const {
  const bool is_open = entry && entry->transaction_first_offset && entry->epoch == batch.producer_epoch();
  if (is_open) return {};
  const auto* asked = verifications_.find(batch.producer_id());
  if (asked && asked->guard == guard && asked->epoch == batch.producer_epoch()) return {};
  return refuse(ErrorCode::kInvalidTxnState, "the batch is not part of a transaction that is under way", batch);
}

Result<> ProducerStateManager::check_sequence(const record::BatchView& batch, const ProducerEntry* entry) const {
  if (const auto* asked = verifications_.find(batch.producer_id())) {
    const bool nothing_known = !entry || entry->batches().empty();
    const std::int32_t highest = asked->adds && nothing_known ? 0 : asked->lowest_sequence;
    if (batch.base_sequence() > highest)
      return refuse(ErrorCode::kOutOfOrderSequenceNumber,
                    "sequence " + std::to_string(batch.base_sequence()) + " comes before " + std::to_string(highest),
                    batch);
  }
  // Nobody known: state may have expired or gone with the records, so any sequence is a beginning.
  if (!entry) return {};
  const bool new_epoch = batch.producer_epoch() != entry->epoch;
  const std::int32_t last = new_epoch ? record::kNoSequence : entry->last_sequence();
  if (in_sequence(last, batch.base_sequence())) return {};
  return refuse(ErrorCode::kOutOfOrderSequenceNumber,
                "sequence " + std::to_string(batch.base_sequence()) + " does not follow " +
                    (new_epoch ? std::string("a new epoch") : std::to_string(last)),
                batch);
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
    // Apache Kafka's compaction leaves markers without their record, of transactions that are gone.
    if (batch.record_count() == 0) return std::nullopt;
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
  if (batch.is_transactional()) verifications_.end(batch.producer_id());
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
  verifications_.end(batch.producer_id());
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
  verifications_.remove_older(record::wrapping_add(now, -expiration_.count()));
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
  verifications_.clear();
  end_offset_ = end;
}

}  // namespace thalweg::storage
