#include "json/writer.h"

#include <optional>

#include "base/utf8.h"

namespace thalweg::json {
namespace {

// Nothing of `level`: without white space. Recursion is as deep as the tree.
void append_at(std::string& out, const Value& value, std::optional<std::size_t> level);

void new_line(std::string& out, std::optional<std::size_t> level) {
  if (!level) return;
  out += '\n';
  out.append(2 * *level, ' ');
}

// Each element after its comma and line, between the brackets.
template <class Elements, class Each>
void append_all(std::string& out, const Elements& elements, std::string_view brackets, std::optional<std::size_t> level,
                Each each) {
  const auto inner = level ? std::optional(*level + 1) : level;
  out += brackets[0];
  bool first = true;
  for (const auto& element : elements) {
    if (!first) out += ',';
    first = false;
    new_line(out, inner);
    each(element, inner);
  }
  if (!first) new_line(out, level);
  out += brackets[1];
}

void append_at(std::string& out, const Value& value, std::optional<std::size_t> level) {
  if (const auto* b = value.if_bool()) {
    out += *b ? "true" : "false";
  } else if (const auto* number = value.if_number()) {
    out += number->text;
  } else if (const auto* string = value.if_string()) {
    append_string(out, *string);
  } else if (const auto* array = value.if_array()) {
    append_all(out, *array, "[]", level, [&](const Value& element, auto inner) { append_at(out, element, inner); });
  } else if (const auto* object = value.if_object()) {
    append_all(out, object->members(), "{}", level, [&](const Member& member, auto inner) {
      append_string(out, member.key);
      out += inner ? ": " : ":";
      append_at(out, member.value, inner);
    });
  } else {
    out += "null";
  }
}

void append_escape(std::string& out, char c) {
  constexpr std::string_view kPlain = "\"\\\b\f\n\r\t", kShort = "\"\\bfnrt", kHex = "0123456789ABCDEF";
  out += '\\';
  if (const auto i = kPlain.find(c); i != std::string_view::npos) {
    out += kShort[i];
    return;
  }
  out += "u00";
  out += kHex[static_cast<unsigned char>(c) >> 4];
  out += kHex[static_cast<unsigned char>(c) & 15];
}

}  // namespace

void append_string(std::string& out, std::string_view text) {
  out += '"';
  std::size_t at = 0, plain = 0;
  const auto take = [&] { out.append(text.substr(plain, at - plain)); };
  while (at < text.size()) {
    const auto c = static_cast<unsigned char>(text[at]);
    if (c >= 0x20 && c < 0x80 && c != '"' && c != '\\') {
      ++at;
      continue;
    }
    if (c >= 0x80) {
      if (const auto size = first_code_point(text.substr(at)).size) {
        at += size;
        continue;
      }
    }
    take();
    if (c >= 0x80)
      out += "\xEF\xBF\xBD";
    else
      append_escape(out, text[at]);
    plain = ++at;
  }
  take();
  out += '"';
}

std::string quoted(std::string_view text) {
  std::string out;
  append_string(out, text);
  return out;
}

void append(std::string& out, const Value& value) { append_at(out, value, std::nullopt); }
std::string write(const Value& value) {
  std::string out;
  append(out, value);
  return out;
}
std::string write_pretty(const Value& value) {
  std::string out;
  append_at(out, value, 0);
  return out;
}

}  // namespace thalweg::json
