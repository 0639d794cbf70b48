// Bounds on what strangers' schemas may cost. A text is at most kTextMax, nested at most kDepthMax deep; every walk
// over schemas has a Work of its own, and ends in an error when that is used up.
#pragma once

#include <cstddef>

namespace thalweg::schema {

inline constexpr std::size_t kTextMax = 1u << 20;    // bytes of one text, and of all its dependencies together
inline constexpr std::size_t kDepthMax = 200;        // of nesting in a text
inline constexpr std::size_t kWalkDepthMax = 400;    // of a walk, which also follows names
inline constexpr std::size_t kDifferencesMax = 100;  // told of two schemas; what is more is left out
inline constexpr std::size_t kWorkMax = 200'000;     // steps of one walk

// What a walk may still do.
class Work {
 public:
  explicit Work(std::size_t steps = kWorkMax) : left_(steps) {}
  // False, from then on, when nothing is left.
  bool take(std::size_t steps = 1) {
    if (steps > left_) left_ = 0, exhausted_ = true;
    if (exhausted_) return false;
    left_ -= steps;
    return true;
  }
  bool exhausted() const { return exhausted_; }

 private:
  std::size_t left_;
  bool exhausted_ = false;
};

// One level of a walk by recursion; false when it is one too many.
class Level {
 public:
  explicit Level(std::size_t& depth) : depth_(depth) { ++depth_; }
  ~Level() { --depth_; }
  Level(const Level&) = delete;
  explicit operator bool() const { return depth_ <= kWalkDepthMax; }

 private:
  std::size_t& depth_;
};

}  // namespace thalweg::schema
