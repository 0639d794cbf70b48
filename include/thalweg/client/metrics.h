// What an application has produced and consumed, under the guide's five names and labels with Go's default buckets:
//   kafka_messages_produced_total{topic,status}          kafka_message_produce_duration_seconds{topic}
//   kafka_messages_consumed_total{topic,consumer_group,status}
//   kafka_message_consume_duration_seconds{topic,consumer_group}    kafka_consumer_lag{topic,partition,consumer_group}
// A shared handle: copies count together. Counting takes no lock that others wait for.
#pragma once

#include <memory>
#include <string>

#include "thalweg/client/result.h"

namespace thalweg::client {

class MetricCells;

class THALWEG_EXPORT Metrics {
 public:
  Metrics();
  Metrics(const Metrics&) = default;  // a move copies: no handle is ever empty
  Metrics& operator=(const Metrics&) = default;
  std::string text() const;  // Prometheus' text format 0.0.4
  MetricCells& cells() const { return *cells_; }

 private:
  std::shared_ptr<MetricCells> cells_;
};

}  // namespace thalweg::client
