#include "schema/json_schema/advice.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace thalweg::schema::json_schema {
namespace {

// {0} is who reads, {1} whose data it is. They may be the old and the new schema, so advice must hold either way.
constexpr std::string_view kAllow = "the {0} schema has to allow all that the {1} schema allows";
constexpr std::string_view kLenientPasses = "; policy LENIENT lets it pass";
constexpr std::string_view kAnyValue = "data of the {1} schema may have anything under this name";
constexpr std::string_view kMustFit = "what the {1} schema allows under this name has to fit the {0} schema";
constexpr std::string_view kRequired = "give the property a default, or require it in both schemas";

struct Advice {
  std::string_view type, text, more;
};
constexpr std::array kAdvice = std::to_array<Advice>({
    {"TYPE_CHANGED", kAllow, ""},
    {"TYPE_NARROWED", kAllow, ""},
    {"NOT_TYPE_EXTENDED", kAllow, ""},
    {"COMBINED_TYPE_CHANGED", kAllow, ""},
    {"PRODUCT_TYPE_EXTENDED", "every further part of an allOf asks for more", ""},
    {"SUM_TYPE_NARROWED", "keep every alternative of the {1} schema", ""},
    {"COMBINED_TYPE_SUBSCHEMAS_CHANGED", "each part in one schema needs a part of its own in the other that fits it",
     ""},
    {"ENUM_ARRAY_CHANGED", "keep every value of the {1} schema", ""},
    {"ENUM_ARRAY_NARROWED", "keep every value of the {1} schema", ""},
    {"REQUIRED_ATTRIBUTE_ADDED", kRequired, ""},
    {"REQUIRED_PROPERTY_ADDED_TO_UNOPEN_CONTENT_MODEL", kRequired, ""},
    {"REQUIRED_PROPERTY_ADDED_TO_OPEN_CONTENT_MODEL", kAnyValue, "; with policy LENIENT a default is enough"},
    {"REQUIRED_PROPERTY_WITH_DEFAULT_ADDED_TO_OPEN_CONTENT_MODEL", kAnyValue, kLenientPasses},
    {"OPTIONAL_PROPERTY_ADDED_TO_OPEN_CONTENT_MODEL", kAnyValue, kLenientPasses},
    {"PROPERTY_REMOVED_FROM_CLOSED_CONTENT_MODEL", "the {0} schema allows no property of this name", kLenientPasses},
    {"PROPERTY_ADDED_NOT_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL", kMustFit, kLenientPasses},
    {"PROPERTY_REMOVED_NOT_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL", kMustFit, kLenientPasses},
    {"ADDITIONAL_PROPERTIES_NARROWED", kAllow, kLenientPasses},
    {"ADDITIONAL_PROPERTIES_REMOVED", kAllow, kLenientPasses},
    {"UNEVALUATED_PROPERTIES_NARROWED", kAllow, kLenientPasses},
    {"UNEVALUATED_PROPERTIES_REMOVED", kAllow, kLenientPasses},
});

}  // namespace

std::string advice(std::string_view type, const Sides& sides) {
  const auto at = std::ranges::find(kAdvice, type, &Advice::type);
  if (at == kAdvice.end()) return {};
  return fmt::format(fmt::runtime(at->text), sides.reader, sides.writer) + std::string(at->more);
}

}  // namespace thalweg::schema::json_schema
