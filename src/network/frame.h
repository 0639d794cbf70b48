// Takes frames out of a connection: four bytes of size, then as many bytes.
//
// Small frames share a buffer that is filled with one read; a large one gets a buffer of its own. Memory follows the
// bytes that have arrived, never the size that a peer claims. Owner: the coroutine that reads.
#pragma once

#include <memory>
#include <optional>

#include "base/bytes.h"
#include "base/result.h"
#include "runtime/network.h"
#include "runtime/task.h"

namespace thalweg::network {

inline constexpr std::size_t kFrameSizeMax = 104'857'600;  // socket.request.max.bytes

class FrameReader {
 public:
  explicit FrameReader(Connection& connection, std::size_t frame_max = kFrameSizeMax)
      : connection_(connection), frame_max_(frame_max) {}

  // Waits for the size of the next frame. Nothing when the peer has closed between two frames; an error when it closed
  // inside one, or for a size that is negative or beyond the limit.
  Task<Result<std::optional<std::size_t>>> next_size();
  // The frame whose size was given. REQUIRES: next_size() has just given a size.
  Task<Result<SharedBytes>> body();

 private:
  struct Block;
  std::size_t available() const { return end_ - begin_; }
  std::optional<std::int32_t> size_prefix() const;
  // One read towards `wanted` bytes; false when the peer has closed.
  Task<Result<bool>> read_towards(std::size_t wanted);
  void make_room(std::size_t wanted);
  void move_to_new_block(std::size_t capacity);

  Connection& connection_;
  const std::size_t frame_max_;
  std::shared_ptr<Block> block_;
  std::size_t begin_ = 0, end_ = 0;  // what has been read and not yet taken, in block_
  bool large_ = false;               // block_ holds the beginning of one large frame and nothing else
  std::size_t block_size_ = 4096;    // of the next shared block; follows how much arrives at once
};

}  // namespace thalweg::network
