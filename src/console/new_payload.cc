#include "console/new_payload.h"

#include <bit>

#include "base/base64.h"
#include "base/endian.h"
#include "base/number.h"
#include "console/problem.h"
#include "json/parser.h"

namespace thalweg::console {
namespace {

std::optional<unsigned> hex_digit(char c) {
  if (c >= '0' && c <= '9') return unsigned(c - '0');
  if (c >= 'a' && c <= 'f') return unsigned(c - 'a' + 10);
  if (c >= 'A' && c <= 'F') return unsigned(c - 'A' + 10);
  return std::nullopt;
}

// Two digits a byte; nothing for other texts.
std::optional<std::string> bytes_of_hex(std::string_view text) {
  if (text.size() % 2 != 0) return std::nullopt;
  std::string bytes;
  for (std::size_t i = 0; i < text.size(); i += 2) {
    const auto high = hex_digit(text[i]), low = hex_digit(text[i + 1]);
    if (!high || !low) return std::nullopt;
    bytes += static_cast<char>(*high << 4 | *low);
  }
  return bytes;
}

std::optional<std::string> bytes_of_uuid(std::string_view text) {
  if (text.size() != 36) return std::nullopt;
  std::string digits;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool is_dash = i == 8 || i == 13 || i == 18 || i == 23;
    if (is_dash != (text[i] == '-')) return std::nullopt;
    if (!is_dash) digits += text[i];
  }
  return bytes_of_hex(digits);
}

template <class Bits>
std::string big_endian(Bits bits) {
  std::string bytes(sizeof bits, '\0');
  store_be(reinterpret_cast<std::byte*>(bytes.data()), bits);
  return bytes;
}
template <class T, class Bits = T>
std::optional<std::string> bytes_of_number(std::string_view text) {
  const auto number = parse_number<T>(text);
  return number ? std::optional(big_endian(std::bit_cast<Bits>(*number))) : std::nullopt;
}

struct Typed {
  std::optional<std::string> bytes;
  const char* expected;
};
Typed typed(const NewPayload& payload) {
  const std::string& text = payload.text;
  switch (payload.format.value_or(NewPayloadAs::kText)) {
    case NewPayloadAs::kText:
      return {text, "text"};
    case NewPayloadAs::kJson:
      return {json::parse(text, {.duplicates = true}) ? std::optional(text) : std::nullopt, "JSON"};
    case NewPayloadAs::kBase64:
      return {decode_base64(text), "base64"};
    case NewPayloadAs::kHex:
      return {bytes_of_hex(text), "hexadecimal: two digits a byte"};
    case NewPayloadAs::kInt32:
      return {bytes_of_number<std::int32_t>(text), "a whole number of 32 bits"};
    case NewPayloadAs::kInt64:
      return {bytes_of_number<std::int64_t>(text), "a whole number of 64 bits"};
    case NewPayloadAs::kFloat:
      return {bytes_of_number<float, std::uint32_t>(text), "a number"};
    case NewPayloadAs::kDouble:
      return {bytes_of_number<double, std::uint64_t>(text), "a number"};
    case NewPayloadAs::kUuid:
      return {bytes_of_uuid(text), "a UUID: 01234567-89ab-cdef-0123-456789abcdef"};
  }
  return {};
}

}  // namespace

Outcome<std::string> bytes_of(const NewPayload& payload, const std::string& at) {
  auto [bytes, expected] = typed(payload);
  if (bytes) return *std::move(bytes);
  Problem problem = invalid(at + "/text", expected);
  problem.status = 422;
  return std::unexpected(std::move(problem));
}

}  // namespace thalweg::console
