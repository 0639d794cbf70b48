// The records inside a batch. RecordIterator walks plain bytes lazily: no allocation per record, headers only when
// asked for. RecordReader is the same for a whole batch and decompresses it first if needed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"
#include "base/time.h"
#include "base/types.h"
#include "record/batch.h"
#include "record/compression.h"

namespace thalweg::record {

struct HeaderView {
  std::string_view key;
  std::optional<BytesView> value;
};

// Headers of one record, checked while walked.
class HeaderIterator {
 public:
  HeaderIterator(BytesView bytes, std::int32_t count) : bytes_(bytes), left_(count) {}
  // Nothing after the last; kInvalidRecord if the bytes are not headers or go on after the last one.
  Result<std::optional<HeaderView>> next();

 private:
  BytesView bytes_;
  std::int32_t left_;
};

// One record; refers to the bytes that were walked.
struct RecordView {
  Offset offset;
  Timestamp timestamp = kNoTimestamp;
  std::int32_t offset_delta = 0;
  std::int64_t timestamp_delta = 0;
  std::optional<BytesView> key;
  std::optional<BytesView> value;
  std::int32_t header_count = 0;
  BytesView header_bytes;
  std::size_t size = 0;  // all of it, with its length field

  HeaderIterator headers() const { return {header_bytes, header_count}; }
};

// Walks `records`, the uncompressed body of `batch`.
class RecordIterator {
 public:
  RecordIterator(const BatchView& batch, BytesView records);
  // Nothing after the last record. kInvalidRecord: a record does not parse, the bytes end before the batch's count is
  // reached, or go on after it.
  Result<std::optional<RecordView>> next();

 private:
  Offset base_offset_;
  Timestamp base_timestamp_;
  std::optional<Timestamp> log_append_time_;
  std::int32_t left_;
  BytesView rest_;
};

// The records of a batch in any codec. `batch`'s bytes must outlive the reader; a compressed body is held here.
class RecordReader {
 public:
  // kCorruptMessage if the body does not decompress or grows beyond `limit`; kUnsupportedCompressionType for codecs
  // 5-7.
  static Result<RecordReader> open(const BatchView& batch, std::size_t limit = kDecompressedMax);
  Result<std::optional<RecordView>> next() { return iterator_.next(); }
  // The decompressed body if there was one to decompress; keep it to keep RecordViews alive.
  const SharedBytes& decompressed() const { return decompressed_; }

 private:
  RecordReader(SharedBytes decompressed, RecordIterator iterator)
      : decompressed_(std::move(decompressed)), iterator_(iterator) {}

  SharedBytes decompressed_;
  RecordIterator iterator_;
};

enum class ControlType : std::int16_t {
  kAbort = 0,
  kCommit = 1,
  kLeaderChange = 2,
  kSnapshotHeader = 3,
  kSnapshotFooter = 4,
  kKraftVersion = 5,
  kKraftVoters = 6,
  kUnknown = -1,
};

// What the one record of a control batch says. Coordinator epoch only for abort and commit, else -1.
struct ControlRecord {
  ControlType type = ControlType::kUnknown;
  std::int32_t coordinator_epoch = -1;
};
// kInvalidRecord if it is not one readable control record. Types that this version does not know come back as kUnknown.
// REQUIRES: batch.is_control()
Result<ControlRecord> read_control_record(const BatchView& batch);
// The same from a record's key and value.
Result<ControlRecord> read_control_record(const RecordView& record);

}  // namespace thalweg::record
