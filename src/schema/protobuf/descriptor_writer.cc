#include "schema/protobuf/descriptor_writer.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <set>
#include <span>

#include "schema/protobuf/descriptor_tables.h"

namespace thalweg::schema::protobuf {
namespace {

using namespace descriptor;

// A message on the wire, as it grows. Members are put in the order of their tags, as protoc does.
class Bytes {
 public:
  Bytes& number(std::uint32_t tag, std::int64_t value) {
    varint(std::uint64_t{tag} << 3);
    varint(static_cast<std::uint64_t>(value));
    return *this;
  }
  Bytes& flag(std::uint32_t tag, bool value) { return value ? number(tag, 1) : *this; }
  Bytes& text(std::uint32_t tag, std::string_view value) {
    varint(std::uint64_t{tag} << 3 | 2);
    varint(value.size());
    out_ += value;
    return *this;
  }
  Bytes& text_unless_empty(std::uint32_t tag, std::string_view value) {
    return value.empty() ? *this : text(tag, value);
  }
  Bytes& message(std::uint32_t tag, const Bytes& value) { return text(tag, value.out_); }
  bool empty() const { return out_.empty(); }
  std::string take() && { return std::move(out_); }

 private:
  void varint(std::uint64_t value) {
    for (; value >= 0x80; value >>= 7) out_ += static_cast<char>(value | 0x80);
    out_ += static_cast<char>(value);
  }
  std::string out_;
};

const Option* find(const std::vector<Option>& options, std::string_view name) {
  const auto at = std::ranges::find(options, name, &Option::name);
  return at == options.end() ? nullptr : &*at;
}

// Of a bytes field, as descriptor.proto wants it: escaped as in C.
std::string c_escaped(std::string_view bytes) {
  std::string out;
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\' || c == '\'')
      (out += '\\') += c;
    else if (byte < 0x20 || byte >= 0x7f)
      out += fmt::format("\\{:03o}", byte);
    else
      out += c;
  }
  return out;
}

void put_option(Bytes& bytes, const OptionRow& row, const OptionValue& value) {
  if (row.kind == kText) bytes.text(row.tag, value.text);
  if (row.kind == kBool) bytes.number(row.tag, value.text == "true" ? 1 : 0);
  if (row.kind != kWord || value.text.empty()) return;
  const auto word = std::ranges::find(row.words, std::string_view(value.text));
  if (word != row.words.end()) bytes.number(row.tag, word - row.words.begin());
}
Bytes options_of(const std::vector<Option>& options, std::span<const OptionRow> rows) {
  Bytes bytes;
  for (const auto& row : rows)
    if (const auto* option = find(options, row.name)) put_option(bytes, row, option->value);
  return bytes;
}
void put_options(Bytes& into, std::uint32_t tag, const std::vector<Option>& options, std::span<const OptionRow> rows) {
  if (const auto bytes = options_of(options, rows); !bytes.empty()) into.message(tag, bytes);
}

// Of a message the end of a range is behind it (`past`), of an enum within.
void put_reserved(Bytes& into, std::uint32_t ranges_tag, std::uint32_t names_tag,
                  const std::vector<std::vector<Reserved>>& statements, std::int64_t max, std::int64_t past) {
  for (const auto& statement : statements)
    for (const auto& one : statement)
      if (one.name.empty())
        into.message(ranges_tag, Bytes().number(1, one.first).number(2, (one.last == kToMax ? max : one.last) + past));
  for (const auto& statement : statements)
    for (const auto& one : statement) into.text_unless_empty(names_tag, one.name);
}

std::string joined(const std::string& scope, const std::string& name) {
  return scope.empty() ? name : scope + "." + name;
}

// "by_name" is ByNameEntry and byName.
std::string camel_case(std::string_view name, bool upper) {
  std::string out;
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
std::string entry_name(const Field& field) { return camel_case(field.name, true) + "Entry"; }

class DescriptorWriter {
 public:
  DescriptorWriter(const File& file, const Names& names) : file_(file), names_(names) {}

  std::string whole(std::string_view name) const {
    Bytes out;
    out.text(1, name).text_unless_empty(2, file_.package);
    for (const auto& import : file_.imports) out.text(3, import.path);
    for (const auto& each : file_.messages) out.message(4, message(each, file_.package));
    for (const auto& each : file_.enums) out.message(5, enumeration(each));
    for (const auto& each : file_.services) out.message(6, service(each));
    put_extends(out, 7, file_.extends, file_.package);
    put_options(out, 8, file_.options, kFileOptions);
    for (const std::string_view kind : {"public", "weak"})
      for (std::size_t i = 0; i < file_.imports.size(); ++i)
        if (file_.imports[i].kind == kind) out.number(kind == "public" ? 10 : 11, std::int64_t(i));
    if (file_.is_proto3()) out.text(12, file_.syntax);
    return std::move(out).take();
  }

 private:
  // ---------------------------------------------------------------------------------------------- fields

  struct Where {
    std::string scope;                      // where names are looked up from
    std::string extendee = {};              // of an extension
    std::optional<std::size_t> oneof = {};  // that it is in
    bool proto3_optional = false;           // and then the only one in it
  };

  void put_type(Bytes& out, const std::string& type, const std::string& scope) const {
    if (is_scalar(type)) {
      out.number(5, std::ranges::find(kTypes, std::string_view(type)) - std::begin(kTypes));
      return;
    }
    // What is not there is left to whoever has it: a name alone may be either.
    const auto full = names_.resolve(type, scope);
    if (!full) {
      out.text(6, type);
      return;
    }
    out.number(5, std::int64_t(names_.find(*full)->is_enum ? kTypeEnum : kTypeMessage)).text(6, "." + *full);
  }

  static std::int64_t number_of(Label label) {
    return label == Label::kRepeated ? 3 : label == Label::kRequired ? 2 : 1;
  }

  Bytes field(const Field& field, const Where& where) const {
    Bytes out;
    out.text(1, field.name).text_unless_empty(2, where.extendee).number(3, field.number);
    if (field.is_map() && !field.key_type.empty())
      out.number(4, 3).number(5, kTypeMessage).text(6, "." + joined(where.scope, entry_name(field)));
    else
      put_type(out.number(4, number_of(field.label)), field.type, where.scope);
    if (const auto* value = find(field.options, "default"))
      out.text(7, field.type == "bytes" ? c_escaped(value->value.text) : value->value.text);
    put_options(out, 8, field.options, kFieldOptions);
    if (where.oneof) out.number(9, std::int64_t(*where.oneof));
    const auto* said = find(field.options, "json_name");
    out.text(10, said ? said->value.text : camel_case(field.name, false));
    return std::move(out.flag(17, where.proto3_optional));
  }

  // A group is a field with the name of its message in small letters.
  Bytes group(const Group& group, const std::string& scope) const {
    std::string name = group.message.name;
    for (char& c : name)
      if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
    Bytes out;
    out.text(1, name).number(3, group.number).number(4, number_of(group.label)).number(5, kTypeGroup);
    out.text(6, "." + joined(scope, group.message.name));
    put_options(out, 8, group.field_options, kFieldOptions);
    return std::move(out.text(10, camel_case(name, false)));
  }

  Bytes map_entry(const Field& field, const std::string& scope) const {
    const Field key{.type = field.key_type, .name = "key", .number = 1};
    const Field value{.type = field.value_type, .name = "value", .number = 2};
    Bytes out;
    out.text(1, entry_name(field));
    out.message(2, this->field(key, {.scope = scope})).message(2, this->field(value, {.scope = scope}));
    return std::move(out.message(7, Bytes().number(7, 1)));
  }

  void put_extends(Bytes& out, std::uint32_t tag, const std::vector<Extend>& extends, const std::string& scope) const {
    for (const auto& extend : extends) {
      const auto full = names_.resolve(extend.type, scope);
      for (const auto& each : extend.fields)
        out.message(tag, field(each, {.scope = scope, .extendee = full ? "." + *full : extend.type}));
    }
  }

  // ---------------------------------------------------------------------------------------------- messages

  // proto3 keeps whether an optional field is there by a oneof of its own, behind those that are written.
  bool has_oneof_of_its_own(const Field& field) const {
    return file_.is_proto3() && field.label == Label::kOptional && !field.is_map();
  }
  static std::string oneof_name(const Field& field, std::set<std::string>& taken) {
    std::string name = "_" + field.name;
    while (!taken.insert(name).second) name = "X" + name;
    return name;
  }

  Bytes message(const Message& message, const std::string& outer) const {
    const std::string scope = joined(outer, message.name);
    Bytes out;
    out.text(1, message.name);
    std::size_t oneofs = message.oneofs.size();
    for (const auto& each : message.fields) {
      const bool own = has_oneof_of_its_own(each);
      out.message(
          2,
          field(each, {.scope = scope, .oneof = own ? std::optional(oneofs) : std::nullopt, .proto3_optional = own}));
      oneofs += own ? 1 : 0;
    }
    for (std::size_t i = 0; i < message.oneofs.size(); ++i)
      for (const auto& each : message.oneofs[i].fields) out.message(2, field(each, {.scope = scope, .oneof = i}));
    for (const auto& each : message.groups) out.message(2, group(each, scope));
    put_types(out, message, scope);
    for (const auto& extensions : message.extensions)
      for (const auto& range : extensions.ranges)
        out.message(5, Bytes().number(1, range.first).number(2, (range.last == kToMax ? kNumberMax : range.last) + 1));
    put_extends(out, 6, message.extends, scope);
    put_options(out, 7, message.options, kMessageOptions);
    put_oneofs(out, message);
    put_reserved(out, 9, 10, message.reserved, kNumberMax, 1);
    return out;
  }
  void put_types(Bytes& out, const Message& message, const std::string& scope) const {
    for (const auto& each : message.fields)
      if (each.is_map() && !each.key_type.empty()) out.message(3, map_entry(each, scope));
    for (const auto& each : message.messages) out.message(3, this->message(each, scope));
    for (const auto& each : message.groups) out.message(3, this->message(each.message, scope));
    for (const auto& each : message.enums) out.message(4, enumeration(each));
  }
  void put_oneofs(Bytes& out, const Message& message) const {
    std::set<std::string> taken;
    for (const auto& each : message.fields) taken.insert(each.name);
    for (const auto& oneof : message.oneofs) {
      taken.insert(oneof.name);
      for (const auto& each : oneof.fields) taken.insert(each.name);
    }
    for (const auto& oneof : message.oneofs) out.message(8, Bytes().text(1, oneof.name));
    for (const auto& each : message.fields)
      if (has_oneof_of_its_own(each)) out.message(8, Bytes().text(1, oneof_name(each, taken)));
  }

  // ---------------------------------------------------------------------------------------------- enums, services

  Bytes enumeration(const Enum& enumeration) const {
    Bytes out;
    out.text(1, enumeration.name);
    for (const auto& value : enumeration.values) {
      Bytes one;
      one.text(1, value.name).number(2, value.number);
      put_options(one, 3, value.options, kDeprecatedAt1);
      out.message(2, one);
    }
    put_options(out, 3, enumeration.options, kEnumOptions);
    put_reserved(out, 4, 5, enumeration.reserved, std::numeric_limits<std::int32_t>::max(), 0);
    return out;
  }

  std::string full_name(const std::string& type) const {
    const auto full = names_.resolve(type, file_.package);
    return full ? "." + *full : type;
  }
  Bytes service(const Service& service) const {
    Bytes out;
    out.text(1, service.name);
    for (const auto& method : service.methods) {
      Bytes one;
      one.text(1, method.name).text(2, full_name(method.input)).text(3, full_name(method.output));
      const auto options = options_of(method.options, kDeprecatedAt33);
      if (!options.empty() || !method.options.empty()) one.message(4, options);
      one.flag(5, method.input_streams).flag(6, method.output_streams);
      out.message(2, one);
    }
    put_options(out, 3, service.options, kDeprecatedAt33);
    return out;
  }

  const File& file_;
  const Names& names_;
};

}  // namespace

Result<std::string> descriptor_of(const File& file, const Names& names, std::string_view name) {
  if (!file.edition.empty())
    return fail(
        ErrorCode::kInvalidRequest,
        fmt::format("a file of edition {} cannot be given as a descriptor; ask for it without a format", file.edition));
  return DescriptorWriter(file, names).whole(name);
}

}  // namespace thalweg::schema::protobuf
