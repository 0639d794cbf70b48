// --http PORT: /metrics and /health of an example that reads user events.
#pragma once

#include <thalweg/client.h>

#include <optional>

#include "arguments.h"

namespace example {

// They are served for as long as the endpoint lives; nothing: the option says none.
inline thalweg::client::Result<std::optional<thalweg::client::HttpEndpoint>> pages(
    const Arguments& arguments, const std::string& brokers, const thalweg::client::Metrics& metrics) {
  using namespace thalweg::client;
  const long port = arguments.number("http", 0, 0, 65535);
  if (port == 0) return std::nullopt;
  auto http = HttpEndpoint::listen("127.0.0.1:" + std::to_string(port));
  if (!http) return std::unexpected(http.error());
  http->metrics(metrics).health(HealthChecker({.brokers = brokers, .topics = {"user-events"}}));
  return std::move(*http);
}

}  // namespace example
