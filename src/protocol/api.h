// The table of Kafka APIs, generated from the schemas: which versions this code can decode, which a broker advertises,
// and which header goes in front.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "protocol/api_key.h"
#include "protocol/message.h"

namespace thalweg::protocol {

struct ApiInfo {
  ApiKey key;
  std::string_view name;
  // What decode() understands.
  std::int16_t min_version, max_version;
  std::int16_t flexible_from;  // kNeverFlexible if no version is
  // What ApiVersions answers. Produce says 0 although 0 to 2 are refused: librdkafka looks for 0 before it compresses.
  // A latest version that is still unstable is left out.
  std::int16_t advertised_min, advertised_max;
  bool latest_unstable;
  bool on_broker, on_controller;  // the kinds of listener that serve it

  bool decodes(std::int16_t version) const { return version >= min_version && version <= max_version; }
};

// In ascending order of key; retired keys have no row.
std::span<const ApiInfo> all_apis();
// Nullptr for keys without a row.
const ApiInfo* find_api(std::int16_t key);
// REQUIRES: an enumerator, not a number cast to ApiKey.
const ApiInfo& info(ApiKey key);
std::string_view name(ApiKey key);

// The version of the header in front of a request or response; also right for versions this code does not know.
std::int16_t request_header_version(ApiKey key, std::int16_t version);
std::int16_t response_header_version(ApiKey key, std::int16_t version);

}  // namespace thalweg::protocol
