#include "storage/producer_recovery.h"

#include <algorithm>
#include <optional>

#include "base/log.h"

namespace thalweg::storage {
namespace {

using Segments = std::vector<std::shared_ptr<LogSegment>>;

bool begins_a_segment(const Segments& segments, Offset offset) {
  return std::ranges::binary_search(segments, offset, {}, [](const auto& segment) { return segment->base(); });
}

// Something of that name which cannot be read: a folder, or a file of somebody else. What it would say is found in the
// log, but it must not stand where a snapshot is to be written.
void set_aside(const Shard& shard, const std::string& path, std::string_view why) {
  const auto moved = shard.disk.rename(path, path + ".aside");
  log::warn(moved ? "no producer snapshot, set aside" : "no producer snapshot, and cannot be set aside",
            field("path", path), field("reason", why));
}

// The offsets of the snapshots that are there.
Result<std::vector<Offset>> snapshots_in(const Shard& shard, const std::string& directory) {
  std::vector<Offset> snapshots;
  TRY(const auto files, shard.disk.list(directory));
  for (const DirectoryEntry& entry : files) {
    const auto base = parse_segment_file(entry.name, kSnapshotSuffix);
    if (base && entry.is_directory)
      set_aside(shard, directory + "/" + entry.name, "is a directory");
    else if (base)
      snapshots.push_back(*base);
  }
  return snapshots;
}

// Where the newest readable snapshot was taken, or where the log begins.
Result<Offset> load_newest_snapshot(const Shard& shard, const ProducerRecovery& from, ProducerStateManager& producers) {
  TRY(auto snapshots, snapshots_in(shard, from.directory));
  std::optional<Offset> newest;
  for (; !snapshots.empty(); snapshots.pop_back()) {
    const Offset offset = snapshots.back();
    const std::string path = segment_file(from.directory, offset, kSnapshotSuffix);
    if (!newest && offset <= from.snapshot_limit) {
      const auto content = shard.disk.read_file(path);
      if (!content && Disk::is_passing(content.error())) return std::unexpected(content.error());
      if (!content) {
        set_aside(shard, path, content.error().message);
        continue;
      }
      const auto loaded = producers.load_snapshot(*content, offset, shard.clock.wall());
      if (loaded) newest = offset;
      if (loaded) continue;
      log::warn("producer snapshot unreadable", field("path", path), field("reason", loaded.error()));
    }
    // Older ones stay as long as their segment does. Others are of earlier stops, damaged, or beyond what is trusted.
    if (newest && begins_a_segment(from.segments, offset)) continue;
    TRY_VOID(shard.disk.remove(path));
  }
  const Offset begin = from.segments.front()->base();
  if (!newest) producers.clear(begin);
  return newest.value_or(begin);
}

Result<> note_batch(LogSegment& segment, const BatchHeader& header, Offset index_from,
                    ProducerStateManager& producers) {
  if (header.producer_id > kNoProducerId) {
    // Of a marker the record tells what it ends; of data the header says all, and the rest is not read.
    TRY(const SharedBytes bytes,
        header.is_control() ? segment.read_batch(header) : segment.read_without_records(header));
    TRY(const auto batch, record::BatchView::at(bytes));
    TRY(const auto completed, producers.update(batch, header.base));
    if (completed && completed->aborted && completed->last_offset >= index_from)
      segment.aborted().append(AbortedTransaction::of(*completed));
  }
  producers.advance_end(header.last + 1);
  return {};
}

}  // namespace

Task<Result<>> recover_producers(const Shard& shard, ProducerRecovery from, ProducerStateManager& producers) {
  CO_TRY(const Offset begin, load_newest_snapshot(shard, from, producers));
  for (std::size_t i = 0; i < from.segments.size(); ++i) {
    const bool below = i + 1 < from.segments.size() && from.segments[i + 1]->base() <= begin;
    if (below) continue;
    LogSegment& segment = *from.segments[i];
    CO_TRY_VOID(co_await segment.walk(
        begin, [&](const BatchHeader& header) { return note_batch(segment, header, from.index_from, producers); }));
  }
  producers.advance_end(from.end);
  producers.on_high_watermark(from.high_watermark);
  co_return Result<>{};
}

}  // namespace thalweg::storage
