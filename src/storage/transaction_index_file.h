// The .txnindex of one segment on disk; the file exists once there is an aborted transaction. After a crash the loader
// makes the entries above the recovery point again from the markers in the log. Owner: the log's shard.
#pragma once

#include <string>
#include <vector>

#include "storage/index_file.h"
#include "storage/transaction_index.h"

namespace thalweg::storage {

class TransactionIndexFile {
 public:
  TransactionIndexFile(FileCache& files, IndexPath path) : file_(files, std::move(path), AbortedTransaction::kSize) {}

  // Takes over what the file holds; a torn entry at its end is left out.
  Result<> load();
  void append(const AbortedTransaction& entry) { file_.append(entry.encode()); }
  bool empty() const { return file_.empty(); }
  // All of them, in order of their markers.
  Result<std::vector<AbortedTransaction>> entries() const;
  // Keeps entries whose marker is below `end`, and of a damaged file those before the damage.
  Result<> truncate_to(Offset end);
  Result<> flush() { return file_.flush(); }
  std::string path() const { return file_.path(); }

 private:
  IndexFile file_;
};

}  // namespace thalweg::storage
