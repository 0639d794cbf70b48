#include "protocol/writer.h"

#include <cstring>
#include <limits>
#include <utility>

#include "base/varint.h"

namespace thalweg::protocol {
namespace {
// Below this, copying is cheaper than one more piece in the list that goes to the socket.
constexpr std::size_t kSpliceMin = 1024;
constexpr std::size_t kRigidStringMax = std::numeric_limits<std::int16_t>::max();
constexpr std::size_t kLengthMax = std::numeric_limits<std::int32_t>::max();
}  // namespace

std::byte* Writer::grow(std::size_t count) {
  const std::size_t at = tail_.size();
  tail_.resize(at + count);
  return tail_.data() + at;
}

void Writer::flush_tail() {
  if (tail_.empty()) return;
  done_size_ += tail_.size();
  done_.push_back(SharedBytes::take(std::exchange(tail_, {})));
}

void Writer::append(BytesView bytes) {
  if (bytes.empty()) return;
  std::memcpy(grow(bytes.size()), bytes.data(), bytes.size());
}

void Writer::append(SharedBytes bytes) {
  if (bytes.size() < kSpliceMin) return append(bytes.view());
  flush_tail();
  done_size_ += bytes.size();
  done_.push_back(std::move(bytes));
}

void Writer::append(Pieces pieces) {
  for (auto& piece : pieces) {
    if (auto* bytes = std::get_if<SharedBytes>(&piece)) {
      append(std::move(*bytes));
    } else {
      flush_tail();
      done_size_ += size_of(piece);
      done_.push_back(std::move(piece));
    }
  }
}

void Writer::append(Writer other) {
  ok_ = ok_ && other.ok_;
  errors_.add(other.errors_);
  append(std::move(other.done_));
  append(BytesView(other.tail_));
}

void Writer::write_unsigned_varint(std::uint32_t value) {
  std::byte encoded[kMaxVarint64];
  append(BytesView(encoded, write_varint(encoded, value)));
}

void Writer::write_length(std::size_t length, bool flexible, int width) {
  if (length > kLengthMax) {
    ok_ = false;
    length = 0;
  }
  if (flexible)
    write_unsigned_varint(static_cast<std::uint32_t>(length + 1));
  else if (width == 2)
    write(static_cast<std::int16_t>(length));
  else
    write(static_cast<std::int32_t>(length));
}

void Writer::write_null(bool flexible, int width) {
  if (flexible)
    write_unsigned_varint(0);
  else if (width == 2)
    write(std::int16_t{-1});
  else
    write(std::int32_t{-1});
}

void Writer::write(std::string_view value, bool flexible) {
  if (!flexible && value.size() > kRigidStringMax) {
    ok_ = false;
    value = {};
  }
  write_length(value.size(), flexible, 2);
  append(as_bytes(value));
}

void Writer::write(const std::optional<std::string>& value, bool flexible, bool nullable) {
  if (!value && nullable) return write_null(flexible, 2);
  write(value ? std::string_view(*value) : std::string_view(), flexible);
}

void Writer::write(const SharedBytes& value, bool flexible) {
  write_length(value.size(), flexible, 4);
  append(value);
}

void Writer::write(const std::optional<SharedBytes>& value, bool flexible, bool nullable) {
  if (!value && nullable) return write_null(flexible, 4);
  write(value ? *value : SharedBytes(), flexible);
}

void Writer::write(const std::optional<Pieces>& value, bool flexible, bool nullable) {
  if (!value && nullable) return write_null(flexible, 4);
  write_length(value ? size_of(*value) : 0, flexible, 4);
  if (value) append(*value);
}

Pieces Writer::take() {
  CHECK(ok_);
  flush_tail();
  done_size_ = 0;
  return std::exchange(done_, {});
}

Result<Pieces> Writer::take_frame() {
  if (!ok_) return fail(ErrorCode::kInvalidRequest, "a value is longer than its form in this version can tell");
  if (size() > kLengthMax)
    return fail(ErrorCode::kInvalidRequest, "a message of " + std::to_string(size()) + " bytes is too long to be sent");
  std::byte length[4];
  store_be<std::int32_t>(length, static_cast<std::int32_t>(size()));
  if (done_.empty()) {
    tail_.insert(tail_.begin(), length, length + sizeof length);
    return take();
  }
  Pieces pieces = take();
  pieces.insert(pieces.begin(), SharedBytes::copy_of(BytesView(length)));
  return pieces;
}

SharedBytes Writer::take_bytes() {
  CHECK(ok_);
  if (done_.empty()) return SharedBytes::take(std::exchange(tail_, {}));
  std::vector<std::byte> flat;
  flat.reserve(size());
  for (const auto& piece : take()) {
    const auto* bytes = std::get_if<SharedBytes>(&piece);
    CHECK(bytes != nullptr);
    flat.insert(flat.end(), bytes->view().begin(), bytes->view().end());
  }
  return SharedBytes::take(std::move(flat));
}

Writer& TagWriter::field(std::uint32_t tag) {
  CHECK(count_ == 0 || tag > tag_);
  close_field();
  tag_ = tag;
  ++count_;
  return current_;
}

void TagWriter::close_field() {
  if (count_ == 0) return;
  all_.write_unsigned_varint(tag_);
  all_.write_unsigned_varint(static_cast<std::uint32_t>(current_.size()));
  all_.append(std::exchange(current_, Writer()));
}

void TagWriter::finish() {
  close_field();
  to_.write_unsigned_varint(count_);
  if (count_ > 0) to_.append(std::move(all_));
}

}  // namespace thalweg::protocol
