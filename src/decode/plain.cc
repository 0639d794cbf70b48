#include "decode/plain.h"

#include <fmt/format.h>

#include <bit>

#include "base/endian.h"
#include "base/utf8.h"
#include "decode/json_sink.h"
#include "json/parser.h"

namespace thalweg::decode {
namespace {

constexpr std::string_view kDigits = "0123456789abcdef";

void append_hex(std::string& out, BytesView bytes) {
  for (const auto byte : bytes) {
    out += kDigits[std::to_integer<unsigned>(byte) >> 4];
    out += kDigits[std::to_integer<unsigned>(byte) & 15];
  }
}

Decoded shown(Format format, std::string text) { return {.format = format, .text = std::move(text)}; }

Flaw wrong_size(Format format, std::size_t wanted, std::size_t given) {
  return {format, std::nullopt, fmt::format("{} has {} bytes, and these are {}", name(format), wanted, given)};
}

template <class Bits>
std::expected<Bits, Flaw> bits_of(Format format, BytesView bytes) {
  if (bytes.size() != sizeof(Bits)) return std::unexpected(wrong_size(format, sizeof(Bits), bytes.size()));
  return load_be<Bits>(bytes.data());
}

template <class T>
std::string real_text(T value) {
  JsonSink sink(64);
  sink.real(value);
  std::string text = sink.take();
  if (text.starts_with('"')) text = text.substr(1, text.size() - 2);
  return text;
}

bool begins_as_json(std::string_view text) {
  const auto at = text.find_first_not_of(" \t\r\n");
  return at != text.npos && (text[at] == '{' || text[at] == '[' || text[at] == '"');
}

}  // namespace

std::string_view name(Format format) {
  switch (format) {
    case Format::kNull:
      return "null";
    case Format::kJson:
      return "JSON";
    case Format::kText:
      return "text";
    case Format::kInt32:
      return "int32";
    case Format::kInt64:
      return "int64";
    case Format::kFloat:
      return "float";
    case Format::kDouble:
      return "double";
    case Format::kUuid:
      return "UUID";
    case Format::kHex:
      return "hexadecimal";
    case Format::kAvro:
      return "Avro";
    case Format::kProtobuf:
      return "Protobuf";
    case Format::kJsonSchema:
      return "JSON with a schema";
    case Format::kInternal:
      return "record of an internal topic";
  }
  return "?";
}

Reading read_json(BytesView bytes, std::size_t text_max) {
  const std::string_view text = as_text(bytes);
  if (!begins_as_json(text)) return std::unexpected(Flaw{Format::kJson, 0, "it begins neither with {, [ nor \""});
  if (!is_utf8(text)) return std::unexpected(Flaw{Format::kJson, std::nullopt, "it is not UTF-8"});
  if (bytes.size() <= kJsonCheckedMax) {
    const auto parsed = json::parse(text, {.bytes = kJsonCheckedMax, .duplicates = true});
    if (!parsed) return std::unexpected(Flaw{Format::kJson, std::nullopt, parsed.error().message});
  }
  Decoded out = shown(Format::kJson, std::string(cut_between_characters(text, text_max)));
  out.is_json = true;
  out.cut = out.text.size() < text.size();
  if (bytes.size() > kJsonCheckedMax) out.why = "It begins as JSON does, and is too large to be checked.";
  return out;
}

bool is_plain_text(BytesView bytes) {
  const std::string_view text = as_text(bytes);
  for (const char c : text)
    if ((static_cast<unsigned char>(c) < 0x20 && c != '\t' && c != '\n' && c != '\r') || c == 0x7F) return false;
  return is_utf8(text);
}

Decoded read_text(BytesView bytes, std::size_t text_max) {
  Decoded out = shown(Format::kText, {});
  std::string_view rest = as_text(bytes);
  while (!rest.empty() && out.text.size() < text_max) {
    const auto point = first_code_point(rest);
    if (point.size == 0) {
      if (!out.flaw)
        out.flaw = Flaw{Format::kText, bytes.size() - rest.size(), "it is not UTF-8; wrong bytes are shown as \\xNN"};
      out.text += "\\x";
      append_hex(out.text, as_bytes(rest.substr(0, 1)));
    } else {
      if (out.text.size() + point.size > text_max) break;
      out.text += rest.substr(0, point.size);
    }
    rest.remove_prefix(std::max<std::size_t>(point.size, 1));
  }
  out.cut = !rest.empty();
  return out;
}

Reading read_number(Format format, BytesView bytes) {
  switch (format) {
    case Format::kInt32: {
      TRY(const auto value, bits_of<std::int32_t>(format, bytes));
      return shown(format, std::to_string(value));
    }
    case Format::kInt64: {
      TRY(const auto value, bits_of<std::int64_t>(format, bytes));
      return shown(format, std::to_string(value));
    }
    case Format::kFloat: {
      TRY(const auto bits, bits_of<std::uint32_t>(format, bytes));
      return shown(format, real_text(std::bit_cast<float>(bits)));
    }
    case Format::kDouble: {
      TRY(const auto bits, bits_of<std::uint64_t>(format, bytes));
      return shown(format, real_text(std::bit_cast<double>(bits)));
    }
    default:
      return std::unexpected(Flaw{format, std::nullopt, "it is no number"});
  }
}

Reading read_uuid(BytesView bytes) {
  if (bytes.size() != 16) return std::unexpected(wrong_size(Format::kUuid, 16, bytes.size()));
  std::string text;
  std::size_t from = 0;
  for (const std::size_t count : {4, 2, 2, 2, 6}) {
    if (from > 0) text += '-';
    append_hex(text, bytes.subspan(from, count));
    from += count;
  }
  return shown(Format::kUuid, std::move(text));
}

Decoded read_hex(BytesView bytes, std::size_t text_max) {
  Decoded out = shown(Format::kHex, {});
  const std::size_t count = std::min(bytes.size(), text_max / 2);
  append_hex(out.text, bytes.first(count));
  out.cut = count < bytes.size();
  return out;
}

}  // namespace thalweg::decode
