#include "decode/proto_types.h"

#include "decode/well_known_protos.h"

namespace thalweg::decode {
namespace {

std::string within(const std::string& scope, const std::string& name) {
  return scope.empty() ? name : scope + "." + name;
}

}  // namespace

ProtoTypes::ProtoTypes(const schema::protobuf::Files& files) : files_(files) {
  add_enums(well_known_protos().own);
  for (const auto& file : files.imported) add_enums(file);
  add_enums(files.own);
}

void ProtoTypes::add_enums(const schema::protobuf::File& file) {
  for (const auto& one : file.enums) enums_.insert_or_assign(within(file.package, one.name), &one);
  for (const auto& message : file.messages) add_enums(message, file.package);
}

// Recursion is as deep as messages are nested, which the parser bounds.
void ProtoTypes::add_enums(const schema::protobuf::Message& message, const std::string& scope) {
  const std::string full = within(scope, message.name);
  for (const auto& one : message.enums) enums_.insert_or_assign(within(full, one.name), &one);
  for (const auto& inner : message.messages) add_enums(inner, full);
  for (const auto& group : message.groups) add_enums(group.message, full);
}

std::optional<ProtoMessage> ProtoTypes::at(std::span<const std::uint64_t> indexes) const {
  const auto* messages = &files_.own.messages;
  ProtoMessage found{nullptr, files_.own.package};
  for (const auto index : indexes) {
    if (index >= messages->size()) return std::nullopt;
    found.message = &(*messages)[std::size_t(index)];
    found.full_name = within(found.full_name, found.message->name);
    messages = &found.message->messages;
  }
  return found.message ? std::optional(std::move(found)) : std::nullopt;
}

ProtoType ProtoTypes::find(std::string_view type, std::string_view scope) const {
  auto full = files_.names.resolve(type, scope);
  if (!full) full = well_known_protos().names.resolve(type, scope);
  if (!full) return {};
  const auto* symbol = files_.names.find(*full);
  if (!symbol || (!symbol->is_enum && !symbol->message)) symbol = well_known_protos().names.find(*full);
  if (!symbol) return {};
  ProtoType found;
  found.is_enum = symbol->is_enum;
  if (const auto known = enums_.find(*full); symbol->is_enum && known != enums_.end())
    found.enumeration = known->second;
  if (symbol->message) found.message = ProtoMessage{symbol->message, *full};
  return found;
}

}  // namespace thalweg::decode
