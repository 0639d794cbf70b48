#include "console/schema_texts.h"

#include <algorithm>

#include "base/number.h"
#include "json/parser.h"
#include "json/writer.h"

namespace thalweg::console {
namespace {

constexpr std::size_t kLineMax = 88;  // characters, with what stands before
constexpr std::size_t kIndent = 2;

class Layout {
 public:
  std::string take() { return std::move(out_); }

  void add(const json::Value& value, std::size_t depth) {
    if (std::string line; in_one_line(value, line) && depth * kIndent + line.size() <= kLineMax) {
      out_ += line;
      return;
    }
    if (const auto* object = value.if_object()) return add_members(*object, depth);
    if (const auto* array = value.if_array()) return add_elements(*array, depth);
    json::append(out_, value);
  }

 private:
  // Fields, for most: each has a line of its own, so that one more is one line more.
  static bool is_list_of_objects(const json::Array& array) {
    return !array.empty() && std::ranges::all_of(array, [](const json::Value& one) { return one.if_object(); });
  }
  // False as soon as it is too long for any line.
  static bool in_one_line(const json::Value& value, std::string& line) {
    if (line.size() > kLineMax) return false;
    if (const auto* object = value.if_object()) {
      line += '{';
      for (const auto& [key, member] : object->members()) {
        if (line.back() != '{') line += ", ";
        json::append_string(line, key);
        line += ": ";
        if (!in_one_line(member, line)) return false;
      }
      line += '}';
    } else if (const auto* array = value.if_array()) {
      if (is_list_of_objects(*array)) return false;
      line += '[';
      for (const auto& element : *array) {
        if (line.back() != '[') line += ", ";
        if (!in_one_line(element, line)) return false;
      }
      line += ']';
    } else {
      json::append(line, value);
    }
    return line.size() <= kLineMax;
  }
  void begin_line(std::size_t depth) {
    out_ += '\n';
    out_.append(depth * kIndent, ' ');
  }
  void add_members(const json::Object& object, std::size_t depth) {
    out_ += '{';
    for (const auto& member : object.members()) {
      if (&member != &object.members().front()) out_ += ',';
      begin_line(depth + 1);
      json::append_string(out_, member.key);
      out_ += ": ";
      add(member.value, depth + 1);
    }
    begin_line(depth);
    out_ += '}';
  }
  void add_elements(const json::Array& array, std::size_t depth) {
    out_ += '[';
    for (const auto& element : array) {
      if (&element != &array.front()) out_ += ',';
      begin_line(depth + 1);
      add(element, depth + 1);
    }
    begin_line(depth);
    out_ += ']';
  }

  std::string out_;
};

// What stands behind `name:` between the quote that follows and the same quote in front of `end`.
std::optional<std::string> quoted_part(std::string_view text, std::string_view name, std::string_view next) {
  const auto at = text.find(std::string(name) + ':');
  if (at == text.npos) return std::nullopt;
  std::string_view rest = text.substr(at + name.size() + 1);
  if (rest.empty() || (rest.front() != '\'' && rest.front() != '"')) return std::nullopt;
  const std::string quote(1, rest.front());
  rest.remove_prefix(1);
  auto end = next.empty() ? rest.npos : rest.find(quote + ", " + std::string(next) + ':');
  if (end == rest.npos) end = rest.rfind(quote + "}");
  if (end == rest.npos) return std::nullopt;
  return std::string(rest.substr(0, end));
}

// The first place that is named in quotes.
std::optional<std::string> quoted_place(std::string_view description) {
  for (const std::string_view open : {"'/", "'#/"}) {
    const auto at = description.find(open);
    if (at == description.npos) continue;
    const auto end = description.find('\'', at + 1);
    if (end != description.npos) return std::string(description.substr(at + 1, end - at - 1));
  }
  return std::nullopt;
}

SchemaFinding finding_in(const std::string& text) {
  SchemaFinding finding;
  finding.code = quoted_part(text, "errorType", "description");
  auto description = quoted_part(text, "description", "additionalInfo");
  finding.more = quoted_part(text, "additionalInfo", {});
  finding.message = description.value_or(text);
  finding.path = quoted_place(finding.message);
  return finding;
}

constexpr std::string_view kOldVersion = "{oldSchemaVersion: ", kOldText = "{oldSchema: ",
                           kSettings = "{validateFields: ";

}  // namespace

std::optional<std::string> laid_out_json(std::string_view text) {
  const auto tree = json::parse(text, {.duplicates = true});
  if (!tree) return std::nullopt;
  Layout layout;
  layout.add(*tree, 0);
  return layout.take();
}

std::optional<std::string> laid_out(SchemaLanguage language, std::string_view text) {
  return language == SchemaLanguage::kProtobuf ? std::string(text) : laid_out_json(text);
}

SchemaVerdict verdict_in(const std::vector<std::string>& messages) {
  SchemaVerdict verdict;
  for (const auto& text : messages) {
    if (text.starts_with(kOldVersion)) {
      const auto number = std::string_view(text).substr(kOldVersion.size());
      verdict.against = parse_number<std::int32_t>(number.substr(0, number.find('}')));
    } else if (!text.starts_with(kOldText) && !text.starts_with(kSettings)) {
      verdict.findings.push_back(finding_in(text));
    }
  }
  return verdict;
}

}  // namespace thalweg::console
