// A task's stores in one RocksDB: a column family per store and one for offsets. No write-ahead log: what a crash takes
// is restored from the changelogs. Memtables are flushed all together (atomic_flush), so that whatever survives, stores
// and the offsets beside them are those of one and the same commit. (KIP-892's promise)
//
// The format is ours; a store that the topology no longer has stays in the database.
#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "thalweg/streams/detail/store.h"

namespace thalweg::streams::detail {

// What all databases of a process share, so that their number does not decide how much memory they take: `bytes` for
// blocks and memtables together.
class RocksMemory {
 public:
  explicit RocksMemory(std::size_t bytes = std::size_t{256} << 20, std::size_t memtable_bytes = std::size_t{16} << 20);
  ~RocksMemory();
  struct Impl;
  const Impl& impl() const { return *impl_; }

 private:
  std::unique_ptr<const Impl> impl_;
};

struct StoreOpening {
  std::string name;
  bool persistent = true;  // or in memory, empty at first
};

// Makes the directory where it is not there. Errors: 56 (KAFKA_STORAGE_ERROR); where the database is damaged the
// message says that the directory can be removed, and with nothing persistent no database is made. Owner: one thread at
// a time. REQUIRES: nobody else has the directory open
Result<std::unique_ptr<KeptStores>> rocks_stores(const std::filesystem::path& directory,
                                                 const std::vector<StoreOpening>& stores,
                                                 std::shared_ptr<const RocksMemory> memory);

}  // namespace thalweg::streams::detail
