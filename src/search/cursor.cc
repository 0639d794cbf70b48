#include "search/cursor.h"

#include <algorithm>
#include <cstring>
#include <limits>

#include "base/base64.h"
#include "base/crc32c.h"
#include "base/endian.h"
#include "base/varint.h"
#include "search/limits.h"

namespace thalweg::search {
namespace {

constexpr char kVersion = 1;
constexpr std::size_t kCrcSize = 4, kIdSize = 16;
// Of a part: six numbers and its flags.
constexpr std::size_t kTextMax = 2 * (kIdSize + 8 * kMaxVarint64 + kPartitionsMax * (6 * kMaxVarint64 + 1));

enum PartFlag : char { kHasFrontier = 1, kEndIsEdge = 2 };

class CursorWriter {
 public:
  void number(std::uint64_t value) {
    std::byte room[kMaxVarint64];
    bytes_.append(as_text({room, write_varint(room, value)}));
  }
  void byte(char c) { bytes_ += c; }
  void fixed(const Uuid& id) {
    std::byte room[kIdSize];
    store_be(room, id.high);
    store_be(room + 8, id.low);
    bytes_.append(as_text(room));
  }
  // With a checksum behind it.
  std::string take() && {
    std::byte room[kCrcSize];
    store_be(room, crc32c(as_bytes(bytes_)));
    return std::move(bytes_.append(as_text(room)));
  }

 private:
  std::string bytes_;
};

// Takes numbers off the front; the first that does not fit makes all that follow zero.
class CursorReader {
 public:
  explicit CursorReader(BytesView bytes) : rest_(bytes) {}
  bool ok() const { return ok_; }
  bool at_end() const { return rest_.empty(); }
  std::uint64_t number() {
    const auto varint = read_varint(rest_, kMaxVarint64);
    if (!varint) {
      ok_ = false;
      rest_ = {};
      return 0;
    }
    rest_ = rest_.subspan(varint->size);
    return varint->value;
  }
  // One that an offset or a count may have.
  std::int64_t count() {
    const std::uint64_t value = number();
    if (value > std::uint64_t(std::numeric_limits<std::int64_t>::max()) / 4) ok_ = false;
    return ok_ ? std::int64_t(value) : 0;
  }
  char byte() {
    if (rest_.empty()) ok_ = false;
    if (!ok_) return 0;
    const char c = as_text(rest_).front();
    rest_ = rest_.subspan(1);
    return c;
  }
  Uuid uuid() {
    if (rest_.size() < kIdSize) ok_ = false;
    if (!ok_) return {};
    const Uuid id{load_be<std::uint64_t>(rest_.data()), load_be<std::uint64_t>(rest_.data() + 8)};
    rest_ = rest_.subspan(kIdSize);
    return id;
  }

 private:
  BytesView rest_;
  bool ok_ = true;
};

void write(CursorWriter& writer, const Part& part) {
  writer.number(std::uint64_t(part.partition.value));
  writer.number(std::uint64_t(part.first_begin.value));
  writer.number(std::uint64_t(part.all()));
  writer.number(std::uint64_t(part.begin - part.first_begin));
  writer.number(std::uint64_t(part.left()));
  writer.number(std::uint64_t(part.stride));
  writer.byte(char((part.frontier ? kHasFrontier : 0) | (part.end_is_edge ? kEndIsEdge : 0)));
  if (part.frontier) writer.number(zigzag(*part.frontier));
}

Part read_part(CursorReader& reader) {
  Part part;
  const std::int64_t partition = reader.count();
  part.partition = {std::int32_t(std::min<std::int64_t>(partition, std::numeric_limits<std::int32_t>::max()))};
  part.first_begin = {reader.count()};
  part.first_end = part.first_begin + reader.count();
  part.begin = part.first_begin + reader.count();
  part.end = part.begin + reader.count();
  part.stride = std::max<std::int64_t>(reader.count(), 1);
  const char flags = reader.byte();
  part.end_is_edge = flags & kEndIsEdge;
  if (flags & kHasFrontier) part.frontier = unzigzag(reader.number());
  return part;
}

// "-" and "_" instead of the two signs that mean something in an address, and no padding.
std::string for_addresses(std::string text) {
  while (text.ends_with('=')) text.pop_back();
  std::ranges::replace(text, '+', '-');
  std::ranges::replace(text, '/', '_');
  return text;
}
std::optional<std::string> from_address(std::string_view given) {
  std::string text(given);
  if (text.find_first_of("+/=") != text.npos) return std::nullopt;
  std::ranges::replace(text, '-', '+');
  std::ranges::replace(text, '_', '/');
  while (text.size() % 4 != 0) text += '=';
  return decode_base64(text);
}

}  // namespace

std::uint32_t wish_hash(std::string_view where, Order order, bool committed) {
  const char how[] = {char(order), char(committed)};
  return crc32c(as_bytes(where), crc32c(as_bytes(std::string_view(how, sizeof how))));
}

std::string encode(const Cursor& cursor) {
  CursorWriter writer;
  writer.byte(kVersion);
  writer.fixed(cursor.topic_id);
  writer.number(cursor.wish);
  writer.number(zigzag(cursor.now));
  for (const auto count : {cursor.counts.records, cursor.counts.bytes, cursor.counts.matches, cursor.counts.troubled,
                           cursor.counts.unreadable})
    writer.number(count);
  writer.number(cursor.parts.size());
  for (const auto& part : cursor.parts) write(writer, part);
  return for_addresses(base64(std::move(writer).take()));
}

Result<Cursor> decode_cursor(std::string_view text) {
  const auto none = [] {
    return fail(ErrorCode::kInvalidRequest, "this is no cursor of a search; take the one of the last answer as it is");
  };
  if (text.size() > kTextMax) return none();
  const auto bytes = from_address(text);
  if (!bytes || bytes->size() <= kCrcSize) return none();
  const BytesView body = as_bytes(*bytes).first(bytes->size() - kCrcSize);
  if (crc32c(body) != load_be<std::uint32_t>(as_bytes(*bytes).data() + body.size())) return none();
  CursorReader reader(body);
  if (reader.byte() != kVersion) return none();
  Cursor cursor{.topic_id = reader.uuid(), .wish = {}, .now = {}, .counts = {}, .parts = {}};
  const std::uint64_t wish = reader.number();
  if (wish > std::numeric_limits<std::uint32_t>::max()) return none();
  cursor.wish = std::uint32_t(wish);
  cursor.now = unzigzag(reader.number());
  for (auto* count : {&cursor.counts.records, &cursor.counts.bytes, &cursor.counts.matches, &cursor.counts.troubled,
                      &cursor.counts.unreadable})
    *count = std::uint64_t(reader.count());
  const std::uint64_t parts = reader.number();
  if (parts > kPartitionsMax) return none();
  for (std::uint64_t i = 0; i < parts && reader.ok(); ++i) {
    const Part part = read_part(reader);
    if (part.begin > part.first_end || part.end > part.first_end) return none();
    if (!cursor.parts.empty() && part.partition <= cursor.parts.back().partition) return none();
    cursor.parts.push_back(part);
  }
  if (!reader.ok() || !reader.at_end()) return none();
  return cursor;
}

}  // namespace thalweg::search
