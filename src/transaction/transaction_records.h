// The records of __transaction_state and their bytes, which are Kafka's: a key begins with its type, a value with its
// version; no value is a tombstone (Kafka's TransactionLog). One field of version 1 is ours, in a tag that Kafka skips:
// the previous epoch, which Kafka forgets when the coordinator moves.
#pragma once

#include <optional>
#include <string>

#include "base/bytes.h"
#include "base/result.h"
#include "transaction/transaction_metadata.h"

namespace thalweg::transaction {

// A transactional id as it is from now on, or that it is forgotten.
struct TransactionRecord {
  std::string transactional_id;
  MetadataPtr value;         // null: forgotten
  std::int16_t version = 1;  // of the value; 0 has no place for the previous and the next producer id
  friend bool operator==(const TransactionRecord& a, const TransactionRecord& b) {
    if (a.transactional_id != b.transactional_id || !a.value != !b.value) return false;
    return !a.value || (a.version == b.version && *a.value == *b.value);
  }
};

struct KeyValue {
  SharedBytes key;
  std::optional<SharedBytes> value;
  friend bool operator==(const KeyValue&, const KeyValue&) = default;
};

// The longest string that a record can hold.
inline constexpr std::size_t kStringMax = 32767;
// kInvalidRequest when a string is too long for Kafka's form.
Result<KeyValue> encode(const TransactionRecord& record);
// At most this much of a batch is taken by the record; fails as encode() does.
Result<std::size_t> size_in_batch(const TransactionRecord& record);
// Nothing for a key type that we do not know: newer brokers write such records, and they are not ours to judge.
Result<std::optional<TransactionRecord>> decode(const SharedBytes& key, const std::optional<SharedBytes>& value);

}  // namespace thalweg::transaction
