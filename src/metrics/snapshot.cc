#include "metrics/snapshot.h"

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

void MetricsSnapshot::add(const MetricFamily& family, MetricLabels labels, Value value) {
  CHECK(value.index() == std::size_t(family.kind) && labels.size() == family.labels.size());
  const auto [at, made] = series_.try_emplace({family.name, std::move(labels)}, &family, std::move(value));
  if (!made) add_to(at->second.second, value);
}

// Both are sorted, so 10,000 topics of a shard are a fraction of a millisecond.
void MetricsSnapshot::add(std::vector<TopicMetrics::Row> rows) {
  std::vector<TopicMetrics::Row> all;
  all.reserve(topics_.size() + rows.size());
  auto mine = topics_.begin();
  for (auto& row : rows) {
    for (; mine != topics_.end() && mine->id < row.id; ++mine) all.push_back(std::move(*mine));
    if (mine != topics_.end() && mine->id == row.id) row.counts += (mine++)->counts;
    all.push_back(std::move(row));
  }
  for (; mine != topics_.end(); ++mine) all.push_back(std::move(*mine));
  topics_ = std::move(all);
}

void MetricsSnapshot::merge(MetricsSnapshot other) {
  series_.merge(other.series_);
  for (const auto& [key, entry] : other.series_) add_to(series_.at(key).second, entry.second);
  add(std::move(other.topics_));
  unnamed_ += other.unnamed_;
}

void MetricsSnapshot::for_each(const Visitor& visit) const {
  for (const auto& [key, entry] : series_) visit(*entry.first, key.second, entry.second);
  const TopicCounts all = all_topics();
  for (const auto& [family, count] : topic_families()) {
    visit(*family, {}, all.*count);
    for (const auto& row : topics_) visit(*family, {&row.topic, 1}, row.counts.*count);
  }
}

const MetricsSnapshot::Value* MetricsSnapshot::find(const MetricFamily& family, const MetricLabels& labels) const {
  const auto at = series_.find({family.name, labels});
  return at == series_.end() ? nullptr : &at->second.second;
}

TopicCounts MetricsSnapshot::all_topics() const {
  TopicCounts all = unnamed_;
  for (const auto& row : topics_) all += row.counts;
  return all;
}

}  // namespace thalweg
