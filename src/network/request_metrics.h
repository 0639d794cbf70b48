// What a shard counts of requests, by API: how many of which version, with which errors, how long they took, how large
// they were. Kafka's RequestMetrics, with its phases as far as they exist here:
//
//   arrived ── local: stage one ── remote: stage two ── response queue ── response send ── sent
//              (less what it says that it waited, which is remote)
//
// Series are made with the first request of an API; after that, counting is some additions. Their number has a bound
// whatever clients send, since the names of APIs, versions and errors are ours. Owner: the shard.
#pragma once

#include <array>
#include <memory>
#include <string>
#include <vector>

#include "metrics/metrics.h"
#include "network/session.h"

namespace thalweg::network {

// One request, as far as it has come.
struct Measured {
  const protocol::ApiInfo* api = nullptr;
  std::int16_t version = 0;
  bool is_follower = false;  // a Fetch
  std::size_t bytes = 0;
  Instant arrived{0}, handled{0}, ready{0};  // when; handled is the end of stage one
  Instant waited{0};                         // in stage one
};

class RequestMetrics {
 public:
  explicit RequestMetrics(Metrics& metrics);
  ~RequestMetrics();

  // The reply stands.
  void ready(const Measured& request, const Reply& reply);
  // All of it was written, together with others.
  void sent(const Measured& request, Instant write_began, Instant write_ended);

 private:
  class Row;
  template <class F>
  void each_row(const Measured& request, F call);

  Metrics& metrics_;
  // By the API's place in protocol::all_apis(); then Fetch once more, by who asks, as Kafka counts it.
  std::vector<std::unique_ptr<Row>> rows_;
};

}  // namespace thalweg::network
