#include "storage/batch_cleaning.h"

#include <algorithm>
#include <cstring>

#include "base/check.h"
#include "base/crc32c.h"
#include "base/varint.h"

namespace thalweg::storage {

namespace {

namespace in_header = record::batch_field;
using BatchHead = std::array<std::byte, record::kBatchHeaderSize>;

BatchHead header_of(const record::BatchView& batch) {
  BatchHead header;
  std::memcpy(header.data(), batch.bytes().data(), header.size());
  return header;
}

void finish_header(BatchHead& header, BytesView body) {
  store_be(header.data() + in_header::kLength,
           static_cast<std::int32_t>(header.size() + body.size() - record::kLogOverhead));
  const std::uint32_t of_header = crc32c(BytesView(header).subspan(in_header::kAttributes));
  store_be(header.data() + in_header::kCrc, crc32c(body, of_header));
}

std::int64_t wrapping_minus(std::int64_t a, std::int64_t b) {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) - static_cast<std::uint64_t>(b));
}

bool is_last_of_producer(const record::BatchView& batch, const LastOfProducers& all) {
  if (!batch.has_producer_id()) return false;
  const auto last = all.find(batch.producer_id());
  if (last == all.end()) return false;
  if (last->second.offset != kNoOffset) return batch.last_offset() == last->second.offset;
  return batch.is_control() && batch.producer_epoch() == last->second.epoch;
}

}  // namespace

LastOfProducers last_of_producers(const ProducerStateManager& producers) {
  LastOfProducers all;
  for (const auto& [id, entry] : producers.producers()) all[id] = {entry.last_offset(), entry.epoch};
  return all;
}

bool horizon_passed(const record::BatchView& batch, Timestamp now) {
  return batch.has_delete_horizon() && batch.base_timestamp() <= now;
}

// A marker never stays without its record: recovery reads from it what it ended.
Result<BatchFate> fate_of(const record::BatchView& batch, CleanedTransactions& transactions, const CleaningRules& rules,
                          bool ends) {
  using Records = BatchFate::Records;
  const bool is_needed = is_last_of_producer(batch, *rules.last) || ends;
  if (!batch.is_control()) {
    const bool aborted = transactions.on_batch(batch);
    return BatchFate{.records = aborted ? Records::kDrop : Records::kSift, .stays_empty = is_needed};
  }
  TRY(const auto marker, transactions.on_marker(batch));
  const bool empty = batch.record_count() == 0;
  const bool goes = marker.is_needless && (empty || horizon_passed(batch, rules.now));
  return BatchFate{.records = goes && !is_needed ? Records::kDrop : Records::kKeep,
                   .stays_empty = false,
                   .new_horizon = marker.is_needless && !empty && !batch.has_delete_horizon(),
                   .aborted = marker.aborted};
}

// ---- Which records

RecordSieve::RecordSieve(const record::BatchView& batch, BytesView plain, const OffsetMap& map, Timestamp now)
    : records_(batch, plain), map_(map), tombstones_may_go_(horizon_passed(batch, now)) {}

bool RecordSieve::stays(const record::RecordView& record) const {
  if (record.offset > map_.latest_offset()) return true;
  if (!record.key) return false;
  return record.offset >= map_.get(*record.key) && (record.value || !tombstones_may_go_);
}

Result<> RecordSieve::step(std::size_t work) {
  for (std::size_t done = 0; done < work;) {
    TRY(const auto record, records_.next());
    if (!record) {
      over_ = true;
      return {};
    }
    const std::size_t begin = position_;
    position_ += record->size;
    done += record->size + kRecordCost;
    ++seen_;
    if (!stays(*record)) continue;
    ++kept_;
    // Where the map ended before it, a later pass takes what it deletes; only then may a reader miss it.
    if (!record->value) (record->offset > map_.latest_offset() ? unknown_tombstones_ : tombstones_) = true;
    max_timestamp_ = std::max(max_timestamp_, record->timestamp);
    if (!ranges_.empty() && ranges_.back().end == begin)
      ranges_.back().end = position_;
    else
      ranges_.push_back({begin, position_});
  }
  return {};
}

// ---- What is made of them

BatchRebuild::BatchRebuild(const record::BatchView& batch, BytesView plain,
                           const std::vector<RecordSieve::Range>& ranges, const Options& options)
    : batch_(batch),
      plain_(plain),
      ranges_(ranges),
      options_(options),
      packer_(batch.codec().value_or(record::Codec::kNone), options.level, plain.size()) {}

Result<> BatchRebuild::step(std::size_t work) {
  for (std::size_t done = 0; done < work && !over();) {
    const auto [begin, end] = ranges_[next_];
    const BytesView left = plain_.subspan(begin + done_, end - begin - done_);
    std::size_t taken = std::min(left.size(), work);
    if (options_.horizon) {
      TRY(taken, add_record(left));
    } else {
      packer_.add(left.first(taken));
    }
    done += taken + kRecordCost;
    done_ += taken;
    if (begin + done_ == end) {
      ++next_;
      done_ = 0;
    }
  }
  return {};
}

// The same record, its time told from the horizon. Answers how long it was.
Result<std::size_t> BatchRebuild::add_record(BytesView from) {
  const auto length = read_varint(from, kMaxVarint32);
  const auto size = length ? unzigzag(length->value) : -1;
  if (size < 1 || static_cast<std::uint64_t>(size) > from.size() - length->size)
    return fail(ErrorCode::kInvalidRecord, "record with a length that is none");
  const BytesView record = from.subspan(length->size, static_cast<std::size_t>(size));
  const auto delta = read_varint(record.subspan(1), kMaxVarint64);
  if (!delta) return fail(ErrorCode::kInvalidRecord, "record without a time");
  const Timestamp time = record::wrapping_add(batch_.base_timestamp(), unzigzag(delta->value));
  std::array<std::byte, kMaxVarint64> told;
  const std::size_t told_size = write_varint(told.data(), zigzag(wrapping_minus(time, *options_.horizon)));
  const BytesView rest = record.subspan(1 + delta->size);
  part_.resize(kMaxVarint64);
  part_.resize(write_varint(part_.data(), zigzag(static_cast<std::int64_t>(1 + told_size + rest.size()))));
  part_.push_back(record[0]);
  part_.insert(part_.end(), told.begin(), told.begin() + static_cast<std::ptrdiff_t>(told_size));
  packer_.add(part_);
  packer_.add(rest);
  return length->size + record.size();
}

BatchRebuild::Made BatchRebuild::finish() && {
  CHECK(over());
  Made made{.header = header_of(batch_), .body = std::move(packer_).finish()};
  std::byte* const at = made.header.data();
  if (options_.horizon) {
    store_be(at + in_header::kAttributes,
             static_cast<std::int16_t>(batch_.attributes() | record::attribute::kDeleteHorizon));
    store_be(at + in_header::kBaseTimestamp, *options_.horizon);
  }
  if (batch_.timestamp_type() == record::TimestampType::kCreateTime)
    store_be(at + in_header::kMaxTimestamp, options_.max_timestamp);
  store_be(at + in_header::kRecordCount, options_.count);
  finish_header(made.header, made.body);
  return made;
}

BatchHead without_records(const record::BatchView& batch) {
  BatchHead header = header_of(batch);
  constexpr std::int16_t kGone = record::attribute::kCodecMask | record::attribute::kDeleteHorizon;
  store_be(header.data() + in_header::kAttributes, static_cast<std::int16_t>(batch.attributes() & ~kGone));
  store_be(header.data() + in_header::kBaseTimestamp, kNoTimestamp);
  store_be(header.data() + in_header::kRecordCount, std::int32_t{0});
  finish_header(header, {});
  return header;
}

}  // namespace thalweg::storage
