// Random .properties files: never a crash, and what was read is read again from what is written. Then the whole of them
// as a server's configuration.
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "config/broker_config.h"
#include "config/properties.h"

using namespace thalweg::config;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto properties = parse_properties({reinterpret_cast<const char*>(data), size});
  CHECK(parse_properties(format_properties(properties)) == properties);
  (void)load_broker_config(properties);
  return 0;
}
