// The open files of one shard's logs, least recently used first out, so that a hundred thousand partitions do not need
// as many descriptors. Whoever holds a FilePtr keeps the file open; the cache only decides what stays open unheld.
// Owner: the shard whose disk it uses.
#pragma once

#include <cstddef>
#include <list>
#include <string>
#include <unordered_map>

#include "runtime/disk.h"

namespace thalweg::storage {

class FileCache {
 public:
  FileCache(Disk& disk, std::size_t capacity) : disk_(disk), capacity_(capacity) {}
  FileCache(const FileCache&) = delete;

  // The existing file at `path`, open for reading and writing.
  Result<FilePtr> open(const std::string& path);
  // Created if missing, content kept.
  Result<FilePtr> create(const std::string& path);
  // Closes it as far as the cache is concerned; call before a rename or removal.
  void forget(const std::string& path);
  std::size_t size() const { return files_.size(); }

 private:
  struct Entry {
    std::string path;
    FilePtr file;
  };
  Result<FilePtr> find_or(const std::string& path, OpenMode mode);

  Disk& disk_;
  const std::size_t capacity_;  // at least 1, so that what was just opened stays
  std::list<Entry> files_;      // most recently used first
  std::unordered_map<std::string, std::list<Entry>::iterator> by_path_;  // looked up only, never iterated
};

}  // namespace thalweg::storage
