#include "broker/partition_journal.h"

#include <algorithm>

#include "base/log.h"
#include "record/batch.h"
#include "record/builder.h"
#include "record/record.h"
#include "storage/pieces.h"

namespace thalweg::broker {
namespace {

constexpr std::size_t kReadBytes = 1 << 20;

bool is_tombstone(const group::OffsetsRecord& record) {
  return std::visit([](const auto& r) { return !r.value; }, record);
}

Result<> apply_record(const record::RecordView& record, const std::function<void(const group::OffsetsRecord&)>& each) {
  if (!record.key) return {};  // nothing that a coordinator wrote
  std::optional<SharedBytes> value;
  if (record.value) value = SharedBytes::copy_of(*record.value);
  TRY(const auto decoded, group::decode(SharedBytes::copy_of(*record.key), value));
  if (decoded) each(*decoded);
  return {};
}

// A record that cannot be read concerns one group; the others must not be without a coordinator because of it.
void apply_batch(const record::BatchView& batch, record::RecordReader& reader, const TopicPartition& partition,
                 const std::function<void(const group::OffsetsRecord&)>& each) {
  for (;;) {
    auto record = reader.next();
    if (!record || !*record) {
      if (!record)
        log::error("batch of a coordinator cannot be read", field("partition", partition),
                   field("offset", batch.base_offset()), field("error", record.error()));
      return;
    }
    if (auto applied = apply_record(**record, each); !applied)
      log::error("record of a coordinator cannot be read", field("partition", partition),
                 field("offset", (*record)->offset), field("error", applied.error()));
  }
}

}  // namespace

std::size_t PartitionJournal::batch_bytes_max(const storage::LogConfig& log) {
  return std::size_t(std::min<std::int64_t>(log.max_message_bytes, log.segment_bytes));
}

Result<Offset> PartitionJournal::append(const std::vector<group::OffsetsRecord>& records) {
  const Timestamp now = partition_->shard().clock.wall();
  const std::size_t bytes_max = batch_bytes_max(partition_->log().config());
  const bool divisible = std::ranges::all_of(records, is_tombstone);
  record::BatchBuilder batch;
  const auto flush = [&]() -> Result<> {
    if (batch.empty()) return {};
    TRY_VOID(partition_->append_as_leader({.records = batch.build(), .origin = storage::AppendOrigin::kCoordinator}));
    batch = record::BatchBuilder();
    return {};
  };
  for (const auto& record : records) {
    const auto bytes = group::encode(record);
    record::NewRecord next{.timestamp = now, .key = bytes.key.view()};
    if (bytes.value) next.value = bytes.value->view();
    if (divisible && batch.size() + record::BatchBuilder::size_of(next) > bytes_max) TRY_VOID(flush());
    batch.append(next);
  }
  TRY_VOID(flush());
  return end();
}

Task<Result<>> PartitionJournal::replay(std::function<void(const group::OffsetsRecord&)> each) {
  const auto partition = partition_;  // outlives whoever asked
  storage::Log& log = partition->log();
  const Offset end = log.end_offset();
  for (Offset from = log.start_offset(); from < end;) {
    CO_TRY(auto data, co_await log.read(from, {.max_bytes = kReadBytes, .upper_bound = end}));
    if (data.records.empty()) break;
    CO_TRY(const SharedBytes bytes, co_await storage::gather(std::move(data.records)));
    record::BatchReader batches(bytes);
    for (;;) {
      CO_TRY(const auto batch, batches.next());
      if (!batch) break;
      if (batch->is_control()) continue;
      CO_TRY(auto reader, record::RecordReader::open(*batch));
      apply_batch(*batch, reader, log.partition(), each);
    }
    from = data.next;
  }
  co_return Result<>{};
}

}  // namespace thalweg::broker
