#include "platform/unwritten.h"

#include <algorithm>
#include <cstdlib>

#include "runtime/disk.h"

namespace thalweg::platform {
namespace {

constexpr std::uint64_t block_of(std::uint64_t position) { return position / File::kBlock * File::kBlock; }

// Memory that gives its share of the limit back when its last holder is done.
struct Counted {
  std::shared_ptr<UnwrittenLimit> limit;
  std::size_t size;
  void operator()(std::byte* bytes) const {
    std::free(bytes);
    limit->give_back(size);
  }
};

}  // namespace

bool UnwrittenLimit::take(std::size_t bytes) {
  const auto wanted = static_cast<std::int64_t>(bytes);
  if (left_.fetch_sub(wanted) >= wanted) return true;
  left_ += wanted;
  return false;
}

std::uint64_t Unwritten::Run::whole_end() const { return block_of(end()); }

Unwritten::Added Unwritten::add(std::uint64_t position, BytesView bytes, BytesView before) {
  const std::scoped_lock lock(mutex_);
  const std::uint64_t begin = block_of(position);
  if (!runs_.empty()) {
    const Run& last = runs_.back();
    CHECK(last.end() == position);
    before = last.bytes.view().last(position - begin);
  }
  if (before.size() != position - begin) return Added::kNeedsBefore;
  const std::size_t size = before.size() + bytes.size();
  const std::size_t capacity = (size + File::kBlock - 1) / File::kBlock * File::kBlock;
  if (!limit_->take(capacity)) return Added::kNoRoom;
  const std::shared_ptr<std::byte> memory(static_cast<std::byte*>(std::aligned_alloc(File::kBlock, capacity)),
                                          Counted{limit_, capacity});
  if (!memory) return Added::kNoRoom;
  if (!before.empty()) std::memcpy(memory.get(), before.data(), before.size());
  std::memcpy(memory.get() + before.size(), bytes.data(), bytes.size());
  runs_.push_back({begin, SharedBytes(memory, BytesView(memory.get(), size))});
  any_.store(true, std::memory_order_release);
  return Added::kYes;
}

void Unwritten::cut(std::uint64_t size) {
  const std::scoped_lock lock(mutex_);
  while (!runs_.empty() && runs_.back().position >= size) runs_.pop_back();
  for (Run& run : runs_)  // two may share the last block
    if (run.end() > size) run.bytes = run.bytes.slice(0, size - run.position);
  any_.store(!runs_.empty(), std::memory_order_release);
}

std::vector<Unwritten::Run> Unwritten::runs() const {
  const std::scoped_lock lock(mutex_);
  return {runs_.begin(), runs_.end()};
}

void Unwritten::written(std::size_t count) {
  const std::scoped_lock lock(mutex_);
  CHECK(count <= runs_.size());
  runs_.erase(runs_.begin(), runs_.begin() + static_cast<std::ptrdiff_t>(count));
  any_.store(!runs_.empty(), std::memory_order_release);
}

Unwritten::Held Unwritten::held(std::uint64_t position, std::size_t size) const {
  Held out{position + size, {}};
  if (empty()) return out;
  const std::scoped_lock lock(mutex_);
  std::uint64_t at = runs_.empty() ? out.begin : std::max(position, runs_.front().position);
  for (const Run& run : runs_) {
    const std::uint64_t until = std::min(run.end(), position + size);
    if (until <= at) continue;  // the run after it has that block, too
    if (out.bytes.empty()) out.begin = at;
    out.bytes.push_back(run.bytes.slice(at - run.position, until - at));
    at = until;
  }
  return out;
}

}  // namespace thalweg::platform
