// A disk with a page cache that loses power.
//
// Writes change what readers see; a sync makes them durable. Power loss keeps what is durable, and of the rest a random
// part: whole writes, torn ones, or none. Names are durable after sync_directory(), otherwise by luck. A sync may fail,
// and then the pages it was about are never written although later syncs succeed, as Linux has it; or it may lie.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/disk.h"
#include "sim/simulation.h"

namespace thalweg::sim {

struct DiskFaults {
  Instant sync_min = std::chrono::microseconds(50), sync_max = std::chrono::milliseconds(5);
  std::uint64_t sync_fails_one_in = 0;  // 0: never
  std::uint64_t sync_lies_one_in = 0;
  std::uint64_t cold_read_one_in = 8;     // reads that suspend
  std::uint64_t capacity = UINT64_MAX;    // bytes; a write that does not fit leaves behind what fits
  std::size_t open_files_max = SIZE_MAX;  // opening more is refused; those that are open stay so
};

class SimDisk : public Disk {
 public:
  explicit SimDisk(Simulation& simulation, DiskFaults faults = {});
  ~SimDisk() override;

  DiskFaults faults;  // may be changed at any time

  // Nothing that is open may be used afterwards. REQUIRES: the life that used the disk has ended.
  void power_loss();
  // The process is gone, the kernel is not: what it was told to do gets done. Of what was written unread and not synced
  // some is lost, from anywhere to the end. REQUIRES: as above
  void process_killed();
  std::uint64_t used_bytes() const;
  std::size_t open_files() const { return *open_files_; }
  // How many syncs were begun so far, of files and of directories.
  std::uint64_t syncs() const { return syncs_; }
  // How many syncs have failed and lied so far.
  std::uint64_t failed_syncs() const { return failed_syncs_; }
  std::uint64_t false_syncs() const { return false_syncs_; }
  // How often something was lost that a sync had called durable. As long as it is 0, a disk that lies is as good as one
  // that does not.
  std::uint64_t broken_promises() const { return broken_promises_; }

  Result<FilePtr> open(const std::string& path, OpenMode mode) override;
  Result<> rename(const std::string& from, const std::string& to) override;
  Result<> remove(const std::string& path) override;
  Result<> remove_directory(const std::string& path) override;
  Result<> make_directory(const std::string& path) override;
  Result<std::vector<DirectoryEntry>> list(const std::string& path) override;
  bool exists(const std::string& path) override;
  Result<Timestamp> modified(const std::string& path) override;
  std::optional<std::int64_t> born(const std::string& path) override;
  Result<DiskSpace> space(const std::string& path) override;
  Task<Result<>> sync_directory(const std::string& path) override;
  Result<std::shared_ptr<void>> lock(const std::string& path) override;
  // The tree at `from` as `cp -a` would have it at `to`: all of it on the disk, and made now.
  void copy(const std::string& from, const std::string& to);
  // What the disk was made with: a lack that comes later takes its users by surprise.
  std::size_t open_files_max() override { return open_files_promised_; }

 private:
  friend class SimFile;
  struct Directory;
  struct Inode;
  struct Entry {  // one of them
    std::shared_ptr<Directory> directory;
    std::shared_ptr<Inode> file;
    friend bool operator==(const Entry&, const Entry&) = default;
  };
  struct Place {
    Directory* parent;
    std::string_view name;  // within the path
  };
  Result<Place> place_of(std::string_view path) const;
  const Entry* find(std::string_view path) const;
  std::shared_ptr<Inode> make_file();
  Entry copy_of(const Entry& entry);
  void finish_direct(Directory& directory);
  void lose_unread(Inode& file);
  void lose(Directory& directory);
  void lose(Inode& file);
  Task<Result<>> sync_outcome(const std::string& path, bool& lied);

  Simulation& simulation_;
  std::shared_ptr<Directory> root_;
  std::shared_ptr<std::uint64_t> used_ = std::make_shared<std::uint64_t>(0);
  std::shared_ptr<std::size_t> open_files_ = std::make_shared<std::size_t>(0);
  const std::size_t open_files_promised_;
  std::uint64_t syncs_ = 0;
  std::int64_t files_made_ = 0;
  std::set<std::string> locks_;
  std::uint64_t failed_syncs_ = 0, false_syncs_ = 0, broken_promises_ = 0;
};

// An open file; SimNetwork reads from it to send its ranges.
class SimFile : public File {
 public:
  SimFile(SimDisk& disk, std::string path, std::shared_ptr<SimDisk::Inode> inode)
      : disk_(disk), path_(std::move(path)), inode_(std::move(inode)), open_files_(disk.open_files_) {
    ++*open_files_;
  }
  ~SimFile() override { --*open_files_; }
  std::uint64_t size() const override;
  Result<> write(std::uint64_t position, BytesView bytes) override;
  Result<> write_unread(std::uint64_t position, BytesView bytes) override;
  Result<> truncate(std::uint64_t size) override;
  Task<Result<std::size_t>> read(std::uint64_t position, MutableBytes into) override;
  Result<std::size_t> read_now(std::uint64_t position, MutableBytes into) override;
  Task<Result<>> sync() override;
  Task<Result<>> write_durable(std::uint64_t position, SharedBytes blocks) override;

 private:
  SimDisk& disk_;
  const std::string path_;
  const std::shared_ptr<SimDisk::Inode> inode_;
  const std::shared_ptr<std::size_t> open_files_;
};

}  // namespace thalweg::sim
