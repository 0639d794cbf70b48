#include "schema/protobuf/protobuf_schema.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/base64.h"
#include "schema/limits.h"
#include "schema/protobuf/descriptor.h"
#include "schema/protobuf/descriptor_writer.h"

namespace thalweg::schema::protobuf {
namespace {

constexpr std::string_view kDescriptorName = "default";  // as Confluent's registry calls a file

std::unexpected<Error> bad(std::string message) { return fail(ErrorCode::kInvalidRequest, std::move(message)); }

// Every type that the file names must be there.
class Linker {
 public:
  explicit Linker(const Names& names) : names_(names) {}

  Result<> check(const File& file) {
    for (const auto& message : file.messages) TRY_VOID(check(message, file.package));
    for (const auto& extend : file.extends) TRY_VOID(check(extend, file.package));
    for (const auto& service : file.services)
      for (const auto& method : service.methods) {
        TRY_VOID(exists(method.input, file.package, service.name));
        TRY_VOID(exists(method.output, file.package, service.name));
      }
    return {};
  }

 private:
  Result<> exists(const std::string& type, std::string_view scope, std::string_view where) const {
    if (is_scalar(type) || names_.resolve(type, scope)) return {};
    return bad(fmt::format("\"{}\" is not defined, in \"{}\"", type, where));
  }
  Result<> check(const Field& field, std::string_view scope) const {
    return exists(field.is_map() && !field.key_type.empty() ? field.value_type : field.type, scope, field.name);
  }
  Result<> check(const Extend& extend, std::string_view scope) const {
    TRY_VOID(exists(extend.type, scope, "extend"));
    for (const auto& field : extend.fields) TRY_VOID(check(field, scope));
    return {};
  }
  Result<> check(const Message& message, const std::string& prefix) const {
    const std::string scope = prefix.empty() ? message.name : prefix + "." + message.name;
    for (const auto& field : message.fields) TRY_VOID(check(field, scope));
    for (const auto& oneof : message.oneofs)
      for (const auto& field : oneof.fields) TRY_VOID(check(field, scope));
    for (const auto& extend : message.extends) TRY_VOID(check(extend, scope));
    for (const auto& group : message.groups) TRY_VOID(check(group.message, scope));
    for (const auto& inner : message.messages) TRY_VOID(check(inner, scope));
    return {};
  }

  const Names& names_;
};

Result<> types_once(const File& file) {
  std::vector<std::string_view> names;
  for (const auto& message : file.messages) names.push_back(message.name);
  for (const auto& enumeration : file.enums) names.push_back(enumeration.name);
  for (const auto& service : file.services) names.push_back(service.name);
  std::ranges::sort(names);
  const auto twice = std::ranges::adjacent_find(names);
  if (twice == names.end()) return {};
  return bad(fmt::format("\"{}\" is defined twice", *twice));
}

}  // namespace

Result<ParsedSchemaPtr> ProtobufSchema::parse(std::string_view text, const std::vector<Dependency>& dependencies,
                                              Validation validation) {
  std::size_t bytes = text.size();
  for (const auto& dependency : dependencies) bytes += dependency.text.size();
  if (bytes > kTextMax)
    return bad(fmt::format("{} bytes of schema with all it refers to; at most {} are taken", bytes, kTextMax));
  if (const auto written = text_of_descriptor(text)) {
    TRY(const auto file, *written);
    return parse(file, dependencies, validation);
  }
  auto files = std::make_unique<Files>();
  for (const auto& dependency : dependencies) {
    auto file = parse_text(dependency.text, Validation::kStored);
    if (!file) return bad(fmt::format("in the reference {}: {}", dependency.name, file.error().message));
    files->names.add(files->imported.emplace_back(std::move(*file)), dependency.subject, dependency.version);
  }
  TRY(files->own, parse_text(text, validation));
  files->names.add(files->own);
  files->names.add_well_known();
  for (const auto& import : files->own.imports) {
    const bool given = std::ranges::any_of(dependencies, [&](const Dependency& d) { return d.name == import.path; });
    if (!given && !is_well_known_import(import.path))
      return bad(fmt::format("the import \"{}\" is not among the references", import.path));
  }
  if (validation == Validation::kNew) {
    TRY_VOID(types_once(files->own));
    TRY_VOID(Linker(files->names).check(files->own));
  }
  auto printed = print(files->own, {}, files->names);
  return std::make_shared<const ProtobufSchema>(std::move(files), std::move(printed));
}

Result<std::string> ProtobufSchema::normalized() const {
  return print(files_->own, {.layout = Layout::kNormalized}, files_->names);
}

Result<std::string> ProtobufSchema::formatted(std::string_view format) const {
  if (format == "serialized") {
    TRY(const auto bytes, descriptor_of(files_->own, files_->names, kDescriptorName));
    return base64(bytes);
  }
  if (format == "ignore_extensions") return print(files_->own, {.extensions = false}, files_->names);
  return text();
}

std::string ProtobufSchema::full_name() const {
  const File& file = files_->own;
  if (file.messages.empty()) return {};
  return file.package.empty() ? file.messages[0].name : file.package + "." + file.messages[0].name;
}

bool ProtobufSchema::has_top_level_field(std::string_view name) const {
  if (files_->own.messages.empty()) return false;
  const Message& first = files_->own.messages[0];
  const auto named = [&](const Field& field) { return field.name == name; };
  return std::ranges::any_of(first.fields, named) || std::ranges::any_of(first.oneofs, [&](const Oneof& oneof) {
           return std::ranges::any_of(oneof.fields, named);
         });
}

// A field is some ten bytes of text and two hundred in memory.
std::size_t ProtobufSchema::memory_bytes() const {
  return sizeof *this + 20 * text().size() + 4096 * files_->imported.size();
}

}  // namespace thalweg::schema::protobuf
