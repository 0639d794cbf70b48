// A process that is killed in the middle of compaction, at each thing that it asks of the disk: what it leaves is the
// log as it was, or compacted, and nothing in between.
#include "base/log.h"
#include "storage/fault_disk.h"
#include "storage/testing_cleaner.h"

namespace thalweg::storage {
namespace {

using namespace std::chrono_literals;

// A disk that does so many things more, and then nothing.
struct Life {
  std::int64_t left = 1 << 30;
  std::int64_t done = 0;
  Result<> spend(const std::string& what) {
    ++done;
    if (left-- > 0) return {};
    return fail(ErrorCode::kKafkaStorageError, what + ": the process is dead");
  }
};

class MortalFile : public File {
 public:
  MortalFile(FilePtr file, std::string path, Life& life)
      : file_(std::move(file)), path_(std::move(path)), life_(life) {}
  std::uint64_t size() const override { return file_->size(); }
  Result<> write(std::uint64_t position, BytesView bytes) override {
    TRY_VOID(life_.spend(path_));
    return file_->write(position, bytes);
  }
  Result<> truncate(std::uint64_t size) override {
    TRY_VOID(life_.spend(path_));
    return file_->truncate(size);
  }
  Task<Result<std::size_t>> read(std::uint64_t position, MutableBytes into) override {
    return file_->read(position, into);
  }
  Result<std::size_t> read_now(std::uint64_t position, MutableBytes into) override {
    return file_->read_now(position, into);
  }
  Task<Result<>> sync() override {
    CO_TRY_VOID(life_.spend(path_));
    co_return co_await file_->sync();
  }
  Task<Result<>> write_durable(std::uint64_t position, SharedBytes blocks) override {
    return file_->write_durable(position, std::move(blocks));
  }

 private:
  const FilePtr file_;
  const std::string path_;
  Life& life_;
};

class MortalDisk : public Disk {
 public:
  MortalDisk(Disk& disk, Life& life) : disk_(disk), life_(life) {}
  Result<FilePtr> open(const std::string& path, OpenMode mode) override {
    if (mode != OpenMode::kRead && mode != OpenMode::kReadWrite) TRY_VOID(life_.spend(path));
    TRY(FilePtr file, disk_.open(path, mode));
    return std::make_shared<MortalFile>(std::move(file), path, life_);
  }
  Result<> rename(const std::string& from, const std::string& to) override {
    TRY_VOID(life_.spend(from));
    return disk_.rename(from, to);
  }
  Result<> remove(const std::string& path) override {
    TRY_VOID(life_.spend(path));
    return disk_.remove(path);
  }
  Result<> remove_directory(const std::string& path) override { return disk_.remove_directory(path); }
  Result<> make_directory(const std::string& path) override { return disk_.make_directory(path); }
  Result<std::vector<DirectoryEntry>> list(const std::string& path) override { return disk_.list(path); }
  bool exists(const std::string& path) override { return disk_.exists(path); }
  Result<Timestamp> modified(const std::string& path) override { return disk_.modified(path); }
  std::optional<std::int64_t> born(const std::string& path) override { return disk_.born(path); }
  Result<DiskSpace> space(const std::string& path) override { return disk_.space(path); }
  Task<Result<>> sync_directory(const std::string& path) override {
    CO_TRY_VOID(life_.spend(path));
    co_return co_await disk_.sync_directory(path);
  }
  Result<std::shared_ptr<void>> lock(const std::string& path) override { return disk_.lock(path); }

 private:
  Disk& disk_;
  Life& life_;
};

class CleanerCrash : public CleanerTest {
 protected:
  void SetUp() override {
    log::set_level(log::Level::kNone);
    config.delete_retention_ms = Millis(1h);
  }
  void TearDown() override { log::set_level(log::Level::kInfo); }

  LogPtr open_mortal() {
    auto o = options();
    o.files = files = std::make_shared<FileCache>(mortal, 64);
    auto log = t.run(Log::open(shard, std::move(o)));
    CHECK(log);
    return *log;
  }
  // Segments, of which the first two passes have left three; a tombstone whose time has come, a transaction that was
  // aborted, a producer.
  LogPtr fill() {
    std::filesystem::remove_all(t.directory + "/orders-0");
    cleaned.reset();
    life = {};
    const auto log = open_mortal();
    const record::BatchOptions producer{.producer_id = {7}, .producer_epoch = {0}, .base_sequence = 0};
    const record::BatchOptions transaction{
        .producer_id = {8}, .producer_epoch = {0}, .base_sequence = 0, .transactional = true};
    write(*log, {{"a", "1"}, {"b", "1"}, {"gone", "1"}});
    write(*log, {{"p", "1"}}, producer);
    seal(*log);
    write(*log, "a", "2");
    write(*log, "gone", std::nullopt);
    write(*log, {{"b", "aborted"}}, transaction);
    mark(*log, false, 8);
    seal(*log);
    compact(log);
    write(*log, {{"p", "2"}, {"c", "1"}});
    seal(*log);
    write(*log, {{"a", "3"}, {"d", "1"}});
    seal(*log);
    t.clock.advance(Millis(2h));
    return log;
  }
  // Of each key the last record, as a reader of committed ones has it.
  std::map<std::string, std::optional<std::string>> state(Log& log) {
    std::map<std::string, std::optional<std::string>> newest;
    const auto aborted = t.run(log.aborted_between(log.start_offset(), log.end_offset()));
    EXPECT_TRUE(aborted);
    for (const auto& batch : batches(log)) {
      if (batch.is_control()) continue;
      const bool left_out = std::ranges::any_of(*aborted, [&](const auto& one) {
        return one.producer_id == batch.producer_id() && one.first_offset <= batch.base_offset() &&
               batch.last_offset() < one.last_offset;
      });
      auto reader = record::RecordReader::open(batch);
      while (const auto record = *reader->next())
        if (!left_out)
          newest[std::string(as_text(*record->key))] =
              record->value ? std::optional(std::string(as_text(*record->value))) : std::nullopt;
    }
    std::erase_if(newest, [](const auto& one) { return !one.second; });
    newest.erase("seal");
    return newest;
  }

  Life life;
  MortalDisk mortal{t.disk, life};
  const Shard shard{0, t.context.get_executor(), t.clock, mortal, t.network, t.random, t.metrics};
};

TEST_F(CleanerCrash, AtEachStepLeavesTheLogAsItWasOrCompacted) {
  auto log = fill();
  const auto wanted = state(*log);
  ASSERT_EQ(wanted.size(), 5u);
  const std::size_t before = records(*log).size();
  std::size_t as_before = 0, as_after = 0;
  for (std::int64_t crash_at = 0;; ++crash_at) {
    SCOPED_TRACE("after " + std::to_string(crash_at) + " operations");
    log = fill();
    const Offset end = log->end_offset();
    const Offset recovery_point = log->recovery_point();
    const LogToClean found = dirty(log);
    life.left = crash_at;
    {
      Cleaner cleaner(shard, log, {});
      const bool over = t.run(cleaner.clean(found.first_dirty, found.end)).has_value();
      log.reset();
      if (over) break;
    }
    life = {};
    log = reopen_after_crash(recovery_point);
    ASSERT_TRUE(log);
    EXPECT_EQ(log->end_offset(), end);
    log->set_high_watermark(end);
    log->check_invariants();
    EXPECT_EQ(state(*log), wanted);
    records(*log).size() == before ? ++as_before : ++as_after;
    ASSERT_NE(log->producers().find({7}), nullptr);
    EXPECT_EQ(log->producers().find({7})->last_sequence(), 0);
    for (const auto suffix : {kSwapSuffix, kCleanedSuffix, kDeletedSuffix}) EXPECT_TRUE(files_ending(suffix).empty());
    // What was left is compacted as if nothing had been.
    cleaned.reset();
    compact(log);
    EXPECT_EQ(state(*log), wanted);
    if (HasFailure()) return;
  }
  EXPECT_GT(as_before, 5u);
  EXPECT_GT(as_after, 5u);
}

// A disk that fails, in a process that lives: the log is as it was, or does not serve any more.
TEST_F(CleanerCrash, AFailureIsFinalOnceNamesHaveChanged) {
  bool served = false, refused = false;
  for (std::int64_t fails_at = 0; fails_at < 1000; ++fails_at) {
    SCOPED_TRACE("after " + std::to_string(fails_at) + " operations");
    auto log = fill();
    const auto wanted = state(*log);
    const LogToClean found = dirty(log);
    life.left = fails_at;
    Cleaner cleaner(shard, log, {});
    const bool over = t.run(cleaner.clean(found.first_dirty, found.end)).has_value();
    life = {};
    if (log->is_offline()) {
      refused = true;
    } else {
      served = true;
      EXPECT_EQ(state(*log), wanted);
      EXPECT_TRUE(files_ending(kSwapSuffix).empty());
    }
    if (over) break;
  }
  EXPECT_TRUE(served && refused);
}

TEST_F(CleanerCrash, AFullDiskLeavesTheLogAsItWas) {
  auto log = fill();
  Faults faults;
  FaultDisk full(t.disk, faults);
  const Shard narrow{0, t.context.get_executor(), t.clock, full, t.network, t.random, t.metrics};
  auto o = options();
  o.recovery_point = log->recovery_point();
  o.files = files = std::make_shared<FileCache>(full, 64);
  log = *t.run(Log::open(narrow, std::move(o)));
  log->set_high_watermark(log->end_offset());
  const auto wanted = text(*log);
  const LogToClean found = dirty(log);
  faults.bytes_left = 100;
  {
    Cleaner cleaner(narrow, log, {});
    const auto reached = t.run(cleaner.clean(found.first_dirty, found.end));
    ASSERT_FALSE(reached);
    EXPECT_TRUE(Disk::is_passing(reached.error()));
  }
  EXPECT_FALSE(log->is_offline());
  EXPECT_EQ(text(*log), wanted);
  EXPECT_TRUE(files_ending(kCleanedSuffix).empty());
  faults.bytes_left = 1 << 20;
  Cleaner cleaner(narrow, log, {});
  EXPECT_TRUE(t.run(cleaner.clean(found.first_dirty, found.end)));
}

}  // namespace
}  // namespace thalweg::storage
