// Who wrote what to this partition: the last five batches of every idempotent producer, open transactions, and so the
// first unstable offset. A pure machine, owned by one Log and touched only on its shard; time and offsets are
// arguments.
//
// The log's order of work for a batch: check() before it is written, update() after. Loading: load_snapshot() of the
// newest snapshot at or below the end, then update() with every later batch.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "base/time.h"
#include "base/types.h"
#include "record/batch.h"
#include "record/record.h"
#include "storage/log_validator.h"
#include "storage/verifications.h"

namespace thalweg::storage {

// One batch that a producer wrote, as far as a later duplicate needs it.
struct ProducerBatch {
  std::int32_t last_sequence = record::kNoSequence;
  std::int32_t offset_delta = 0;
  Offset last_offset = kNoOffset;
  Timestamp timestamp = kNoTimestamp;

  std::int32_t first_sequence() const { return record::retreat_sequence(last_sequence, offset_delta); }
  Offset first_offset() const { return last_offset - offset_delta; }
  friend bool operator==(const ProducerBatch&, const ProducerBatch&) = default;
};

class ProducerEntry {
 public:
  static constexpr std::size_t kBatchesKept = 5;  // what a client may have in flight

  ProducerEpoch epoch = kNoProducerEpoch;
  std::int32_t coordinator_epoch = -1;
  Timestamp last_timestamp = kNoTimestamp;
  std::optional<Offset> transaction_first_offset;  // of the open transaction

  // Oldest first.
  std::span<const ProducerBatch> batches() const { return {batches_.data(), count_}; }
  std::int32_t last_sequence() const { return count_ ? batches_[count_ - 1].last_sequence : record::kNoSequence; }
  Offset last_offset() const { return count_ ? batches_[count_ - 1].last_offset : kNoOffset; }
  void add(const ProducerBatch& batch);
  // A new epoch starts with an empty window.
  void move_to_epoch(ProducerEpoch to);
  friend bool operator==(const ProducerEntry&, const ProducerEntry&);

 private:
  std::array<ProducerBatch, kBatchesKept> batches_{};
  std::size_t count_ = 0;
};

struct CompletedTransaction {
  ProducerId producer_id;
  Offset first_offset;
  Offset last_offset;  // of the marker
  bool aborted = false;
  // The last stable offset once this one counts as complete; goes into the .txnindex entry.
  Offset last_stable_offset;
  friend bool operator==(const CompletedTransaction&, const CompletedTransaction&) = default;
};

// What check() says of a batch that may go on.
struct ProducerVerdict {
  // The batch was written before, as this: answer with its offsets and append nothing.
  std::optional<ProducerBatch> duplicate;
};

class ProducerStateManager {
 public:
  // `expiration`: producer.id.expiration.ms.
  explicit ProducerStateManager(Millis expiration = Millis(86'400'000)) : expiration_(expiration) {}

  // --- Appending -----------------------------------------------------------------------------------------------------

  // Before the coordinator is asked whether the transaction of a batch includes this partition. kNoGuard: it is open
  // here, so the coordinator knows. kInvalidProducerEpoch: nobody needs to be asked.
  Result<VerificationGuard> begin_verification(const VerificationStart& start, Timestamp now);

  // Before a leader appends. Client batches: duplicate, then epoch, verification, sequence and transaction state.
  // Others: epochs, and verification. kInvalidProducerEpoch, kOutOfOrderSequenceNumber, kInvalidTxnState,
  // kTransactionCoordinatorFenced.
  // `transaction_version` is the client's for markers (KIP-1228): from 2 on a marker's epoch must exceed the current
  // one. A batch without producer id is always fine.
  // `guard`: what begin_verification() gave; the batch is refused unless its transaction is open here, or the guard
  // still holds. Nothing: it needs no verification.
  Result<ProducerVerdict> check(const record::BatchView& batch, AppendOrigin origin, int transaction_version = 0,
                                std::optional<VerificationGuard> guard = std::nullopt) const;

  // After a batch is in the log at its final offsets, whoever wrote it, and during recovery. `base_offset` is where it
  // is in the log (a leader's request bytes may still say 0). Gives the transaction that a marker ended, if it had
  // data. Never refuses: what is in the log is fact. Damaged control records are kInvalidRecord.
  Result<std::optional<CompletedTransaction>> update(const record::BatchView& batch, Offset base_offset);

  // --- Reading -------------------------------------------------------------------------------------------------------

  // First offset of the oldest transaction that is open, or ended by a marker that is not below the high watermark.
  // The last stable offset is min(this, high watermark).
  std::optional<Offset> first_unstable_offset() const;
  // Forgets transactions whose marker lies below it.
  void on_high_watermark(Offset high_watermark);

  const ProducerEntry* find(ProducerId id) const;
  // Whether this producer has data in an open transaction here, so that the coordinator need not be asked again.
  bool has_ongoing_transaction(ProducerId id, ProducerEpoch epoch) const;
  // In order of id; for DescribeProducers.
  const std::map<ProducerId, ProducerEntry>& producers() const { return producers_; }
  std::size_t size() const { return producers_.size(); }
  // One past the last batch that update() saw or the loaded snapshot covers; where a snapshot taken now belongs.
  Offset end_offset() const { return end_offset_; }

  // --- Housekeeping --------------------------------------------------------------------------------------------------

  // Forgets producers that wrote nothing for producer.id.expiration.ms; never one with an open transaction. Gives how
  // many. Verifications that are as old go, too.
  std::size_t remove_expired(Timestamp now);
  // All questions that are under way are void: somebody else may lead in between.
  void forget_verifications() { verifications_.clear(); }
  // This state takes the place of `from`, with the questions that are under way.
  void adopt_verifications(const ProducerStateManager& from) { verifications_ = from.verifications_; }
  void set_expiration(Millis expiration) { expiration_ = expiration; }
  // The log begins at `offset` now: transactions that ended below it no longer matter.
  void on_log_start(Offset offset);
  // Batches without producer ids move the end too.
  void advance_end(Offset offset);
  // After truncation or before loading: as new, with end_offset() == `end`.
  void clear(Offset end);

  // Kafka's .snapshot file: version 1, CRC-32C, entries with the newest batch only.
  SharedBytes snapshot() const;
  // Replaces everything by a snapshot taken at `end`; entries that expired by `now` are left out.
  // kCorruptMessage if version, size or CRC do not fit; the state is then as after clear(end).
  Result<> load_snapshot(BytesView file, Offset end, Timestamp now);

 private:
  bool is_expired(const ProducerEntry& entry, Timestamp now) const;
  Result<ProducerVerdict> check_data(const record::BatchView& batch, const ProducerEntry* entry, AppendOrigin origin,
                                     std::optional<VerificationGuard> guard) const;
  Result<> check_verified(const record::BatchView& batch, const ProducerEntry* entry, VerificationGuard guard) const;
  Result<> check_sequence(const record::BatchView& batch, const ProducerEntry* entry) const;
  Result<> check_marker(const record::BatchView& batch, const ProducerEntry* entry, int transaction_version) const;
  std::optional<CompletedTransaction> end_transaction(const record::BatchView& batch,
                                                      const record::ControlRecord& control, Offset at);

  Millis expiration_;
  std::map<ProducerId, ProducerEntry> producers_;
  std::map<Offset, ProducerId> ongoing_;   // by first offset
  std::map<Offset, Offset> unreplicated_;  // first offset -> marker offset, until the high watermark passes it
  Verifications verifications_;
  Offset end_offset_{0};
};

}  // namespace thalweg::storage
