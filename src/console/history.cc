#include "console/history.h"

#include <algorithm>

namespace thalweg::console {
namespace {
// Of a series beside its rings: the nodes of list and map, their keys, and what an allocator adds.
constexpr std::size_t kBytesBeside = 512;
}  // namespace

void History::Ring::add(Instant at, double value) {
  const std::int64_t step = step_of(at), size = std::int64_t(values_.size());
  if (step < last_) return;
  // Steps that nobody looked at are empty, also those of the round before.
  for (std::int64_t skipped = std::max(last_ + 1, step - size + 1); skipped < step; ++skipped)
    values_[std::size_t(skipped % size)] = kNone;
  values_[std::size_t(step % size)] = static_cast<float>(value);
  last_ = step;
}

void History::Ring::read(Instant from, std::vector<Point>& into) const {
  const std::int64_t size = std::int64_t(values_.size());
  for (std::int64_t step = std::max({std::int64_t(0), last_ - size + 1, step_of(from)}); step <= last_; ++step) {
    const float value = values_[std::size_t(step % size)];
    if (value >= 0) into.push_back({step_ * step, value});
  }
}

std::size_t History::bytes_of(const Series& series) {
  return kBytesBeside + series.fine.bytes() + series.coarse.bytes() + 2 * series.key.name.size();
}

History::Order::iterator History::begin_series(const Key& key, Instant at) {
  const auto coarse = key.of == SeriesOf::kBroker ? kCoarseStepsOfBroker : kCoarseSteps;
  series_.push_front({.key = key,
                      .fine = Ring(Instant(kFineStep), kFineSteps),
                      .coarse = Ring(Instant(kCoarseStep), coarse),
                      .moved = at});
  bytes_ += bytes_of(series_.front());
  find_.emplace(key, series_.begin());
  make_room(at);
  return series_.begin();
}

// Never the one that has just begun.
void History::make_room(Instant now) {
  for (auto at = std::prev(series_.end()); at != series_.begin();) {
    const auto before = std::prev(at);
    const bool is_old = now - at->moved > Instant(kForgottenAfter);
    if (!is_old && bytes_ <= bytes_max_) return;
    if (at->key.of != SeriesOf::kBroker) drop(at);
    at = before;
  }
}

void History::drop(Order::iterator series) {
  bytes_ -= bytes_of(*series);
  find_.erase(series->key);
  series_.erase(series);
}

void History::add(const Key& key, Instant at, double value) {
  value = std::max(value, 0.0);
  const auto found = find_.find(key);
  if (found == find_.end() && value == 0 && key.of != SeriesOf::kBroker) return;
  const auto series = found == find_.end() ? begin_series(key, at) : found->second;
  series->fine.add(at, value);
  series->coarse.add(at, value);
  if (value == 0) return;
  series->moved = at;
  series_.splice(series_.begin(), series_, series);
}

std::vector<History::Point> History::since(const Key& key, Instant from, Instant now) const {
  std::vector<Point> points;
  const auto found = find_.find(key);
  if (found == find_.end()) return points;
  const auto& series = *found->second;
  (series.fine.reaches(from, now) ? series.fine : series.coarse).read(from, points);
  return points;
}

}  // namespace thalweg::console
