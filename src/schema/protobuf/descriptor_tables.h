// What descriptor.proto gives numbers to that a .proto file calls by names: options and types. For who reads a
// descriptor and who writes one. Source: google/protobuf/descriptor.proto.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace thalweg::schema::protobuf::descriptor {

enum class OptionKind { kBool, kText, kWord };
struct OptionRow {
  std::uint32_t tag;
  std::string_view name;
  OptionKind kind;
  std::array<std::string_view, 4> words = {};  // by the number of an enum's value
};
using enum OptionKind;

inline constexpr OptionRow kFileOptions[] = {
    {1, "java_package", kText},
    {8, "java_outer_classname", kText},
    {9, "optimize_for", kWord, {"", "SPEED", "CODE_SIZE", "LITE_RUNTIME"}},
    {10, "java_multiple_files", kBool},
    {11, "go_package", kText},
    {16, "cc_generic_services", kBool},
    {17, "java_generic_services", kBool},
    {18, "py_generic_services", kBool},
    {23, "deprecated", kBool},
    {27, "java_string_check_utf8", kBool},
    {31, "cc_enable_arenas", kBool},
    {36, "objc_class_prefix", kText},
    {37, "csharp_namespace", kText},
    {39, "swift_prefix", kText},
    {40, "php_class_prefix", kText},
    {41, "php_namespace", kText},
    {44, "php_metadata_namespace", kText},
    {45, "ruby_package", kText},
};
inline constexpr OptionRow kMessageOptions[] = {
    {1, "message_set_wire_format", kBool}, {2, "no_standard_descriptor_accessor", kBool}, {3, "deprecated", kBool}};
inline constexpr OptionRow kFieldOptions[] = {{1, "ctype", kWord, {"STRING", "CORD", "STRING_PIECE"}},
                                              {2, "packed", kBool},
                                              {3, "deprecated", kBool},
                                              {5, "lazy", kBool},
                                              {6, "jstype", kWord, {"JS_NORMAL", "JS_STRING", "JS_NUMBER"}}};
inline constexpr OptionRow kEnumOptions[] = {{2, "allow_alias", kBool}, {3, "deprecated", kBool}};
inline constexpr OptionRow kDeprecatedAt1[] = {{1, "deprecated", kBool}};
inline constexpr OptionRow kDeprecatedAt33[] = {{33, "deprecated", kBool}};

// Of fields, by their numbers; groups, messages and enums have no name of their own.
inline constexpr std::string_view kTypes[] = {"",        "double",   "float",    "int64",  "uint64", "int32", "fixed64",
                                              "fixed32", "bool",     "string",   "",       "",       "bytes", "uint32",
                                              "",        "sfixed32", "sfixed64", "sint32", "sint64"};
inline constexpr std::uint64_t kTypeGroup = 10, kTypeMessage = 11, kTypeEnum = 14;

}  // namespace thalweg::schema::protobuf::descriptor
