// What the cleaner does with one batch: which of its records stay, and the batch that is made of those. Pure; long
// batches are gone through in steps.
//
// Offsets, leader epoch, sequences, codec and the batch's end stay as they are, whatever goes. A batch whose tombstones
// are seen for the first time, or a marker whose transaction is gone, gets a delete horizon (KIP-534): from that time
// on they may go. It stands where the base timestamp was, and the records' times are told from it.
#pragma once

#include <array>
#include <cstddef>
#include <map>
#include <optional>
#include <vector>

#include "base/bytes.h"
#include "base/time.h"
#include "record/batch.h"
#include "record/packer.h"
#include "record/record.h"
#include "storage/cleaned_transactions.h"
#include "storage/offset_map.h"
#include "storage/producer_state.h"

namespace thalweg::storage {

// The last that a producer has written: as long as it is known, the batch that says so stays, without records if need
// be, so that a duplicate is told from what comes next. Nothing but a marker: that, as it has the epoch.
struct LastOfProducer {
  Offset offset = kNoOffset;
  ProducerEpoch epoch = kNoProducerEpoch;
};
using LastOfProducers = std::map<ProducerId, LastOfProducer>;
LastOfProducers last_of_producers(const ProducerStateManager& producers);

struct CleaningRules {
  Timestamp now = 0;
  Millis delete_retention{0};
  const LastOfProducers* last = nullptr;
};

// What becomes of a batch as a whole.
struct BatchFate {
  enum class Records : std::uint8_t {
    kSift,  // each by its key
    kKeep,
    kDrop,
  };
  Records records = Records::kSift;
  bool stays_empty = false;                   // when no record stays, its header does
  bool new_horizon = false;                   // it is a marker that is not needed any more
  std::optional<AbortedTransaction> aborted;  // for the index
};
// `ends`: no other follows into the same new segment. It stays, so that a segment's batches tell which segments it has
// replaced, and the log ends where it did.
Result<BatchFate> fate_of(const record::BatchView& batch, CleanedTransactions& transactions, const CleaningRules& rules,
                          bool ends);
bool horizon_passed(const record::BatchView& batch, Timestamp now);

// Goes through the records of a batch and notes which stay: the newest of each key, tombstones until the horizon of
// their batch, and whatever lies behind what the map knows. What has no key goes.
class RecordSieve {
 public:
  struct Range {
    std::size_t begin = 0, end = 0;
  };
  // `batch`, its records as they are without codec, and `map` outlive it.
  RecordSieve(const record::BatchView& batch, BytesView plain, const OffsetMap& map, Timestamp now);

  // Goes on for about so many bytes. kInvalidRecord: these are no records.
  Result<> step(std::size_t work);
  bool over() const { return over_; }

  bool keeps_all() const { return kept_ == seen_; }
  std::int32_t kept() const { return kept_; }
  // Whether there are tombstones among them whose time may begin: of all, nothing older is left once this pass is over.
  bool may_begin_horizon() const { return tombstones_ && !unknown_tombstones_; }
  Timestamp max_timestamp() const { return max_timestamp_; }    // of those kept
  const std::vector<Range>& ranges() const { return ranges_; }  // where they lie, without those in between

 private:
  bool stays(const record::RecordView& record) const;

  record::RecordIterator records_;
  const OffsetMap& map_;
  const bool tombstones_may_go_;
  std::size_t position_ = 0;
  std::int32_t seen_ = 0, kept_ = 0;
  bool tombstones_ = false, unknown_tombstones_ = false;
  bool over_ = false;
  Timestamp max_timestamp_ = kNoTimestamp;
  std::vector<Range> ranges_;
};

// What a record costs besides its bytes, in steps that are counted in bytes.
inline constexpr std::size_t kRecordCost = 100;

// The batch of those that stay.
class BatchRebuild {
 public:
  struct Options {
    std::int32_t count = 0;
    Timestamp max_timestamp = kNoTimestamp;
    std::optional<Timestamp> horizon;  // a new one
    std::optional<int> level;          // of the codec
  };
  // `batch`, `plain` and `ranges` outlive it. REQUIRES: the ranges are of whole records
  BatchRebuild(const record::BatchView& batch, BytesView plain, const std::vector<RecordSieve::Range>& ranges,
               const Options& options);

  Result<> step(std::size_t work);
  bool over() const { return next_ == ranges_.size(); }
  // REQUIRES: over()
  struct Made {
    std::array<std::byte, record::kBatchHeaderSize> header;
    SharedBytes body;
  };
  Made finish() &&;

 private:
  Result<std::size_t> add_record(BytesView from);

  const record::BatchView batch_;
  const BytesView plain_;
  const std::vector<RecordSieve::Range>& ranges_;
  const Options options_;
  record::Packer packer_;
  std::vector<std::byte> part_;
  std::size_t next_ = 0;
  std::size_t done_ = 0;  // of that range
};

// Its header alone, saying that no record is left.
std::array<std::byte, record::kBatchHeaderSize> without_records(const record::BatchView& batch);

}  // namespace thalweg::storage
