// What a broker does with a frame: the header says which API and version, and then the body is decoded.
#include <array>

#include "protocol/api.h"
#include "protocol/request_header.h"
#include "protocol/testing/registry_entry.h"

using namespace thalweg;
using namespace thalweg::protocol;

namespace {

std::array<const RegistryEntry*, kApiKeyMax + 1> requests_by_key() {
  std::array<const RegistryEntry*, kApiKeyMax + 1> table{};
  for (const auto& message : all_messages()) {
    if (message.kind == "request" && message.api_key <= kApiKeyMax)
      table[static_cast<std::size_t>(message.api_key)] = &message;
  }
  return table;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const auto kRequests = requests_by_key();
  const SharedBytes frame = SharedBytes::copy_of(std::as_bytes(std::span(data, size)));
  Reader peek(frame);
  std::int16_t key = 0, version = 0;
  peek.read(key);
  peek.read(version);
  const ApiInfo* api = find_api(key);
  if (!peek.ok() || api == nullptr || key > kApiKeyMax) return 0;  // private ones: decode_fuzz
  Reader reader(frame);
  const auto header = RequestHeader::decode(reader, request_header_version(api->key, version));
  if (!header) return 0;
  CHECK(header->request_api_key == key && header->request_api_version == version);
  if (api->decodes(version)) (void)kRequests[static_cast<std::size_t>(key)]->recode(reader.rest(), version);
  return 0;
}
