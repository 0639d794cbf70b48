#include "schema/protobuf/names.h"

#include <algorithm>
#include <array>

namespace thalweg::schema::protobuf {
namespace {

constexpr std::array<std::string_view, 15> kScalars = {"double",   "float",    "int32",  "int64",   "uint32",
                                                       "uint64",   "sint32",   "sint64", "fixed32", "fixed64",
                                                       "sfixed32", "sfixed64", "bool",   "string",  "bytes"};

// A package, its messages and its enums, and the files they are in.
struct Known {
  std::string_view package, folder;
  std::string_view files, messages, enums;
};
constexpr std::array<Known, 4> kKnown = {{
    {"google.protobuf", "google/protobuf/",
     "any api descriptor duration empty field_mask source_context struct timestamp type wrappers",
     "Any Api Method Mixin Duration Empty FieldMask SourceContext Struct Value ListValue Timestamp Type Field Enum "
     "EnumValue Option DoubleValue FloatValue Int64Value UInt64Value Int32Value UInt32Value BoolValue StringValue "
     "BytesValue FileDescriptorSet FileDescriptorProto DescriptorProto ExtensionRangeOptions FieldDescriptorProto "
     "OneofDescriptorProto EnumDescriptorProto EnumValueDescriptorProto ServiceDescriptorProto MethodDescriptorProto "
     "FileOptions MessageOptions FieldOptions OneofOptions EnumOptions EnumValueOptions ServiceOptions MethodOptions "
     "UninterpretedOption SourceCodeInfo GeneratedCodeInfo",
     "NullValue Syntax Field.Kind Field.Cardinality FieldDescriptorProto.Type FieldDescriptorProto.Label "
     "FileOptions.OptimizeMode FieldOptions.CType FieldOptions.JSType MethodOptions.IdempotencyLevel"},
    {"google.type", "google/type/",
     "calendar_period color date datetime dayofweek decimal expr fraction interval latlng money month phone_number "
     "postal_address quaternion timeofday",
     "Color Date DateTime TimeZone Decimal Expr Fraction Interval LatLng Money PhoneNumber PostalAddress Quaternion "
     "TimeOfDay",
     "CalendarPeriod DayOfWeek Month"},
    {"confluent", "confluent/", "meta", "Meta", ""},
    {"confluent.type", "confluent/type/", "decimal variant", "Decimal Variant", ""},
}};

template <class Each>
void each_word(std::string_view words, Each each) {
  while (!words.empty()) {
    const auto end = std::min(words.find(' '), words.size());
    each(words.substr(0, end));
    words.remove_prefix(std::min(end + 1, words.size()));
  }
}

std::string joined(const std::string& prefix, std::string_view name) {
  return prefix.empty() ? std::string(name) : prefix + "." + std::string(name);
}

}  // namespace

bool is_scalar(std::string_view type) { return std::ranges::find(kScalars, type) != kScalars.end(); }

bool is_well_known_import(std::string_view path) {
  if (!path.ends_with(".proto")) return false;
  bool found = false;
  for (const auto& known : kKnown) {
    if (!path.starts_with(known.folder)) continue;
    const auto name = path.substr(known.folder.size(), path.size() - known.folder.size() - 6);
    each_word(known.files, [&](std::string_view file) { found |= file == name; });
  }
  return found;
}

void Names::add_well_known() {
  for (const auto& known : kKnown) {
    const std::string package(known.package);
    each_word(known.messages,
              [&](std::string_view name) { symbols_.try_emplace(joined(package, name), Symbol{.package = package}); });
    each_word(known.enums, [&](std::string_view name) {
      symbols_.try_emplace(joined(package, name), Symbol{.is_enum = true, .package = package});
    });
  }
}

void Names::add(const File& file, const std::string& subject, std::int32_t version) {
  const Symbol like{.package = file.package, .subject = subject, .version = version};
  for (const auto& message : file.messages) add(message, file.package, like, 0);
  for (const auto& enumeration : file.enums) {
    Symbol symbol = like;
    symbol.is_enum = true;
    symbols_.insert_or_assign(joined(file.package, enumeration.name), std::move(symbol));
  }
}

// Recursion is as deep as messages are nested, which the parser bounds.
void Names::add(const Message& message, const std::string& prefix, const Symbol& like, std::size_t depth) {
  const std::string full = joined(prefix, message.name);
  Symbol symbol = like;
  symbol.message = &message;
  symbols_.insert_or_assign(full, std::move(symbol));
  for (const auto& inner : message.messages) add(inner, full, like, depth + 1);
  for (const auto& group : message.groups) add(group.message, full, like, depth + 1);
  for (const auto& enumeration : message.enums) {
    Symbol inner = like;
    inner.is_enum = true;
    symbols_.insert_or_assign(joined(full, enumeration.name), std::move(inner));
  }
}

const Symbol* Names::find(std::string_view full_name) const {
  const auto at = symbols_.find(full_name);
  return at == symbols_.end() ? nullptr : &at->second;
}

std::optional<std::string> Names::resolve(std::string_view type, std::string_view scope) const {
  if (type.starts_with('.')) {
    type.remove_prefix(1);
    return find(type) ? std::optional(std::string(type)) : std::nullopt;
  }
  for (;;) {
    std::string full = joined(std::string(scope), type);
    if (find(full)) return full;
    if (scope.empty()) return std::nullopt;
    const auto dot = scope.rfind('.');
    scope = dot == std::string_view::npos ? std::string_view() : scope.substr(0, dot);
  }
}

}  // namespace thalweg::schema::protobuf
