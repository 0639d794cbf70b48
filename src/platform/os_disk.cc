#include "platform/os_disk.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/steady_timer.hpp>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "platform/os_file.h"

namespace thalweg::platform {
namespace {

namespace fs = std::filesystem;
constexpr std::chrono::milliseconds kNextTry{20};
constexpr int kPatience = 500;

int flags_of(OpenMode mode) {
  switch (mode) {
    case OpenMode::kRead:
      return O_RDONLY;
    case OpenMode::kReadWrite:
      return O_RDWR;
    case OpenMode::kCreate:
      return O_RDWR | O_CREAT;
    case OpenMode::kTruncate:
    case OpenMode::kTruncateSecret:
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
  if (error == EMFILE || error == ENFILE) return std::unexpected(Disk::out_of_files(path));
  return fail(ErrorCode::kKafkaStorageError, path + ": " + std::generic_category().message(error));
}

std::unexpected<Error> lock_failure(const std::string& path, int error, int holder) {
  const auto failure = [&](const std::string& what) { return fail(ErrorCode::kKafkaStorageError, path + ": " + what); };
  switch (error) {
    case EWOULDBLOCK:
      return failure("locked by " +
                     (holder > 0 ? "process " + std::to_string(holder) : std::string("another process")) +
                     "; is another broker running on it? Stop that one, or give this one a directory of its own");
    case EACCES:
    case EPERM:
      return failure("permission denied; this process runs as user id " + std::to_string(::geteuid()) +
                     ", to whom the directory and its files have to belong (chown -R)");
    case EROFS:
      return failure(
          "the file system is read-only; mount it writable (a disk with errors is made read-only by the "
          "kernel: see dmesg), name it in ReadWritePaths= of the unit (systemctl cat thalweg), or set log.dirs to "
          "another directory");
    case ENOLCK:
    case EOPNOTSUPP:
    case ENOSYS:
      return failure(
          "this file system has no locks; mount NFS with a lock service or with local_lock=flock, or set "
          "log.dirs to a local disk");
    default:
      return os_failure(path, error);
  }
}

namespace {

// From the kernel's list: "1: FLOCK  ADVISORY  WRITE 1234 08:01:5678 0 EOF", the last three being device and inode.
int holder_of_lock(int fd) {
  struct stat info{};
  if (::fstat(fd, &info) != 0) return 0;
  const std::string inode = ":" + std::to_string(info.st_ino);
  std::ifstream locks("/proc/locks");
  for (std::string line; std::getline(locks, line);) {
    std::istringstream words(line);
    std::string number, kind, how, what, place;
    int process = 0;
    if (words >> number >> kind >> how >> what >> process >> place && kind == "FLOCK" && place.ends_with(inode))
      return process;
  }
  return 0;
}

}  // namespace

OsDisk::OsDisk(BlockingPool& pool, std::size_t open_files_max)
    : pool_(pool), open_files_max_(open_files_max), urgent_(new OsDisk(pool, Urgent{})) {}

Result<FilePtr> OsDisk::open(const std::string& path, OpenMode mode) {
  const int fd = ::open(path.c_str(), flags_of(mode) | O_CLOEXEC, 0644);
  if (fd < 0) return os_failure(path, errno);
  auto descriptor = std::make_shared<Descriptor>(fd);
  struct stat info{};
  if (::fstat(fd, &info) != 0) return os_failure(path, errno);
  if (S_ISDIR(info.st_mode)) return os_failure(path, EISDIR);
  // Also one that was there already, before anything is written to it.
  if (mode == OpenMode::kTruncateSecret && ::fchmod(fd, S_IRUSR | S_IWUSR) != 0) return os_failure(path, errno);
  return std::make_shared<OsFile>(pool_, syncs_, unwritten_, path, std::move(descriptor), mode != OpenMode::kRead,
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
  if (::mkdir(path.c_str(), 0777) == 0) return {};  // nearly always only the last of them is missing
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

std::optional<std::int64_t> OsDisk::born(const std::string& path) {
  struct statx info{};
  if (::statx(AT_FDCWD, path.c_str(), AT_STATX_SYNC_AS_STAT, STATX_BTIME, &info) != 0) return std::nullopt;
  if (!(info.stx_mask & STATX_BTIME)) return std::nullopt;
  return std::int64_t{info.stx_btime.tv_sec} * 1'000'000'000 + info.stx_btime.tv_nsec;
}

Result<DiskSpace> OsDisk::space(const std::string& path) {
  struct statvfs info{};
  if (::statvfs(path.c_str(), &info) != 0) return os_failure(path, errno);
  return DiskSpace{.total_bytes = static_cast<std::uint64_t>(info.f_blocks) * info.f_frsize,
                   .free_bytes = static_cast<std::uint64_t>(info.f_bavail) * info.f_frsize};
}

// When there is no descriptor for it right now, it is tried again: names have to reach the disk, and no log has failed
// because of that.
Task<Result<>> OsDisk::sync_directory(const std::string& directory) {
  const std::string path = directory;
  boost::asio::steady_timer timer(co_await boost::asio::this_coro::executor);
  for (int tries = 0;; ++tries) {
    auto synced = co_await pool_.run(syncs_, [path] { return sync_directory_blocking(path); });
    if (synced || !is_out_of_files(synced.error()) || tries == kPatience) co_return synced;
    timer.expires_after(kNextTry);
    co_await timer.async_wait(boost::asio::use_awaitable);
  }
}

Result<std::shared_ptr<void>> OsDisk::lock(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (fd < 0) return lock_failure(path, errno, 0);
  auto descriptor = std::make_shared<Descriptor>(fd);
  if (::flock(fd, LOCK_EX | LOCK_NB) != 0) return lock_failure(path, errno, holder_of_lock(fd));
  return std::shared_ptr<void>(std::move(descriptor));
}

Task<Result<>> OsDisk::remove_in_background(std::string path) {
  co_return co_await pool_.run(Lane::kOther, [path]() -> Result<> {
    std::error_code error;
    fs::remove_all(path, error);
    return as_result(path, error);
  });
}

}  // namespace thalweg::platform
