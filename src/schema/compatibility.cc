#include "schema/compatibility.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <ranges>

#include "base/utf8.h"

namespace thalweg::schema {
namespace {

constexpr std::array<std::string_view, 7> kLevels = {
    "NONE", "BACKWARD", "BACKWARD_TRANSITIVE", "FORWARD", "FORWARD_TRANSITIVE", "FULL", "FULL_TRANSITIVE"};
constexpr std::size_t kSchemaShown = 10 * 1024;  // of an earlier schema in a message

void add(std::vector<std::string>& messages, const Comparison& comparison) {
  if (comparison.failure) messages.push_back("it could not be checked whether they fit: " + *comparison.failure);
  for (const auto& difference : comparison.differences)
    if (!difference.compatible) messages.push_back(difference.message);
}

// At most `size` bytes, and no character cut in half.
std::string_view cut(std::string_view text, std::size_t size) {
  while (size > 0 && size < text.size() && (text[size] & 0xc0) == 0x80) --size;
  return text.substr(0, size);
}

}  // namespace

std::string_view name(CompatibilityLevel level) { return kLevels[static_cast<std::size_t>(level)]; }

std::optional<CompatibilityLevel> compatibility_level_named(std::string_view name) {
  std::string upper(name);
  std::ranges::transform(upper, upper.begin(), [](char c) { return c >= 'a' && c <= 'z' ? char(c - 32) : c; });
  const auto at = std::ranges::find(kLevels, upper);
  if (at == kLevels.end()) return std::nullopt;
  return static_cast<CompatibilityLevel>(at - kLevels.begin());
}

bool is_transitive(CompatibilityLevel level) { return name(level).ends_with("_TRANSITIVE"); }

std::vector<std::string> incompatibilities(const ParsedSchema& fresh, const Earlier& earlier, CompatibilityLevel level,
                                           Policy policy) {
  if (level == CompatibilityLevel::kNone) return {};
  if (fresh.type() != earlier.schema->type())
    return {fmt::format("a schema of type {} cannot follow one of type {}: give it a subject of its own",
                        name(fresh.type()), name(earlier.schema->type()))};
  const auto direction = name(level);
  std::vector<std::string> messages;
  if (!direction.starts_with("BACKWARD"))
    add(messages, compare(fresh, *earlier.schema, policy, {.reader = "old", .writer = "new"}));
  if (!direction.starts_with("FORWARD"))
    add(messages, compare(*earlier.schema, fresh, policy, {.reader = "new", .writer = "old"}));
  if (messages.empty()) return messages;
  const std::string& text = earlier.schema->text();
  messages.push_back(fmt::format("{{oldSchemaVersion: {}}}", earlier.version));
  messages.push_back(text.size() <= kSchemaShown
                         ? fmt::format("{{oldSchema: '{}'}}", text)
                         : fmt::format("{{oldSchema: <truncated> '{}...'}}", cut(text, kSchemaShown)));
  return messages;
}

std::vector<std::string> incompatibilities(const ParsedSchema& fresh, const std::vector<Earlier>& earlier,
                                           CompatibilityLevel level, Policy policy) {
  for (const auto& each : std::views::reverse(earlier)) {
    auto messages = incompatibilities(fresh, each, level, policy);
    if (!messages.empty() || !is_transitive(level)) return messages;
  }
  return {};
}

}  // namespace thalweg::schema
