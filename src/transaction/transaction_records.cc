#include "transaction/transaction_records.h"

#include <utility>

#include "base/error_code.h"
#include "protocol/transaction_log_key.h"
#include "protocol/transaction_log_value.h"
#include "protocol/wire.h"

namespace thalweg::transaction {
namespace {

using protocol::Reader;
using protocol::TransactionLogKey;
using protocol::TransactionLogValue;
using protocol::Writer;

TransactionLogValue value_of(const TransactionMetadata& metadata, std::int16_t version) {
  TransactionLogValue value;
  value.producer_id = metadata.producer_id;
  value.producer_epoch = metadata.producer_epoch;
  value.transaction_timeout_ms = metadata.timeout_ms;
  value.transaction_status = static_cast<std::int8_t>(metadata.state);
  value.transaction_last_update_timestamp_ms = metadata.last_update;
  value.transaction_start_timestamp_ms = metadata.start;
  if (metadata.state == TransactionState::kEmpty) {
    value.transaction_partitions = std::nullopt;
  } else {
    auto& topics = value.transaction_partitions.emplace();
    for (const auto& [topic, partitions] : metadata.partitions)
      topics.push_back({topic, {partitions.begin(), partitions.end()}});
  }
  if (version < kFlexibleRecordsFrom) return value;
  value.previous_producer_id = metadata.previous_producer_id;
  value.next_producer_id = metadata.next_producer_id;
  value.previous_producer_epoch = metadata.previous_producer_epoch;
  value.client_transaction_version = metadata.client_version;
  return value;
}

Result<MetadataPtr> metadata_of(const TransactionLogValue& value) {
  const auto state = state_numbered(value.transaction_status);
  if (!state) return fail(ErrorCode::kCorruptMessage, "a transaction in a state that does not exist");
  const auto is_time = [](Timestamp time) { return time >= kNoTimestamp; };
  if (!is_time(value.transaction_start_timestamp_ms) || !is_time(value.transaction_last_update_timestamp_ms))
    return fail(ErrorCode::kCorruptMessage, "a transaction of a time that does not exist");
  auto metadata = std::make_shared<TransactionMetadata>();
  metadata->producer_id = value.producer_id;
  metadata->previous_producer_id = value.previous_producer_id;
  metadata->next_producer_id = value.next_producer_id;
  metadata->producer_epoch = value.producer_epoch;
  metadata->previous_producer_epoch = value.previous_producer_epoch;
  metadata->timeout_ms = value.transaction_timeout_ms;
  metadata->state = *state;
  metadata->start = value.transaction_start_timestamp_ms;
  metadata->last_update = value.transaction_last_update_timestamp_ms;
  metadata->client_version = value.client_transaction_version;
  if (value.transaction_partitions)
    for (const auto& topic : *value.transaction_partitions)
      metadata->partitions[topic.topic].insert(topic.partition_ids.begin(), topic.partition_ids.end());
  return metadata;
}

Result<SharedBytes> written(Writer writer) {
  if (!writer.ok()) return fail(ErrorCode::kInvalidRequest, "a string is too long for the log of transactions");
  return writer.take_bytes();
}

}  // namespace

Result<KeyValue> encode(const TransactionRecord& record) {
  Writer key;
  key.write(TransactionLogKey::kRecordType);
  TransactionLogKey{.transactional_id = record.transactional_id}.encode(key, 0);
  TRY(auto key_bytes, written(std::move(key)));
  if (!record.value) return KeyValue{std::move(key_bytes), std::nullopt};
  Writer value;
  value.write(record.version);
  value_of(*record.value, record.version).encode(value, record.version);
  TRY(auto value_bytes, written(std::move(value)));
  return KeyValue{std::move(key_bytes), std::move(value_bytes)};
}

Result<std::size_t> size_in_batch(const TransactionRecord& record) {
  // Lengths, deltas to the batch's first record, attributes and the number of headers: seven varints at their longest
  // for what fits into a batch at all.
  constexpr std::size_t kFraming = 20;
  TRY(const auto bytes, encode(record));
  return kFraming + bytes.key.size() + (bytes.value ? bytes.value->size() : 0);
}

Result<std::optional<TransactionRecord>> decode(const SharedBytes& key, const std::optional<SharedBytes>& value) {
  Reader key_reader(key);
  std::int16_t type = 0;
  key_reader.read(type);
  TRY_VOID(key_reader.status());
  if (type != TransactionLogKey::kRecordType) return std::nullopt;
  TRY(auto id, TransactionLogKey::decode(key_reader, 0));
  TransactionRecord record{.transactional_id = std::move(id.transactional_id)};
  if (!value) return record;
  Reader reader(*value);
  reader.read(record.version);
  TRY_VOID(reader.status());
  TRY(const auto decoded, TransactionLogValue::decode(reader, record.version));
  TRY(record.value, metadata_of(decoded));
  return record;
}

}  // namespace thalweg::transaction
