// Which type a name means: of the file itself, of what it imports, or of the files that every registry knows.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "schema/protobuf/model.h"

namespace thalweg::schema::protobuf {

struct Symbol {
  const Message* message = nullptr;  // null: an enum, or a message of a file that we only know by name
  bool is_enum = false;
  std::string package;
  std::string subject;  // where it comes from, if from a reference
  std::int32_t version = 0;
};

class Names {
 public:
  // REQUIRES: the file outlives it
  void add(const File& file, const std::string& subject = {}, std::int32_t version = 0);
  void add_well_known();

  // As the language looks names up: from the innermost scope outwards. `scope` is a full name; empty at the top.
  // Nothing when there is no such type.
  std::optional<std::string> resolve(std::string_view type, std::string_view scope) const;
  // Null when there is none of this full name.
  const Symbol* find(std::string_view full_name) const;

 private:
  void add(const Message& message, const std::string& prefix, const Symbol& like, std::size_t depth);

  std::map<std::string, Symbol, std::less<>> symbols_;
};

bool is_scalar(std::string_view type);
// Files that nobody has to register: google/protobuf/timestamp.proto and the like.
bool is_well_known_import(std::string_view path);

}  // namespace thalweg::schema::protobuf
