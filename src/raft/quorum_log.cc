#include "raft/quorum_log.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>

#include "base/log.h"
#include "base/number.h"
#include "raft/recovery.h"

namespace thalweg::raft {
namespace {

constexpr std::string_view kLogSuffix = ".log";
// Space that is written with zeros before it is needed, since a write that grows a file waits for the file system's
// journal, and one into written space does not. As much again as a segment holds, within these: who starts for the
// first time would wait for a megabyte of zeros, and read it all at each start after that.
constexpr std::uint64_t kPrepareMin = 64 << 10, kPrepareMax = 1 << 20;

std::optional<std::uint64_t> segment_number(std::string_view name) {
  if (!name.ends_with(kLogSuffix)) return std::nullopt;
  name.remove_suffix(kLogSuffix.size());
  return parse_number<std::uint64_t>(name);
}

Result<SharedBytes> content_of(File& file) {
  // Not a vector, which would fill it with zeros first.
  const std::shared_ptr<std::byte[]> content(new std::byte[file.size()]);
  TRY(const std::size_t size, file.read_now(0, {content.get(), file.size()}));
  return SharedBytes(content, BytesView(content.get(), size));
}

}  // namespace

QuorumLog::QuorumLog(const Shard& shard, std::string directory, std::uint64_t segment_bytes)
    : shard_(shard),
      disk_(shard.disk.urgent()),
      directory_(std::move(directory)),
      segment_bytes_(segment_bytes),
      checkpoints_(shard, directory_) {
  CHECK(segment_bytes_ > 0 && segment_bytes_ % File::kBlock == 0);
}

std::string QuorumLog::segment_path(std::uint64_t number) const {
  return fmt::format("{}/{:020}{}", directory_, number, kLogSuffix);
}

Result<std::vector<QuorumLog::Segment>> QuorumLog::open_segments() {
  TRY(const auto entries, disk_.list(directory_));
  std::vector<Segment> segments;
  for (const auto& entry : entries) {
    const auto number = segment_number(entry.name);
    if (!number) continue;
    TRY(FilePtr file, disk_.open(segment_path(*number), OpenMode::kReadWrite));
    const std::uint64_t prepared = file->size() / File::kBlock * File::kBlock;
    segments.push_back({*number, std::move(file), prepared, 0});
  }
  return segments;
}

Task<Result<QuorumLog::Recovered>> QuorumLog::open() {
  CO_TRY_VOID(co_await disk_.make_durable_directory(directory_, Disk::directory_of(directory_)));
  CO_TRY(auto checkpoint, checkpoints_.load());
  CO_TRY(auto segments, open_segments());
  Recovery recovery;
  for (Segment& segment : segments) {
    CO_TRY(SharedBytes content, content_of(*segment.file));
    CO_TRY_VOID(recovery.read_segment(segment_path(segment.number), std::move(content)));
    segment.last_index = recovery.last_index();
  }
  CO_TRY(Recovered recovered, recovery.finish(directory_, std::move(checkpoint)));
  self_ = recovered.self;
  CO_TRY_VOID(keep_tail(std::move(segments), recovery));
  CO_TRY_VOID(co_await make_durable(recovery.tail_record()));
  if (recovery.starts_anew()) {
    Record record{recovered.hard_state, recovered.base, {}};
    CO_TRY_VOID(co_await write(std::move(record)));
  }
  co_return recovered;
}

// What was read may be known to the kernel only: a process that was killed had perhaps written it and not yet synced
// it. Nothing may be built on it until it lasts, and nothing that it supersedes may go before. The last record is
// written again, since an earlier start may have failed to sync it: then the kernel shows it, takes it for written, and
// has nothing to sync any more. All before it were durable before it was written.
Task<Result<>> QuorumLog::make_durable(SharedBytes tail_record) {
  if (const SharedBytes again = in_blocks(tail_record); !again.empty())
    CO_TRY_VOID(co_await segments_.back().file->write_durable(position_ - again.size(), again));
  if (!segments_.empty()) CO_TRY_VOID(co_await segments_.back().file->sync());
  // Where nothing was read the first record syncs the directory, with its own name.
  const bool is_new = segments_.empty() && checkpoints_.empty();
  if (!is_new) CO_TRY_VOID(co_await disk_.sync_directory(directory_));
  co_return checkpoints_.remove_leftovers();
}

// Segments after the tail were renamed for use just before a crash, or belong to a log whose first record never became
// whole.
Result<> QuorumLog::keep_tail(std::vector<Segment> segments, const Recovery& recovery) {
  const std::size_t used = recovery.empty() ? 0 : recovery.tail_segment() + 1;
  for (std::size_t i = segments.size(); i > used; --i) TRY_VOID(set_aside(std::move(segments[i - 1])));
  segments.resize(used);
  segments_.assign(std::make_move_iterator(segments.begin()), std::make_move_iterator(segments.end()));
  position_ = recovery.tail_position();
  log_id_ = recovery.log_id();
  sequence_ = recovery.next_sequence();
  return {};
}

Task<Result<>> QuorumLog::initialize(HardState hard_state, Base base, MemberId self) {
  CHECK(segments_.empty());
  log_id_ = shard_.random.next();
  self_ = self;
  CO_TRY_VOID(roll());
  co_return co_await write({hard_state, std::move(base), {}});
}

Task<Result<>> QuorumLog::write(Record record) {
  record.self = self_;
  const std::uint64_t size = encoded_size(record);
  if (position_ > 0 && position_ + size > segment_bytes_) CO_TRY_VOID(roll());
  if (!name_is_durable_) {
    CO_TRY_VOID(co_await disk_.sync_directory(directory_));
    name_is_durable_ = true;
  }
  Segment& segment = segments_.back();
  const std::uint64_t end = position_ + size;
  std::uint64_t zeros = 0;
  if (end > segment.prepared && end < segment_bytes_)
    zeros = std::min(std::clamp(end, kPrepareMin, kPrepareMax), segment_bytes_ - end);
  CO_TRY_VOID(co_await segment.file->write_durable(position_, encode_record(record, log_id_, sequence_, zeros)));
  segment.prepared = std::max(segment.prepared, end + zeros);
  for (const Entry& entry : record.entries) segment.last_index = std::max(segment.last_index, entry.index);
  position_ = end;
  ++sequence_;
  co_return Result<>{};
}

// Starts the next segment. May be tried again after it failed for want of space.
Result<> QuorumLog::roll() {
  Segment next;
  next.number = segments_.empty() ? 1 : segments_.back().number + 1;
  const std::string path = segment_path(next.number);
  if (spare_) {
    if (spare_->number != next.number) TRY_VOID(disk_.rename(segment_path(spare_->number), path));
    next.file = std::move(spare_->file);
    next.prepared = spare_->prepared;
    spare_.reset();
  } else {
    TRY(next.file, disk_.open(path, OpenMode::kCreate));
  }
  segments_.push_back(std::move(next));
  position_ = 0;
  name_is_durable_ = false;
  return {};
}

Task<Result<>> QuorumLog::write_checkpoint(Base base, SharedBytes image) {
  return checkpoints_.write(std::move(base), std::move(image));
}

Task<Result<>> QuorumLog::release(std::uint64_t index) {
  CHECK(index <= checkpoints_.index());
  bool any = false;
  while (segments_.size() > 1 && segments_.front().last_index <= index) {
    Segment segment = std::move(segments_.front());
    segments_.pop_front();
    CO_TRY_VOID(set_aside(std::move(segment)));
    any = true;
  }
  // Removals must be durable before the spare one is renamed: recovery accepts no gap between segments.
  if (any) co_return co_await disk_.sync_directory(directory_);
  co_return Result<>{};
}

// Keeps one segment for use again, the youngest, so that what is left on disk has no gap.
Result<> QuorumLog::set_aside(Segment segment) {
  if (spare_ && spare_->number < segment.number) std::swap(*spare_, segment);
  if (!spare_) {
    spare_ = std::move(segment);
    return {};
  }
  return disk_.remove(segment_path(segment.number));
}

}  // namespace thalweg::raft
