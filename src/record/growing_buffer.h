// Output whose final size nobody knows yet. Doubles as bytes arrive and does not clear memory that will be overwritten.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <memory>
#include <utility>

#include "base/bytes.h"

namespace thalweg::record {

class GrowingBuffer {
 public:
  // `guess` bounds nothing; it only saves copies. It is capped, since it is made from sizes that came from outside.
  explicit GrowingBuffer(std::size_t guess = 0) { reserve(std::clamp<std::size_t>(guess, 256, kGuessMax)); }

  std::size_t size() const { return size_; }
  // At least `count` bytes to write to; commit() says how many were.
  MutableBytes room(std::size_t count) {
    if (capacity_ - size_ < count) reserve(std::max(capacity_ * 2, size_ + count));
    return {memory_.get() + size_, capacity_ - size_};
  }
  // Some bytes to write to, none once size() has reached `limit`.
  MutableBytes room_up_to(std::size_t limit) {
    if (size_ >= limit) return {};
    if (size_ == capacity_) reserve(std::min(capacity_ * 2, limit));
    return {memory_.get() + size_, std::min(capacity_, limit) - size_};
  }
  void commit(std::size_t count) {
    CHECK(count <= capacity_ - size_);
    size_ += count;
  }
  void append(BytesView bytes) {
    const MutableBytes to = room(bytes.size());
    if (!bytes.empty()) std::memcpy(to.data(), bytes.data(), bytes.size());
    commit(bytes.size());
  }

  SharedBytes take() && {
    const BytesView whole(memory_.get(), size_);
    return {std::shared_ptr<const std::byte[]>(std::move(memory_)), whole};
  }

 private:
  static constexpr std::size_t kGuessMax = std::size_t{4} << 20;

  void reserve(std::size_t capacity) {
    auto larger = std::make_unique_for_overwrite<std::byte[]>(capacity);
    if (size_ > 0) std::memcpy(larger.get(), memory_.get(), size_);
    memory_ = std::move(larger);
    capacity_ = capacity;
  }

  std::unique_ptr<std::byte[]> memory_;
  std::size_t size_ = 0, capacity_ = 0;
};

}  // namespace thalweg::record
