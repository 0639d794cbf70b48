// A partition of an internal topic as the journal of its coordinator's host. Committed is what the high watermark has
// passed. What the records are is the codec's to say:
//
//   struct OffsetsCodec {
//     using Record = ...;
//     static Result<KeyValue> encode(const Record&);                    // an error: the record is refused
//     static Result<std::optional<Record>> decode(const KeyValue&);     // nothing: a newer broker's, not ours to judge
//   };
//
// A codec whose records may be in transactions says so in KeyValue::producer both ways, and has one more function:
//
//     static const machine::TransactionEnd* end_of(const Record&);      // nullptr: it is no marker but a key and a
//     value
//
// Its machine is replayed what was written where it lies, with the markers as records of their own; other machines are
// replayed what took effect, when it did.
//
// Owner: the partition's shard. REQUIRES: this broker leads the partition for as long as it is appended to; afterwards
// append() says so, and the high watermark fails whoever waits.
#pragma once

#include <concepts>
#include <functional>
#include <optional>
#include <utility>
#include <vector>

#include "coordinator/log_journal.h"

namespace thalweg::coordinator {

template <class C>
concept Codec = requires(const typename C::Record& record, const KeyValue& bytes) {
  { C::encode(record) } -> std::same_as<Result<KeyValue>>;
  { C::decode(bytes) } -> std::same_as<Result<std::optional<typename C::Record>>>;
};

template <class C>
concept TransactionalCodec = Codec<C> && requires(const typename C::Record& record) {
  { C::end_of(record) } -> std::same_as<const machine::TransactionEnd*>;
  requires std::convertible_to<machine::TransactionEnd, typename C::Record>;
};

template <Codec C>
class PartitionJournal {
 public:
  using Record = typename C::Record;

  explicit PartitionJournal(replica::PartitionPtr partition) : log_(std::move(partition)) {}

  // As LogJournal::append(); refused as well when a record cannot be encoded. REQUIRES: a marker is alone
  replicated::AppendResult append(const std::vector<Record>& records) {
    if constexpr (TransactionalCodec<C>) {
      if (records.size() == 1)
        if (const auto* end = C::end_of(records.front())) return log_.end_transaction(*end);
    }
    std::vector<KeyValue> bytes;
    bytes.reserve(records.size());
    for (const Record& record : records) {
      auto encoded = C::encode(record);
      if (!encoded) return replicated::refused(std::move(encoded.error()));
      bytes.push_back(*std::move(encoded));
    }
    return log_.append(bytes);
  }
  Offset end() const { return log_.partition()->log().end_offset(); }
  Watermark& committed() { return log_.partition()->high_watermark(); }
  // Nobody is asked, as in Kafka: who was replaced and has not heard of it answers from what it had. Whoever had to ask
  // would stand still with the controller.
  bool alone() const { return true; }
  Task<bool> confirm(Instant) { co_return true; }
  Task<Result<>> replay(std::function<void(const Record&)> each) {
    auto decoded = [each](const KeyValue& bytes) -> Result<> {
      TRY(const auto record, C::decode(bytes));
      if (record) each(*record);
      return {};
    };
    if constexpr (TransactionalCodec<C>) {
      return log_.replay_as_written([each, decoded](const LogEntry& entry) -> Result<> {
        if (const auto* bytes = std::get_if<KeyValue>(&entry)) return decoded(*bytes);
        each(std::get<machine::TransactionEnd>(entry));
        return {};
      });
    } else {
      return log_.replay(std::move(decoded));
    }
  }

 private:
  LogJournal log_;
};

}  // namespace thalweg::coordinator
