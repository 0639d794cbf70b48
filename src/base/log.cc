#include "base/log.h"

#include <fmt/chrono.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>

#include "base/utf8.h"

namespace thalweg::log {
namespace {

std::atomic<Level> g_level = Level::kInfo;
std::atomic<Format> g_format = Format::kText;

constexpr std::string_view level_name(Level level) {
  switch (level) {
    case Level::kDebug:
      return "DEBUG";
    case Level::kInfo:
      return "INFO";
    case Level::kWarn:
      return "WARN";
    case Level::kError:
      return "ERROR";
    case Level::kNone:
      break;
  }
  return "?";
}

// Topics, groups, client ids, paths and what damaged files hold come from others. A line shows every byte of them and
// lets none act: what a terminal would obey or hide is \uXXXX, and a byte that is no text is \xXX (which JSON does not
// know, so that its backslash is doubled there).
void append_quoted(std::string& out, std::string_view text, Format format) {
  out += '"';
  while (!text.empty()) {
    const auto [value, size] = first_code_point(text);
    if (size == 0)
      out += fmt::format("{}x{:02x}", format == Format::kJson ? "\\\\" : "\\", static_cast<unsigned char>(text[0]));
    else if (is_invisible(value))
      out += fmt::format("\\u{:04x}", static_cast<unsigned>(value));
    else if (value == '"' || value == '\\')
      (out += '\\') += text[0];
    else
      out += text.substr(0, size);
    text.remove_prefix(std::max<std::size_t>(size, 1));
  }
  out += '"';
}

// Whether a reader sees where the value ends, and a terminal obeys nothing in it.
bool is_plain(std::string_view text) {
  if (text.empty()) return false;
  while (!text.empty()) {
    const auto [value, size] = first_code_point(text);
    if (size == 0 || is_invisible(value) || value == ' ' || value == '"' || value == '=') return false;
    text.remove_prefix(size);
  }
  return true;
}

void append_text_value(std::string& out, std::string_view text) {
  if (is_plain(text))
    out += text;
  else
    append_quoted(out, text, Format::kText);
}

std::string timestamp() {
  const auto now = std::chrono::system_clock::now();
  const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(now.time_since_epoch()).count() % 1000;
  return fmt::format("{:%Y-%m-%d %H:%M:%S}.{:03d}", fmt::gmtime(std::chrono::system_clock::to_time_t(now)), ms);
}

}  // namespace

void set_level(Level level) { g_level = level; }
void set_format(Format format) { g_format = format; }
bool enabled(Level level) { return level >= g_level.load(std::memory_order_relaxed); }

void write(Level level, std::string_view event, std::initializer_list<Field> fields) {
  std::string line;
  if (g_format.load(std::memory_order_relaxed) == Format::kJson) {
    line = fmt::format(R"({{"time":"{}","level":"{}","event":)", timestamp(), level_name(level));
    append_quoted(line, event, Format::kJson);
    for (const auto& f : fields) {
      line += ',';
      append_quoted(line, f.key, Format::kJson);
      line += ':';
      if (f.quoted)
        append_quoted(line, f.value, Format::kJson);
      else
        line += f.value;
    }
    line += "}\n";
  } else {
    line = fmt::format("{} {:<5} {}", timestamp(), level_name(level), event);
    for (const auto& f : fields) {
      line += ' ';
      line += f.key;
      line += '=';
      append_text_value(line, f.value);
    }
    line += '\n';
  }
  // One write per line, so lines of several threads do not mix.
  std::fwrite(line.data(), 1, line.size(), stderr);
}

}  // namespace thalweg::log
