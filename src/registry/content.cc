#include "registry/content.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>

namespace thalweg::registry {
namespace {

using schema::Md5;

void add(Md5& md5, const std::optional<std::string>& text) {
  if (text) md5.update(*text);
}

void add(Md5& md5, const Metadata& metadata) {
  for (const auto& [key, values] : metadata.tags) {
    md5.update(key);
    for (const auto& value : values) md5.update(value);
  }
  for (const auto& [key, value] : metadata.properties) {
    md5.update(key);
    md5.update(value);
  }
  for (const auto& name : metadata.sensitive) md5.update(name);
}

void add(Md5& md5, const Rule& rule) {
  md5.update(rule.name);
  for (const auto* text : {&rule.doc, &rule.kind, &rule.mode, &rule.type}) add(md5, *text);
  for (const auto& tag : rule.tags) md5.update(tag);
  for (const auto& [key, value] : rule.params) {
    md5.update(key);
    md5.update(value);
  }
  for (const auto* text : {&rule.expr, &rule.on_success, &rule.on_failure}) add(md5, *text);
  if (rule.disabled) md5.update("\x01");
}

std::optional<std::string> check(const Rule& rule, std::string_view kind, const std::array<std::string_view, 3>& modes,
                                 std::set<std::string_view>& names) {
  if (rule.name.empty()) return "a rule has no name";
  if (!names.insert(rule.name).second) return fmt::format("there are two rules with the name '{}'", rule.name);
  if (!rule.type || rule.type->empty()) return fmt::format("rule '{}' has no type", rule.name);
  if (rule.kind && *rule.kind != "TRANSFORM" && *rule.kind != "CONDITION")
    return fmt::format("rule '{}': a kind is TRANSFORM or CONDITION, not {}", rule.name, *rule.kind);
  if (!rule.mode || std::ranges::find(modes, *rule.mode) == modes.end())
    return fmt::format("rule '{}': the mode of a {} rule is one of {}, {}, {}", rule.name, kind, modes[0], modes[1],
                       modes[2]);
  return std::nullopt;
}

// Rules of `over` take the place of those with their names.
std::vector<Rule> merge(std::vector<Rule> base, const std::vector<Rule>& over) {
  std::erase_if(base, [&](const Rule& rule) {
    return std::ranges::any_of(over, [&](const Rule& other) { return other.name == rule.name; });
  });
  base.insert(base.end(), over.begin(), over.end());
  return base;
}

}  // namespace

std::optional<std::string> check(const RuleSet& rules) {
  static constexpr std::array<std::string_view, 3> kMigration = {"UPGRADE", "DOWNGRADE", "UPDOWN"};
  static constexpr std::array<std::string_view, 3> kData = {"WRITE", "READ", "WRITEREAD"};
  std::set<std::string_view> names;
  for (const auto& rule : rules.migration)
    if (auto wrong = check(rule, "migration", kMigration, names)) return wrong;
  for (const auto& rule : rules.domain)
    if (auto wrong = check(rule, "domain", kData, names)) return wrong;
  for (const auto& rule : rules.encoding)
    if (auto wrong = check(rule, "encoding", kData, names)) return wrong;
  return std::nullopt;
}

std::optional<Metadata> merge(const std::optional<Metadata>& base, const std::optional<Metadata>& over) {
  if (!base || !over) return over ? over : base;
  Metadata merged = *base;
  for (const auto& [key, values] : over->tags) merged.tags[key].insert(values.begin(), values.end());
  for (const auto& [key, value] : over->properties) merged.properties[key] = value;
  merged.sensitive.insert(over->sensitive.begin(), over->sensitive.end());
  return merged;
}

std::optional<RuleSet> merge(const std::optional<RuleSet>& base, const std::optional<RuleSet>& over) {
  if (!base || !over) return over ? over : base;
  return RuleSet{.migration = merge(base->migration, over->migration),
                 .domain = merge(base->domain, over->domain),
                 .encoding = merge(base->encoding, over->encoding),
                 .enable_at = over->enable_at ? over->enable_at : base->enable_at};
}

Digest digest(const Content& content) {
  Md5 md5;
  md5.update(content.text.str());
  for (const auto& reference : content.references) {
    md5.update(reference.name);
    md5.update(reference.subject);
    const auto version = static_cast<std::uint32_t>(reference.version);
    const char bytes[4] = {char(version >> 24), char(version >> 16), char(version >> 8), char(version)};
    md5.update({bytes, 4});
  }
  // A byte tells that there is something, if empty, from nothing.
  if (content.metadata) {
    md5.update("\x01");
    add(md5, *content.metadata);
  }
  if (content.rules) {
    md5.update("\x01");
    for (const auto* rules : {&content.rules->migration, &content.rules->domain, &content.rules->encoding})
      for (const auto& rule : *rules) add(md5, rule);
    add(md5, content.rules->enable_at);
  }
  return md5.digest();
}

std::string guid(const Digest& digest) {
  std::string text;
  for (std::size_t i = 0; i < digest.size(); ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) text += '-';
    text += fmt::format("{:02x}", digest[i]);
  }
  return text;
}

std::optional<Digest> parse_guid(std::string_view text) {
  std::string digits;
  for (const char c : text)
    if (c != '-') digits += c;
  if (digits.size() != 32 || text.size() > 36) return std::nullopt;
  Digest digest{};
  for (std::size_t i = 0; i < digits.size(); ++i) {
    const char lower = static_cast<char>(digits[i] | 0x20);
    const bool is_digit = digits[i] >= '0' && digits[i] <= '9';
    if (!is_digit && (lower < 'a' || lower > 'f')) return std::nullopt;
    const int value = is_digit ? digits[i] - '0' : lower - 'a' + 10;
    digest[i / 2] = static_cast<std::uint8_t>(digest[i / 2] << 4 | value);
  }
  return digest;
}

}  // namespace thalweg::registry
