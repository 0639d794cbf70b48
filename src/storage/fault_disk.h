// A disk in front of another that fails when a test says so: full, refusing writes, or failing a sync.
#pragma once

#include <memory>
#include <string>

#include "runtime/disk.h"

namespace thalweg::storage {

struct Faults {
  std::uint64_t bytes_left = ~std::uint64_t{0};  // then the disk is full; a write that crosses it leaves its prefix
  bool writes_fail = false;
  bool syncs_fail = false;
  bool directory_syncs_fail = false;
  bool syncs_postponed = false;   // no room for what was written unread
  bool index_syncs_full = false;  // no room, but only the sync of an index finds out
  std::uint64_t syncs = 0;        // counted
  std::uint64_t unread_writes = 0;
  std::uint64_t directory_syncs = 0;
  std::uint64_t opens = 0, folders = 0, lists = 0, looks = 0;
};

inline Task<Result<>> failed_sync(Error why) { co_return std::unexpected(std::move(why)); }

class FaultFile : public File {
 public:
  FaultFile(FilePtr file, std::string path, Faults& faults)
      : file_(std::move(file)), path_(std::move(path)), faults_(faults) {}

  std::uint64_t size() const override { return file_->size(); }
  Result<> write(std::uint64_t position, BytesView bytes) override {
    if (faults_.writes_fail) return fail(ErrorCode::kKafkaStorageError, path_ + ": input/output error");
    const std::uint64_t grown = position + bytes.size() > size() ? position + bytes.size() - size() : 0;
    if (grown > faults_.bytes_left) {
      const BytesView prefix = bytes.first(bytes.size() - (grown - faults_.bytes_left));
      faults_.bytes_left = 0;
      if (!prefix.empty()) TRY_VOID(file_->write(position, prefix));
      return std::unexpected(Disk::full(path_));
    }
    faults_.bytes_left -= grown;
    return file_->write(position, bytes);
  }
  Result<> write_unread(std::uint64_t position, BytesView bytes) override {
    ++faults_.unread_writes;
    return write(position, bytes);
  }
  Result<> truncate(std::uint64_t size) override {
    if (size < file_->size()) faults_.bytes_left += file_->size() - size;
    return file_->truncate(size);
  }
  Task<Result<std::size_t>> read(std::uint64_t position, MutableBytes into) override {
    return file_->read(position, into);
  }
  Result<std::size_t> read_now(std::uint64_t position, MutableBytes into) override {
    return file_->read_now(position, into);
  }
  Task<Result<>> sync() override {
    ++faults_.syncs;
    if (faults_.syncs_fail) return failed_sync({ErrorCode::kKafkaStorageError, path_ + ": sync failed"});
    if (faults_.syncs_postponed) return failed_sync(Disk::postponed(path_));
    if (faults_.index_syncs_full && path_.ends_with("index")) return failed_sync(Disk::full(path_));
    return file_->sync();
  }
  Task<Result<>> write_durable(std::uint64_t position, SharedBytes blocks) override {
    return file_->write_durable(position, std::move(blocks));
  }

 private:
  const FilePtr file_;
  const std::string path_;
  Faults& faults_;
};

class FaultDisk : public Disk {
 public:
  FaultDisk(Disk& disk, Faults& faults) : disk_(disk), faults_(faults) {}

  Result<FilePtr> open(const std::string& path, OpenMode mode) override {
    ++faults_.opens;
    TRY(FilePtr file, disk_.open(path, mode));
    return std::make_shared<FaultFile>(std::move(file), path, faults_);
  }
  Result<> rename(const std::string& from, const std::string& to) override { return disk_.rename(from, to); }
  Result<> remove(const std::string& path) override { return disk_.remove(path); }
  Result<> remove_directory(const std::string& path) override { return disk_.remove_directory(path); }
  Result<> make_directory(const std::string& path) override {
    ++faults_.folders;
    return disk_.make_directory(path);
  }
  Result<std::vector<DirectoryEntry>> list(const std::string& path) override {
    ++faults_.lists;
    return disk_.list(path);
  }
  bool exists(const std::string& path) override {
    ++faults_.looks;
    return disk_.exists(path);
  }
  Result<Timestamp> modified(const std::string& path) override { return disk_.modified(path); }
  std::optional<std::int64_t> born(const std::string& path) override { return disk_.born(path); }
  Result<DiskSpace> space(const std::string& path) override { return disk_.space(path); }
  Task<Result<>> sync_directory(const std::string& path) override {
    ++faults_.directory_syncs;
    if (faults_.directory_syncs_fail) return failed_sync({ErrorCode::kKafkaStorageError, path + ": sync failed"});
    return disk_.sync_directory(path);
  }
  Result<std::shared_ptr<void>> lock(const std::string& path) override { return disk_.lock(path); }

 private:
  Disk& disk_;
  Faults& faults_;
};

}  // namespace thalweg::storage
