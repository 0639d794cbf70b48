// Two JSON Schemas compared: walks until nothing is assumed any more, and what they found in words.
#include <fmt/format.h>

#include "schema/json_schema/advice.h"
#include "schema/json_schema/json_schema.h"
#include "schema/json_schema/walk.h"

namespace thalweg::schema::json_schema {
namespace {

// "PROPERTY_REMOVED" as words.
std::string words(std::string_view type) {
  std::string text;
  for (const char c : type) text += c == '_' ? ' ' : c >= 'A' && c <= 'Z' ? char(c + 32) : c;
  return text;
}

std::string message(std::string_view type, const std::string& path, bool fits, const Sides& sides) {
  const std::string what_to_do = fits ? "" : advice(type, sides);
  return fmt::format("{{errorType:\"{}\", description:\"'#/{}': from the {} to the {} schema, {}{}{}\"}}", type, path,
                     sides.writer, sides.reader, words(type), what_to_do.empty() ? "" : ": ", what_to_do);
}

}  // namespace

Comparison compare(const Graph& original, const Graph& update, Policy policy, const Sides& sides) {
  constexpr int kPassesMax = 8;
  Known incompatible;
  for (int pass = 0; pass < kPassesMax; ++pass) {
    Walk walk(policy, incompatible);
    const Changes changes = walk.compare(original.root, update.root);
    Comparison result;
    if (walk.gave_up()) {
      result.failure = "the schemas are too complex to be compared";
      return result;
    }
    auto found = walk.incompatible();
    // Nothing was assumed, or nothing that proved wrong: it is settled.
    const bool settled = !walk.assumed() || found.size() == incompatible.size();
    incompatible = std::move(found);
    if (!settled) continue;
    for (const auto& [type, path] : changes) {
      const bool fits = walk.compatible(type);
      result.differences.push_back({std::string(type), "#/" + path, message(type, path, fits, sides), fits});
    }
    return result;
  }
  return {.differences = {}, .failure = "the schemas lead to each other in too many circles to be compared"};
}

}  // namespace thalweg::schema::json_schema
