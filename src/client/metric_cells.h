// The cells behind Metrics. A cell is found once per partition or topic and then only added to; adding is one or two
// relaxed atomic additions.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "thalweg/client/metrics.h"

namespace thalweg::client {

// prometheus' DefBuckets, which the guide's promauto histograms have.
inline constexpr std::array kBuckets{0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0};

class HistogramCell {
 public:
  void observe(std::chrono::nanoseconds took);
  std::array<std::atomic<std::uint64_t>, kBuckets.size() + 1> counts{};
  std::atomic<std::uint64_t> nanos{0};
};

// How many labels of one family are kept; more are counted under "other", so that names that never end cost a bounded
// memory.
inline constexpr std::size_t kSeriesMost = 10'000;

template <class Cell>
class Family {
 public:
  // `labels` as they are written: topic="a",status="success". Lives as long as the family.
  Cell& at(const std::string& labels) {
    const std::lock_guard lock(mutex_);
    auto found = cells_.find(labels);
    if (found == cells_.end())
      found = cells_.try_emplace(cells_.size() < kSeriesMost ? labels : "other=\"true\"").first;
    return found->second;
  }
  template <class F>
  void for_each(F f) const {
    const std::lock_guard lock(mutex_);
    for (const auto& [labels, cell] : cells_) f(labels, cell);
  }
  void erase(const std::string& labels) {
    const std::lock_guard lock(mutex_);
    cells_.erase(labels);
  }

 private:
  mutable std::mutex mutex_;
  std::map<std::string, Cell> cells_;
};

class MetricCells {
 public:
  Family<std::atomic<std::uint64_t>> produced, consumed;
  Family<HistogramCell> produce_duration, consume_duration;
  Family<std::atomic<std::int64_t>> lag;
  std::string text() const;
};

// One producer's view of a topic, one consumer's view of a partition's topic.
struct ProducedCells {
  ProducedCells(MetricCells& cells, const std::string& topic);
  std::atomic<std::uint64_t>&success, &error;
  HistogramCell& duration;
};
struct ConsumedCells {
  ConsumedCells(MetricCells& cells, const std::string& topic, const std::string& group);
  std::atomic<std::uint64_t>&success, &error;
  HistogramCell& duration;
};
std::string lag_labels(const std::string& topic, std::int32_t partition, const std::string& group);

}  // namespace thalweg::client
