#include "streams/rocks_stores.h"

#include <rocksdb/cache.h>
#include <rocksdb/db.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/table.h>
#include <rocksdb/write_buffer_manager.h>

#include <algorithm>
#include <array>

#include "dataflow/memory_stores.h"

namespace thalweg::streams::detail {

struct RocksMemory::Impl {
  std::shared_ptr<rocksdb::Cache> cache;
  std::shared_ptr<rocksdb::WriteBufferManager> memtables;
  std::size_t memtable_bytes;
};

RocksMemory::RocksMemory(std::size_t bytes, std::size_t memtable_bytes) {
  auto cache = rocksdb::NewLRUCache(bytes);
  auto memtables = std::make_shared<rocksdb::WriteBufferManager>(bytes / 2, cache);  // taken from the cache's share
  impl_ = std::make_unique<Impl>(Impl{std::move(cache), std::move(memtables), memtable_bytes});
}
RocksMemory::~RocksMemory() = default;

namespace {

constexpr int kStorageError = 56;
constexpr std::string_view kOffsets = "offsets", kStorePrefix = "store:";

// What an operator can do; nothing where RocksDB's own words must do.
std::string_view advice(const rocksdb::Status& status) {
  if (status.IsCorruption() || status.IsNotSupported())
    return "; remove the directory, and it is restored from the changelogs";
  if (status.IsNoSpace())
    return "; make room on the disk and start again, what is missing is restored from the changelogs";
  if (status.ToString().contains("lock")) return "; another process, or another task of this one, has it open";
  return "";
}

Error storage_error(const std::filesystem::path& directory, const rocksdb::Status& status) {
  return {.code = kStorageError,
          .message = "the state in " + directory.string() + ": " + status.ToString() + std::string(advice(status)),
          .fatal = true};
}

rocksdb::Options options_with(const RocksMemory::Impl& memory) {
  rocksdb::BlockBasedTableOptions table;
  table.block_cache = memory.cache;
  table.cache_index_and_filter_blocks = true;  // under the same bound
  table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(10));
  rocksdb::Options options;
  options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  options.create_if_missing = true;
  options.create_missing_column_families = true;
  options.atomic_flush = true;
  options.write_buffer_manager = memory.memtables;
  options.write_buffer_size = memory.memtable_bytes;
  options.max_write_buffer_number = 3;
  options.compaction_style = rocksdb::kCompactionStyleUniversal;
  options.info_log_level = rocksdb::ERROR_LEVEL;
  options.keep_log_file_num = 2;
  return options;
}

rocksdb::Slice slice(std::string_view bytes) { return {bytes.data(), bytes.size()}; }
std::string_view view(const rocksdb::Slice& bytes) { return {bytes.data(), bytes.size()}; }

// A database with its column families, closed in the right order.
struct RocksDatabase {
  std::filesystem::path directory;
  std::shared_ptr<const RocksMemory> memory;  // outlives the database
  std::unique_ptr<rocksdb::DB> db;
  std::vector<std::string> names;
  std::vector<rocksdb::ColumnFamilyHandle*> families;

  RocksDatabase() = default;
  RocksDatabase(const RocksDatabase&) = delete;
  ~RocksDatabase() {
    for (auto* family : families) db->DestroyColumnFamilyHandle(family);
    if (db) db->Close();
  }
  rocksdb::ColumnFamilyHandle* family(std::string_view name) const {
    return families.at(static_cast<std::size_t>(std::ranges::find(names, name) - names.begin()));
  }
};

class RocksCursor : public ByteCursor {
 public:
  RocksCursor(const RocksDatabase& database, rocksdb::ColumnFamilyHandle* family, std::string_view from,
              std::optional<std::string_view> to, bool backward)
      : database_(database), from_(from), backward_(backward) {
    if (to && *to <= from) return;
    rocksdb::ReadOptions options;
    from_slice_ = from_;
    options.iterate_lower_bound = &from_slice_;
    if (to) {
      to_ = *to;
      to_slice_ = to_;
      options.iterate_upper_bound = &to_slice_;
    }
    at_.reset(database.db->NewIterator(options, family));
  }

  bool next() override {
    if (!at_) return false;
    if (std::exchange(begun_, true))
      backward_ ? at_->Prev() : at_->Next();
    else
      backward_ ? at_->SeekToLast() : at_->Seek(from_slice_);
    if (at_->Valid()) return true;
    const rocksdb::Status status = at_->status();
    at_.reset();
    if (!status.ok()) throw StoreFailure(storage_error(database_.directory, status));
    return false;
  }
  std::string_view key() const override { return view(at_->key()); }
  std::string_view value() const override { return view(at_->value()); }

 private:
  const RocksDatabase& database_;
  std::string from_, to_;
  rocksdb::Slice from_slice_, to_slice_;  // the iterator looks at them
  bool backward_, begun_ = false;
  std::unique_ptr<rocksdb::Iterator> at_;
};

class RocksStore : public KeptStore {
 public:
  RocksStore(const RocksDatabase& database, rocksdb::ColumnFamilyHandle* family)
      : database_(database), family_(family) {}

  Result<std::optional<std::string>> get(std::string_view key) const override {
    std::string value;
    const rocksdb::Status status = database_.db->Get({}, family_, slice(key), &value);
    if (status.IsNotFound()) return std::nullopt;
    if (!status.ok()) return std::unexpected(storage_error(database_.directory, status));
    return std::optional(std::move(value));
  }
  std::unique_ptr<ByteCursor> scan(std::string_view from, std::optional<std::string_view> to,
                                   bool backward) const override {
    return std::make_unique<RocksCursor>(database_, family_, from, to, backward);
  }
  rocksdb::ColumnFamilyHandle* family() const { return family_; }

 private:
  const RocksDatabase& database_;
  rocksdb::ColumnFamilyHandle* family_;
};

std::string offset_bytes(std::int64_t offset) {
  std::string bytes;
  for (int shift = 56; shift >= 0; shift -= 8)
    bytes.push_back(static_cast<char>(static_cast<std::uint64_t>(offset) >> shift));
  return bytes;
}
std::int64_t offset_of(std::string_view bytes) {
  std::uint64_t offset = 0;
  for (const char c : bytes) offset = offset << 8 | static_cast<unsigned char>(c);
  return static_cast<std::int64_t>(offset);
}

class RocksStores : public KeptStores {
 public:
  RocksStores(std::unique_ptr<RocksDatabase> database, const std::vector<StoreOpening>& stores)
      : database_(std::move(database)), memory_(memory_stores(stores.size())), offsets_(stores.size()) {
    for (const StoreOpening& store : stores) {
      names_.push_back(store.name);
      kept_.push_back(store.persistent ? std::make_unique<RocksStore>(
                                             *database_, database_->family(std::string(kStorePrefix) + store.name))
                                       : nullptr);
    }
  }

  Result<> read_offsets() {
    for (std::size_t i = 0; i < kept_.size(); ++i) {
      if (!kept_[i]) continue;
      std::string bytes;
      const rocksdb::Status status = database_->db->Get({}, database_->family(kOffsets), names_[i], &bytes);
      if (status.IsNotFound()) continue;
      if (!status.ok()) return std::unexpected(storage_error(database_->directory, status));
      offsets_[i] = offset_of(bytes);
    }
    return {};
  }

  KeptStore& store(std::size_t number) override { return kept_.at(number) ? *kept_[number] : memory_->store(number); }
  std::optional<std::int64_t> offset(std::size_t number) const override { return offsets_.at(number); }

  Result<> write(const KeptBatch& batch) override {
    rocksdb::WriteBatch rocks;
    KeptBatch memory;
    rocksdb::Status status;
    const auto keep = [&](rocksdb::Status now) {
      if (status.ok()) status = std::move(now);
    };
    for (const KeptBatch::Range& range : batch.deleted) {
      if (!kept_.at(range.store))
        memory.deleted.push_back(range);
      else if (range.from < range.to)
        keep(rocks.DeleteRange(kept_[range.store]->family(), range.from, range.to));
    }
    for (const KeptBatch::Entry& entry : batch.entries) {
      if (!kept_.at(entry.store)) {
        memory.entries.push_back(entry);
        continue;
      }
      auto* family = kept_[entry.store]->family();
      keep(entry.value ? rocks.Put(family, entry.key, *entry.value) : rocks.Delete(family, entry.key));
    }
    for (const auto& [number, offset] : batch.offsets)
      if (kept_.at(number)) keep(rocks.Put(database_->family(kOffsets), names_[number], offset_bytes(offset)));
    if (status.ok() && rocks.Count() > 0) {
      rocksdb::WriteOptions options;
      options.disableWAL = true;
      status = database_->db->Write(options, &rocks);
    }
    if (!status.ok()) return std::unexpected(storage_error(database_->directory, status));
    for (const auto& [number, offset] : batch.offsets) offsets_.at(number) = offset;
    return memory_->write(memory);
  }

 private:
  std::unique_ptr<RocksDatabase> database_;  // null: all are in memory
  std::unique_ptr<KeptStores> memory_;
  std::vector<std::string> names_;
  std::vector<std::unique_ptr<RocksStore>> kept_;  // null: in memory
  std::vector<std::optional<std::int64_t>> offsets_;
};

// The families that are there and those that are wanted: RocksDB opens none of a database or all.
std::vector<std::string> family_names(const rocksdb::Options& options, const std::filesystem::path& directory,
                                      const std::vector<StoreOpening>& stores) {
  std::vector<std::string> names;
  if (!rocksdb::DB::ListColumnFamilies(options, directory.string(), &names).ok()) names.clear();  // it is new
  const auto want = [&names](std::string name) {
    if (std::ranges::find(names, name) == names.end()) names.push_back(std::move(name));
  };
  want(rocksdb::kDefaultColumnFamilyName);
  want(std::string(kOffsets));
  for (const StoreOpening& store : stores)
    if (store.persistent) want(std::string(kStorePrefix) + store.name);
  return names;
}

Result<std::unique_ptr<RocksDatabase>> open_database(const std::filesystem::path& directory,
                                                     const std::vector<StoreOpening>& stores,
                                                     std::shared_ptr<const RocksMemory> memory) {
  std::error_code failed;
  std::filesystem::create_directories(directory, failed);
  if (failed) return fail("cannot make the directory " + directory.string() + ": " + failed.message(), kStorageError);
  const rocksdb::Options options = options_with(memory->impl());
  auto database = std::make_unique<RocksDatabase>();
  database->directory = directory;
  database->memory = std::move(memory);
  database->names = family_names(options, directory, stores);
  std::vector<rocksdb::ColumnFamilyDescriptor> families;
  for (const std::string& name : database->names) families.emplace_back(name, options);
  rocksdb::DB* db = nullptr;
  const auto status = rocksdb::DB::Open(options, directory.string(), families, &database->families, &db);
  database->db.reset(db);
  if (!status.ok()) return std::unexpected(storage_error(directory, status));
  return database;
}

}  // namespace

Result<std::unique_ptr<KeptStores>> rocks_stores(const std::filesystem::path& directory,
                                                 const std::vector<StoreOpening>& stores,
                                                 std::shared_ptr<const RocksMemory> memory) {
  std::unique_ptr<RocksDatabase> database;
  if (std::ranges::any_of(stores, &StoreOpening::persistent)) {
    auto opened = open_database(directory, stores, std::move(memory));
    if (!opened) return std::unexpected(opened.error());
    database = *std::move(opened);
  }
  auto kept = std::make_unique<RocksStores>(std::move(database), stores);
  if (auto ok = kept->read_offsets(); !ok) return std::unexpected(ok.error());
  return kept;
}

}  // namespace thalweg::streams::detail
