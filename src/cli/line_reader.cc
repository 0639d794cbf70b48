#include "cli/line_reader.h"

#include <fmt/format.h>

namespace thalweg::cli {
namespace {

void take(const Properties& properties, const char* name, std::string& into) {
  if (const auto at = properties.find(name); at != properties.end()) into = at->second;
}
void take(const Properties& properties, const char* name, bool& into) {
  std::string text;
  take(properties, name, text);
  if (!text.empty()) into = text == "true" || text == "True" || text == "TRUE";
}

// Text before and after the first separator.
std::optional<std::pair<std::string, std::string>> split(const std::string& text, const std::string& separator) {
  const auto at = text.find(separator);
  if (at == text.npos) return {};
  return std::pair(text.substr(0, at), text.substr(at + separator.size()));
}

}  // namespace

Result<LineReader> LineReader::create(const Properties& properties) {
  LineReader reader;
  take(properties, "parse.key", reader.parse_key_);
  take(properties, "parse.headers", reader.parse_headers_);
  take(properties, "ignore.error", reader.ignore_error_);
  take(properties, "key.separator", reader.key_separator_);
  take(properties, "headers.delimiter", reader.headers_delimiter_);
  take(properties, "headers.separator", reader.headers_separator_);
  take(properties, "headers.key.separator", reader.header_key_separator_);
  if (const auto at = properties.find("null.marker"); at != properties.end()) reader.null_marker_ = at->second;
  const auto same = [&](const std::string& a, const std::string& b, std::string_view what) -> Result<> {
    if (reader.parse_headers_ && a == b) return invalid(fmt::format("{} may not be equal", what));
    return {};
  };
  TRY_VOID(same(reader.headers_delimiter_, reader.headers_separator_, "headers.delimiter and headers.separator"));
  TRY_VOID(
      same(reader.headers_delimiter_, reader.header_key_separator_, "headers.delimiter and headers.key.separator"));
  TRY_VOID(
      same(reader.headers_separator_, reader.header_key_separator_, "headers.separator and headers.key.separator"));
  return reader;
}

std::optional<std::string> LineReader::unless_null(std::string text) const {
  if (null_marker_ && text == *null_marker_) return {};
  return text;
}

Result<> LineReader::read_headers(const std::string& text, admin::Message& message) const {
  if (null_marker_ && text == *null_marker_) return {};
  std::string rest = text;
  while (!rest.empty()) {
    auto cut = split(rest, headers_separator_);
    const std::string pair = cut ? cut->first : rest;
    rest = cut ? cut->second : "";
    auto parts = split(pair, header_key_separator_);
    if (parts) {
      message.headers.emplace_back(parts->first, unless_null(parts->second));
    } else if (ignore_error_) {
      message.headers.emplace_back(pair, std::nullopt);
    } else {
      return invalid(fmt::format("No header key separator found in pair '{}' on line number {}", pair, line_number_));
    }
  }
  return {};
}

Result<admin::Message> LineReader::read(const std::string& line) {
  ++line_number_;
  admin::Message message;
  std::string rest = line;
  if (parse_headers_) {
    auto parts = split(rest, headers_delimiter_);
    if (parts) {
      TRY_VOID(read_headers(parts->first, message));
      rest = std::move(parts->second);
    } else if (!ignore_error_) {
      return invalid(fmt::format("No headers delimiter found on line number {}: '{}'", line_number_, line));
    }
  }
  if (parse_key_) {
    auto parts = split(rest, key_separator_);
    if (parts) {
      message.key = unless_null(std::move(parts->first));
      rest = std::move(parts->second);
    } else if (!ignore_error_) {
      return invalid(fmt::format("No key separator found on line number {}: '{}'", line_number_, line));
    }
  }
  message.value = unless_null(std::move(rest));
  return message;
}

}  // namespace thalweg::cli
