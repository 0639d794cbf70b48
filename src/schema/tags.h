// Tags in the text of a schema: what its records and fields are marked with ("confluent:tags"). Source: AvroSchema and
// JsonSchema of Confluent's client, inlineTaggedEntities and modifySchemaTags.
//
//   Avro          sr_record "shop.User", sr_field "shop.User.mail": full names
//   JSON Schema   sr_record "object", sr_field "object.mail", "object.address.object.street",
//   "object.list.array.object.x";
//                 of what is combined "allof.0.object.x", of what has a name "object.definitions.N.object.x"
//
// Those of Protobuf are options in the text and are not changed here.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "schema/schema.h"

namespace thalweg::schema {

struct Entity {
  std::string path;  // a dot in front of it counts nothing
  bool is_field = false;
  friend bool operator==(const Entity&, const Entity&) = default;
};
struct EntityTags {
  Entity entity;
  std::vector<std::string> tags;
  friend bool operator==(const EntityTags&, const EntityTags&) = default;
};
struct TagChanges {
  std::vector<EntityTags> add, remove;
  bool empty() const { return add.empty() && remove.empty(); }
  friend bool operator==(const TagChanges&, const TagChanges&) = default;
};

// The text with what is to be added added, then what is to be removed removed. A tag is there once. kInvalidRequest: no
// JSON, nothing of that path in it, or Protobuf.
Result<std::string> change_tags(Type type, std::string_view text, const TagChanges& changes);

// What is tagged, in the order of the text; nothing of Protobuf, and of what cannot be read.
std::vector<EntityTags> tags_in(Type type, std::string_view text);

}  // namespace thalweg::schema
