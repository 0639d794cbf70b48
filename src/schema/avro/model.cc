#include "schema/avro/model.h"

#include <algorithm>
#include <array>

namespace thalweg::schema::avro {
namespace {
constexpr std::array<std::string_view, 14> kKinds = {"null",   "boolean", "int",  "long",  "float", "double", "bytes",
                                                     "string", "record",  "enum", "fixed", "array", "map",    "union"};
}

std::string_view name(Kind kind) { return kKinds[static_cast<std::size_t>(kind)]; }

Name Name::of(std::string_view text, std::string_view enclosing) {
  const auto dot = text.rfind('.');
  if (dot == std::string_view::npos) return {std::string(enclosing), std::string(text)};
  return {std::string(text.substr(0, dot)), std::string(text.substr(dot + 1))};
}

std::string Name::within(std::string_view enclosing) const {
  // A type of ours that is called like one of Avro's needs its namespace to be told from it.
  if (!space.empty() && space == enclosing && std::ranges::find(kKinds, name) == kKinds.end()) return name;
  return full();
}

}  // namespace thalweg::schema::avro
