// The open files of one shard's logs, least recently used first out, so that a hundred thousand partitions do not need
// as many descriptors. Whoever holds a FilePtr keeps the file open; the cache decides what stays open unheld.
//
// Files that somebody holds count as well, since they take descriptors too. When nobody lets go of one, as when
// thousands of logs are written between two syncs, the cache grows to `most` and then refuses with
// Disk::is_out_of_files. That, or a process without descriptors, is an error of the one request that needed the file.
//
// Owner: the shard whose disk it uses.
#pragma once

#include <cstddef>
#include <list>
#include <string>
#include <unordered_map>

#include "runtime/disk.h"
#include "runtime/turn.h"

namespace thalweg::storage {

class FileCache {
 public:
  // Keeps `usual` files open, of which at least one, so that what was just opened stays.
  FileCache(Disk& disk, std::size_t usual) : FileCache(disk, usual, SIZE_MAX) {}
  // REQUIRES: 1 <= usual <= most
  FileCache(Disk& disk, std::size_t usual, std::size_t most);
  FileCache(const FileCache&) = delete;

  // The existing file at `path`, open for reading and writing.
  Result<FilePtr> open(const std::string& path);
  // Created if missing, content kept.
  Result<FilePtr> create(const std::string& path);
  bool exists(const std::string& path) { return disk_.exists(path); }
  // Closes it as far as the cache is concerned; call before a rename or removal.
  void forget(const std::string& path);
  std::size_t size() const { return files_.size(); }

  // What else the logs of a shard share: whose batch is unpacked.
  Turn& unpacking() { return unpacking_; }

 private:
  struct Entry {
    std::string path;
    FilePtr file;
  };
  static constexpr std::size_t kLooksPerFile = 16;  // how many held ones are passed over to find one to close

  Result<FilePtr> find_or(const std::string& path, OpenMode mode);
  void shrink_to(std::size_t size);
  bool close_one(std::size_t looks);

  Disk& disk_;
  const std::size_t usual_, most_;
  Turn unpacking_;
  std::list<Entry> files_;                                               // most recently used first
  std::unordered_map<std::string, std::list<Entry>::iterator> by_path_;  // looked up only, never iterated
};

}  // namespace thalweg::storage
