// Linux files for all shards. Calls that only touch names or memory run in place; what waits for the device runs on the
// pool.
#pragma once

#include "platform/blocking_pool.h"
#include "platform/unwritten.h"
#include "runtime/disk.h"

namespace thalweg::platform {

class OsDisk : public Disk {
 public:
  explicit OsDisk(BlockingPool& pool, std::size_t open_files_max = SIZE_MAX);
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
  Task<Result<>> remove_in_background(std::string path) override;
  Disk& urgent() override { return urgent_ ? *urgent_ : *this; }
  std::size_t open_files_max() override { return open_files_max_; }

 private:
  struct Urgent {};
  OsDisk(BlockingPool& pool, Urgent) : pool_(pool), syncs_(Lane::kUrgent) {}
  static constexpr std::size_t kUnwrittenMax = 64 << 20;

  BlockingPool& pool_;
  const Lane syncs_ = Lane::kSync;
  const std::size_t open_files_max_ = SIZE_MAX;
  const std::shared_ptr<UnwrittenLimit> unwritten_ = std::make_shared<UnwrittenLimit>(kUnwrittenMax);
  std::unique_ptr<OsDisk> urgent_;
};

// errno as an Error: a full disk as Disk::full, no rights as Disk::denied, no descriptors as Disk::out_of_files,
// everything else with the kernel's words.
std::unexpected<Error> os_failure(const std::string& path, int error);
// Why `path` could not be locked and what to do about it. `holder`: the process that has the lock, 0 if that is
// unknown.
std::unexpected<Error> lock_failure(const std::string& path, int error, int holder);

}  // namespace thalweg::platform
