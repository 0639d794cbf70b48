#include "coordinator/log_journal.h"

#include <algorithm>
#include <map>
#include <utility>

#include "base/check.h"
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

std::optional<replica::Verification> verification_of(const std::optional<machine::Producer>& producer) {
  if (!producer || !producer->verification) return std::nullopt;
  return replica::Verification{{producer->verification->guard}, producer->verification->epoch};
}

// Calls for each entry of a batch, with its offset.
using Sink = std::function<void(Offset, LogEntry)>;

// A record that cannot be read concerns one key; the others must not be without a coordinator because of it.
void say_unreadable(const TopicPartition& partition, Offset offset, const Error& why) {
  log::error("record of a coordinator cannot be read", field("partition", partition), field("offset", offset),
             field("error", why));
}

Result<> take_marker(const record::BatchView& batch, const Sink& sink) {
  if (batch.record_count() == 0) return {};  // Apache Kafka's compaction has taken its transaction away
  TRY(const auto control, record::read_control_record(batch));
  if (control.type != record::ControlType::kCommit && control.type != record::ControlType::kAbort) return {};
  sink(batch.base_offset(), machine::TransactionEnd{.producer_id = batch.producer_id(),
                                                    .producer_epoch = batch.producer_epoch(),
                                                    .coordinator_epoch = control.coordinator_epoch,
                                                    .commit = control.type == record::ControlType::kCommit});
  return {};
}

Result<> take(const TopicPartition& partition, const record::BatchView& batch, const Sink& sink) {
  if (batch.is_control()) return take_marker(batch, sink);
  std::optional<machine::Producer> producer;
  if (batch.is_transactional()) producer = {batch.producer_id(), batch.producer_epoch()};
  TRY(auto records, record::RecordReader::open(batch));
  for (;;) {
    const auto record = records.next();
    if (!record) {
      say_unreadable(partition, batch.base_offset(), record.error());
      return {};
    }
    if (!*record) return {};
    if (!(*record)->key) continue;  // nothing that a coordinator wrote
    KeyValue entry{SharedBytes::copy_of(*(*record)->key), std::nullopt, (*record)->timestamp};
    if ((*record)->value) entry.value = SharedBytes::copy_of(*(*record)->value);
    entry.producer = producer;
    sink((*record)->offset, std::move(entry));
  }
}

// Between the log's start and its end as of the call, in order.
Task<Result<>> each_entry(replica::PartitionPtr partition, Sink sink) {
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
      CO_TRY_VOID(take(log.partition(), *batch, sink));
    }
    from = data.next;
  }
  co_return Result<>{};
}

// Gives the records of transactions when their commit is met, and those of no transaction at once.
class InForce {
 public:
  explicit InForce(Sink give) : give_(std::move(give)) {}

  void operator()(Offset offset, LogEntry entry) {
    if (auto* record = std::get_if<KeyValue>(&entry)) {
      if (record->producer)
        open_[record->producer->id].emplace_back(offset, std::move(*record));
      else
        give_(offset, std::move(entry));
      return;
    }
    const auto& end = std::get<machine::TransactionEnd>(entry);
    const auto transaction = open_.extract(end.producer_id);
    if (!transaction || !end.commit) return;
    for (auto& [at, record] : transaction.mapped()) give_(at, std::move(record));
  }

 private:
  Sink give_;
  std::map<ProducerId, std::vector<std::pair<Offset, KeyValue>>> open_;  // transactions whose end has not been met
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
  record::BatchOptions options;
  if (!records.empty() && records.front().producer) {
    options.producer_id = records.front().producer->id;
    options.producer_epoch = records.front().producer->epoch;
    options.transactional = true;
  }
  record::BatchBuilder batch(options);
  const auto flush = [&]() -> std::expected<void, replicated::AppendFailure> {
    if (batch.empty()) return {};
    auto appended = partition_->append_as_leader({.records = std::move(batch).build(),
                                                  .origin = storage::AppendOrigin::kCoordinator,
                                                  .verification = verification_of(records.front().producer)});
    batch = record::BatchBuilder(options);
    TRY_VOID(result_of(std::move(appended), before));
    return {};
  };
  for (const KeyValue& record : records) {
    CHECK(record.producer == records.front().producer);
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

replicated::AppendResult LogJournal::end_transaction(const machine::TransactionEnd& end) {
  const Offset before = partition_->log().end_offset();
  return result_of(partition_->append_as_leader({.records = record::end_transaction_marker(
                                                     end.commit, end.producer_id, end.producer_epoch,
                                                     end.coordinator_epoch, partition_->shard().clock.wall()),
                                                 .origin = storage::AppendOrigin::kCoordinator,
                                                 .transaction_version = end.transaction_version}),
                   before);
}

replicated::AppendResult LogJournal::result_of(storage::AppendResult appended, Offset before) const {
  if (appended) return partition_->log().end_offset();
  Error& error = appended.error().error;
  const bool some_are_there = partition_->log().end_offset() != before;
  if (some_are_there || is_lost(error)) return replicated::lost(std::move(error));
  return replicated::refused(std::move(error));
}

Task<Result<>> LogJournal::replay(std::function<Result<>(const KeyValue&)> each) {
  auto give = [name = partition_->log().partition(), each = std::move(each)](Offset offset, LogEntry entry) {
    if (const auto taken = each(std::get<KeyValue>(entry)); !taken) say_unreadable(name, offset, taken.error());
  };
  return each_entry(partition_, [in_force = InForce(std::move(give))](Offset offset, LogEntry entry) mutable {
    in_force(offset, std::move(entry));
  });
}

Task<Result<>> LogJournal::replay_as_written(std::function<Result<>(const LogEntry&)> each) {
  return each_entry(
      partition_, [name = partition_->log().partition(), each = std::move(each)](Offset offset, const LogEntry& entry) {
        if (const auto taken = each(entry); !taken) say_unreadable(name, offset, taken.error());
      });
}

}  // namespace thalweg::coordinator
