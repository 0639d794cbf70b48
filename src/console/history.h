// What figures were, in bounded memory: rates of this broker and of topics, lag and age of groups. Pure: whoever adds
// says when.
//
// A series keeps two rings: a value for every ten seconds of the last fifteen minutes, and one for every minute of the
// last hour; those of the broker go back six hours. Of several values in one step the last stays, and a step without
// any stays empty: it was not looked at. Time is the monotonic clock's, so a date that is set back changes nothing
// here.
//
// What is kept in all is bounded: beyond it the series that moved least recently goes first, and those of the broker
// never.
#pragma once

#include <cstdint>
#include <list>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/time.h"
#include "console/api_types.h"

namespace thalweg::console {

class History {
 public:
  static constexpr std::size_t kBytesMax = 16u << 20;
  static constexpr auto kFineStep = std::chrono::seconds(10), kCoarseStep = std::chrono::seconds(60);
  static constexpr std::size_t kFineSteps = 90, kCoarseSteps = 60, kCoarseStepsOfBroker = 360;
  // A series that was zero for so long says nothing any more.
  static constexpr auto kForgottenAfter = std::chrono::minutes(90);

  explicit History(std::size_t bytes_max = kBytesMax) : bytes_max_(bytes_max) {}

  struct Key {
    SeriesOf of = SeriesOf::kBroker;
    std::string name;  // of the topic or group; of the broker empty, or a log directory's path
    SeriesName what{};
    friend bool operator==(const Key&, const Key&) = default;
  };
  // Times do not go back. A value of zero begins no series of a topic or group: most of ten thousand stand still.
  void add(const Key& key, Instant at, double value);

  struct Point {
    Instant at;  // the beginning of the step
    double value;
  };
  // What is known since then, in order; the finer ring where it goes back so far.
  std::vector<Point> since(const Key& key, Instant from, Instant now) const;

  std::size_t size() const { return series_.size(); }
  // An estimate from above of what is held.
  std::size_t bytes() const { return bytes_; }

 private:
  // Steps that are one after the other, the last at `last`.
  class Ring {
   public:
    Ring(Instant step, std::size_t steps) : step_(step), values_(steps, kNone) {}
    void add(Instant at, double value);
    // Appends those at `from` or later.
    void read(Instant from, std::vector<Point>& into) const;
    bool reaches(Instant from, Instant now) const { return now - from <= step_ * std::int64_t(values_.size()); }
    std::size_t bytes() const { return values_.size() * sizeof(float); }

   private:
    static constexpr float kNone = -1;  // no value is below zero
    std::int64_t step_of(Instant at) const { return at / step_; }
    Instant step_;
    std::int64_t last_ = -1;
    std::vector<float> values_;
  };
  struct Series {
    Key key;
    Ring fine, coarse;
    Instant moved;  // when it was last more than zero
  };
  struct Hash {
    std::size_t operator()(const Key& key) const noexcept {
      return std::hash<std::string>()(key.name) * 31 + std::size_t(key.of) * 7 + std::size_t(key.what);
    }
  };
  using Order = std::list<Series>;  // the one that moved last comes first
  static std::size_t bytes_of(const Series& series);
  Order::iterator begin_series(const Key& key, Instant at);
  void make_room(Instant now);
  void drop(Order::iterator series);

  const std::size_t bytes_max_;
  std::size_t bytes_ = 0;
  Order series_;
  std::unordered_map<Key, Order::iterator, Hash> find_;  // looked up only
};

}  // namespace thalweg::console
