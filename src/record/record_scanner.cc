#include "record/record_scanner.h"

#include <algorithm>
#include <string>

#include "base/varint.h"
#include "record/batch.h"

namespace thalweg::record {
namespace {

// A record of up to this size waits until it is there in one piece, which is the fast way to read it.
constexpr std::size_t kWholeMax = 4096;
// What may stand before a payload: attributes, timestamp delta, offset delta, length of the key.
constexpr std::size_t kPartMax = 1 + kMaxVarint64 + 2 * kMaxVarint32;
static_assert(RecordScanner::kRestMax == kWholeMax + kMaxVarint32);

constexpr std::int32_t kShortIndexEnd = 1 << 20;  // the first whose offset delta has four bytes

// What nearly all records are: no number above three bytes, no headers. Anything else, and all that is wrong, is left
// to the way that knows every record, so this one only has to be right about what it takes. It takes half the time.
struct ShortRecord {
  // False: it is another, or it does not end before `limit`.
  bool read(const std::byte* at, const std::byte* limit, std::int32_t index) {
    if (limit - at < kRoom) return false;
    std::uint32_t length, time, offset, key, value;
    if (!number(at, length) || is_negative(length) || limit - at < half(length)) return false;
    end = at + half(length);
    ++at;  // attributes
    if (!number(at, time) || !number(at, offset) || offset != static_cast<std::uint32_t>(index) << 1) return false;
    if (!number(at, key) || !is_size(key)) return false;
    has_key = key != kNull;
    if (has_key) {
      if (limit - at < half(key) + kNumberMax) return false;
      at += half(key);
    }
    if (!number(at, value) || !is_size(value)) return false;
    const std::ptrdiff_t value_size = value == kNull ? 0 : half(value);
    timestamp_delta = unzigzag(time);
    return end - at == value_size + 1 && at[value_size] == std::byte{0};  // no headers
  }

  std::int64_t timestamp_delta;
  bool has_key;
  const std::byte* end;

 private:
  static constexpr std::ptrdiff_t kNumberMax = 3;
  // What is looked at before sizes are known to fit: length, attributes, two deltas, and the sizes of key and value.
  static constexpr std::ptrdiff_t kRoom = 5 * kNumberMax + 1;
  static constexpr std::uint32_t kNull = 1;  // -1, as numbers are encoded

  static bool is_negative(std::uint32_t encoded) { return (encoded & 1) != 0; }
  static bool is_size(std::uint32_t encoded) { return !is_negative(encoded) || encoded == kNull; }
  static std::ptrdiff_t half(std::uint32_t encoded) { return encoded >> 1; }
  // Takes one off the front, as it is encoded. False: it has more than kNumberMax bytes, all of which can be looked at.
  static bool number(const std::byte*& at, std::uint32_t& encoded) {
    const auto low = std::to_integer<std::uint32_t>(at[0]);
    if (low < 0x80) {
      encoded = low;
      ++at;
      return true;
    }
    const auto middle = std::to_integer<std::uint32_t>(at[1]);
    encoded = (low & 0x7f) | middle << 7;
    at += 2;
    if (middle < 0x80) return true;
    const auto high = std::to_integer<std::uint32_t>(*at++);
    encoded = (encoded & 0x3fff) | high << 14;
    return high < 0x80;
  }
};

inline void add(RecordFacts& facts, Timestamp timestamp, bool has_key, std::int32_t index) {
  facts.max_timestamp = std::max(facts.max_timestamp, timestamp);
  facts.min_timestamp =
      std::min(facts.min_timestamp, timestamp == kNoTimestamp ? std::numeric_limits<Timestamp>::max() : timestamp);
  if (!has_key && facts.first_without_key < 0) facts.first_without_key = index;
}

}  // namespace

enum class RecordScanner::Flaw : std::uint8_t {
  kNone,
  kCount,
  kEndsEarly,
  kGoesOn,
  kLength,
  kField,
  kOffset,
  kHeaders,
  kRest
};

// Takes fields off the front; the first that does not fit makes all that follow not fit.
class RecordScanner::Fields {
 public:
  Fields(const std::byte* at, const std::byte* end) : at_(at), end_(end) {}

  bool ok() const { return at_ != nullptr; }
  const std::byte* at() const { return at_; }
  std::size_t left() const { return static_cast<std::size_t>(end_ - at_); }

  std::int32_t varint() {
    const std::uint64_t value = number(kMaxVarint32);
    if (value > 0xffffffffu) [[unlikely]]
      fail();
    return static_cast<std::int32_t>(unzigzag(value));
  }
  std::int64_t varlong() { return unzigzag(number(kMaxVarint64)); }
  void skip(std::uint64_t count) {
    if (count > left()) [[unlikely]]
      return fail();
    at_ += count;
  }
  // A length and as many bytes; -1 stands for null, anything below is none.
  std::int32_t payload(std::int32_t least) {
    const std::int32_t size = varint();
    if (size < least) [[unlikely]]
      fail();
    skip(static_cast<std::uint64_t>(std::max(size, 0)));
    return size;
  }
  void fail() { at_ = end_ = nullptr; }

 private:
  // One or two bytes nearly always.
  std::uint64_t number(std::size_t bytes_max) {
    if (left() >= 2) [[likely]] {
      const auto low = std::to_integer<std::uint64_t>(at_[0]), high = std::to_integer<std::uint64_t>(at_[1]);
      if (low < 0x80) {
        at_ += 1;
        return low;
      }
      if (high < 0x80) {
        at_ += 2;
        return (low & 0x7f) | high << 7;
      }
    }
    return long_number(bytes_max);
  }
  [[gnu::noinline]] std::uint64_t long_number(std::size_t bytes_max) {
    const auto number = read_varint(BytesView(at_, end_), bytes_max);
    if (!number) {
      fail();
      return 0;
    }
    at_ += number->size;
    return number->value;
  }

  const std::byte* at_;
  const std::byte* end_;
};

std::unexpected<Error> RecordScanner::refuse(Flaw flaw) const {
  const auto record = [this](const char* what) { return "record " + std::to_string(index_) + " " + what; };
  const auto text = [&]() -> std::string {
    switch (flaw) {
      case Flaw::kNone:
        break;
      case Flaw::kCount:
        return "a batch of " + std::to_string(count_) + " records";
      case Flaw::kEndsEarly:
        return "the batch ends inside or before record " + std::to_string(index_) + " of " + std::to_string(count_);
      case Flaw::kGoesOn:
        return "the batch goes on after its " + std::to_string(count_) + " records";
      case Flaw::kLength:
        return record("has no length that can be one");
      case Flaw::kField:
        return record("has a field that does not fit into it");
      case Flaw::kOffset:
        return record("has another offset delta than its place");
      case Flaw::kHeaders:
        return record("has headers that are none");
      case Flaw::kRest:
        return record("is longer than its fields");
    }
    return {};
  };
  return fail(ErrorCode::kInvalidRecord, text());
}

Result<std::size_t> RecordScanner::feed(BytesView bytes, bool last) {
  const std::byte* const begin = bytes.data();
  const std::byte* const end = begin + bytes.size();
  const std::byte* at = begin;
  if (count_ < 0) return refuse(Flaw::kCount);
  if (part_ != Part::kNothing) {
    TRY(at, go_on(at, end, last));
  }
  if (part_ == Part::kNothing) {
    TRY(at, feed_between(at, end, last));
  }
  const auto done = static_cast<std::size_t>(at - begin);
  facts_.unpacked_bytes += done;
  return done;
}

// From the end of one record to that of another.
Result<const std::byte*> RecordScanner::feed_between(const std::byte* at, const std::byte* end, bool last) {
  while (true) {
    at = short_records(at, end);
    if (index_ == count_) break;
    Fields fields(at, end);
    const std::int32_t length = fields.varint();
    if (!fields.ok()) {
      if (static_cast<std::size_t>(end - at) >= kMaxVarint32) return refuse(Flaw::kLength);
      if (last) return refuse(Flaw::kEndsEarly);
      return at;
    }
    if (length < 0) return refuse(Flaw::kLength);
    const auto size = static_cast<std::size_t>(length);
    if (size <= fields.left()) [[likely]] {
      Fields record(fields.at(), fields.at() + size);
      if (const Flaw flaw = whole_record(record); flaw != Flaw::kNone) [[unlikely]]
        return refuse(flaw);
      at = fields.at() + size;
      ++index_;
      continue;
    }
    if (last) return refuse(Flaw::kEndsEarly);
    if (size <= kWholeMax) return at;
    part_ = Part::kHead;
    record_left_ = size;
    payload_left_ = 0;
    return go_on(fields.at(), end, last);
  }
  if (at != end) return refuse(Flaw::kGoesOn);
  return at;
}

// As many records as are short ones, in numbers that stay in registers.
const std::byte* RecordScanner::short_records(const std::byte* at, const std::byte* end) {
  const std::int32_t count = std::min(count_, kShortIndexEnd);
  RecordFacts facts = facts_;
  std::int32_t index = index_;
  for (; index < count; ++index) {
    ShortRecord record;
    if (!record.read(at, end, index)) break;
    add(facts, wrapping_add(base_timestamp_, record.timestamp_delta), record.has_key, index);
    at = record.end;
  }
  facts_ = facts;
  index_ = index;
  return at;
}

inline RecordScanner::Flaw RecordScanner::note(std::int64_t timestamp_delta, std::int32_t offset_delta,
                                               std::int32_t key_size) {
  if (offset_delta != index_) [[unlikely]]
    return Flaw::kOffset;
  add(facts_, wrapping_add(base_timestamp_, timestamp_delta), key_size >= 0, index_);
  return Flaw::kNone;
}

RecordScanner::Flaw RecordScanner::whole_record(Fields& fields) {
  fields.skip(1);  // attributes, unused so far
  const std::int64_t timestamp_delta = fields.varlong();
  const std::int32_t offset_delta = fields.varint();
  const std::int32_t key_size = fields.payload(-1);
  fields.payload(-1);
  std::int32_t headers = fields.varint();
  if (!fields.ok()) [[unlikely]]
    return Flaw::kField;
  if (headers < 0) return Flaw::kHeaders;
  for (; headers > 0; --headers) {
    fields.payload(0);
    fields.payload(-1);
    if (!fields.ok()) [[unlikely]]
      return Flaw::kHeaders;
  }
  if (fields.left() != 0) [[unlikely]]
    return Flaw::kRest;
  return note(timestamp_delta, offset_delta, key_size);
}

// A record that is larger than the piece at hand: its parts one by one, with the payloads between them jumped over.
Result<const std::byte*> RecordScanner::go_on(const std::byte* at, const std::byte* end, bool last) {
  while (true) {
    const auto jump = std::min<std::uint64_t>(payload_left_, static_cast<std::uint64_t>(end - at));
    at += jump;
    payload_left_ -= jump;
    record_left_ -= jump;
    if (payload_left_ > 0) break;
    if (part_ == Part::kEnd) {
      if (record_left_ > 0) return refuse(Flaw::kRest);
      part_ = Part::kNothing;
      ++index_;
      return at;
    }
    const auto there = std::min<std::uint64_t>(record_left_, static_cast<std::uint64_t>(end - at));
    if (there < std::min<std::uint64_t>(kPartMax, record_left_)) break;
    Fields fields(at, at + there);
    if (const Flaw flaw = next_part(fields); flaw != Flaw::kNone) return refuse(flaw);
    record_left_ -= static_cast<std::uint64_t>(fields.at() - at);
    at = fields.at();
    if (payload_left_ > record_left_) return refuse(Flaw::kField);
  }
  if (last) return refuse(Flaw::kEndsEarly);
  return at;
}

RecordScanner::Flaw RecordScanner::next_part(Fields& fields) {
  const auto payload = [&](std::int32_t least, Part next) {
    const std::int32_t size = fields.varint();
    if (size < least) fields.fail();
    payload_left_ = static_cast<std::uint64_t>(std::max(size, 0));
    part_ = next;
    return size;
  };
  switch (part_) {
    case Part::kHead: {
      fields.skip(1);
      const std::int64_t timestamp_delta = fields.varlong();
      const std::int32_t offset_delta = fields.varint();
      const std::int32_t key_size = payload(-1, Part::kValue);
      return fields.ok() ? note(timestamp_delta, offset_delta, key_size) : Flaw::kField;
    }
    case Part::kValue:
      payload(-1, Part::kHeaderCount);
      return fields.ok() ? Flaw::kNone : Flaw::kField;
    case Part::kHeaderCount:
      headers_left_ = fields.varint();
      part_ = headers_left_ > 0 ? Part::kHeaderKey : Part::kEnd;
      return fields.ok() && headers_left_ >= 0 ? Flaw::kNone : Flaw::kHeaders;
    case Part::kHeaderKey:
      payload(0, Part::kHeaderValue);
      return fields.ok() ? Flaw::kNone : Flaw::kHeaders;
    case Part::kHeaderValue:
      payload(-1, --headers_left_ > 0 ? Part::kHeaderKey : Part::kEnd);
      return fields.ok() ? Flaw::kNone : Flaw::kHeaders;
    case Part::kEnd:
    case Part::kNothing:
      break;
  }
  CHECK(false && "no part of a record");
}

}  // namespace thalweg::record
