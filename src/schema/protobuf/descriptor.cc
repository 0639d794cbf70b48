#include "schema/protobuf/descriptor.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <vector>

#include "base/base64.h"
#include "schema/limits.h"
#include "schema/protobuf/descriptor_tables.h"

namespace thalweg::schema::protobuf {
namespace {

using namespace descriptor;

// ------------------------------------------------------------------------------------------------ the wire

// A member of a message: a number, or bytes. What is fixed in size is read over.
struct Member {
  std::uint32_t tag = 0;
  std::uint64_t number = 0;
  std::string_view bytes;
};

// The members of one message, in their order; nothing when it is not one.
std::optional<std::vector<Member>> members_of(std::string_view bytes) {
  std::vector<Member> members;
  const auto varint = [&]() -> std::optional<std::uint64_t> {
    std::uint64_t value = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      if (bytes.empty()) return std::nullopt;
      const auto byte = static_cast<unsigned char>(bytes.front());
      bytes.remove_prefix(1);
      value |= std::uint64_t{byte & 0x7fu} << shift;
      if (byte < 0x80) return value;
    }
    return std::nullopt;
  };
  while (!bytes.empty()) {
    const auto key = varint();
    if (!key || *key >> 3 == 0 || *key >> 3 > 536'870'911) return std::nullopt;
    Member member{.tag = static_cast<std::uint32_t>(*key >> 3), .number = 0, .bytes = {}};
    std::uint64_t size = 0;
    switch (*key & 7) {
      case 0: {
        const auto number = varint();
        if (!number) return std::nullopt;
        member.number = *number;
        break;
      }
      case 1:
        size = 8;
        break;
      case 2: {
        const auto length = varint();
        if (!length) return std::nullopt;
        size = *length;
        break;
      }
      case 5:
        size = 4;
        break;
      default:
        return std::nullopt;
    }
    if (size > bytes.size()) return std::nullopt;
    member.bytes = bytes.substr(0, size);
    bytes.remove_prefix(size);
    members.push_back(member);
  }
  return members;
}

// ------------------------------------------------------------------------------------------------ the text

std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\')
      out += '\\', out += c;
    else if (byte < 0x20 || byte == 0x7f)
      out += fmt::format("\\{:03o}", byte);
    else
      out += c;
  }
  return out + '"';
}

class Writer {
 public:
  std::optional<std::string> file(std::string_view bytes) {
    const auto members = read(bytes);
    syntax_ = "proto2";
    std::string head, options, imports, rest;
    std::vector<std::string> paths;
    std::vector<std::uint64_t> open, weak;
    for (const auto& m : members) {
      if (m.tag == 2) head += fmt::format("package {};\n", m.bytes);
      if (m.tag == 3) paths.emplace_back(m.bytes);
      if (m.tag == 10) open.push_back(m.number);
      if (m.tag == 11) weak.push_back(m.number);
      if (m.tag == 12) syntax_ = m.bytes;
      if (m.tag == 8) options = statements(m.bytes, kFileOptions);
    }
    if (syntax_ != "proto2" && syntax_ != "proto3") return std::nullopt;  // editions
    for (std::size_t i = 0; i < paths.size(); ++i)
      imports += fmt::format("import {}{};\n",
                             std::ranges::count(open, i)   ? "public "
                             : std::ranges::count(weak, i) ? "weak "
                                                           : "",
                             quoted(paths[i]));
    for (const auto& m : members) {
      if (m.tag == 4) message(m.bytes, rest);
      if (m.tag == 5) enumeration(m.bytes, rest);
      if (m.tag == 6) service(m.bytes, rest);
    }
    extends(members, 7, rest);
    if (broken_) return std::nullopt;
    return fmt::format("syntax = \"{}\";\n", syntax_) + head + imports + options + rest;
  }

 private:
  struct FieldText {
    std::string text;
    std::string extendee;
    std::optional<std::uint64_t> oneof;
  };
  // Of a map's entry, which is written as the map.
  struct Entry {
    std::string name, key, value;
  };

  std::vector<Member> read(std::string_view bytes) {
    auto members = members_of(bytes);
    if (!members) broken_ = true;
    return members.value_or(std::vector<Member>{});
  }
  static std::string_view text_of(const std::vector<Member>& members, std::uint32_t tag) {
    for (const auto& m : members)
      if (m.tag == tag) return m.bytes;
    return {};
  }
  static std::uint64_t number_of(const std::vector<Member>& members, std::uint32_t tag) {
    for (const auto& m : members)
      if (m.tag == tag) return m.number;
    return 0;
  }
  static std::int32_t signed_of(const std::vector<Member>& members, std::uint32_t tag) {
    return static_cast<std::int32_t>(number_of(members, tag));
  }

  template <class Rows>
  std::vector<std::string> settings(std::string_view bytes, const Rows& rows) {
    std::vector<std::string> all;
    for (const auto& m : read(bytes))
      for (const OptionRow& row : rows) {
        if (row.tag != m.tag) continue;
        if (row.kind == kText) all.push_back(fmt::format("{} = {}", row.name, quoted(m.bytes)));
        if (row.kind == kBool) all.push_back(fmt::format("{} = {}", row.name, m.number != 0));
        if (row.kind == kWord && m.number < row.words.size() && !row.words[m.number].empty())
          all.push_back(fmt::format("{} = {}", row.name, row.words[m.number]));
      }
    return all;
  }
  template <class Rows>
  std::string statements(std::string_view bytes, const Rows& rows) {
    std::string out;
    for (const auto& setting : settings(bytes, rows)) out += fmt::format("option {};\n", setting);
    return out;
  }
  static std::string in_brackets(const std::vector<std::string>& settings) {
    return settings.empty() ? "" : fmt::format(" [{}]", fmt::join(settings, ", "));
  }

  static std::string type_of(const std::vector<Member>& members) {
    const auto type = number_of(members, 5);
    if (type < std::size(kTypes) && !kTypes[type].empty()) return std::string(kTypes[type]);
    return std::string(text_of(members, 6));
  }

  FieldText field(std::string_view bytes, const std::vector<Entry>& entries) {
    const auto members = read(bytes);
    FieldText made;
    if (number_of(members, 5) == 10) broken_ = true;  // a group
    const bool optional3 = number_of(members, 17) != 0;
    for (const auto& m : members)
      if (m.tag == 9 && !optional3) made.oneof = m.number;
    made.extendee = text_of(members, 2);
    std::vector<std::string> options;
    const auto number = signed_of(members, 3);
    std::string type = type_of(members);
    std::string_view label;
    const auto last = type.substr(type.rfind('.') + 1);
    const auto entry = std::ranges::find(entries, last, &Entry::name);
    if (entry != entries.end() && number_of(members, 4) == 3) {
      type = fmt::format("map<{}, {}>", entry->key, entry->value);
    } else if (!made.oneof) {
      if (number_of(members, 4) == 3) label = "repeated ";
      if (number_of(members, 4) == 2) label = "required ";
      if (number_of(members, 4) == 1 && (syntax_ == "proto2" || optional3)) label = "optional ";
    }
    for (const auto& m : members) {
      if (m.tag == 7)
        options.push_back(
            fmt::format("default = {}", type == "string" || type == "bytes" ? quoted(m.bytes) : std::string(m.bytes)));
      if (m.tag == 10 && m.bytes != json_name(text_of(members, 1)))
        options.push_back(fmt::format("json_name = {}", quoted(m.bytes)));
      if (m.tag == 8)
        for (auto& setting : settings(m.bytes, kFieldOptions)) options.push_back(std::move(setting));
    }
    made.text = fmt::format("{}{} {} = {}{};\n", label, type, text_of(members, 1), number, in_brackets(options));
    return made;
  }
  // What protoc makes of a field's name where the file says nothing.
  static std::string json_name(std::string_view name) {
    std::string out;
    bool upper = false;
    for (const char c : name) {
      if (c == '_') {
        upper = true;
        continue;
      }
      out += upper && c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c;
      upper = false;
    }
    return out;
  }

  std::vector<Entry> map_entries(const std::vector<Member>& members) {
    std::vector<Entry> entries;
    for (const auto& m : members) {
      if (m.tag != 3) continue;
      const auto inner = read(m.bytes);
      if (number_of(read(text_of(inner, 7)), 7) == 0) continue;
      Entry entry{.name = std::string(text_of(inner, 1)), .key = {}, .value = {}};
      for (const auto& f : inner) {
        if (f.tag != 2) continue;
        const auto field = read(f.bytes);
        (number_of(field, 3) == 1 ? entry.key : entry.value) = type_of(field);
      }
      entries.push_back(std::move(entry));
    }
    return entries;
  }

  void message(std::string_view bytes, std::string& out) {
    const Level level(depth_);
    if (depth_ > kDepthMax) broken_ = true;
    if (broken_) return;
    const auto members = read(bytes);
    const auto entries = map_entries(members);
    out += fmt::format("message {} {{\n", text_of(members, 1));
    std::vector<std::string> oneofs;
    for (const auto& m : members)
      if (m.tag == 8) oneofs.push_back(fmt::format("oneof {} {{\n", text_of(read(m.bytes), 1)));
    std::vector<bool> used(oneofs.size());
    for (const auto& m : members) {
      if (m.tag != 2) continue;
      auto made = field(m.bytes, entries);
      if (!made.oneof) {
        out += made.text;
      } else if (*made.oneof < oneofs.size()) {
        oneofs[*made.oneof] += made.text;
        used[*made.oneof] = true;
      } else {
        broken_ = true;
      }
    }
    for (std::size_t i = 0; i < oneofs.size(); ++i)
      if (used[i]) out += oneofs[i] + "}\n";
    for (const auto& m : members) {
      if (m.tag == 3) {
        const auto inner = read(m.bytes);
        if (number_of(read(text_of(inner, 7)), 7) == 0) message(m.bytes, out);
      }
      if (m.tag == 4) enumeration(m.bytes, out);
      if (m.tag == 5) range("extensions", m.bytes, 536'870'912, 1, out);
      if (m.tag == 7) out += statements(m.bytes, kMessageOptions);
      if (m.tag == 9) range("reserved", m.bytes, 536'870'912, 1, out);
      if (m.tag == 10) out += fmt::format("reserved {};\n", quoted(m.bytes));
    }
    extends(members, 6, out);
    out += "}\n";
  }

  // Of a message's ranges the end is behind them (`past`), of an enum's it is within.
  void range(std::string_view what, std::string_view bytes, std::int64_t max, std::int64_t past, std::string& out) {
    const auto members = read(bytes);
    const std::int64_t first = signed_of(members, 1), end = signed_of(members, 2);
    if (end >= max)
      out += fmt::format("{} {} to max;\n", what, first);
    else if (end - past == first)
      out += fmt::format("{} {};\n", what, first);
    else
      out += fmt::format("{} {} to {};\n", what, first, end - past);
  }

  void extends(const std::vector<Member>& members, std::uint32_t tag, std::string& out) {
    for (const auto& m : members) {
      if (m.tag != tag) continue;
      const auto made = field(m.bytes, {});
      out += fmt::format("extend {} {{\n{}}}\n", made.extendee, made.text);
    }
  }

  void enumeration(std::string_view bytes, std::string& out) {
    const auto members = read(bytes);
    out += fmt::format("enum {} {{\n", text_of(members, 1));
    for (const auto& m : members) {
      if (m.tag == 2) {
        const auto value = read(m.bytes);
        out += fmt::format("{} = {}{};\n", text_of(value, 1), signed_of(value, 2),
                           in_brackets(settings(text_of(value, 3), kDeprecatedAt1)));
      }
      if (m.tag == 3) out += statements(m.bytes, kEnumOptions);
      if (m.tag == 4) range("reserved", m.bytes, INT32_MAX, 0, out);
      if (m.tag == 5) out += fmt::format("reserved {};\n", quoted(m.bytes));
    }
    out += "}\n";
  }

  void service(std::string_view bytes, std::string& out) {
    const auto members = read(bytes);
    out += fmt::format("service {} {{\n", text_of(members, 1));
    for (const auto& m : members) {
      if (m.tag == 2) {
        const auto method = read(m.bytes);
        const auto streams = [&](std::uint32_t tag) { return number_of(method, tag) ? "stream " : ""; };
        out +=
            fmt::format("rpc {} ({}{}) returns ({}{}) {{\n{}}}\n", text_of(method, 1), streams(5), text_of(method, 2),
                        streams(6), text_of(method, 3), statements(text_of(method, 4), kDeprecatedAt33));
      }
      if (m.tag == 3) out += statements(m.bytes, kDeprecatedAt33);
    }
    out += "}\n";
  }

  std::string syntax_;
  std::size_t depth_ = 0;
  bool broken_ = false;
};

}  // namespace

std::optional<Result<std::string>> text_of_descriptor(std::string_view base64) {
  while (base64.ends_with('\n') || base64.ends_with('\r')) base64.remove_suffix(1);
  const auto bytes = base64.empty() ? std::nullopt : decode_base64(base64);
  if (!bytes) return std::nullopt;
  if (auto text = Writer().file(*bytes)) return std::move(*text);
  return fail(ErrorCode::kInvalidRequest,
              "base64 of no file descriptor that can be written as proto2 or proto3 (groups and editions cannot)");
}

}  // namespace thalweg::schema::protobuf
