// Log lines: an event name and fields, for an operator at night. State changes at info, never per record.
//
//   log::info("segment rolled", field("partition", id), field("base_offset", base));
//   2026-11-24 21:07:11.123 INFO  segment rolled partition=orders-3 base_offset=1042
#pragma once

#include <fmt/format.h>

#include <initializer_list>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/types.h"
#include "base/uuid.h"

namespace thalweg {

// A secret: prints as [hidden] wherever it goes.
struct Secret {
  std::string value;
};

namespace log {

enum class Level { kDebug, kInfo, kWarn, kError, kNone };  // kNone: as a limit only
enum class Format { kText, kJson };

struct Field {
  std::string_view key;
  std::string value;
  bool quoted = true;  // whether JSON puts quotation marks around it
};

// Where lines go; set once at start. Default: text to standard error, info and above.
void set_level(Level level);
void set_format(Format format);
bool enabled(Level level);
void write(Level level, std::string_view event, std::initializer_list<Field> fields);

template <class... F>
void debug(std::string_view event, F&&... fields) {
  if (enabled(Level::kDebug)) write(Level::kDebug, event, {std::forward<F>(fields)...});
}
template <class... F>
void info(std::string_view event, F&&... fields) {
  if (enabled(Level::kInfo)) write(Level::kInfo, event, {std::forward<F>(fields)...});
}
template <class... F>
void warn(std::string_view event, F&&... fields) {
  if (enabled(Level::kWarn)) write(Level::kWarn, event, {std::forward<F>(fields)...});
}
template <class... F>
void error(std::string_view event, F&&... fields) {
  if (enabled(Level::kError)) write(Level::kError, event, {std::forward<F>(fields)...});
}

}  // namespace log

inline log::Field field(std::string_view key, std::string_view value) { return {key, std::string(value)}; }
inline log::Field field(std::string_view key, const char* value) { return {key, std::string(value)}; }
inline log::Field field(std::string_view key, const std::string& value) { return {key, value}; }
inline log::Field field(std::string_view key, const Secret&) { return {key, "[hidden]"}; }
inline log::Field field(std::string_view key, Uuid value) { return {key, to_string(value)}; }
inline log::Field field(std::string_view key, const TopicPartition& value) { return {key, to_string(value)}; }
inline log::Field field(std::string_view key, ErrorCode value) { return {key, std::string(name(value))}; }
inline log::Field field(std::string_view key, const Error& e) {
  return {key, e.message.empty() ? std::string(name(e.code)) : std::string(name(e.code)) + ": " + e.message};
}
template <class Rep, class Tag>
log::Field field(std::string_view key, Strong<Rep, Tag> value) {
  return {key, std::to_string(value.value), false};
}
template <class T>
  requires std::is_arithmetic_v<T>
log::Field field(std::string_view key, T value) {
  return {key, fmt::format("{}", value), false};
}

}  // namespace thalweg
