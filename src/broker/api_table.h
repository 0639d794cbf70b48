// Every API that this broker serves: one line each in api_table.cc. An API without a line is not advertised, and a
// request for it closes the connection, as in Kafka.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "base/bytes.h"
#include "broker/context.h"
#include "protocol/api.h"
#include "runtime/task.h"

namespace thalweg::broker {

struct Api {
  protocol::ApiKey key;
  std::int16_t min_version, max_version;  // advertised
  // `body` is what follows the request header. Bytes that are no such request close the connection.
  Task<network::Started> (*start)(const RequestContext& context, SharedBytes body);
};

// In ascending order of key.
std::span<const Api> served_apis();
const Api* find_served(std::int16_t key);

}  // namespace thalweg::broker
