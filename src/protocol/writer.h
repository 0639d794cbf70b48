// Writer builds a frame, or a part of one, out of Kafka's primitive types; see wire.h for the two forms they have.
// Small things go into one growing buffer; large bytes and pieces of files are spliced in between without copying.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/endian.h"
#include "base/result.h"
#include "protocol/error_tally.h"
#include "protocol/scalar.h"

namespace thalweg::protocol {

class Writer {
 public:
  Writer() = default;

  std::size_t size() const { return done_size_ + tail_.size(); }
  // False once a value did not fit its form: a string over 32767 bytes in the rigid one, anything over 2 GiB. What was
  // written is no message then, and cannot be taken.
  bool ok() const { return ok_; }

  template <Scalar T>
  void write(T value);
  void write(std::string_view value, bool flexible);
  void write(const std::optional<std::string>& value, bool flexible, bool nullable);
  void write(const SharedBytes& value, bool flexible);
  void write(const std::optional<SharedBytes>& value, bool flexible, bool nullable);
  void write(const std::optional<Pieces>& value, bool flexible, bool nullable);
  template <class T>
  void write(const std::vector<T>& values, bool flexible);
  template <class T>
  void write(const std::optional<std::vector<T>>& values, bool flexible, bool nullable);
  template <class T>
  void write(const std::vector<T>& values, bool flexible, std::int16_t version);
  template <class T>
  void write(const std::optional<std::vector<T>>& values, bool flexible, bool nullable, std::int16_t version);
  template <class T>
  void write(const std::optional<T>& value, std::int16_t version, bool nullable);
  template <class T>
  void write_tagged(const std::optional<T>& value, std::int16_t version, bool nullable);

  void write_unsigned_varint(std::uint32_t value);
  // Bytes as they are, copied when small and spliced when large.
  void append(BytesView bytes);
  void append(SharedBytes bytes);
  void append(Pieces pieces);
  void append(Writer other);

  // The error codes that were written.
  const ErrorTally& errors() const { return errors_; }

  // What was written; the Writer is empty afterwards. REQUIRES: ok()
  Pieces take();
  // With the four bytes in front that tell a connection's peer how long it is. kInvalidRequest when it cannot be sent:
  // it is not ok(), or longer than the four bytes can tell.
  [[nodiscard]] Result<Pieces> take_frame();
  // In one block. REQUIRES: ok(), and no piece of a file was spliced in.
  SharedBytes take_bytes();

 private:
  std::byte* grow(std::size_t count);
  void flush_tail();
  void write_length(std::size_t length, bool flexible, int width);
  void write_null(bool flexible, int width);
  template <class T>
  void write_element(const T& value, bool flexible);

  Pieces done_;
  std::size_t done_size_ = 0;
  std::vector<std::byte> tail_;
  bool ok_ = true;
  ErrorTally errors_;
};

// Collects the tagged fields of one struct and writes them, counted, at the end.
//   TagWriter tags(w); if (x != kDefault) tags.field(0).write(x); tags.finish();
class TagWriter {
 public:
  explicit TagWriter(Writer& to) : to_(to) {}
  // Where the content of the field goes. REQUIRES: tags ascend.
  Writer& field(std::uint32_t tag);
  void finish();

 private:
  void close_field();

  Writer& to_;
  Writer all_, current_;
  std::uint32_t count_ = 0;
  std::uint32_t tag_ = 0;
};

// ---------------------------------------------------------------------------------------------------- details

template <Scalar T>
void Writer::write(T value) {
  if constexpr (is_strong<T>) {
    write(value.value);
  } else if constexpr (std::is_same_v<T, ErrorCode>) {
    errors_.add(value);
    write(static_cast<std::int16_t>(value));
  } else if constexpr (std::is_same_v<T, Uuid>) {
    write(value.high);
    write(value.low);
  } else if constexpr (std::is_same_v<T, double>) {
    write(std::bit_cast<std::uint64_t>(value));
  } else if constexpr (std::is_same_v<T, bool>) {
    write(static_cast<std::int8_t>(value ? 1 : 0));
  } else {
    store_be<T>(grow(sizeof(T)), value);
  }
}

template <class T>
void Writer::write_element(const T& value, bool flexible) {
  if constexpr (Scalar<T>)
    write(value);
  else
    write(value, flexible);
}

template <class T>
void Writer::write(const std::vector<T>& values, bool flexible) {
  write_length(values.size(), flexible, 4);
  for (const auto& value : values) write_element<T>(value, flexible);
}

template <class T>
void Writer::write(const std::optional<std::vector<T>>& values, bool flexible, bool nullable) {
  if (values) return write(*values, flexible);
  nullable ? write_null(flexible, 4) : write_length(0, flexible, 4);
}

template <class T>
void Writer::write(const std::vector<T>& values, bool flexible, std::int16_t version) {
  write_length(values.size(), flexible, 4);
  for (const auto& value : values) value.write(*this, version);
}

template <class T>
void Writer::write(const std::optional<std::vector<T>>& values, bool flexible, bool nullable, std::int16_t version) {
  if (values) return write(*values, flexible, version);
  nullable ? write_null(flexible, 4) : write_length(0, flexible, 4);
}

template <class T>
void Writer::write(const std::optional<T>& value, std::int16_t version, bool nullable) {
  if (nullable) write(static_cast<std::int8_t>(value ? 1 : -1));
  if (value)
    value->write(*this, version);
  else if (!nullable)
    T{}.write(*this, version);
}

template <class T>
void Writer::write_tagged(const std::optional<T>& value, std::int16_t version, bool nullable) {
  if (nullable) write_unsigned_varint(value ? 1 : 0);
  if (value)
    value->write(*this, version);
  else if (!nullable)
    T{}.write(*this, version);
}

}  // namespace thalweg::protocol
