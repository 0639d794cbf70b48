#include "group/group_records.h"

#include "base/check.h"
#include "base/error_code.h"
#include "protocol/group_metadata_key.h"
#include "protocol/offset_commit_key.h"
#include "protocol/wire.h"

namespace thalweg::group {
namespace {

using protocol::GroupMetadataKey;
using protocol::GroupMetadataValue;
using protocol::OffsetCommitKey;
using protocol::OffsetCommitValue;
using protocol::Reader;
using protocol::Writer;

// Type 0 is the same key, written by brokers before 0.9.
constexpr std::int16_t kOldOffsetKey = 0;

// The oldest versions that hold the content, so that every Kafka that is still in use can read them. An explicit expiry
// exists only in version 1, a topic id only from version 4.
std::int16_t version_of(const OffsetCommitValue& value) {
  if (value.expire_timestamp >= 0) return 1;
  return value.topic_id.is_zero() ? 3 : 4;
}
std::int16_t version_of(const GroupMetadataValue&) { return 3; }

Result<SharedBytes> bytes_of(Writer writer) {
  if (!writer.ok()) return fail(ErrorCode::kInvalidRequest, "a string is too long for the log of groups");
  return writer.take_bytes();
}

template <class Key, class Value>
Result<KeyValue> encode(const Key& key, const std::optional<Value>& value) {
  Writer key_writer;
  key_writer.write(Key::kRecordType);
  key.encode(key_writer, 0);
  TRY(auto key_bytes, bytes_of(std::move(key_writer)));
  if (!value) return KeyValue{std::move(key_bytes), std::nullopt};
  Writer value_writer;
  value_writer.write(version_of(*value));
  value->encode(value_writer, version_of(*value));
  TRY(auto value_bytes, bytes_of(std::move(value_writer)));
  return KeyValue{std::move(key_bytes), std::move(value_bytes)};
}

Result<KeyValue> encode_one(const OffsetRecord& record) {
  return encode(OffsetCommitKey{.group = record.group, .topic = record.topic, .partition = record.partition},
                record.value);
}
Result<KeyValue> encode_one(const GroupRecord& record) {
  return encode(GroupMetadataKey{.group = record.group}, record.value);
}
Result<KeyValue> encode_one(const TransactionEnd&) {
  return fail(ErrorCode::kInvalidRequest, "the end of a transaction is a control batch");
}

template <class Value>
Result<std::optional<Value>> decode_value(const std::optional<SharedBytes>& bytes) {
  if (!bytes) return std::nullopt;
  Reader reader(*bytes);
  std::int16_t version = 0;
  reader.read(version);
  TRY_VOID(reader.status());
  return Value::decode(reader, version);
}

}  // namespace

Result<KeyValue> encode(const OffsetsRecord& record) {
  return std::visit([](const auto& r) { return encode_one(r); }, record);
}

Result<std::size_t> size_in_batch(const OffsetsRecord& record) {
  // Lengths, deltas to the batch's first record, attributes and the number of headers: seven varints at their longest
  // for what fits into a batch at all.
  constexpr std::size_t kFraming = 20;
  TRY(const auto bytes, encode(record));
  return kFraming + bytes.key.size() + (bytes.value ? bytes.value->size() : 0);
}

Result<std::optional<OffsetsRecord>> decode(const SharedBytes& key, const std::optional<SharedBytes>& value) {
  Reader reader(key);
  std::int16_t type = 0;
  reader.read(type);
  TRY_VOID(reader.status());
  if (type == kOldOffsetKey || type == OffsetCommitKey::kRecordType) {
    TRY(auto offset_key, OffsetCommitKey::decode(reader, 0));
    TRY(auto offset_value, decode_value<OffsetCommitValue>(value));
    return OffsetRecord{std::move(offset_key.group), std::move(offset_key.topic), offset_key.partition,
                        std::move(offset_value)};
  }
  if (type == GroupMetadataKey::kRecordType) {
    TRY(auto group_key, GroupMetadataKey::decode(reader, 0));
    TRY(auto group_value, decode_value<GroupMetadataValue>(value));
    return GroupRecord{std::move(group_key.group), std::move(group_value)};
  }
  return std::nullopt;
}

}  // namespace thalweg::group
