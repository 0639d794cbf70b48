// A .proto file as it was written. Source: the Protocol Buffers language specification, proto2, proto3 and editions.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "schema/schema.h"

namespace thalweg::schema::protobuf {

// What an option is set to: a text in quotes, a word or number, { name: value ... }, or [ value, ... ].
struct OptionValue {
  enum class Kind { kText, kWord, kMap, kList };
  Kind kind = Kind::kWord;
  std::string text;                 // of a text what it means, without quotes and escapes
  std::vector<std::string> names;   // of a map's values
  std::vector<OptionValue> values;  // of a map and of a list
};

struct Option {
  std::string name;  // "java_package", "(my.option).field"
  OptionValue value;
};

enum class Label { kNone, kOptional, kRequired, kRepeated };

struct Field {
  Label label = Label::kNone;
  std::string type;                  // as written; "map" and "group" have more to say
  std::string key_type, value_type;  // of a map
  std::string name;
  std::int32_t number = 0;
  std::vector<Option> options;
  bool is_map() const { return type == "map"; }
};

struct Oneof {
  std::string name;
  std::vector<Field> fields;
  std::vector<Option> options;
};

struct EnumValue {
  std::string name;
  std::int32_t number = 0;
  std::vector<Option> options;
};

// Numbers from first to last, both included, or a name.
struct Reserved {
  std::int64_t first = 0, last = 0;
  std::string name;
};
inline constexpr std::int64_t kNumberMax = 536'870'911;
inline constexpr std::int64_t kToMax = -1;  // "to max", of fields and of enums

struct Enum {
  std::string name;
  std::vector<EnumValue> values;
  std::vector<Option> options;
  std::vector<std::vector<Reserved>> reserved;  // a statement each
};

struct Extensions {
  std::vector<Reserved> ranges;
  std::vector<Option> options;
};

// A group is a field and a message of the same name.
struct Group;

struct Extend {
  std::string type;
  std::vector<Field> fields;
};

struct Message {
  std::string name;
  std::vector<Field> fields;
  std::vector<Oneof> oneofs;
  std::vector<Message> messages;
  std::vector<Enum> enums;
  std::vector<Group> groups;
  std::vector<Option> options;
  std::vector<std::vector<Reserved>> reserved;
  std::vector<Extensions> extensions;
  std::vector<Extend> extends;
};

struct Group {
  Label label = Label::kNone;
  std::int32_t number = 0;
  std::vector<Option> field_options;
  Message message;
};

struct Method {
  std::string name, input, output;
  bool input_streams = false, output_streams = false;
  std::vector<Option> options;
};
struct Service {
  std::string name;
  std::vector<Method> methods;
  std::vector<Option> options;
};

struct Import {
  std::string path;
  std::string kind;  // "", "public", "weak"
};

struct File {
  std::string syntax;   // "proto2", "proto3", or nothing, which is proto2
  std::string edition;  // instead of a syntax
  std::string package;
  std::vector<Import> imports;
  std::vector<Option> options;
  std::vector<Message> messages;
  std::vector<Enum> enums;
  std::vector<Extend> extends;
  std::vector<Service> services;
  bool is_proto3() const { return syntax == "proto3"; }
};

// kInvalidRequest with line and column. Only the grammar and what a message says of itself (numbers and names are
// there once, and where they may be); whether its types exist is for link().
Result<File> parse_text(std::string_view text, Validation validation);

enum class Layout { kAsWritten, kNormalized };
struct PrintOptions {
  Layout layout = Layout::kAsWritten;
  bool extensions = true;
};
// In the layout that Confluent's registry stores: messages before enums, two spaces, no comments.
// `names` give types their full names in the normalized layout.
class Names;
std::string print(const File& file, const PrintOptions& options, const Names& names);

}  // namespace thalweg::schema::protobuf
