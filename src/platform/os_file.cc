#include "platform/os_file.h"

#include <fcntl.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>

#include "platform/os_disk.h"

namespace thalweg::platform {
namespace {

Result<> write_all(int fd, const std::string& path, std::uint64_t position, BytesView bytes) {
  while (!bytes.empty()) {
    const ssize_t n = ::pwrite(fd, bytes.data(), bytes.size(), static_cast<off_t>(position));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return os_failure(path, errno);
    bytes = bytes.subspan(static_cast<std::size_t>(n));
    position += static_cast<std::uint64_t>(n);
  }
  return {};
}

Result<std::size_t> read_all(int fd, const std::string& path, std::uint64_t position, MutableBytes into) {
  std::size_t done = 0;
  while (done < into.size()) {
    const ssize_t n = ::pread(fd, into.data() + done, into.size() - done, static_cast<off_t>(position + done));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return os_failure(path, errno);
    if (n == 0) break;
    done += static_cast<std::size_t>(n);
  }
  return done;
}

// What of the range is in memory, from its beginning; -1 with errno EAGAIN when the first byte is not.
ssize_t read_cached(int fd, std::uint64_t position, MutableBytes into) {
  const iovec part{into.data(), into.size()};
  return ::preadv2(fd, &part, 1, static_cast<off_t>(position), RWF_NOWAIT);
}

struct Free {
  void operator()(std::byte* p) const { std::free(p); }
};
using AlignedBytes = std::unique_ptr<std::byte, Free>;

AlignedBytes aligned_copy(BytesView bytes) {
  AlignedBytes copy(static_cast<std::byte*>(std::aligned_alloc(File::kBlock, bytes.size())));
  CHECK(copy);
  std::memcpy(copy.get(), bytes.data(), bytes.size());
  return copy;
}

bool is_aligned(BytesView bytes) { return reinterpret_cast<std::uintptr_t>(bytes.data()) % File::kBlock == 0; }

}  // namespace

Descriptor::~Descriptor() { ::close(fd_); }

OsFile::OsFile(BlockingPool& pool, Lane syncs, std::string path, std::shared_ptr<Descriptor> fd, bool writable,
               std::uint64_t size)
    : pool_(pool), syncs_(syncs), shared_(std::make_shared<Shared>()), writable_(writable), size_(size) {
  shared_->path = std::move(path);
  shared_->fd = std::move(fd);
}

// A writer knows the size; a reader asks, since another handle may be writing.
std::uint64_t OsFile::size() const {
  if (writable_) return size_;
  struct stat info{};
  return ::fstat(shared_->fd->get(), &info) == 0 ? static_cast<std::uint64_t>(info.st_size) : size_;
}

Result<> OsFile::write(std::uint64_t position, BytesView bytes) {
  TRY_VOID(write_all(shared_->fd->get(), shared_->path, position, bytes));
  size_ = std::max(size_, position + bytes.size());
  return {};
}

Result<> OsFile::truncate(std::uint64_t size) {
  if (::ftruncate(shared_->fd->get(), static_cast<off_t>(size)) != 0) return os_failure(shared_->path, errno);
  size_ = size;
  return {};
}

Task<Result<std::size_t>> OsFile::read(std::uint64_t position, MutableBytes into) {
  if (into.empty()) co_return std::size_t{0};
  const ssize_t cached = read_cached(shared_->fd->get(), position, into);
  if (cached == static_cast<ssize_t>(into.size()) || cached == 0) co_return static_cast<std::size_t>(cached);
  const std::size_t have = cached > 0 ? static_cast<std::size_t>(cached) : 0;
  if (have > 0 && position + have >= size()) co_return have;
  // The helper fills memory of its own: `into` may be gone before it is done if the coroutine is destroyed.
  struct Rest {
    std::shared_ptr<std::byte[]> bytes;
    std::size_t size = 0;
  };
  const std::size_t missing = into.size() - have;
  CO_TRY(const Rest rest,
         co_await pool_.run(Lane::kRead, [file = shared_, from = position + have, missing]() -> Result<Rest> {
           auto bytes = std::make_shared_for_overwrite<std::byte[]>(missing);
           TRY(const std::size_t size, read_all(file->fd->get(), file->path, from, {bytes.get(), missing}));
           return Rest{std::move(bytes), size};
         }));
  std::memcpy(into.data() + have, rest.bytes.get(), rest.size);
  co_return have + rest.size;
}

Result<std::size_t> OsFile::read_now(std::uint64_t position, MutableBytes into) {
  return read_all(shared_->fd->get(), shared_->path, position, into);
}

Result<> OsFile::sync_blocking(Shared& file) {
  if (file.sync_failed) return fail(ErrorCode::kKafkaStorageError, file.path + ": an earlier sync failed");
  if (::fdatasync(file.fd->get()) != 0) {
    const int error = errno;
    file.sync_failed = true;
    return os_failure(file.path, error);
  }
  return {};
}

Task<Result<>> OsFile::sync() {
  co_return co_await pool_.run(syncs_, [file = shared_] { return sync_blocking(*file); });
}

// A descriptor of its own, since the flags would make every plain write direct as well.
void OsFile::open_direct() {
  if (shared_->direct || shared_->direct_refused) return;
  const std::string self = "/proc/self/fd/" + std::to_string(shared_->fd->get());  // the same file, also after a rename
  const int fd = ::open(self.c_str(), O_RDWR | O_DIRECT | O_DSYNC | O_CLOEXEC);
  if (fd >= 0)
    shared_->direct = std::make_shared<Descriptor>(fd);
  else
    shared_->direct_refused = true;
}

Result<> OsFile::write_durable_blocking(Shared& file, std::uint64_t position, BytesView blocks) {
  if (file.direct && !file.direct_refused) {
    const AlignedBytes copy = is_aligned(blocks) ? nullptr : aligned_copy(blocks);
    const BytesView from = copy ? BytesView(copy.get(), blocks.size()) : blocks;
    std::size_t done = 0;
    while (done < from.size()) {
      const ssize_t n =
          ::pwrite(file.direct->get(), from.data() + done, from.size() - done, static_cast<off_t>(position + done));
      if (n < 0 && errno == EINTR) continue;
      if (n < 0 && errno == EINVAL) break;  // this file system takes the flag but not the write
      if (n < 0) return os_failure(file.path, errno);
      done += static_cast<std::size_t>(n);
    }
    if (done == from.size()) return {};
    file.direct_refused = true;
  }
  TRY_VOID(write_all(file.fd->get(), file.path, position, blocks));
  return sync_blocking(file);
}

Task<Result<>> OsFile::write_durable(std::uint64_t position, SharedBytes blocks) {
  CHECK(position % kBlock == 0 && blocks.size() % kBlock == 0);
  open_direct();
  size_ = std::max(size_, position + blocks.size());
  co_return co_await pool_.run(
      syncs_, [file = shared_, position, blocks] { return write_durable_blocking(*file, position, blocks); });
}

ssize_t OsFile::send_to(int socket, std::uint64_t position, std::size_t size) const {
  off_t from = static_cast<off_t>(position);
  return ::sendfile(socket, shared_->fd->get(), &from, size);
}

bool OsFile::read_if_cached(std::uint64_t position, MutableBytes into) const {
  return read_cached(shared_->fd->get(), position, into) == static_cast<ssize_t>(into.size());
}

bool OsFile::likely_cached(std::uint64_t position, std::size_t size) const {
  std::byte probe;
  for (const std::uint64_t at : {position, position + size - 1})
    if (read_cached(shared_->fd->get(), at, {&probe, 1}) < 0 && errno == EAGAIN) return false;
  return true;
}

Task<Result<>> OsFile::fetch(std::uint64_t position, std::size_t size) {
  co_return co_await pool_.run(Lane::kRead, [file = shared_, position, size]() -> Result<> {
    const int fd = file->fd->get();
    ::posix_fadvise(fd, static_cast<off_t>(position), static_cast<off_t>(size), POSIX_FADV_WILLNEED);
    // Advice only starts the reads; touching each page waits for them.
    for (std::uint64_t at = position; at < position + size; at += kBlock) {
      std::byte byte;
      if (::pread(fd, &byte, 1, static_cast<off_t>(at)) < 0) return os_failure(file->path, errno);
    }
    return {};
  });
}

}  // namespace thalweg::platform
