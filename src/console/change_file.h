// What is remembered of changes beyond the end of this process: lines (change_lines.h) in `console.changes`, of at most
// kHalf bytes; when it is full it becomes `console.changes.before`, and another one begins. So the newest kHalf bytes
// are always there, which is more changes than memory keeps unless their texts are very long.
//
// A line that append() was given is in the page cache when it returns: the end of the process takes nothing of it.
// Until sync() has returned, a power loss may. What cannot be written waits in memory, kWaitingMax lines, and is tried
// again with the next one; it is said once, and hurts nobody. What is damaged is passed over, and counted.
//
// Owner: shard 0.
#pragma once

#include <deque>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "console/change_lines.h"
#include "runtime/disk.h"

namespace thalweg::console {

class ChangeFile {
 public:
  static constexpr std::size_t kHalf = 256u << 10;   // bytes
  static constexpr std::size_t kWaitingMax = 500;    // lines
  static constexpr std::size_t kLinesAtOnce = 50;    // are read before others have their turn
  static constexpr std::size_t kSeenLineSize = 128;  // bytes: one is written over the one before

  // The directory may not be there before begin().
  ChangeFile(Disk& disk, const std::string& directory)
      : disk_(disk),
        directory_(directory),
        path_(directory + "/console.changes"),
        path_before_(directory + "/console.changes.before") {}

  // How far the last server that wrote here had looked; nothing where none did, or where that cannot be read. Reads one
  // of the files, seldom both.
  std::optional<SeenUpTo> look_back();
  // Whose changes are written from now on. What is there of another cluster is forgotten. Whether something is there.
  bool begin(const std::string& cluster, Timestamp now);

  struct Recalled {
    std::vector<Change> changes;  // the newest first, at most as many as were asked for
    Timestamp since = kNoTimestamp;
    std::size_t damaged = 0;  // lines
  };
  // What was there at begin(). `is_found_again`: whether the metadata are compared from where look_back() says; then
  // what stands behind it is left out.
  Task<Recalled> recall(std::size_t max, bool is_found_again);

  // The oldest first. REQUIRES: begin()
  void append(std::span<const Change> changes, std::optional<SeenUpTo> seen, Timestamp now);
  // What was appended survives a power loss once it has returned, unless that fails, which is said once.
  Task<> sync();

 private:
  SharedBytes read_end(const std::string& path);
  bool is_of_another(const SharedBytes& half) const;
  Result<> write_waiting(Timestamp now);
  Result<> write_over_seen(const std::string& line, Timestamp now);
  Result<> make_room(std::size_t size, Timestamp now);
  Result<> open();
  void note(const Result<>& done);

  Disk& disk_;
  const std::string directory_, path_, path_before_;
  std::string cluster_;
  std::optional<SharedBytes> found_, found_before_;  // what was read, until recall()
  FilePtr file_;                                     // null until something is written
  std::uint64_t end_ = 0;                            // behind the last line that stays
  std::uint64_t seen_size_ = 0;                      // of the line behind it that does not
  std::deque<std::string> waiting_;
  std::vector<FilePtr> unsynced_;
  bool is_name_new_ = false, is_failing_ = false;
};

}  // namespace thalweg::console
