// The values of one moment, without their owner: one of each shard, merged into those of the broker.
#pragma once

#include <functional>
#include <map>
#include <span>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "metrics/family.h"
#include "metrics/histogram.h"
#include "metrics/topic_metrics.h"

namespace thalweg {

class MetricsSnapshot {
 public:
  using Value = std::variant<std::uint64_t, std::int64_t, Histogram>;  // of a counter, a gauge, a histogram

  // What is there already is added to.
  void add(const MetricFamily& family, MetricLabels labels, Value value);
  // REQUIRES: rows in the order of ids
  void add(std::vector<TopicMetrics::Row> rows);
  void add_unnamed(const TopicCounts& counts) { unnamed_ += counts; }
  void merge(MetricsSnapshot other);

  // Calls for every series, family after family: what a page of them is made of. Topics are told one by one and, with
  // no label at all, together.
  using Visitor = std::function<void(const MetricFamily&, std::span<const std::string> labels, const Value&)>;
  void for_each(const Visitor& visit) const;

  // For looking one up. Nullptr if nothing was counted.
  const Value* find(const MetricFamily& family, const MetricLabels& labels = {}) const;
  // In the order of ids.
  const std::vector<TopicMetrics::Row>& topics() const { return topics_; }
  // Those of deleted topics count.
  TopicCounts all_topics() const;

 private:
  std::map<std::pair<std::string_view, MetricLabels>, std::pair<const MetricFamily*, Value>> series_;
  std::vector<TopicMetrics::Row> topics_;
  TopicCounts unnamed_;
};

}  // namespace thalweg
