// What a shard counts. Whoever counts asks once for its series and keeps the reference; counting is then an addition,
// with no lock and no look-up. Reading is a MetricsSnapshot per shard, and those are merged: the whole process is their
// sum.
//
//   Counter& refused = metrics.counter(family::kConnectionsRefused, {"PLAINTEXT"});
//   refused.add();
//
// Series are made once and stay: their labels are of few values, which we choose (APIs, errors, listeners). What
// clients choose is counted by TopicMetrics. What need not be counted, because it can be looked at, is asked for when
// somebody wants to know (broker/broker_metrics.cc).
//
// Owner: one shard. References live as long as the Metrics.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string_view>
#include <variant>

#include "metrics/family.h"
#include "metrics/histogram.h"
#include "metrics/snapshot.h"

namespace thalweg {

class Counter {
 public:
  void add(std::uint64_t n = 1) { value_ += n; }
  std::uint64_t value() const { return value_; }

 private:
  std::uint64_t value_ = 0;
};

class Gauge {
 public:
  void add(std::int64_t n) { value_ += n; }
  std::int64_t value() const { return value_; }

 private:
  std::int64_t value_ = 0;
};

class Metrics {
 public:
  Metrics() = default;
  Metrics(const Metrics&) = delete;

  // The series with these labels, made when it is asked for first. REQUIRES: the family is of this kind, and there is
  // one value for each of its labels.
  Counter& counter(const MetricFamily& family, const MetricLabels& labels = {});
  Gauge& gauge(const MetricFamily& family, const MetricLabels& labels = {});
  Histogram& histogram(const MetricFamily& family, const MetricLabels& labels = {});

  // How many there are.
  std::size_t size() const { return size_; }
  MetricsSnapshot snapshot() const;

 private:
  using Cell = std::variant<Counter, Gauge, Histogram>;
  struct Entry {
    const MetricFamily* family;
    std::map<MetricLabels, std::unique_ptr<Cell>> cells;
  };
  Cell& cell(const MetricFamily& family, MetricKind kind, const MetricLabels& labels);

  std::map<std::string_view, Entry> entries_;
  std::size_t size_ = 0;
};

}  // namespace thalweg
