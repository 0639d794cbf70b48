#include "filter/names.h"

#include <algorithm>
#include <iterator>

#include "base/nearest.h"

namespace thalweg::filter {
namespace {

template <class What>
struct Named {
  std::string_view name;
  What what;
};

constexpr Named<Variable> kVariables[] = {
    {"key", Variable::kKey},
    {"value", Variable::kValue},
    {"headers", Variable::kHeaders},
    {"partition", Variable::kPartition},
    {"offset", Variable::kOffset},
    {"timestamp", Variable::kTimestamp},
    {"size", Variable::kSize},
    {"tombstone", Variable::kTombstone},
    {"producer_id", Variable::kProducerId},
    {"schema_id", Variable::kSchemaId},
    {"now", Variable::kNow},
};

constexpr Named<Variable> kRecordMembers[] = {
    {"key", Variable::kKey},
    {"value", Variable::kValue},
    {"keyAsText", Variable::kKeyAsText},
    {"valueAsText", Variable::kValueAsText},
    {"headers", Variable::kHeaders},
    {"partition", Variable::kPartition},
    {"offset", Variable::kOffset},
    {"timestampMs", Variable::kTimestampMs},
};

constexpr Named<Function> kFunctions[] = {
    {"contains", Function::kContains}, {"startsWith", Function::kStartsWith},
    {"endsWith", Function::kEndsWith}, {"matches", Function::kMatches},
    {"lower", Function::kLower},       {"size", Function::kSize},
    {"int", Function::kInt},           {"double", Function::kDouble},
    {"string", Function::kString},     {"timestamp", Function::kTimestamp},
    {"duration", Function::kDuration}, {"type", Function::kType},
    {"base64", Function::kBase64},     {"hex", Function::kHex},
    {"has", Function::kHas},           {"exists", Function::kExists},
    {"all", Function::kAll},           {"filter", Function::kFilter},
};

template <class What, std::size_t n>
std::optional<What> look_up(const Named<What> (&table)[n], std::string_view name) {
  const auto found = std::ranges::find(table, name, &Named<What>::name);
  return found == std::end(table) ? std::nullopt : std::optional(found->what);
}

template <class What, std::size_t n>
std::string nearest_of(const Named<What> (&table)[n], std::string_view name) {
  std::vector<std::string_view> names;
  for (const auto& row : table) names.push_back(row.name);
  return nearest(name, names).value_or("");
}

}  // namespace

std::optional<Variable> variable_of(std::string_view name) { return look_up(kVariables, name); }
std::optional<Variable> record_member_of(std::string_view name) { return look_up(kRecordMembers, name); }
std::optional<Function> function_of(std::string_view name) { return look_up(kFunctions, name); }

std::string_view name(Function function) {
  return std::ranges::find(kFunctions, function, &Named<Function>::what)->name;
}

Type type_of(Variable variable) {
  switch (variable) {
    case Variable::kKey:
    case Variable::kValue:
      return Type::kAny;
    case Variable::kHeaders:
      return Type::kMap;
    case Variable::kPartition:
    case Variable::kOffset:
    case Variable::kSize:
    case Variable::kProducerId:
    case Variable::kSchemaId:
    case Variable::kTimestampMs:
      return Type::kInt;
    case Variable::kTimestamp:
    case Variable::kNow:
      return Type::kTimestamp;
    case Variable::kTombstone:
      return Type::kBool;
    case Variable::kKeyAsText:
    case Variable::kValueAsText:
      return Type::kString;
  }
  return Type::kAny;
}

bool is_macro(Function function) {
  return function == Function::kExists || function == Function::kAll || function == Function::kFilter;
}

std::size_t arity(Function function) {
  switch (function) {
    case Function::kContains:
    case Function::kStartsWith:
    case Function::kEndsWith:
    case Function::kMatches:
    case Function::kExists:
    case Function::kAll:
    case Function::kFilter:
      return 2;
    default:
      return 1;
  }
}

std::string nearest_variable(std::string_view name) { return nearest_of(kVariables, name); }
std::string nearest_record_member(std::string_view name) { return nearest_of(kRecordMembers, name); }
std::string nearest_function(std::string_view name) { return nearest_of(kFunctions, name); }

}  // namespace thalweg::filter
