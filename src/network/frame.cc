#include "network/frame.h"

#include <algorithm>
#include <cstdlib>
#include <new>

#include "base/endian.h"

namespace thalweg::network {
namespace {

constexpr std::size_t kPrefix = 4;
constexpr std::size_t kBlockMin = 4096, kBlockMax = 64 * 1024;
// A larger frame gets this much before its bytes have come; beyond, memory doubles as they come.
constexpr std::size_t kTrusted = 1024 * 1024;

}  // namespace

// Memory from malloc, because realloc moves large blocks by their page table instead of copying.
struct FrameReader::Block {
  explicit Block(std::size_t n) { resize(n); }
  ~Block() { std::free(bytes); }
  Block(const Block&) = delete;
  void resize(std::size_t n) {
    bytes = static_cast<std::byte*>(std::realloc(bytes, n));
    if (bytes == nullptr) throw std::bad_alloc();
    capacity = n;
  }
  std::byte* bytes = nullptr;
  std::size_t capacity = 0;
};

std::optional<std::int32_t> FrameReader::size_prefix() const {
  if (available() < kPrefix) return std::nullopt;
  return load_be<std::int32_t>(block_->bytes + begin_);
}

Task<Result<std::optional<std::size_t>>> FrameReader::next_size() {
  while (available() < kPrefix) {
    CO_TRY(const bool there, co_await read_towards(kPrefix));
    if (!there && available() == 0) co_return std::nullopt;
    if (!there) co_return fail(ErrorCode::kNetworkException, "connection closed inside a frame");
  }
  const std::int32_t size = *size_prefix();
  if (size < 0 || static_cast<std::size_t>(size) > frame_max_)
    co_return fail(ErrorCode::kInvalidRequest,
                   "frame of " + std::to_string(size) + " bytes; the limit is " + std::to_string(frame_max_));
  co_return static_cast<std::size_t>(size);
}

Task<Result<SharedBytes>> FrameReader::body() {
  const auto size = static_cast<std::size_t>(*size_prefix());
  while (available() < kPrefix + size) {
    CO_TRY(const bool there, co_await read_towards(kPrefix + size));
    if (!there) co_return fail(ErrorCode::kNetworkException, "connection closed inside a frame");
  }
  SharedBytes frame(block_, BytesView(block_->bytes + begin_ + kPrefix, size));
  begin_ += kPrefix + size;
  large_ = false;
  if (begin_ == block_->capacity) block_.reset(), begin_ = end_ = 0;
  co_return frame;
}

Task<Result<bool>> FrameReader::read_towards(std::size_t wanted) {
  make_room(wanted);
  const std::size_t room = block_->capacity - end_;
  CO_TRY(const std::size_t n, co_await connection_.read_some({block_->bytes + end_, room}));
  if (n == 0) co_return false;
  end_ += n;
  if (n == room)
    block_size_ = std::min(block_size_ * 2, kBlockMax);
  else if (n < block_size_ / 8)
    block_size_ = std::max(block_size_ / 2, kBlockMin);
  co_return true;
}

// Afterwards at least one more byte fits, and all that is wanted unless that is more than one trusts a peer with.
void FrameReader::make_room(std::size_t wanted) {
  constexpr std::size_t kWorthReading = kBlockMin / 4;
  const std::size_t room = block_ ? block_->capacity - begin_ : 0;
  const std::size_t free = block_ ? block_->capacity - end_ : 0;
  if (room >= wanted && (wanted > kPrefix || free >= kWorthReading)) return;
  if (wanted <= kBlockMax) return move_to_new_block(std::max(wanted, block_size_));
  if (large_ && free > 0) return;
  // Ends exactly with the frame once all of it is there.
  const std::size_t capacity = std::min(wanted, std::max(kTrusted, available() * 2));
  if (large_) return block_->resize(capacity);
  move_to_new_block(capacity);
  large_ = true;
}

void FrameReader::move_to_new_block(std::size_t capacity) {
  auto block = std::make_shared<Block>(capacity);
  const std::size_t have = available();
  if (have > 0) std::memcpy(block->bytes, block_->bytes + begin_, have);
  block_ = std::move(block);
  begin_ = 0;
  end_ = have;
}

}  // namespace thalweg::network
