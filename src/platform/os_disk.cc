#include "platform/os_disk.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>

#include "platform/os_file.h"

namespace thalweg::platform {
namespace {

namespace fs = std::filesystem;

int flags_of(OpenMode mode) {
  switch (mode) {
    case OpenMode::kRead:
      return O_RDONLY;
    case OpenMode::kReadWrite:
      return O_RDWR;
    case OpenMode::kCreate:
      return O_RDWR | O_CREAT;
    case OpenMode::kTruncate:
      return O_RDWR | O_CREAT | O_TRUNC;
  }
  return O_RDONLY;
}

Result<> sync_directory_blocking(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return os_failure(path, errno);
  const Descriptor directory(fd);
  // EINVAL: a file system that keeps no names of its own, as autofs does above the one that we write to.
  if (::fsync(fd) != 0 && errno != EINVAL) return os_failure(path, errno);
  return {};
}

Result<> as_result(const std::string& path, const std::error_code& error) {
  if (error) return os_failure(path, error.value());
  return {};
}

}  // namespace

std::unexpected<Error> os_failure(const std::string& path, int error) {
  if (error == ENOSPC || error == EDQUOT) return std::unexpected(Disk::full(path));
  if (error == EACCES || error == EPERM) return std::unexpected(Disk::denied(path));
  return fail(ErrorCode::kKafkaStorageError, path + ": " + std::generic_category().message(error));
}

Result<FilePtr> OsDisk::open(const std::string& path, OpenMode mode) {
  const int fd = ::open(path.c_str(), flags_of(mode) | O_CLOEXEC, 0644);
  if (fd < 0) return os_failure(path, errno);
  auto descriptor = std::make_shared<Descriptor>(fd);
  struct stat info{};
  if (::fstat(fd, &info) != 0) return os_failure(path, errno);
  if (S_ISDIR(info.st_mode)) return os_failure(path, EISDIR);
  return std::make_shared<OsFile>(pool_, path, std::move(descriptor), mode != OpenMode::kRead,
                                  static_cast<std::uint64_t>(info.st_size));
}

Result<> OsDisk::rename(const std::string& from, const std::string& to) {
  if (::rename(from.c_str(), to.c_str()) != 0) return os_failure(from + " -> " + to, errno);
  return {};
}

Result<> OsDisk::remove(const std::string& path) {
  if (::unlink(path.c_str()) != 0 && errno != ENOENT) return os_failure(path, errno);
  return {};
}

Result<> OsDisk::remove_directory(const std::string& path) {
  std::error_code error;
  fs::remove_all(path, error);
  return as_result(path, error);
}

Result<> OsDisk::make_directory(const std::string& path) {
  std::error_code error;
  fs::create_directories(path, error);
  return as_result(path, error);
}

Result<std::vector<DirectoryEntry>> OsDisk::list(const std::string& path) {
  std::error_code error;
  std::vector<DirectoryEntry> entries;
  for (fs::directory_iterator at(path, error), end; !error && at != end; at.increment(error)) {
    std::error_code unknown;  // gone since its name was read, or a link that leads nowhere: not a directory then
    entries.push_back({at->path().filename().string(), at->is_directory(unknown)});
  }
  TRY_VOID(as_result(path, error));
  std::ranges::sort(entries);
  return entries;
}

bool OsDisk::exists(const std::string& path) { return ::access(path.c_str(), F_OK) == 0; }

Result<Timestamp> OsDisk::modified(const std::string& path) {
  struct stat info{};
  if (::stat(path.c_str(), &info) != 0) return os_failure(path, errno);
  return Timestamp{info.st_mtim.tv_sec} * 1000 + info.st_mtim.tv_nsec / 1'000'000;
}

Result<DiskSpace> OsDisk::space(const std::string& path) {
  struct statvfs info{};
  if (::statvfs(path.c_str(), &info) != 0) return os_failure(path, errno);
  return DiskSpace{.total_bytes = static_cast<std::uint64_t>(info.f_blocks) * info.f_frsize,
                   .free_bytes = static_cast<std::uint64_t>(info.f_bavail) * info.f_frsize};
}

Task<Result<>> OsDisk::sync_directory(const std::string& path) {
  co_return co_await pool_.run([path] { return sync_directory_blocking(path); });
}

Result<std::shared_ptr<void>> OsDisk::lock(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (fd < 0) return os_failure(path, errno);
  auto descriptor = std::make_shared<Descriptor>(fd);
  if (::flock(fd, LOCK_EX | LOCK_NB) != 0) {
    if (errno == EWOULDBLOCK)
      return fail(ErrorCode::kKafkaStorageError,
                  path + ": locked by another process; is another broker using this directory?");
    return os_failure(path, errno);
  }
  return std::shared_ptr<void>(std::move(descriptor));
}

}  // namespace thalweg::platform
