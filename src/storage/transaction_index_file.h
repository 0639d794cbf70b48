// The .txnindex of one segment on disk; the file exists once there is an aborted transaction. New entries wait in
// memory until flush(); after a crash the loader makes those above the recovery point again from the markers in the
// log. Owner: the log's shard.
#pragma once

#include <string>
#include <vector>

#include "storage/file_cache.h"
#include "storage/transaction_index.h"

namespace thalweg::storage {

class TransactionIndexFile {
 public:
  TransactionIndexFile(FileCache& files, std::string path) : files_(&files), path_(std::move(path)) {}

  // Call when the file exists.
  Result<> load();
  void append(const AbortedTransaction& entry) { tail_.push_back(entry); }
  bool empty() const { return on_disk_ == 0 && tail_.empty(); }
  // All of them, in order of their markers.
  Result<std::vector<AbortedTransaction>> entries() const;
  // Keeps entries whose marker is below `end`, and of a torn file those before the damage.
  Result<> truncate_to(Offset end);
  Result<> flush();
  const std::string& path() const { return path_; }

 private:
  FileCache* files_;
  const std::string path_;
  std::size_t on_disk_ = 0;
  bool rewrite_ = false;  // the file has more than on_disk_ entries
  std::vector<AbortedTransaction> tail_;
};

}  // namespace thalweg::storage
