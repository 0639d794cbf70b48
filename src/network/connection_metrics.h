// What a shard counts of the connections of one listener, whatever is spoken over them. Owner: the shard.
#pragma once

#include <string>

#include "metrics/families.h"
#include "metrics/metrics.h"

namespace thalweg::network {

struct ConnectionMetrics {
  ConnectionMetrics(Metrics& metrics, const std::string& listener)
      : open(metrics.gauge(family::kConnections, {listener})),
        accepted(metrics.counter(family::kConnectionsAccepted, {listener})),
        refused(metrics.counter(family::kConnectionsRefused, {listener})),
        expired(metrics.gauge(family::kConnectionsExpired, {listener})),
        accept_failures(metrics.counter(family::kAcceptFailures, {listener})),
        bytes_received(metrics.counter(family::kBytesReceived, {listener})),
        bytes_sent(metrics.counter(family::kBytesSent, {listener})) {}

  Gauge& open;
  Counter &accepted, &refused;
  Gauge& expired;
  Counter &accept_failures, &bytes_received, &bytes_sent;
};

}  // namespace thalweg::network
