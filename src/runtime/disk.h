// Files as one shard sees them.
//
// Writing puts bytes where readers see them (the page cache) and does not suspend; they survive a power loss only after
// sync() has returned success. So a log append is plain code, in order by construction. One failed sync is final: the
// kernel may have dropped the pages, and a later success would prove nothing; whoever sees it stops acknowledging.
//
// Names are absolute or relative paths with '/'. Errors are kKafkaStorageError, with the path and errno's text; a full
// disk is told apart by Disk::is_full(error), a lack of rights by Disk::is_denied(error), a lack of descriptors by
// Disk::is_out_of_files(error). The first and the last pass by themselves and say nothing about what is on the disk.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "base/time.h"
#include "runtime/task.h"

namespace thalweg {

class File : public FileSource {
 public:
  virtual std::uint64_t size() const = 0;
  // Writes at `position`, growing the file as needed. A failure may leave a prefix written. Does not suspend.
  virtual Result<> write(std::uint64_t position, BytesView bytes) = 0;
  virtual Result<> truncate(std::uint64_t size) = 0;
  // Reads up to into.size() bytes; fewer only at the end of the file. Bytes beyond the end are not an error.
  virtual Task<Result<std::size_t>> read(std::uint64_t position, MutableBytes into) = 0;
  // The same without suspending, for small reads that are almost always in memory (indexes, batch headers) and for
  // recovery before serving.
  virtual Result<std::size_t> read_now(std::uint64_t position, MutableBytes into) = 0;
  // Everything written before the call is durable once it returns success. Several may be under way at once.
  virtual Task<Result<>> sync() = 0;
  // Writes whole blocks of kBlock bytes at a multiple of kBlock, durable when it returns (O_DIRECT | O_DSYNC where the
  // file system can). Not to be mixed with write() on the same file.
  virtual Task<Result<>> write_durable(std::uint64_t position, SharedBytes blocks) = 0;
  // As write(), for what hardly anybody reads: readers see it at once all the same, but it need not take room in the
  // page cache, and until sync() it may be in this process alone, so that the process's end takes it as well. There may
  // be no room for it when sync() comes: then it fails with Disk::is_postponed(error), nothing is lost, and a later one
  // may succeed.
  virtual Result<> write_unread(std::uint64_t position, BytesView bytes) { return write(position, bytes); }
  static constexpr std::size_t kBlock = 4096;
};
using FilePtr = std::shared_ptr<File>;

enum class OpenMode {
  kRead,            // must exist
  kReadWrite,       // must exist
  kCreate,          // created if missing, content kept
  kTruncate,        // created if missing, emptied
  kTruncateSecret,  // the same, and nobody but this process's user may open it from then on
};

struct DirectoryEntry {
  std::string name;
  bool is_directory = false;
  friend auto operator<=>(const DirectoryEntry&, const DirectoryEntry&) = default;
};

// What a file says that was born then; see Disk::born().
using ContentBornAt = std::function<std::string(std::optional<std::int64_t> born)>;

struct DiskSpace {
  std::uint64_t total_bytes = 0;
  std::uint64_t free_bytes = 0;  // that we may use
};

class Disk {
 public:
  virtual ~Disk() = default;
  virtual Result<FilePtr> open(const std::string& path, OpenMode mode) = 0;
  virtual Result<> rename(const std::string& from, const std::string& to) = 0;
  virtual Result<> remove(const std::string& path) = 0;            // a file; missing is not an error
  virtual Result<> remove_directory(const std::string& path) = 0;  // with all that is in it; missing is not an error
  // The same without holding up the shard or anybody who waits for the device: a file system takes its time to free
  // large files.
  virtual Task<Result<>> remove_in_background(std::string path) { co_return remove_directory(path); }
  virtual Result<> make_directory(const std::string& path) = 0;  // with its parents; existing is not an error
  virtual Result<std::vector<DirectoryEntry>> list(const std::string& path) = 0;  // sorted by name
  virtual bool exists(const std::string& path) = 0;
  // When the file's content last changed, by the date of the machine that it is on; a copy may carry the original's.
  virtual Result<Timestamp> modified(const std::string& path) = 0;
  // When this file came to be where it is, in nanoseconds since 1970: a renamed file keeps it, and a copy, whatever
  // dates it carries, has one of its own. Nothing: there is no such file, or its file system does not know.
  virtual std::optional<std::int64_t> born(const std::string& path) = 0;
  // Of the file system that `path` lies on.
  virtual Result<DiskSpace> space(const std::string& path) = 0;
  // Makes the names in a directory durable.
  virtual Task<Result<>> sync_directory(const std::string& path) = 0;
  // Small file, whole: written beside, synced, renamed over, directory synced. Old or new after a crash, nothing
  // between. `mode` is kTruncate or kTruncateSecret.
  Task<Result<>> replace_file(std::string path, SharedBytes content, OpenMode mode = OpenMode::kTruncate);
  // The same of a content that says when the file that holds it was born(), by which a copy of it is told from it.
  Task<Result<>> replace_file(std::string path, ContentBornAt content, OpenMode mode = OpenMode::kTruncate);
  // The same in one sync of the file system's journal instead of two: a power cut before it returns may also leave a
  // file that is cut short. For what proves nothing then, as the old one would not.
  Task<Result<>> replace_file_or_tear(std::string path, ContentBornAt content);
  // make_directory(), and the names of what it made are durable when it returns. `durable` is a directory on the way
  // whose own name is known to be: each name above it would be one more sync at every start.
  Task<Result<>> make_durable_directory(std::string path, std::string durable = "/");
  // The directory that holds it: "." of a name alone.
  static std::string directory_of(const std::string& path);
  // Whole content, without suspending. For small files.
  Result<SharedBytes> read_file(const std::string& path);
  // An exclusive lock that lives as long as the handle, or an error that names the file, the reason and what to do. The
  // lock of a process ends with it.
  virtual Result<std::shared_ptr<void>> lock(const std::string& path) = 0;
  // The same files. What waits for the device through this one does not queue behind what waits through others: for the
  // few small writes that others depend on, as the metadata log's. Lives as long as this one.
  virtual Disk& urgent() { return *this; }
  // How many files logs may hold open through all shards' disks together, so that descriptors are left for everything
  // else.
  virtual std::size_t open_files_max() { return SIZE_MAX; }

  static bool is_full(const Error& error);
  static Error full(const std::string& path);
  static bool is_denied(const Error& error);
  static Error denied(const std::string& path);
  static bool is_out_of_files(const Error& error);
  static Error out_of_files(const std::string& path);
  static bool is_postponed(const Error& error);
  static Error postponed(const std::string& path);
  // Whether the same may succeed later, with nothing wrong in between.
  static bool is_passing(const Error& error) { return is_full(error) || is_out_of_files(error); }
  // Whether a sync failed before anything was asked of the device, so that it says nothing about what is on it.
  static bool is_unbegun(const Error& error) { return is_out_of_files(error) || is_postponed(error); }

 private:
  Result<FilePtr> write_beside(const std::string& path, const ContentBornAt& content, OpenMode mode);
};

}  // namespace thalweg
