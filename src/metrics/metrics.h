// What a shard counts. Whoever counts asks once for its series and keeps the reference; counting is then an addition,
// with no lock and no look-up. Reading is a MetricsSnapshot per shard, and those are merged: the whole process is their
// sum.
//
//   const MetricFamily kRequests{"requests", "Requests that were answered.", MetricKind::kCounter, {"api", "error"}};
//   Counter& produced = metrics.counter(kRequests, {"Produce", "NONE"});
//   produced.add();
//
// Owner: one shard. Series live until forget(); references to them as long. Names here are ours and have no prefix:
// what they are called on the outside is decided where they are served.
#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "metrics/histogram.h"

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
  void set(std::int64_t value) { value_ = value; }
  void add(std::int64_t n) { value_ += n; }
  std::int64_t value() const { return value_; }

 private:
  std::int64_t value_ = 0;
};

enum class MetricKind : std::uint8_t { kCounter, kGauge, kHistogram };

// What series have in common. A constant with static lifetime; two families with one name are a mistake (CHECK).
struct MetricFamily {
  std::string_view name;
  std::string_view help;
  MetricKind kind;
  std::vector<std::string_view> labels = {};
  double unit = 1;  // what one is worth in the base unit; histograms of durations count nanoseconds: 1e-9
};

using MetricLabels = std::vector<std::string>;  // the values, in the order of the family's labels

// The values of one moment, without their owner.
class MetricsSnapshot {
 public:
  using Value = std::variant<std::uint64_t, std::int64_t, Histogram>;  // of a counter, a gauge, a histogram
  struct Series {
    const MetricFamily* family = nullptr;
    MetricLabels labels;
    Value value;
  };

  // Adds the other's values to those of the same series.
  void merge(const MetricsSnapshot& other);
  void add(const MetricFamily& family, const MetricLabels& labels, Value value);
  // By name, then by labels.
  std::vector<Series> series() const;
  // For looking one up: nullptr if nothing was counted.
  const Value* find(std::string_view name, const MetricLabels& labels) const;

 private:
  std::map<std::pair<std::string_view, MetricLabels>, std::pair<const MetricFamily*, Value>> series_;
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

  // Takes away every series of this family whose first label has this value: the topic is gone. Its references die.
  void forget(const MetricFamily& family, std::string_view first_label);

  MetricsSnapshot snapshot() const;

 private:
  using Cell = std::variant<Counter, Gauge, Histogram>;
  struct Entry {
    const MetricFamily* family;
    std::map<MetricLabels, std::unique_ptr<Cell>> cells;
  };
  Cell& cell(const MetricFamily& family, MetricKind kind, const MetricLabels& labels);

  std::map<std::string_view, Entry> entries_;
};

}  // namespace thalweg
