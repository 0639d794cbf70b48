// Every API that this broker serves: one name each in api_table.cc; its row stands at the end of its own file under
// api/. An API without a row is not advertised, and a request for it closes the connection, as in Kafka.
#pragma once

#include <cstdint>
#include <span>

#include "base/bytes.h"
#include "network/session.h"
#include "protocol/api.h"
#include "runtime/task.h"

namespace thalweg::protocol {
struct ApiVersionsResponse;
}

namespace thalweg::broker {

struct RequestContext;

struct Api {
  protocol::ApiKey key;
  // `body` is what follows the request header. Bytes that are no such request close the connection.
  Task<network::Started> (*start)(const RequestContext& context, SharedBytes body);

  // Advertised.
  std::int16_t min_version() const { return protocol::info(key).advertised_min; }
  std::int16_t max_version() const { return protocol::info(key).advertised_max; }
};

// In ascending order of key.
std::span<const Api* const> served_apis();
const Api* find_served(protocol::ApiKey key);

// Error 35 with the range of ApiVersions itself.
protocol::ApiVersionsResponse unsupported_api_versions();

}  // namespace thalweg::broker
