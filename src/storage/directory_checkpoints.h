// What one log directory has to remember of its logs between two runs: the four checkpoint files, and the names of its
// folders. Changes are made in memory, by whoever has to change something; write() brings all of them to disk at once,
// and those who wait for it meanwhile share the next. So deleting a thousand partitions costs as many syncs as deleting
// one.
//
// Owner: LogManager's shard. Held by shared_ptr, as a write goes on when nobody waits for it any more.
// Invariant: whatever was changed before write() was called is on disk when it succeeds; what failed is written with
// the next call.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>

#include "base/types.h"
#include "runtime/disk.h"
#include "runtime/turn.h"
#include "storage/checkpoint_file.h"

namespace thalweg::storage {

class DirectoryCheckpoints {
 public:
  struct Offsets {
    Offset recovery_point{0}, log_start{0}, high_watermark{0};
  };

  DirectoryCheckpoints(Disk& disk, std::string path) : disk_(disk), path_(std::move(path)) {}
  DirectoryCheckpoints(const DirectoryCheckpoints&) = delete;

  // Takes over the files; one that is missing says nothing. Of one that is cut or damaged the whole lines count and the
  // rest is said in the log, with what it means; one that cannot be read is an error.
  Result<> read();

  Offsets of(const TopicPartition& partition) const;
  void set(const TopicPartition& partition, const Offsets& offsets);
  // How far the log was compacted; nothing: never.
  std::optional<Offset> cleaner_offset(const TopicPartition& partition) const;
  void set_cleaner_offset(const TopicPartition& partition, Offset to) { set_one(kCleaner, partition, to); }
  // Recovery point, start and what was compacted are not above `to` from now on.
  void lower(const TopicPartition& partition, Offset to);
  // The folder is gone, or has another name: nothing that is said here may count for what comes under this name next.
  void forget(const TopicPartition& partition);
  // Those that had records on disk when this was written.
  std::set<TopicPartition> with_records() const;
  // Forgets all that `keep` does not name, and says how many.
  std::size_t forget_all_but(const std::function<bool(const TopicPartition&)>& keep);
  // Whether it was forgotten and that is not on disk yet. Until then no folder may begin under this name.
  bool is_leaving(const TopicPartition& partition) const { return leaving_.contains(partition); }
  bool has_leaving() const { return !leaving_.empty(); }

  Task<Result<>> write();

 private:
  enum Kind : std::size_t { kRecoveryPoint, kLogStart, kHighWatermark, kCleaner, kKinds };
  using Dirty = std::array<bool, kKinds>;
  static constexpr std::array<std::string_view, kKinds> kNames{kRecoveryPointFile, kLogStartOffsetFile,
                                                               kHighWatermarkFile, kCleanerOffsetFile};

  std::string file(std::size_t kind) const { return path_ + "/" + std::string(kNames[kind]); }
  Result<OffsetCheckpoint> read_one(std::size_t kind);
  void set_one(std::size_t kind, const TopicPartition& partition, std::optional<Offset> offset);
  Task<Result<>> write_files(Dirty dirty);
  static Task<Result<>> write_beside(Disk* disk, std::string path, std::string text);

  Disk& disk_;
  const std::string path_;
  std::array<OffsetCheckpoint, kKinds> offsets_;
  Dirty dirty_{};
  std::uint64_t changes_ = 0, written_ = 0;
  std::map<TopicPartition, std::uint64_t> leaving_;  // with the change that forgot it
  Turn turn_;
};

}  // namespace thalweg::storage
