#include "storage/directory_checkpoints.h"

#include <algorithm>

#include "base/log.h"
#include "runtime/gather.h"

namespace thalweg::storage {
namespace {

// What an operator has to expect when a file has lost lines. By Kind.
constexpr std::array<std::string_view, 4> kConsequences{
    "after an unclean stop the logs it named are checked from their beginning, which takes longer",
    "the logs it named begin at their first segment: deleted records that are still in it are readable again",
    "the logs it named find their high watermark again, from their ends and their replicas",
    "the logs it named are compacted from their beginning, once"};

std::string beside(const std::string& path) { return path + ".tmp"; }

}  // namespace

Result<> DirectoryCheckpoints::read() {
  for (std::size_t kind = 0; kind < kKinds; ++kind) {
    TRY(offsets_[kind], read_one(kind));
  }
  return {};
}

Result<OffsetCheckpoint> DirectoryCheckpoints::read_one(std::size_t kind) {
  const std::string path = file(kind);
  if (!disk_.exists(path)) return OffsetCheckpoint{};
  TRY(const SharedBytes text, disk_.read_file(path));
  auto parsed = parse_offset_checkpoint(text.text());
  if (parsed) return parsed;
  OffsetCheckpoint rest = salvage_offset_checkpoint(text.text());
  log::warn("checkpoint file is damaged", field("file", path), field("reason", parsed.error()),
            field("lines_kept", rest.size()), field("consequence", kConsequences[kind]));
  dirty_[kind] = true;
  ++changes_;
  return rest;
}

DirectoryCheckpoints::Offsets DirectoryCheckpoints::of(const TopicPartition& partition) const {
  const auto at = [&](Kind kind) {
    const auto found = offsets_[kind].find(partition);
    return found == offsets_[kind].end() ? Offset{0} : found->second;
  };
  return {at(kRecoveryPoint), at(kLogStart), at(kHighWatermark)};
}

void DirectoryCheckpoints::set_one(std::size_t kind, const TopicPartition& partition, std::optional<Offset> offset) {
  OffsetCheckpoint& offsets = offsets_[kind];
  const auto found = offsets.find(partition);
  if (found == offsets.end() ? !offset.has_value() : found->second == offset) return;
  if (offset)
    offsets[partition] = *offset;
  else
    offsets.erase(found);
  dirty_[kind] = true;
  ++changes_;
}

void DirectoryCheckpoints::set(const TopicPartition& partition, const Offsets& offsets) {
  set_one(kRecoveryPoint, partition, offsets.recovery_point);
  set_one(kLogStart, partition, offsets.log_start > Offset{0} ? std::optional(offsets.log_start) : std::nullopt);
  set_one(kHighWatermark, partition, offsets.high_watermark);
}

void DirectoryCheckpoints::lower(const TopicPartition& partition, Offset to) {
  Offsets now = of(partition);
  now.recovery_point = std::min(now.recovery_point, to);
  now.log_start = std::min(now.log_start, to);
  set(partition, now);
  if (const auto cleaned = cleaner_offset(partition)) set_cleaner_offset(partition, std::min(*cleaned, to));
}

std::optional<Offset> DirectoryCheckpoints::cleaner_offset(const TopicPartition& partition) const {
  const auto found = offsets_[kCleaner].find(partition);
  return found == offsets_[kCleaner].end() ? std::nullopt : std::optional(found->second);
}

void DirectoryCheckpoints::forget(const TopicPartition& partition) {
  for (std::size_t kind = 0; kind < kKinds; ++kind) set_one(kind, partition, std::nullopt);
  leaving_[partition] = ++changes_;  // the folder's new name counts as a change, too
}

std::set<TopicPartition> DirectoryCheckpoints::with_records() const {
  std::set<TopicPartition> found;
  for (const Kind kind : {kRecoveryPoint, kHighWatermark})
    for (const auto& [partition, offset] : offsets_[kind])
      if (offset > of(partition).log_start) found.insert(partition);
  return found;
}

std::size_t DirectoryCheckpoints::forget_all_but(const std::function<bool(const TopicPartition&)>& keep) {
  std::vector<TopicPartition> gone;
  for (const OffsetCheckpoint& offsets : offsets_)
    for (const auto& [partition, offset] : offsets)
      if (!keep(partition)) gone.push_back(partition);
  for (const TopicPartition& partition : gone) forget(partition);
  return gone.size();
}

Task<Result<>> DirectoryCheckpoints::write() {
  const std::uint64_t wanted = changes_;
  const auto turn = co_await turn_.take();
  if (written_ >= wanted) co_return Result<>{};  // whoever had the turn before wrote it along
  const std::uint64_t covered = changes_;
  const Dirty dirty = std::exchange(dirty_, {});
  if (auto written = co_await write_files(dirty); !written) {
    for (std::size_t kind = 0; kind < kKinds; ++kind) dirty_[kind] |= dirty[kind];
    co_return written;
  }
  written_ = covered;
  std::erase_if(leaving_, [&](const auto& gone) { return gone.second <= covered; });
  co_return Result<>{};
}

// Beside, synced, renamed over; one sync of the directory for all of them and for the folders' names. Any part of that
// may be there after a crash: the files say nothing about each other.
Task<Result<>> DirectoryCheckpoints::write_files(Dirty dirty) {
  std::vector<std::string> paths;
  std::vector<Task<Result<>>> writing;
  for (std::size_t kind = 0; kind < kKinds; ++kind) {
    if (!dirty[kind]) continue;
    paths.push_back(file(kind));
    writing.push_back(write_beside(&disk_, paths.back(), print_offset_checkpoint(offsets_[kind])));
  }
  for (auto& written : co_await gather(std::move(writing))) CO_TRY_VOID(std::move(written));
  for (const std::string& path : paths) CO_TRY_VOID(disk_.rename(beside(path), path));
  co_return co_await disk_.sync_directory(path_);
}

Task<Result<>> DirectoryCheckpoints::write_beside(Disk* disk, std::string path, std::string text) {
  CO_TRY(const FilePtr file, disk->open(beside(path), OpenMode::kTruncate));
  CO_TRY_VOID(file->write(0, as_bytes(text)));
  co_return co_await file->sync();
}

}  // namespace thalweg::storage
