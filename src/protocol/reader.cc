#include "protocol/reader.h"

#include <limits>

#include "base/varint.h"

namespace thalweg::protocol {
namespace {
// Memory for elements of arrays: what any message may take, how many times its frame's size a large one may, and what
// none may, however large: 200,000 partitions with all that is said of them stay below.
constexpr std::size_t kElementsFree = 1024 * 1024;
constexpr std::size_t kElementsPerByteMax = 8;
constexpr std::size_t kElementsMax = 16 * 1024 * 1024;
}  // namespace

Result<> Reader::status() const {
  if (error_) return std::unexpected(*error_);
  return {};
}

void Reader::fail(std::string_view what) {
  if (!error_) {
    error_ = Error{ErrorCode::kInvalidRequest, std::string(what) + " at byte " + std::to_string(position_)};
  }
  position_ = end_;
}

const std::byte* Reader::take(std::size_t count) {
  if (count > remaining()) {
    fail("message ends too early");
    return nullptr;
  }
  const std::byte* from = frame_.data() + position_;
  position_ += count;
  return from;
}

std::uint32_t Reader::read_unsigned_varint() {
  const auto number = read_varint(frame_.view().subspan(position_, remaining()), kMaxVarint32);
  if (!number || number->value > std::numeric_limits<std::uint32_t>::max()) {
    fail("malformed variable-length number");
    return 0;
  }
  position_ += number->size;
  return static_cast<std::uint32_t>(number->value);
}

std::optional<std::size_t> Reader::read_length(bool flexible, bool nullable, int width) {
  std::int64_t length = 0;
  if (flexible) {
    length = static_cast<std::int64_t>(read_unsigned_varint()) - 1;
  } else if (width == 2) {
    std::int16_t rigid = 0;
    read(rigid);
    length = rigid;
  } else {
    std::int32_t rigid = 0;
    read(rigid);
    length = rigid;
  }
  if (!ok()) return std::nullopt;
  if (length >= 0) return static_cast<std::size_t>(length);
  if (length < -1) fail("negative length");
  if (!nullable) fail("null where a value is required");
  return std::nullopt;
}

std::optional<std::size_t> Reader::read_count(bool flexible, bool nullable, std::size_t size_min) {
  const auto count = read_length(flexible, nullable, 4);
  if (count && *count > remaining() / size_min) {
    fail("array longer than the message");
    return std::nullopt;
  }
  return count;
}

bool Reader::may_take(std::size_t count, std::size_t element_size) {
  // No overflow: count is at most the frame's size, which an int32 counts.
  taken_ += count * element_size;
  if (taken_ <= std::min(kElementsMax, kElementsFree + kElementsPerByteMax * frame_.size())) return true;
  fail("arrays out of proportion to the message");
  return false;
}

void Reader::read(std::string& out, bool flexible) {
  std::optional<std::string> value;
  read(value, flexible, false);
  if (value)
    out = std::move(*value);
  else
    out.clear();
}

void Reader::read(std::optional<std::string>& out, bool flexible, bool nullable) {
  out.reset();
  const auto length = read_length(flexible, nullable, 2);
  if (!length) return;
  if (const std::byte* from = take(*length)) out.emplace(reinterpret_cast<const char*>(from), *length);
}

std::optional<SharedBytes> Reader::read_slice(bool flexible, bool nullable) {
  const auto length = read_length(flexible, nullable, 4);
  if (!length) return std::nullopt;
  const std::size_t from = position_;
  if (take(*length) == nullptr) return std::nullopt;
  return frame_.slice(from, *length);
}

void Reader::read(SharedBytes& out, bool flexible) { out = read_slice(flexible, false).value_or(SharedBytes()); }

void Reader::read(std::optional<SharedBytes>& out, bool flexible, bool nullable) {
  out = read_slice(flexible, nullable);
}

void Reader::read(std::optional<Pieces>& out, bool flexible, bool nullable) {
  out.reset();
  auto bytes = read_slice(flexible, nullable);
  if (!bytes) return;
  out.emplace();
  if (!bytes->empty()) out->push_back(std::move(*bytes));
}

void Reader::skip_tagged_fields() {
  for (TaggedFields tags(*this); tags.next();) tags.skip();
}

TaggedFields::TaggedFields(Reader& reader)
    : reader_(reader), left_(reader.read_unsigned_varint()), outer_end_(reader.end_) {
  // A tagged field has at least a tag and a size.
  if (left_ > reader_.remaining() / 2) reader_.fail("more tagged fields than bytes");
}

bool TaggedFields::next() {
  if (!first_) {
    if (reader_.position_ != reader_.end_) reader_.fail("tagged field longer than its content");
    reader_.end_ = outer_end_;
  }
  if (!reader_.ok()) {
    reader_.position_ = reader_.end_;
    return false;
  }
  if (left_ == 0) return false;
  --left_;
  const std::uint32_t tag = reader_.read_unsigned_varint();
  const std::uint32_t size = reader_.read_unsigned_varint();
  if (reader_.ok() && !first_ && tag <= tag_) reader_.fail("tags do not ascend");
  if (reader_.ok() && size > reader_.remaining()) reader_.fail("tagged field longer than the message");
  if (!reader_.ok()) return false;
  first_ = false;
  tag_ = tag;
  reader_.end_ = reader_.position_ + size;
  return true;
}

}  // namespace thalweg::protocol
