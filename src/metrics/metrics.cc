#include "metrics/metrics.h"

#include "base/check.h"

namespace thalweg {

Metrics::Cell& Metrics::cell(const MetricFamily& family, MetricKind kind, const MetricLabels& labels) {
  CHECK(family.kind == kind && labels.size() == family.labels.size());
  auto& entry = entries_.try_emplace(family.name, Entry{&family, {}}).first->second;
  CHECK(entry.family == &family);
  auto& cell = entry.cells[labels];
  if (!cell) {
    ++size_;
    switch (kind) {
      case MetricKind::kCounter:
        cell = std::make_unique<Cell>(Counter());
        break;
      case MetricKind::kGauge:
        cell = std::make_unique<Cell>(Gauge());
        break;
      case MetricKind::kHistogram:
        cell = std::make_unique<Cell>(Histogram());
        break;
    }
  }
  return *cell;
}

Counter& Metrics::counter(const MetricFamily& family, const MetricLabels& labels) {
  return std::get<Counter>(cell(family, MetricKind::kCounter, labels));
}
Gauge& Metrics::gauge(const MetricFamily& family, const MetricLabels& labels) {
  return std::get<Gauge>(cell(family, MetricKind::kGauge, labels));
}
Histogram& Metrics::histogram(const MetricFamily& family, const MetricLabels& labels) {
  return std::get<Histogram>(cell(family, MetricKind::kHistogram, labels));
}

MetricsSnapshot Metrics::snapshot() const {
  MetricsSnapshot all;
  for (const auto& [name, entry] : entries_) {
    for (const auto& [labels, cell] : entry.cells) {
      if (const auto* counter = std::get_if<Counter>(cell.get())) all.add(*entry.family, labels, counter->value());
      if (const auto* gauge = std::get_if<Gauge>(cell.get())) all.add(*entry.family, labels, gauge->value());
      if (const auto* histogram = std::get_if<Histogram>(cell.get())) all.add(*entry.family, labels, *histogram);
    }
  }
  return all;
}

}  // namespace thalweg
