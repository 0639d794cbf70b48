#include "search/plan.h"

#include <algorithm>

namespace thalweg::search {
namespace {

constexpr std::int64_t kStrideMax = std::int64_t{1} << 40;

// How many offsets take three quarters of the steps there are, after what these took.
std::int64_t affordable(std::int64_t offsets, std::uint64_t work) {
  const double each = double(std::max<std::uint64_t>(work, 1)) / double(std::max<std::int64_t>(offsets, 1));
  return std::max<std::int64_t>(std::int64_t(double(kWorkMax) * 3 / 4 / each), 1);
}

}  // namespace

// Who has not begun goes first, so that it has a time at all.
bool Plan::goes_before(const Part& a, const Part& b) const {
  if (a.frontier.has_value() != b.frontier.has_value()) return !a.frontier;
  if (a.frontier != b.frontier) return newest_first() ? a.frontier > b.frontier : a.frontier < b.frontier;
  return a.partition < b.partition;
}

std::optional<Window> Plan::next(std::size_t bytes) const {
  const Part* first = nullptr;
  for (const auto& part : parts_)
    if (!part.is_done() && (!first || goes_before(part, *first))) first = &part;
  if (!first) return std::nullopt;
  Window window{.part = std::size_t(first - parts_.data()),
                .partition = first->partition,
                .from = first->begin,
                .to = first->end,
                .bytes = bytes,
                .lowest = first->begin,
                .at_once = first->at_once,
                .to_is_edge = newest_first() && first->end_is_edge};
  if (newest_first()) window.from = std::max(first->begin, first->end - std::min(first->stride, first->left()));
  return window;
}

void Plan::took(const Window& window, const Looked& looked) {
  Part& part = parts_[window.part];
  const Scanned& scanned = looked.scanned;
  counts_ += scanned.counts;
  begins_at(part, looked.log_start);
  if (newest_first()) {
    const std::int64_t was = part.end - scanned.begin;
    part.end = std::clamp(scanned.begin, part.begin, part.end);
    part.end_is_edge = !scanned.is_cut && scanned.begin > window.lowest;
    if (part.at_once > 0 || scanned.wasted > 0 || scanned.work > kWorkMax / 2) {
      const std::int64_t next = affordable(was, scanned.work);
      part.at_once = next < part.stride ? next : 0;
    } else {
      part.stride = std::clamp<std::int64_t>(was, 1, kStrideMax);
      if (looked.read_bytes < window.bytes / 2) part.stride = std::min(2 * part.stride, kStrideMax);
    }
    if (scanned.oldest) part.frontier = std::min(part.frontier.value_or(*scanned.oldest), *scanned.oldest);
  } else {
    part.begin = std::clamp(scanned.end, part.begin, part.end);
    if (scanned.newest) part.frontier = std::max(part.frontier.value_or(*scanned.newest), *scanned.newest);
  }
}

void Plan::failed(const Window& window, Error why) { parts_[window.part].failed = std::move(why); }

// What is gone was not looked at, and is no part of what there is to look at.
void Plan::begins_at(Part& part, Offset log_start) {
  const Offset begin = std::min(log_start, part.end);
  if (begin <= part.begin) return;
  part.first_begin = part.first_begin + (begin - part.begin);
  part.begin = begin;
}

std::int64_t Plan::offsets() const {
  std::int64_t sum = 0;
  for (const auto& part : parts_) sum += part.all();
  return sum;
}

std::int64_t Plan::offsets_passed() const {
  std::int64_t sum = 0;
  for (const auto& part : parts_) sum += part.all() - part.left();
  return sum;
}

std::optional<Timestamp> Plan::frontier() const {
  std::optional<Timestamp> common;
  for (const auto& part : parts_) {
    if (part.is_done()) continue;
    if (!part.frontier) return std::nullopt;
    if (!common) common = part.frontier;
    common = newest_first() ? std::max(common, part.frontier) : std::min(common, part.frontier);
  }
  return common;
}

}  // namespace thalweg::search
