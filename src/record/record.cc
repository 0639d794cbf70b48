#include "record/record.h"

#include "base/endian.h"
#include "base/varint.h"

namespace thalweg::record {
namespace {

// Takes fields off the front of a record. The first one that does not fit makes it bad, and everything after reads as
// zero, so that a parser checks once at the end.
class Cursor {
 public:
  explicit Cursor(BytesView bytes) : rest_(bytes) {}

  bool ok() const { return ok_; }
  BytesView rest() const { return rest_; }

  std::int8_t int8() {
    const BytesView b = take(1);
    return b.empty() ? std::int8_t{0} : load_be<std::int8_t>(b.data());
  }
  std::int32_t varint() {
    const auto n = read_varint(rest_, kMaxVarint32);
    if (!n || n->value > 0xffffffffu) return fail();
    rest_ = rest_.subspan(n->size);
    return static_cast<std::int32_t>(unzigzag(n->value));
  }
  std::int64_t varlong() {
    const auto n = read_varint(rest_, kMaxVarint64);
    if (!n) return fail();
    rest_ = rest_.subspan(n->size);
    return unzigzag(n->value);
  }
  BytesView take(std::size_t count) {
    if (count > rest_.size()) {
      fail();
      return {};
    }
    const BytesView taken = rest_.first(count);
    rest_ = rest_.subspan(count);
    return taken;
  }
  // Length and bytes; -1 is null, anything below is bad.
  std::optional<BytesView> nullable_bytes() {
    const std::int32_t length = varint();
    if (length == -1) return std::nullopt;
    if (length < 0) {
      fail();
      return std::nullopt;
    }
    return take(static_cast<std::size_t>(length));
  }

 private:
  std::int32_t fail() {
    ok_ = false;
    rest_ = {};
    return 0;
  }

  BytesView rest_;
  bool ok_ = true;
};

std::unexpected<Error> invalid(const char* what) { return thalweg::fail(ErrorCode::kInvalidRecord, what); }

}  // namespace

Result<std::optional<HeaderView>> HeaderIterator::next() {
  if (left_ == 0) {
    if (!bytes_.empty()) return invalid("record goes on after its last header");
    return std::nullopt;
  }
  Cursor cursor(bytes_);
  HeaderView header;
  const auto key = cursor.nullable_bytes();
  header.value = cursor.nullable_bytes();
  if (!cursor.ok() || !key) return invalid("record header does not parse");
  header.key = as_text(*key);
  bytes_ = cursor.rest();
  --left_;
  return header;
}

RecordIterator::RecordIterator(const BatchView& batch, BytesView records)
    : base_offset_(batch.base_offset()),
      base_timestamp_(batch.base_timestamp()),
      left_(batch.record_count()),
      rest_(records) {
  if (batch.timestamp_type() == TimestampType::kLogAppendTime) log_append_time_ = batch.max_timestamp();
}

Result<std::optional<RecordView>> RecordIterator::next() {
  if (left_ == 0) {
    if (!rest_.empty()) return invalid("batch goes on after its last record");
    return std::nullopt;
  }
  if (left_ < 0) return invalid("batch with a negative record count");
  Cursor outer(rest_);
  const std::int32_t length = outer.varint();
  if (length < 0) return invalid("record with a negative length");
  Cursor cursor(outer.take(static_cast<std::size_t>(length)));
  if (!outer.ok()) return invalid("batch ends inside a record");

  RecordView record;
  cursor.int8();  // attributes, unused so far
  record.timestamp_delta = cursor.varlong();
  record.offset_delta = cursor.varint();
  record.key = cursor.nullable_bytes();
  record.value = cursor.nullable_bytes();
  record.header_count = cursor.varint();
  record.header_bytes = cursor.rest();
  // A header takes two bytes at least, so a count can be doubted without walking.
  if (!cursor.ok() || record.header_count < 0 ||
      static_cast<std::size_t>(record.header_count) > record.header_bytes.size() / 2)
    return invalid("record does not parse");

  record.offset = {wrapping_add(base_offset_.value, record.offset_delta)};
  record.timestamp = log_append_time_.value_or(wrapping_add(base_timestamp_, record.timestamp_delta));
  record.size = rest_.size() - outer.rest().size();
  rest_ = outer.rest();
  --left_;
  return record;
}

Result<RecordReader> RecordReader::open(const BatchView& batch, std::size_t limit) {
  const auto codec = batch.codec();
  if (!codec) return fail(ErrorCode::kUnsupportedCompressionType, "record batch with an unknown codec");
  if (*codec == Codec::kNone) return RecordReader({}, RecordIterator(batch, batch.body()));
  TRY(auto plain, decompress(*codec, batch.body(), limit));
  const RecordIterator iterator(batch, plain);
  return RecordReader(std::move(plain), iterator);
}

Result<ControlRecord> read_control_record(const RecordView& record) {
  if (!record.key || record.key->size() < 4) return invalid("control record without a type");
  const auto type = load_be<std::int16_t>(record.key->data() + 2);
  if (load_be<std::int16_t>(record.key->data()) < 0) return invalid("control record with a negative version");
  ControlRecord control;
  if (type >= 0 && type <= static_cast<std::int16_t>(ControlType::kKraftVoters))
    control.type = static_cast<ControlType>(type);
  if (control.type == ControlType::kAbort || control.type == ControlType::kCommit) {
    if (!record.value || record.value->size() < 6) return invalid("transaction marker without a coordinator epoch");
    control.coordinator_epoch = load_be<std::int32_t>(record.value->data() + 2);
  }
  return control;
}

Result<ControlRecord> read_control_record(const BatchView& batch) {
  CHECK(batch.is_control());
  TRY(auto reader, RecordReader::open(batch));
  TRY(const auto record, reader.next());
  if (!record) return invalid("control batch without a record");
  return read_control_record(*record);
}

}  // namespace thalweg::record
