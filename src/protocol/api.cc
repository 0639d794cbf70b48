#include "protocol/api.h"

#include <algorithm>

#include "base/check.h"

namespace thalweg::protocol {

const ApiInfo* find_api(std::int16_t key) {
  const auto apis = all_apis();
  const auto at = std::ranges::lower_bound(apis, key, {}, [](const ApiInfo& api) { return static_cast<int>(api.key); });
  return at != apis.end() && static_cast<std::int16_t>(at->key) == key ? &*at : nullptr;
}

const ApiInfo& info(ApiKey key) {
  const ApiInfo* api = find_api(static_cast<std::int16_t>(key));
  CHECK(api != nullptr);
  return *api;
}

std::string_view name(ApiKey key) {
  const ApiInfo* api = find_api(static_cast<std::int16_t>(key));
  return api != nullptr ? api->name : "Unknown";
}

std::int16_t request_header_version(ApiKey key, std::int16_t version) {
  return version >= info(key).flexible_from ? 2 : 1;
}

std::int16_t response_header_version(ApiKey key, std::int16_t version) {
  // A client sends ApiVersions before it knows what the broker can do, so it must be able to read any answer's header.
  if (key == ApiKey::kApiVersions) return 0;
  return version >= info(key).flexible_from ? 1 : 0;
}

}  // namespace thalweg::protocol
