// Sliding windows: of a record at t those that end at t and begin just after it, [t - d, t] and [t + 1, t + 1 + d],
// both ends inclusive, where they differ in what they hold. (KStreamSlidingWindowAggregate)
#pragma once

#include <set>
#include <utility>
#include <vector>

#include "thalweg/streams/detail/nodes/windowed_aggregate.h"

namespace thalweg::streams::detail {

template <class K, class V, class VA, class Step>
class SlidingWindowNode final : public WindowAggregateNode<K, V, VA, Step> {
 public:
  using Base = WindowAggregateNode<K, V, VA, Step>;
  using In = Base::In;
  using Timed = Base::Timed;
  SlidingWindowNode(SlidingWindows windows, Step step, WindowedKept kept)
      : Base(std::move(step), std::move(kept), windows.grace), length_(windows.difference.count()) {}

 protected:
  void take(In&& r) override {
    if (!r.key || !r.value) return this->drop("sliding windows need a key and a value");
    const std::int64_t close = this->close_time(r), t = millis(r.timestamp);
    if (t + length_ < close) return this->drop("its windows have closed");
    if (t < length_) return take_early(r, close);
    take_late_enough(r, close);
    this->send_closed(r, close);
  }
  std::int64_t first_unsent() const override {
    const auto last = this->closes().last();
    return last ? std::max<std::int64_t>(0, *last - length_) : 0;
  }
  std::int64_t last_closed(std::int64_t close) const override { return close - length_ - 1; }
  bool may_have_closed(std::int64_t, std::int64_t) const override { return true; }

 private:
  // What is known of the windows around a record.
  struct Around {
    std::set<std::int64_t> starts;
    std::optional<Timed> left, right;      // from which a window that is missing is made
    std::optional<std::int64_t> previous;  // the time of the record before it
    bool has_left = false, has_right = false;
  };
  Window at(std::int64_t start) const { return {at_millis(start), at_millis(start + length_)}; }
  void add(const In& r, Window window, const std::optional<Timed>& so_far, std::int64_t close) {
    if (millis(window.end) >= close)
      this->update(r, window, so_far);
    else
      this->drop("its window has closed");
  }
  // Newest first. The cursor is let go before anything is written.
  std::vector<std::pair<std::int64_t, Timed>> windows(const In& r, std::int64_t from, bool backward) const {
    std::vector<std::pair<std::int64_t, Timed>> found;
    const std::int64_t t = millis(r.timestamp);
    for (auto cursor = this->store().fetch_timed(*r.key, at_millis(from), at_millis(t + 1), backward); cursor.next();) {
      found.emplace_back(millis(cursor.key().window.start), cursor.value());
      if (backward && found.back().first + length_ < t) break;  // the one before the record's own: the last that counts
    }
    return found;
  }

  void take_late_enough(const In& r, std::int64_t close) {
    const std::int64_t t = millis(r.timestamp);
    Around around;
    for (const auto& [start, value] : windows(r, std::max<std::int64_t>(0, t - 2 * length_), true)) {
      around.starts.insert(start);
      const std::int64_t end = start + length_, newest = millis(value.timestamp);
      if (start == t + 1) {
        around.has_right = true;
      } else if (end > t) {
        if (!around.right) around.right = value;
        add(r, at(start), value, close);
      } else if (end == t) {
        around.has_left = true;
        add(r, at(start), value, close);
        if (newest >= t) return;  // a record of this very time was here before: all its windows are there
        around.previous = newest;
      } else {
        around.left = value;
        around.previous = newest;
      }
    }
    make_missing(r, close, around);
  }
  void make_missing(const In& r, std::int64_t close, const Around& around) {
    const std::int64_t t = millis(r.timestamp);
    if (around.previous && !around.starts.contains(*around.previous + 1) && *around.previous + 1 + length_ >= t)
      add(r, at(*around.previous + 1), this->begun(r), close);
    if (!around.has_left) {
      const bool holds_others = around.previous && t - length_ <= *around.previous && around.left;
      add(r, at(t - length_), holds_others ? std::optional<Timed>({around.left->value, r.timestamp}) : this->begun(r),
          close);
    }
    if (!around.has_right) make_right(r, around.right);
  }
  // With what is already there after the record, and not the record.
  void make_right(const In& r, const std::optional<Timed>& holds) {
    if (!holds || holds->timestamp <= r.timestamp) return;
    const Window window = at(millis(r.timestamp) + 1);
    this->store().put_timed(*r.key, holds->value, window.start, holds->timestamp);
    this->tell(r, window, {holds->value, {}}, holds->timestamp);
  }

  // Windows do not begin before 0: all records before `length_` share [0, length_].
  void take_early(const In& r, std::int64_t close) {
    const std::int64_t t = millis(r.timestamp);
    Around around;
    std::optional<Timed> shared;
    for (const auto& [start, value] : windows(r, 0, false)) {
      around.starts.insert(start);
      if (start == 0) {
        shared = value;
        if (value.timestamp < r.timestamp) around.previous = millis(value.timestamp);
      } else if (start <= t) {
        around.right = value;
        add(r, at(start), value, close);
      } else {
        around.has_right = true;
      }
    }
    if (!around.right && shared && shared->timestamp > r.timestamp) around.right = shared;
    if (!around.has_right) make_right(r, around.right);
    if (around.previous && !around.starts.contains(*around.previous + 1))
      add(r, at(*around.previous + 1), this->begun(r), close);
    add(r, at(0), shared ? shared : this->begun(r), close);
  }

  std::int64_t length_;
};

}  // namespace thalweg::streams::detail
