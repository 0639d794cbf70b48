#include "coordinator/log_journal.h"

#include <algorithm>
#include <map>

#include "base/log.h"
#include "record/batch.h"
#include "record/builder.h"
#include "record/record.h"
#include "runtime/disk.h"
#include "storage/pieces.h"

namespace thalweg::coordinator {
namespace {

constexpr std::size_t kReadBytes = 1 << 20;

bool is_lost(const Error& error) {
  switch (error.code) {
    case ErrorCode::kNotLeaderOrFollower:
    case ErrorCode::kFencedLeaderEpoch:
    case ErrorCode::kUnknownLeaderEpoch:
      return true;
    case ErrorCode::kKafkaStorageError:
      return !Disk::is_full(error);  // a log that is offline never comes back by itself; a full disk does
    default:
      return false;
  }
}

// Reads the batches of a log in order and gives the records that are in force.
class Replay {
 public:
  Replay(const TopicPartition& partition, const std::function<Result<>(const KeyValue&)>& each)
      : partition_(partition), each_(each) {}

  Result<> take(const record::BatchView& batch) {
    if (batch.is_control()) return end_transaction(batch);
    TRY(auto records, record::RecordReader::open(batch));
    for (;;) {
      const auto record = records.next();
      if (!record) {
        unreadable(batch.base_offset(), record.error());
        return {};
      }
      if (!*record) return {};
      if (!(*record)->key) continue;  // nothing that a coordinator wrote
      Entry entry{(*record)->offset, {SharedBytes::copy_of(*(*record)->key), std::nullopt, (*record)->timestamp}};
      if ((*record)->value) entry.record.value = SharedBytes::copy_of(*(*record)->value);
      if (batch.is_transactional())
        open_[batch.producer_id()].push_back(std::move(entry));
      else
        give(entry);
    }
  }

 private:
  struct Entry {
    Offset offset;
    KeyValue record;
  };

  Result<> end_transaction(const record::BatchView& batch) {
    TRY(const auto control, record::read_control_record(batch));
    if (control.type != record::ControlType::kCommit && control.type != record::ControlType::kAbort) return {};
    const auto node = open_.extract(batch.producer_id());
    if (!node || control.type == record::ControlType::kAbort) return {};
    for (const Entry& entry : node.mapped()) give(entry);
    return {};
  }
  // A record that cannot be read concerns one key; the others must not be without a coordinator because of it.
  void give(const Entry& entry) {
    if (const auto taken = each_(entry.record); !taken) unreadable(entry.offset, taken.error());
  }
  void unreadable(Offset offset, const Error& why) const {
    log::error("record of a coordinator cannot be read", field("partition", partition_), field("offset", offset),
               field("error", why));
  }

  const TopicPartition& partition_;
  const std::function<Result<>(const KeyValue&)>& each_;
  std::map<ProducerId, std::vector<Entry>> open_;  // transactions whose end has not been met
};

}  // namespace

std::size_t LogJournal::batch_bytes_max(const storage::LogConfig& log) {
  return std::size_t(std::min<std::int64_t>(log.max_message_bytes, log.segment_bytes));
}

replicated::AppendResult LogJournal::append(const std::vector<KeyValue>& records) {
  const Timestamp now = partition_->shard().clock.wall();
  const std::size_t bytes_max = batch_bytes_max(partition_->log().config());
  const bool divisible = std::ranges::all_of(records, [](const KeyValue& record) { return !record.value; });
  const Offset before = partition_->log().end_offset();
  record::BatchBuilder batch;
  const auto flush = [&]() -> std::expected<void, replicated::AppendFailure> {
    if (batch.empty()) return {};
    auto appended = partition_->append_as_leader(
        {.records = std::move(batch).build(), .origin = storage::AppendOrigin::kCoordinator});
    batch = record::BatchBuilder();
    if (appended) return {};
    Error& error = appended.error().error;
    const bool some_are_there = partition_->log().end_offset() != before;
    if (some_are_there || is_lost(error)) return replicated::lost(std::move(error));
    return replicated::refused(std::move(error));
  };
  for (const KeyValue& record : records) {
    record::NewRecord next{.timestamp = record.timestamp.value_or(now), .key = record.key.view()};
    if (record.value) next.value = record.value->view();
    std::vector<BytesView> more;
    for (const SharedBytes& part : record.more) more.push_back(part.view());
    next.more_value = more;
    if (divisible && batch.size() + record::BatchBuilder::size_of(next) > bytes_max) TRY_VOID(flush());
    batch.append(next);
  }
  TRY_VOID(flush());
  return partition_->log().end_offset();
}

Task<Result<>> LogJournal::replay(std::function<Result<>(const KeyValue&)> each) {
  const auto partition = partition_;  // outlives whoever asked
  storage::Log& log = partition->log();
  const Offset end = log.end_offset();
  Replay replay(log.partition(), each);
  for (Offset from = log.start_offset(); from < end;) {
    CO_TRY(auto data, co_await log.read(from, {.max_bytes = kReadBytes, .upper_bound = end}));
    if (data.records.empty()) break;
    CO_TRY(const SharedBytes bytes, co_await storage::gather(std::move(data.records)));
    record::BatchReader batches(bytes);
    for (;;) {
      CO_TRY(const auto batch, batches.next());
      if (!batch) break;
      CO_TRY_VOID(replay.take(*batch));
    }
    from = data.next;
  }
  co_return Result<>{};
}

}  // namespace thalweg::coordinator
