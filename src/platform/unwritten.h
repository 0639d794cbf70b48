// The end of a file that is in this process only: what was written past the page cache, until a sync brings it to the
// disk from here.
//
// It is kept in runs that lie as the disk wants them, in whole blocks. A run that begins inside of a block repeats what
// is before it there, so no run is ever changed, and whoever writes or sends one needs no lock for it.
//
// Thread-safe: the shard of the file adds and cuts, a helper writes, connections of any shard send.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <vector>

#include "base/bytes.h"

namespace thalweg::platform {

// How many bytes all files together may hold so. Thread-safe.
class UnwrittenLimit {
 public:
  explicit UnwrittenLimit(std::size_t bytes) : left_(static_cast<std::int64_t>(bytes)) {}
  bool take(std::size_t bytes);
  void give_back(std::size_t bytes) { left_ += static_cast<std::int64_t>(bytes); }

 private:
  std::atomic<std::int64_t> left_;
};

class Unwritten {
 public:
  struct Run {
    std::uint64_t position = 0;  // a multiple of File::kBlock, as is the address of its bytes
    SharedBytes bytes;
    std::uint64_t end() const { return position + bytes.size(); }
    // As far as it is whole blocks: what a direct write takes.
    std::uint64_t whole_end() const;
  };

  explicit Unwritten(std::shared_ptr<UnwrittenLimit> limit) : limit_(std::move(limit)) {}

  bool empty() const { return !any_.load(std::memory_order_acquire); }
  enum class Added : std::uint8_t {
    kYes,
    kNoRoom,
    kNeedsBefore,  // it holds nothing, perhaps since a moment ago: all before `position` is in the file
  };
  // Takes a copy of `bytes`, which follow what it holds. Where that is nothing they follow `before`: what the file has
  // from the beginning of the block to `position`. Unless it says kYes, nothing has changed.
  // REQUIRES: position is where what it holds ends
  Added add(std::uint64_t position, BytesView bytes, BytesView before);
  // The file ends at `size` now.
  void cut(std::uint64_t size);
  // In order, without a gap: the next one begins with the block that this one ends in.
  std::vector<Run> runs() const;
  // The first `count` runs are in the file. REQUIRES: nothing was cut since runs()
  void written(std::size_t count);

  // What it has of [position, position + size), which is the end of that range; begins at position + size if it has
  // nothing of it. All before is in the file.
  struct Held {
    std::uint64_t begin = 0;
    std::vector<SharedBytes> bytes;
  };
  Held held(std::uint64_t position, std::size_t size) const;

 private:
  const std::shared_ptr<UnwrittenLimit> limit_;
  mutable std::mutex mutex_;
  std::deque<Run> runs_;
  std::atomic<bool> any_ = false;
};

}  // namespace thalweg::platform
