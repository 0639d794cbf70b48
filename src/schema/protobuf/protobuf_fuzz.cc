// Two files with a zero byte between them: read or refused with a message, printed so that the same is read again, and
// compared within bounds. What is base64 is taken for a compiled file.
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "schema/difference.h"
#include "schema/protobuf/descriptor.h"

using namespace thalweg;
using namespace thalweg::schema;
using protobuf::text_of_descriptor;

namespace {

ParsedSchemaPtr read(std::string_view text, Validation validation) {
  auto parsed = parse(Type::kProtobuf, text, {}, validation);
  if (!parsed) {
    CHECK(!parsed.error().message.empty());
    return nullptr;
  }
  const auto again = parse(Type::kProtobuf, (*parsed)->text(), {}, Validation::kStored);
  CHECK(again && (*again)->text() == (*parsed)->text());
  const auto normalized = (*parsed)->normalized();
  CHECK(normalized);
  const auto of_normalized = parse(Type::kProtobuf, *normalized, {}, Validation::kStored);
  CHECK(of_normalized && (*of_normalized)->normalized() == *normalized);
  if (const auto descriptor = (*parsed)->formatted("serialized")) (void)text_of_descriptor(*descriptor);
  return *parsed;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view all(reinterpret_cast<const char*>(data), size);
  if (const auto text = text_of_descriptor(all)) CHECK(*text || !text->error().message.empty());
  const auto validation = size % 2 == 0 ? Validation::kNew : Validation::kStored;
  const auto cut = all.find('\0');
  const auto first = read(all.substr(0, cut), validation);
  if (first) CHECK(compare(*first, *first).compatible());
  if (cut == std::string_view::npos) return 0;
  const auto second = read(all.substr(cut + 1), validation);
  if (first && second) (void)compare(*first, *second);
  return 0;
}
