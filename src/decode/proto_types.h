// What a field's type is in a .proto file: found by its name, as the language finds it.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "schema/protobuf/protobuf_schema.h"

namespace thalweg::decode {

// A message with its full name, which is where names in it are looked up from.
struct ProtoMessage {
  const schema::protobuf::Message* message = nullptr;
  std::string full_name;
};
// What a type's name means. Neither: a scalar, or nothing that is known.
struct ProtoType {
  std::optional<ProtoMessage> message;
  const schema::protobuf::Enum* enumeration = nullptr;
  bool is_enum = false;
};

class ProtoTypes {
 public:
  // Outlived by the files.
  explicit ProtoTypes(const schema::protobuf::Files& files);

  // By indexes from the top of the file, as Confluent's serializers write them. Nothing when there is none.
  std::optional<ProtoMessage> at(std::span<const std::uint64_t> indexes) const;
  ProtoType find(std::string_view type, std::string_view scope) const;

 private:
  void add_enums(const schema::protobuf::File& file);
  void add_enums(const schema::protobuf::Message& message, const std::string& scope);

  const schema::protobuf::Files& files_;
  std::map<std::string, const schema::protobuf::Enum*, std::less<>> enums_;  // by full name
};

}  // namespace thalweg::decode
