// An open Linux file. Owner: the shard that opened it; reads, syncs and durable writes run on the pool with a share in
// the descriptors, so closing never pulls a descriptor from under them.
#pragma once

#include <sys/types.h>

#include <atomic>
#include <mutex>

#include "platform/blocking_pool.h"
#include "platform/unwritten.h"
#include "runtime/disk.h"

namespace thalweg::platform {

// A descriptor that closes with its last holder.
class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor();
  Descriptor(const Descriptor&) = delete;
  int get() const { return fd_; }

 private:
  const int fd_;
};

class OsFile : public File {
 public:
  OsFile(BlockingPool& pool, Lane syncs, std::shared_ptr<UnwrittenLimit> unwritten, std::string path,
         std::shared_ptr<Descriptor> fd, bool writable, std::uint64_t size);

  std::uint64_t size() const override;
  Result<> write(std::uint64_t position, BytesView bytes) override;
  // Large writes are kept in memory until the sync, and go to the disk from there (Unwritten).
  Result<> write_unread(std::uint64_t position, BytesView bytes) override;
  Result<> truncate(std::uint64_t size) override;
  Task<Result<std::size_t>> read(std::uint64_t position, MutableBytes into) override;
  Result<std::size_t> read_now(std::uint64_t position, MutableBytes into) override;
  Task<Result<>> sync() override;
  Task<Result<>> write_durable(std::uint64_t position, SharedBytes blocks) override;

  // For OsNetwork. What is not in the file yet; may be asked by any shard.
  Unwritten::Held unwritten(std::uint64_t position, std::size_t size) const {
    return shared_->unwritten.held(position, size);
  }
  // Sends part of the file to a non-blocking socket, as sendfile(2) would.
  ssize_t send_to(int socket, std::uint64_t position, std::size_t size) const;
  // Fills all of `into` if that takes no waiting, and says whether it did.
  bool read_if_cached(std::uint64_t position, MutableBytes into) const;
  // Whether [position, position + size) seems to be in memory, so that sending it does not stop the shard.
  bool likely_cached(std::uint64_t position, std::size_t size) const;
  // Brings the range into the page cache.
  Task<Result<>> fetch(std::uint64_t position, std::size_t size);

 private:
  // What a helper needs to work on the file whatever becomes of the OsFile.
  struct Shared {
    explicit Shared(std::shared_ptr<UnwrittenLimit> limit) : unwritten(std::move(limit)) {}
    std::string path;
    std::shared_ptr<Descriptor> fd;
    std::shared_ptr<Descriptor> direct;  // opened by the first durable write
    std::atomic<bool> direct_refused = false;
    std::atomic<bool> sync_failed = false;  // final, see File::sync
    Unwritten unwritten;
    std::mutex writing;  // held by who brings it into the file, or cuts the file
  };
  static Result<> sync_blocking(Shared& file);
  static Result<> sync_written(Shared& file);
  static Result<> write_runs(Shared& file, const std::vector<Unwritten::Run>& runs);
  bool keep_unwritten(std::uint64_t position, BytesView bytes);
  Result<> spill();
  static Result<> write_durable_blocking(Shared& file, std::uint64_t position, BytesView blocks);
  void open_direct();

  BlockingPool& pool_;
  const Lane syncs_;
  const std::shared_ptr<Shared> shared_;
  const bool writable_;
  std::uint64_t size_;
};

}  // namespace thalweg::platform
