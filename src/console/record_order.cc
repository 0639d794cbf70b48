#include "console/record_order.h"

#include <algorithm>

namespace thalweg::console {
namespace {

constexpr std::size_t kPlacesMax = 20'000;        // of all lanes
constexpr std::size_t kFetchedFirst = 64u << 10;  // bytes
constexpr std::size_t kFetchedMost = 1u << 20;    // the same
constexpr std::size_t kWindowSmall = 256u << 10;  // a window that cost less is followed by a longer one
constexpr std::size_t kWindowLarge = 16u << 20;   // one that costs more is begun again, shorter
constexpr std::int64_t kSpanMax = 1 << 16;        // offsets
constexpr std::int64_t kSpanGrows = 4, kSpanShrinks = 16;

}  // namespace

RecordOrder::RecordOrder(const Call& call, ReadDirection direction, ReadIsolation isolation,
                         std::vector<ReadLane> lanes)
    : call_(call),
      direction_(direction),
      isolation_(isolation),
      lanes_(std::move(lanes)),
      kept_(std::max<std::size_t>(1, kPlacesMax / std::max<std::size_t>(1, lanes_.size()))) {}

bool RecordOrder::is_over(const ReadLane& lane) const {
  if (!lane.ready.empty()) return false;
  return lane.failed || (newest_first() ? lane.position <= lane.start : lane.position >= lane.end);
}

Task<> RecordOrder::choose(std::size_t limit) {
  while (chosen_.size() < limit) {
    // A page in the right order needs the next place of every lane, so these are read whatever they cost, up to a
    // point.
    if (work_ >= kWorkEnough && !chosen_.empty()) {
      why_ = RecordsEnd::kWork;
      co_return;
    }
    for (auto& lane : lanes_)
      if (lane.ready.empty() && !is_over(lane)) co_await fill(lane);
    const auto next = next_lane();
    if (!next) co_return;
    chosen_.push_back({*next, lanes_[*next].ready.front().offset});
    lanes_[*next].ready.pop_front();
  }
  if (!std::ranges::all_of(lanes_, [this](const ReadLane& lane) { return is_over(lane); })) why_ = RecordsEnd::kLimit;
}

std::optional<std::size_t> RecordOrder::next_lane() const {
  std::optional<std::size_t> best;
  for (std::size_t i = 0; i < lanes_.size(); ++i) {
    if (lanes_[i].ready.empty()) continue;
    if (!best) {
      best = i;
      continue;
    }
    const auto mine = lanes_[i].ready.front().timestamp, other = lanes_[*best].ready.front().timestamp;
    if (newest_first() ? mine > other : mine < other) best = i;
  }
  return best;
}

Task<> RecordOrder::fill(ReadLane& lane) {
  while (lane.ready.empty() && !is_over(lane)) {
    if (work_ >= kWorkMax) {
      lane.failed = true;
      lane.problem = "so much had to be read that this partition was left out: ask for fewer partitions";
      co_return;
    }
    const auto read = newest_first() ? co_await read_down(lane) : co_await read_up(lane);
    if (read) continue;
    lane.failed = true;
    lane.problem = read.error().message;
  }
}

Task<Result<PlacesRead>> RecordOrder::read_places(const ReadLane& lane, Offset from, OffsetRange range,
                                                  std::size_t bytes_max) {
  const auto turn = co_await call_.shared.reading(lane.place.leader == call_.self()).take();
  CO_TRY(auto fetched, co_await fetch_records(call_, lane.place, from, bytes_max, isolation_));
  auto read = co_await call_.shared.workers.run(
      [fetched = std::move(fetched), range, isolation = isolation_] { return places_in(fetched, range, isolation); });
  work_ += read.work;
  co_return read;
}

// Upwards, until there is a place or the end.
Task<Result<>> RecordOrder::read_up(ReadLane& lane) {
  std::size_t bytes = kFetchedFirst;
  while (lane.ready.empty() && lane.position < lane.end && work_ < kWorkMax) {
    CO_TRY(auto read, co_await read_places(lane, lane.position, {lane.position, lane.end}, bytes));
    if (!read.problem.empty()) lane.problem = std::move(read.problem);
    if (read.first == kNoOffset) {  // nothing is there up to the end, by compaction or since it moved back
      lane.position = lane.end;
      break;
    }
    lane.position = std::max(read.next, lane.position + 1);
    if (read.places.size() > kept_) {
      read.places.resize(kept_);
      lane.position = read.places.back().offset + 1;
    }
    lane.ready.assign(read.places.begin(), read.places.end());
    bytes = std::min(bytes * 4, kFetchedMost);
  }
  co_return Result<>();
}

// Records are only read upwards, so the way down goes by windows, each read up to its end. What lies before a window in
// its first batch comes with it.
struct RecordOrder::DownWindow {
  Offset low, high;
  std::deque<PlaceInTime> places;  // ascending
  bool dropped = false;            // the lowest ones, of which there were too many
  std::size_t work = 0;
  bool complete = false;
};

Task<Result<>> RecordOrder::read_down(ReadLane& lane) {
  DownWindow window{.low = std::max(lane.start, Offset{lane.position.value - lane.span}), .high = lane.position};
  CO_TRY_VOID(co_await read_window(lane, window));
  if (!window.complete) {
    lane.span = std::max<std::int64_t>(1, lane.span / kSpanShrinks);
    co_return Result<>();
  }
  lane.position = window.dropped ? window.places.front().offset : window.low;
  lane.ready.assign(window.places.rbegin(), window.places.rend());
  if (window.work < kWindowSmall) lane.span = std::min(lane.span * kSpanGrows, kSpanMax);
  co_return Result<>();
}

Task<Result<>> RecordOrder::read_window(ReadLane& lane, DownWindow& window) {
  const bool can_shrink = lane.span > 1;
  for (Offset at = window.low; at < window.high;) {
    if (window.work > kWindowLarge && can_shrink) co_return Result<>();
    const bool begins = at == window.low;
    const OffsetRange range{begins ? lane.start : at, window.high};
    CO_TRY(auto read, co_await read_places(lane, at, range, kFetchedMost));
    window.work += read.work;
    if (!read.problem.empty()) lane.problem = std::move(read.problem);
    if (read.first == kNoOffset) break;
    if (begins) window.low = std::clamp(read.first, lane.start, window.low);
    at = std::max(read.next, at + 1);
    window.places.insert(window.places.end(), read.places.begin(), read.places.end());
    for (; window.places.size() > kept_; window.dropped = true) window.places.pop_front();
  }
  window.complete = true;
  co_return Result<>();
}

std::optional<RecordCursor> RecordOrder::next() const {
  RecordCursor cursor{.topic_id = {}, .direction = direction_, .offsets = {}};
  for (const auto& lane : lanes_) {
    if (is_over(lane)) continue;
    cursor.topic_id = lane.place.topic_id;
    const Offset position = lane.ready.empty() ? lane.position : lane.ready.front().offset + (newest_first() ? 1 : 0);
    cursor.offsets.emplace(lane.place.partition, position);
  }
  if (cursor.offsets.empty()) return std::nullopt;
  return cursor;
}

}  // namespace thalweg::console
