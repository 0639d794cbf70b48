#include "thalweg/streams/detail/segmented_bytes.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "thalweg/streams/detail/store_bytes.h"

namespace thalweg::streams::detail {
namespace {

constexpr std::int64_t kLeastSegment = 60'000;  // ms, as Kafka Streams' Stores.persistentWindowStore
constexpr std::string_view kHighest = "\xff";   // no segment begins so: they are not negative
constexpr char kTimeFirst = 0, kKeyFirst = 1;

}  // namespace

SegmentedBytes::SegmentedBytes(StateStore& state, SegmentShape shape)
    : state_(state),
      shape_(shape),
      interval_(std::max<std::int64_t>(shape.retention.count() / 2, kLeastSegment)),
      held_(shape.by_time ? 0 : std::numeric_limits<std::int64_t>::max()) {
  if (const auto highest = state_.get(kHighest); highest && highest->size() == 8) highest_ = read_i64(*highest);
  first_segment_ = segment(oldest());
}

std::int64_t SegmentedBytes::oldest() const {
  return std::max<std::int64_t>(0, std::min(highest_ - shape_.retention.count() + 1, held_));
}

void SegmentedBytes::release(std::int64_t before) {
  held_ = before;
  forget();
}

// Whole segments go; what is too old in the first that stays is only hidden.
void SegmentedBytes::forget() {
  const std::int64_t first = segment(oldest());
  if (first <= first_segment_) return;
  std::string from, to;
  append_i64(from, std::exchange(first_segment_, first));
  append_i64(to, first);
  state_.expire(from, to);
}

std::string SegmentedBytes::outside(std::string_view key, std::int64_t time, std::string_view extra) const {
  std::string bytes(key);
  append_i64(bytes, time);
  return bytes += extra;
}

std::optional<SegmentedBytes::Parts> SegmentedBytes::parts(std::string_view outside) const {
  if (outside.size() < 8 + shape_.extra) return {};
  const std::size_t key = outside.size() - 8 - shape_.extra;
  return Parts{outside.substr(0, key), read_i64(outside, key), outside.substr(key + 8)};
}

std::string SegmentedBytes::by_key(std::string_view key, std::int64_t time, std::string_view extra) const {
  std::string bytes;
  append_i64(bytes, segment(time));
  if (shape_.by_time) bytes += kKeyFirst;
  return bytes += outside(key, time, extra);
}

std::string SegmentedBytes::by_time(std::string_view key, std::int64_t time, std::string_view extra) const {
  std::string bytes;
  append_i64(bytes, segment(time));
  bytes += kTimeFirst;
  append_i64(bytes, time);
  (bytes += shape_.extra_before_key ? extra : key) += shape_.extra_before_key ? key : extra;
  return bytes;
}

bool SegmentedBytes::put(std::string_view key, std::int64_t time, std::string_view extra,
                         std::optional<std::string_view> value) {
  if (time < oldest()) return false;
  if (time > highest_) {
    highest_ = time;
    std::string bytes;
    append_i64(bytes, time);
    state_.put(kHighest, bytes);
    forget();
  }
  if (shape_.by_time) {
    state_.put(by_time(key, time, extra), value);
    if (value) value = "";
  }
  state_.put(by_key(key, time, extra), value);
  return true;
}

std::optional<std::string> SegmentedBytes::get(std::string_view key, std::int64_t time, std::string_view extra) const {
  if (time < oldest()) return {};
  return state_.get(shape_.by_time ? by_time(key, time, extra) : by_key(key, time, extra));
}

// One scan per segment, the next when the one before it has ended.
class SegmentedBytes::Cursor : public ByteCursor {
 public:
  // `key`: nothing for all.
  Cursor(const SegmentedBytes& store, std::optional<std::string> key, std::int64_t from, std::int64_t to, bool backward)
      : store_(store),
        key_(std::move(key)),
        from_(std::max(from, store.oldest())),
        to_(std::min(to, store.highest_)),
        backward_(backward) {
    if (from_ > to_) return;
    left_ = store.segment(to_) - store.segment(from_) + 1;
    segment_ = store.segment(backward ? to_ : from_);
  }

  bool next() override {
    while (true) {
      if (!scan_ && !begin_segment()) return false;
      while (scan_->next())
        if (take()) return true;
      scan_.reset();
    }
  }
  std::string_view key() const override { return outside_; }
  std::string_view value() const override { return value_; }

 private:
  bool begin_segment() {
    if (left_ == 0) return false;
    std::string from;
    append_i64(from, segment_);
    std::optional<std::string> to;
    if (key_) {
      if (store_.shape_.by_time) from += kKeyFirst;
      to = store_.outside(from + *key_, to_, std::string(store_.shape_.extra, '\xff')) + '\0';
      from = store_.outside(from + *key_, from_, "");
    } else if (store_.shape_.by_time) {
      from += kTimeFirst;
      to = from;
      append_i64(from, from_);
      append_i64(*to, to_);
      to = after_prefix(*to);
    } else {
      to = after_prefix(from);
    }
    scan_ = store_.state_.scan(from, to ? std::optional<std::string_view>(*to) : std::nullopt, backward_);
    segment_ += backward_ ? -1 : 1;
    --left_;
    return true;
  }
  // False: it only lies between: a longer key, or of another time.
  bool take() {
    const std::string_view kept = scan_->key().substr(8);
    if (store_.shape_.by_time) return key_ ? take_found(kept.substr(1)) : take_timed(kept.substr(1));
    if (!fits(kept)) return false;
    outside_ = kept;
    value_ = scan_->value();
    return true;
  }
  bool fits(std::string_view outside) const {
    const auto parts = store_.parts(outside);
    return parts && parts->time >= from_ && parts->time <= to_ && (!key_ || parts->key == *key_);
  }
  bool take_found(std::string_view outside) {
    if (!fits(outside)) return false;
    const auto parts = store_.parts(outside);
    auto value = store_.state_.get(store_.by_time(parts->key, parts->time, parts->extra));
    if (!value) return false;
    outside_ = outside;
    value_ = *std::move(value);
    return true;
  }
  bool take_timed(std::string_view kept) {
    const std::size_t extra = store_.shape_.extra;
    if (kept.size() < 8 + extra) return false;
    const std::string_view rest = kept.substr(8);
    const bool first = store_.shape_.extra_before_key;
    outside_ = store_.outside(first ? rest.substr(extra) : rest.substr(0, rest.size() - extra), read_i64(kept),
                              first ? rest.substr(0, extra) : rest.substr(rest.size() - extra));
    value_ = scan_->value();
    return true;
  }

  const SegmentedBytes& store_;
  std::optional<std::string> key_;
  std::int64_t from_, to_, segment_ = 0, left_ = 0;
  bool backward_;
  std::unique_ptr<ByteCursor> scan_;
  std::string outside_, value_;
};

std::unique_ptr<ByteCursor> SegmentedBytes::fetch(std::string_view key, std::int64_t from, std::int64_t to,
                                                  bool backward) const {
  return std::make_unique<Cursor>(*this, std::string(key), from, to, backward);
}

std::unique_ptr<ByteCursor> SegmentedBytes::fetch_all(std::int64_t from, std::int64_t to, bool backward) const {
  return std::make_unique<Cursor>(*this, std::nullopt, from, to, backward);
}

}  // namespace thalweg::streams::detail
