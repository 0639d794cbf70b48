#include "storage/segment_files.h"

#include "base/log.h"

namespace thalweg::storage {
namespace {

// Reads that are under way keep their files; others have the delay to finish opening them.
Task<> remove_after(const Shard* shard, std::vector<std::string> paths, Millis delay) {
  co_await shard->clock.sleep_for(delay);
  for (const std::string& path : paths)
    if (auto removed = shard->disk.remove(path); !removed)
      log::warn("file not removed", field("path", path), field("reason", removed.error()));
}

}  // namespace

void remove_later(const Shard& shard, std::vector<std::string> paths, Millis delay) {
  if (!paths.empty()) spawn(shard, remove_after(&shard, std::move(paths), delay));
}

Result<> take_away(const Shard& shard, const std::string& directory,
                   const std::vector<std::shared_ptr<LogSegment>>& segments, Millis delay) {
  std::vector<std::string> renamed;
  for (const auto& segment : segments) {
    segment->forget_files();
    for (const auto suffix : {kLogSuffix, kIndexSuffix, kTimeIndexSuffix, kTxnIndexSuffix, kSnapshotSuffix}) {
      const std::string path = segment_file(directory, segment->base(), suffix);
      if (!shard.disk.exists(path)) continue;
      const std::string aside = path + std::string(kDeletedSuffix);
      TRY_VOID(shard.disk.rename(path, aside));
      renamed.push_back(aside);
    }
  }
  remove_later(shard, std::move(renamed), delay);
  return {};
}

}  // namespace thalweg::storage
