// Two texts with a zero byte between them: read or refused with a message, printed so that it is read as the same,
// compared within bounds, and each can read what it wrote itself.
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "schema/avro/avro_schema.h"

using namespace thalweg;
using namespace thalweg::schema;

namespace {

ParsedSchemaPtr read(std::string_view text) {
  auto parsed = parse(Type::kAvro, text);
  if (!parsed) {
    CHECK(!parsed.error().message.empty());
    return nullptr;
  }
  const auto again = parse(Type::kAvro, (*parsed)->text());
  CHECK(again && (*again)->text() == (*parsed)->text());
  const auto normalized = (*parsed)->normalized();
  CHECK(normalized);
  const auto of_normalized = parse(Type::kAvro, *normalized);
  CHECK(of_normalized && (*of_normalized)->normalized() == *normalized);
  CHECK(avro::canonical_form(static_cast<const avro::AvroSchema&>(**parsed).graph()));
  return *parsed;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view all(reinterpret_cast<const char*>(data), size);
  const auto cut = all.find('\0');
  const auto first = read(all.substr(0, cut));
  if (cut == std::string_view::npos) return 0;
  const auto second = read(all.substr(cut + 1));
  if (!first || !second) return 0;
  (void)compare(*first, *second);
  (void)compare(*second, *first);
  return 0;
}
