// Reader takes a received frame apart into Kafka's primitive types; see wire.h for the two forms they have.
//
// Invariants:
// - It never looks outside its frame, and memory follows bytes received, never counts claimed.
// - The first failure sticks: every later read gives zero values, so generated code checks once, at the end.
// - Bytes are not copied: slices keep the frame alive.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/endian.h"
#include "base/result.h"
#include "protocol/scalar.h"

namespace thalweg::protocol {

class Reader {
 public:
  explicit Reader(SharedBytes frame) : frame_(std::move(frame)), end_(frame_.size()) {}

  bool ok() const { return !error_; }
  // The first failure, or success.
  Result<> status() const;
  std::size_t position() const { return position_; }
  std::size_t remaining() const { return end_ - position_; }
  // How much memory the elements of arrays have taken so far, beside the frame's own.
  std::size_t taken() const { return taken_; }
  // What has not been read yet, as a slice of the frame.
  SharedBytes rest() const { return frame_.slice(position_, remaining()); }
  void fail(std::string_view what);

  template <Scalar T>
  void read(T& out);
  void read(std::string& out, bool flexible);
  void read(std::optional<std::string>& out, bool flexible, bool nullable);
  void read(SharedBytes& out, bool flexible);
  void read(std::optional<SharedBytes>& out, bool flexible, bool nullable);
  void read(std::optional<Pieces>& out, bool flexible, bool nullable);
  // Arrays of scalars and strings.
  template <class T>
  void read(std::vector<T>& out, bool flexible);
  template <class T>
  void read(std::optional<std::vector<T>>& out, bool flexible, bool nullable);
  // Arrays of structs; `size_min` is the fewest bytes that an element can have, which bounds the count.
  template <class T>
  void read(std::vector<T>& out, bool flexible, std::int16_t version, std::size_t size_min);
  template <class T>
  void read(std::optional<std::vector<T>>& out, bool flexible, bool nullable, std::int16_t version,
            std::size_t size_min);
  // A struct that may be null, which a byte in front of it says; as a tagged field it has a number of variable length.
  template <class T>
  void read(std::optional<T>& out, std::int16_t version, bool nullable);
  template <class T>
  void read_tagged(std::optional<T>& out, std::int16_t version, bool nullable);

  std::uint32_t read_unsigned_varint();
  // Steps over a section of tagged fields of which none is known.
  void skip_tagged_fields();

 private:
  friend class TaggedFields;

  // The next `count` bytes, or nothing after a failure.
  const std::byte* take(std::size_t count);
  // Lengths and counts: nothing for null. A null that is not allowed fails.
  std::optional<std::size_t> read_length(bool flexible, bool nullable, int width);
  std::optional<std::size_t> read_count(bool flexible, bool nullable, std::size_t size_min);
  std::optional<SharedBytes> read_slice(bool flexible, bool nullable);
  // Fails when arrays would take much more memory than the frame has bytes: an empty string is one byte on the wire and
  // a std::string here. Kafka's own messages stay far below.
  bool may_take(std::size_t count, std::size_t element_size);
  template <class T>
  void read_elements(std::vector<T>& out, std::size_t count, auto read_one);

  SharedBytes frame_;
  std::size_t taken_ = 0;
  std::size_t position_ = 0;
  std::size_t end_;
  std::optional<Error> error_;
};

// The tagged fields of one struct, in ascending order:
//   for (TaggedFields tags(r); tags.next();) if (tags.tag() == 0) r.read(field, true); else tags.skip();
class TaggedFields {
 public:
  explicit TaggedFields(Reader& reader);
  // Enters the next field; false at the end and after a failure. The field before must have been used up exactly.
  bool next();
  std::uint32_t tag() const { return tag_; }
  void skip() { reader_.position_ = reader_.end_; }

 private:
  Reader& reader_;
  std::uint32_t left_;
  std::uint32_t tag_ = 0;
  bool first_ = true;
  std::size_t outer_end_;
};

// ---------------------------------------------------------------------------------------------------- details

template <Scalar T>
void Reader::read(T& out) {
  if constexpr (is_strong<T>) {
    read(out.value);
  } else if constexpr (std::is_same_v<T, ErrorCode>) {
    std::int16_t code = 0;
    read(code);
    out = static_cast<ErrorCode>(code);
  } else if constexpr (std::is_same_v<T, Uuid>) {
    read(out.high);
    read(out.low);
  } else if constexpr (std::is_same_v<T, double>) {
    std::uint64_t bits = 0;
    read(bits);
    out = std::bit_cast<double>(bits);
  } else if constexpr (std::is_same_v<T, bool>) {
    std::int8_t byte = 0;
    read(byte);
    out = byte != 0;
  } else {
    const std::byte* from = take(sizeof(T));
    out = from != nullptr ? load_be<T>(from) : T{};
  }
}

template <class T>
void Reader::read_elements(std::vector<T>& out, std::size_t count, auto read_one) {
  if (!may_take(count, sizeof(T))) return;
  out.reserve(count);
  for (std::size_t i = 0; i < count && ok(); ++i) {
    if constexpr (std::is_same_v<T, bool>) {
      bool value = false;
      read(value);
      out.push_back(value);
    } else {
      read_one(out.emplace_back());
    }
  }
}

template <class T>
void Reader::read(std::vector<T>& out, bool flexible) {
  std::optional<std::vector<T>> values;
  read(values, flexible, false);
  if (values) out = std::move(*values);
}

template <class T>
void Reader::read(std::optional<std::vector<T>>& out, bool flexible, bool nullable) {
  out.reset();
  const auto count = read_count(flexible, nullable, Scalar<T> ? sizeof(T) : 1);
  if (!count) return;
  read_elements(out.emplace(), *count, [&](T& value) {
    if constexpr (Scalar<T>)
      read(value);
    else
      read(value, flexible);
  });
}

template <class T>
void Reader::read(std::vector<T>& out, bool flexible, std::int16_t version, std::size_t size_min) {
  out.clear();
  const auto count = read_count(flexible, false, size_min);
  if (count) read_elements(out, *count, [&](T& value) { value.read(*this, version); });
}

template <class T>
void Reader::read(std::optional<std::vector<T>>& out, bool flexible, bool nullable, std::int16_t version,
                  std::size_t size_min) {
  out.reset();
  const auto count = read_count(flexible, nullable, size_min);
  if (count) read_elements(out.emplace(), *count, [&](T& value) { value.read(*this, version); });
}

template <class T>
void Reader::read(std::optional<T>& out, std::int16_t version, bool nullable) {
  if (nullable) {
    std::int8_t present = 0;
    read(present);
    if (present < 0) return out.reset();
  }
  out.emplace().read(*this, version);
}

template <class T>
void Reader::read_tagged(std::optional<T>& out, std::int16_t version, bool nullable) {
  if (nullable && read_unsigned_varint() == 0) return out.reset();
  out.emplace().read(*this, version);
}

}  // namespace thalweg::protocol
