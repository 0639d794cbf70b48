// Kafka's big-endian numbers and sized bytes, read one after the other. Past the end everything is 0 and ok() false.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace thalweg::streams::detail {

class ByteReader {
 public:
  explicit ByteReader(std::string_view bytes) : left_(bytes) {}
  bool ok() const { return ok_; }
  std::size_t size() const { return left_.size(); }
  std::string_view bytes(std::size_t size) {
    if (size > left_.size()) {
      ok_ = false;
      left_ = {};
      return {};
    }
    const std::string_view taken = left_.substr(0, size);
    left_.remove_prefix(size);
    return taken;
  }
  std::uint8_t u8() { return static_cast<std::uint8_t>(number(1)); }
  std::int32_t i32() { return static_cast<std::int32_t>(static_cast<std::uint32_t>(number(4))); }
  std::int64_t i64() { return static_cast<std::int64_t>(number(8)); }

 private:
  std::uint64_t number(std::size_t size) {
    std::uint64_t value = 0;
    for (const char c : bytes(size)) value = value << 8 | static_cast<unsigned char>(c);
    return value;
  }
  std::string_view left_;
  bool ok_ = true;
};

inline void append_i32(std::string& out, std::int32_t value) {
  for (int shift = 24; shift >= 0; shift -= 8)
    out.push_back(static_cast<char>(static_cast<std::uint32_t>(value) >> shift));
}

}  // namespace thalweg::streams::detail
