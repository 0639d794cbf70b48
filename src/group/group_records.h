// The records of __consumer_offsets that classic groups need, and their bytes, which are Kafka's.
// A key begins with its type; a value with its version; no value is a tombstone. That an offset was committed in a
// transaction is said by its batch, and how that ended by a marker.
#pragma once

#include <optional>
#include <string>
#include <variant>

#include "base/bytes.h"
#include "base/result.h"
#include "base/types.h"
#include "machine/transaction.h"
#include "protocol/group_metadata_value.h"
#include "protocol/offset_commit_value.h"

namespace thalweg::group {

// A committed offset, or that there is none any more.
struct OffsetRecord {
  std::string group;
  std::string topic;
  PartitionId partition;
  std::optional<protocol::OffsetCommitValue> value;
  // Pending until the transaction of this producer ends. No part of the bytes.
  std::optional<machine::Producer> producer = std::nullopt;
  friend bool operator==(const OffsetRecord&, const OffsetRecord&) = default;
};

// A group as it was after a rebalance, or that it is gone.
struct GroupRecord {
  std::string group;
  std::optional<protocol::GroupMetadataValue> value;
  friend bool operator==(const GroupRecord&, const GroupRecord&) = default;
};

using machine::TransactionEnd;

using OffsetsRecord = std::variant<OffsetRecord, GroupRecord, TransactionEnd>;

struct KeyValue {
  SharedBytes key;
  std::optional<SharedBytes> value;
  friend bool operator==(const KeyValue&, const KeyValue&) = default;
};

// The longest string that a record can hold.
inline constexpr std::size_t kStringMax = 32767;
// kInvalidRequest when a string is too long for Kafka's form, which has two bytes for its length. REQUIRES: it is no
// TransactionEnd, which is a control batch and has no key of ours
Result<KeyValue> encode(const OffsetsRecord& record);
// At most this much of a batch is taken by the record; fails as encode() does.
Result<std::size_t> size_in_batch(const OffsetsRecord& record);
// Nothing for a key type that we do not know: newer brokers write such records, and they are not ours to judge.
Result<std::optional<OffsetsRecord>> decode(const SharedBytes& key, const std::optional<SharedBytes>& value);

}  // namespace thalweg::group
