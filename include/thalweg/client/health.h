// Is the cluster fit for this application? And a small HTTP server that says so, and serves the application's metrics.
#pragma once

#include <functional>
#include <vector>

#include "thalweg/client/metrics.h"
#include "thalweg/client/record.h"

namespace thalweg::client {

struct HealthConfig {
  std::string brokers = "localhost:9092";
  std::vector<std::string> topics =
      {};                     // what the application needs; each must exist, with leaders and replicas in sync
  milliseconds timeout = 3s;  // of one check; checks go one after the other
  Properties properties = {};
  // What else the application needs, as its database: each string is a problem. Asked with every check, never twice at
  // once.
  std::function<std::vector<std::string>()> own_problems = {};
};

struct THALWEG_EXPORT Health {
  bool healthy = false;
  std::vector<std::string> problems;  // "topic user-events: partition 2 has no leader"
  std::string of = "Kafka";           // or "the service", where it has looked at more
  std::string text() const;           // "Kafka is healthy", or what is wrong, a line each
};

class HealthCore;

// Keeps one connection; a check is one metadata request. A shared handle, thread-safe. Mistakes of the configuration
// are problems.
class THALWEG_EXPORT HealthChecker {
 public:
  explicit HealthChecker(HealthConfig config);
  HealthChecker(const HealthChecker&) = default;  // a move copies: no handle is ever empty
  HealthChecker& operator=(const HealthChecker&) = default;
  Health check() const;

 private:
  std::shared_ptr<HealthCore> core_;
};

class HttpCore;

// GET and HEAD of what it was given, nothing else. One thread; at most 64 connections, each with one request of at most
// 8 KiB, sent and answered within 5 s: a slow or hostile client costs nobody else anything. For networks that one
// trusts: no TLS.
class THALWEG_EXPORT HttpEndpoint {
 public:
  // "127.0.0.1:9400", "[::1]:9400", "localhost:9400"; port 0 takes a free one. The error says what the system said.
  static Result<HttpEndpoint> listen(std::string address);
  HttpEndpoint& metrics(Metrics metrics, std::string path = "/metrics");
  HttpEndpoint& health(HealthChecker checker, std::string path = "/health");  // 200, or 503 with the problems
  // A page of one's own: 200, or 500 when it throws. Asked on the endpoint's thread: what it waits for, other requests
  // wait for.
  HttpEndpoint& page(std::string path, std::string content_type, std::function<std::string()> body);
  int port() const;

  HttpEndpoint(HttpEndpoint&&) noexcept;
  HttpEndpoint& operator=(HttpEndpoint&&) noexcept;
  ~HttpEndpoint();

 private:
  explicit HttpEndpoint(std::unique_ptr<HttpCore>);
  std::unique_ptr<HttpCore> core_;
};

}  // namespace thalweg::client
