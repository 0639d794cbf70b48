#include "metrics/metrics.h"

#include "base/check.h"

namespace thalweg {
namespace {

void add_to(MetricsSnapshot::Value& total, const MetricsSnapshot::Value& more) {
  CHECK(total.index() == more.index());
  if (auto* counter = std::get_if<std::uint64_t>(&total)) *counter += std::get<std::uint64_t>(more);
  if (auto* gauge = std::get_if<std::int64_t>(&total)) *gauge += std::get<std::int64_t>(more);
  if (auto* histogram = std::get_if<Histogram>(&total)) histogram->merge(std::get<Histogram>(more));
}

}  // namespace

void MetricsSnapshot::add(const MetricFamily& family, const MetricLabels& labels, Value value) {
  const auto [at, made] = series_.try_emplace({family.name, labels}, &family, value);
  if (!made) add_to(at->second.second, value);
}

void MetricsSnapshot::merge(const MetricsSnapshot& other) {
  for (const auto& [key, entry] : other.series_) add(*entry.first, key.second, entry.second);
}

std::vector<MetricsSnapshot::Series> MetricsSnapshot::series() const {
  std::vector<Series> all;
  all.reserve(series_.size());
  for (const auto& [key, entry] : series_) all.push_back({entry.first, key.second, entry.second});
  return all;
}

const MetricsSnapshot::Value* MetricsSnapshot::find(std::string_view name, const MetricLabels& labels) const {
  const auto at = series_.find({name, labels});
  return at == series_.end() ? nullptr : &at->second.second;
}

Metrics::Cell& Metrics::cell(const MetricFamily& family, MetricKind kind, const MetricLabels& labels) {
  CHECK(family.kind == kind && labels.size() == family.labels.size());
  auto& entry = entries_.try_emplace(family.name, Entry{&family, {}}).first->second;
  CHECK(entry.family == &family);
  auto& cell = entry.cells[labels];
  if (!cell) {
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

void Metrics::forget(const MetricFamily& family, std::string_view first_label) {
  const auto entry = entries_.find(family.name);
  if (entry == entries_.end()) return;
  std::erase_if(entry->second.cells,
                [&](const auto& cell) { return !cell.first.empty() && cell.first.front() == first_label; });
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
