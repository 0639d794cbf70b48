#include "platform/os_file.h"

#include <fcntl.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>

#include "platform/os_disk.h"

namespace thalweg::platform {
namespace {

// A direct write costs the same whatever its size, up to about here.
constexpr std::size_t kWorthGoingPast = 64 * 1024;

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

// False when not all of it was written, for whatever reason.
bool write_direct(int fd, std::uint64_t position, std::vector<iovec>& blocks) {
  // The same file, also after a rename; a descriptor of its own, since the flag would count for reads as well.
  const Descriptor direct(::open(("/proc/self/fd/" + std::to_string(fd)).c_str(), O_WRONLY | O_DIRECT | O_CLOEXEC));
  if (direct.get() < 0) return false;
  constexpr std::size_t kAtOnce = 64;
  for (std::size_t i = 0; i < blocks.size();) {
    const int count = static_cast<int>(std::min(blocks.size() - i, kAtOnce));
    ssize_t n = ::pwritev(direct.get(), &blocks[i], count, static_cast<off_t>(position));
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0 || n % static_cast<ssize_t>(File::kBlock) != 0) return false;
    position += static_cast<std::uint64_t>(n);
    for (; n > 0 && std::size_t(n) >= blocks[i].iov_len; ++i) n -= static_cast<ssize_t>(blocks[i].iov_len);
    if (n > 0) blocks[i] = {static_cast<std::byte*>(blocks[i].iov_base) + n, blocks[i].iov_len - std::size_t(n)};
  }
  return true;
}

bool is_aligned(BytesView bytes) { return reinterpret_cast<std::uintptr_t>(bytes.data()) % File::kBlock == 0; }

}  // namespace

Descriptor::~Descriptor() {
  if (fd_ >= 0) ::close(fd_);
}

OsFile::OsFile(BlockingPool& pool, Lane syncs, std::shared_ptr<UnwrittenLimit> unwritten, std::string path,
               std::shared_ptr<Descriptor> fd, bool writable, std::uint64_t size)
    : pool_(pool),
      syncs_(syncs),
      shared_(std::make_shared<Shared>(std::move(unwritten))),
      writable_(writable),
      size_(size) {
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
  TRY_VOID(spill());
  TRY_VOID(write_all(shared_->fd->get(), shared_->path, position, bytes));
  size_ = std::max(size_, position + bytes.size());
  return {};
}

// What is on its way to the disk in small pieces is better gathered there.
bool OsFile::keep_unwritten(std::uint64_t position, BytesView bytes) {
  if (position != size_ || shared_->direct_refused) return false;
  if (bytes.size() < kWorthGoingPast && shared_->unwritten.empty()) return false;
  // A helper may bring all of it into the file at any moment.
  auto added = shared_->unwritten.add(position, bytes, {});
  if (added == Unwritten::Added::kNeedsBefore) {
    std::array<std::byte, kBlock> block;
    const MutableBytes before = MutableBytes(block).first(position % kBlock);
    const auto read = read_all(shared_->fd->get(), shared_->path, position - before.size(), before);
    if (!read || *read != before.size()) return false;
    added = shared_->unwritten.add(position, bytes, before);
  }
  return added == Unwritten::Added::kYes;
}

Result<> OsFile::write_unread(std::uint64_t position, BytesView bytes) {
  if (!keep_unwritten(position, bytes)) return write(position, bytes);
  size_ += bytes.size();
  return {};
}

// Into the page cache with it, as something is to follow there.
Result<> OsFile::spill() {
  if (shared_->unwritten.empty()) return {};
  const std::scoped_lock turn(shared_->writing);
  const auto runs = shared_->unwritten.runs();
  for (const auto& run : runs) TRY_VOID(write_all(shared_->fd->get(), shared_->path, run.position, run.bytes));
  shared_->unwritten.written(runs.size());
  return {};
}

Result<> OsFile::truncate(std::uint64_t size) {
  std::unique_lock<std::mutex> turn;
  bool is_cut = false;  // what is in the file so far ends before
  if (!shared_->unwritten.empty()) {
    turn = std::unique_lock(shared_->writing);
    shared_->unwritten.cut(size);
    struct stat info{};
    is_cut = !shared_->unwritten.empty() && ::fstat(shared_->fd->get(), &info) == 0 &&
             static_cast<std::uint64_t>(info.st_size) <= size;
  }
  if (!is_cut && ::ftruncate(shared_->fd->get(), static_cast<off_t>(size)) != 0)
    return os_failure(shared_->path, errno);
  size_ = size;
  return {};
}

Task<Result<std::size_t>> OsFile::read(std::uint64_t position, MutableBytes into) {
  if (into.empty()) co_return std::size_t{0};
  if (!shared_->unwritten.empty()) co_return read_now(position, into);
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
  const auto held = shared_->unwritten.held(position, into.size());
  const std::size_t in_file = held.begin - position;
  TRY(std::size_t done, read_all(shared_->fd->get(), shared_->path, position, into.first(in_file)));
  for (const SharedBytes& bytes : held.bytes) {
    std::memcpy(into.data() + done, bytes.data(), bytes.size());
    done += bytes.size();
  }
  return done;
}

// Whole blocks from our memory, and the rest of the last one through the page cache, so that the file is never longer
// than what it holds. Nobody writes to these blocks meanwhile, and the kernel drops what it has of them.
Result<> OsFile::write_runs(Shared& file, const std::vector<Unwritten::Run>& runs) {
  std::vector<iovec> blocks;
  for (const auto& run : runs)
    if (const std::size_t whole = run.whole_end() - run.position; whole > 0)
      blocks.push_back({const_cast<std::byte*>(run.bytes.data()), whole});
  const auto& last = runs.back();
  const bool written = blocks.empty() || write_direct(file.fd->get(), runs.front().position, blocks);
  if (!written) {  // whatever the reason: the page cache says it again, if it is one
    file.direct_refused = true;
    for (const auto& run : runs) TRY_VOID(write_all(file.fd->get(), file.path, run.position, run.bytes));
    return {};
  }
  const std::size_t whole = last.whole_end() - last.position;
  return write_all(file.fd->get(), file.path, last.position + whole, last.bytes.view().subspan(whole));
}

Result<> OsFile::sync_blocking(Shared& file) {
  if (file.sync_failed) return fail(ErrorCode::kKafkaStorageError, file.path + ": an earlier sync failed");
  if (file.unwritten.empty()) return sync_written(file);
  const std::scoped_lock turn(file.writing);
  const auto runs = file.unwritten.runs();
  if (!runs.empty()) {
    if (const auto written = write_runs(file, runs); !written)
      return Disk::is_full(written.error()) ? std::unexpected(Disk::postponed(file.path)) : written;
  }
  const Result<> synced = sync_written(file);
  file.unwritten.written(runs.size());
  return synced;
}

Result<> OsFile::sync_written(Shared& file) {
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
