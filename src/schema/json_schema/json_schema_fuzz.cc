// Two texts with a zero byte between them: read or refused with a message, printed so that the same is read again, and
// compared within bounds by both policies.
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "schema/difference.h"

using namespace thalweg;
using namespace thalweg::schema;

namespace {

ParsedSchemaPtr read(std::string_view text, Validation validation) {
  auto parsed = parse(Type::kJson, text, {}, validation);
  if (!parsed) {
    CHECK(!parsed.error().message.empty());
    return nullptr;
  }
  const auto again = parse(Type::kJson, (*parsed)->text(), {}, validation);
  CHECK(again && (*again)->text() == (*parsed)->text());
  return *parsed;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view all(reinterpret_cast<const char*>(data), size);
  const auto validation = size % 2 == 0 ? Validation::kNew : Validation::kStored;
  const auto cut = all.find('\0');
  const auto first = read(all.substr(0, cut), validation);
  const auto second = cut == std::string_view::npos ? first : read(all.substr(cut + 1), validation);
  if (!first || !second) return 0;
  for (const auto policy : {Policy::kStrict, Policy::kLenient}) {
    (void)compare(*first, *second, policy);
    (void)compare(*second, *first, policy);
  }
  return 0;
}
