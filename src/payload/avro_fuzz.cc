// The first line is a schema, the rest are bytes under it: neither may crash, over-read or make much of little.
#include <cstddef>
#include <cstdint>

#include "thalweg/client/avro.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace thalweg::client;
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const auto line = input.find('\n');
  const auto schema = AvroSchema::parse(input.substr(0, line));
  if (schema && line != std::string_view::npos) (void)detail::avro_decode(*schema, input.substr(line + 1));
  return 0;
}
