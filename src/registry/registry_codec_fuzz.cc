// A key and a value with a zero byte between them: a record, nothing or an error; what was read is written so that it
// is read again, and a registry takes it and answers.
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "base/log.h"
#include "registry/registry_codec.h"
#include "registry/registry_machine.h"

using namespace thalweg;
using namespace thalweg::registry;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  log::set_level(log::Level::kError);
  std::string_view all(reinterpret_cast<const char*>(data), size);
  RegistryMachine machine;
  while (!all.empty()) {
    const auto end = std::min(all.find('\0'), all.size());
    const auto key = SharedBytes::copy_of(all.substr(0, end));
    all.remove_prefix(std::min(end + 1, all.size()));
    const auto next = std::min(all.find('\0'), all.size());
    const auto value = SharedBytes::copy_of(all.substr(0, next));
    all.remove_prefix(std::min(next + 1, all.size()));
    const auto record = decode(key, value.empty() ? std::nullopt : std::optional(value));
    if (!record || !*record) continue;
    const auto bytes = encode(**record);
    CHECK(bytes);
    const auto again = decode(bytes->key, bytes->value);
    CHECK(again && *again && **again == **record);
    machine.apply(**record);
  }
  (void)machine.on(GetSchemas{.deleted = true}, {}, RequestId{1}, Instant(0), 0);
  (void)machine.on(GetById{.id = 1}, {}, RequestId{2}, Instant(0), 0);
  return 0;
}
