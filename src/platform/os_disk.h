// Linux files for all shards. Calls that only touch names or memory run in place; what waits for the device runs on the
// pool.
#pragma once

#include "platform/blocking_pool.h"
#include "runtime/disk.h"

namespace thalweg::platform {

class OsDisk : public Disk {
 public:
  explicit OsDisk(BlockingPool& pool) : pool_(pool) {}
  Result<FilePtr> open(const std::string& path, OpenMode mode) override;
  Result<> rename(const std::string& from, const std::string& to) override;
  Result<> remove(const std::string& path) override;
  Result<> remove_directory(const std::string& path) override;
  Result<> make_directory(const std::string& path) override;
  Result<std::vector<DirectoryEntry>> list(const std::string& path) override;
  bool exists(const std::string& path) override;
  Result<Timestamp> modified(const std::string& path) override;
  Result<DiskSpace> space(const std::string& path) override;
  Task<Result<>> sync_directory(const std::string& path) override;
  Result<std::shared_ptr<void>> lock(const std::string& path) override;

 private:
  BlockingPool& pool_;
};

// errno as an Error: a full disk as Disk::full, everything else with the kernel's words.
std::unexpected<Error> os_failure(const std::string& path, int error);

}  // namespace thalweg::platform
