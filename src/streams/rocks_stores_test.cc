#include "streams/rocks_stores.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <fstream>

#include "dataflow/testing_store_history.h"

namespace thalweg::streams::detail {
namespace {

namespace fs = std::filesystem;

struct RocksTest : testing::Test {
  RocksTest() {
    std::string name = (fs::temp_directory_path() / "rocks_stores_XXXXXX").string();
    directory = mkdtemp(name.data());
  }
  ~RocksTest() override { fs::remove_all(directory); }
  std::unique_ptr<KeptStores> open(const std::vector<StoreOpening>& stores) {
    auto opened = rocks_stores(directory / "0_0", stores, memory);
    EXPECT_TRUE(opened) << (opened ? "" : opened.error().message);
    return opened ? *std::move(opened) : nullptr;
  }
  fs::path directory;
  std::shared_ptr<const RocksMemory> memory = std::make_shared<RocksMemory>(std::size_t{8} << 20);
};

TEST_F(RocksTest, AnswersAsAMapDoesThroughCommitsAndRestarts) {
  for (std::uint64_t seed = 1; seed <= 3 && !HasFailure(); ++seed) {
    SCOPED_TRACE(seed);
    fs::remove_all(directory / "0_0");
    const auto reopen = [this] { return open({{"before"}, {"model"}, {"after"}}); };
    StoreHistory(seed, reopen(), reopen).run(400);
  }
}

TEST_F(RocksTest, StoresInMemoryAreEmptyAfterARestartAndOthersAreNot) {
  const std::vector<StoreOpening> stores{{"kept"}, {"forgotten", false}};
  auto kept = open(stores);
  ASSERT_TRUE(kept->write({.deleted = {}, .entries = {{0, "a", "1"}, {1, "a", "2"}}, .offsets = {{0, 10}, {1, 20}}}));
  EXPECT_EQ(kept->store(1).get("a").value(), "2");
  EXPECT_EQ(kept->offset(1), 20);
  kept.reset();
  kept = open(stores);
  EXPECT_EQ(kept->store(0).get("a").value(), "1");
  EXPECT_EQ(kept->offset(0), 10);
  EXPECT_EQ(kept->store(1).get("a").value(), std::nullopt);
  EXPECT_EQ(kept->offset(1), std::nullopt);
}

TEST_F(RocksTest, WithNothingToKeepNoDatabaseIsMade) {
  open({{"forgotten", false}});
  EXPECT_FALSE(fs::exists(directory / "0_0"));
}

TEST_F(RocksTest, ATopologyThatChangesFindsItsStoresByName) {
  ASSERT_TRUE(
      open({{"a"}, {"b"}})->write({.deleted = {}, .entries = {{0, "k", "a"}, {1, "k", "b"}}, .offsets = {{1, 7}}}));
  {
    const auto kept = open({{"c"}, {"b"}});
    EXPECT_EQ(kept->store(0).get("k").value(), std::nullopt);
    EXPECT_EQ(kept->store(1).get("k").value(), "b");
    EXPECT_EQ(kept->offset(0), std::nullopt);
    EXPECT_EQ(kept->offset(1), 7);
  }
  EXPECT_EQ(open({{"a"}})->store(0).get("k").value(), "a") << "back to the topology before";
}

TEST_F(RocksTest, ADamagedDatabaseSaysWhatToDo) {
  ASSERT_TRUE(open({{"a"}})->write({.deleted = {}, .entries = {{0, "k", "a"}}, .offsets = {}}));
  std::ofstream(directory / "0_0" / "CURRENT") << "MANIFEST-999999\n";
  const auto opened = rocks_stores(directory / "0_0", {{"a"}}, memory);
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, 56);
  EXPECT_TRUE(opened.error().message.contains((directory / "0_0").string())) << opened.error().message;
}

TEST_F(RocksTest, ADatabaseIsOpenedOnce) {
  const auto first = open({{"a"}});
  const auto second = rocks_stores(directory / "0_0", {{"a"}}, memory);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, 56);
  EXPECT_TRUE(second.error().message.contains("has it open")) << second.error().message;
}

// Whatever file is hit: what is read back is right, or an error that says what to do.
TEST_F(RocksTest, ADamagedFileIsNoticed) {
  int noticed = 0;
  for (const std::string_view kind : {".sst", "MANIFEST"}) {
    fs::remove_all(directory / "0_0");
    {
      KeptBatch batch;
      for (int i = 0; i < 2000; ++i) batch.entries.push_back({0, "key" + std::to_string(i), std::string(50, 'v')});
      ASSERT_TRUE(open({{"a"}})->write(batch));
    }
    for (const auto& file : fs::directory_iterator(directory / "0_0")) {
      if (!file.path().filename().string().contains(kind)) continue;
      std::fstream bytes(file.path(), std::ios::in | std::ios::out | std::ios::binary);
      for (std::uintmax_t at = 20; at < fs::file_size(file.path()); at += 500) {
        bytes.seekp(static_cast<std::streamoff>(at));
        bytes << "\xde\xad";
      }
    }
    const auto says_what_to_do = [&](const Error& error) {
      ++noticed;
      EXPECT_EQ(error.code, 56);
      EXPECT_TRUE(error.message.contains("remove the directory")) << error.message;
    };
    const auto opened = rocks_stores(directory / "0_0", {{"a"}}, memory);
    if (!opened) {
      says_what_to_do(opened.error());
      continue;
    }
    const auto found = (*opened)->store(0).get("key7");
    if (!found) {
      says_what_to_do(found.error());
      EXPECT_THROW(for (const auto cursor = (*opened)->store(0).scan("", {}, false); cursor->next();){}, StoreFailure);
    } else {
      EXPECT_EQ(*found, std::string(50, 'v'));
    }
  }
  EXPECT_EQ(noticed, 2);
}

// ---- kill -9

constexpr int kKeys = 700;
// What commit `n` writes: five keys in each store, now and then a range that goes before; and its number everywhere.
std::string key_of(std::int64_t n) {
  std::string text = std::to_string(n % kKeys);
  return "k" + std::string(4 - text.size(), '0') + text;
}
bool deletes(std::int64_t n) { return n % 97 == 0; }
std::pair<std::string, std::string> range_of(std::int64_t n) {
  return {key_of(n % (kKeys - 60)), key_of(n % (kKeys - 60) + 60)};
}
KeptBatch commit_of(std::int64_t n) {
  KeptBatch batch;
  for (const std::size_t store : {0u, 1u}) {
    if (deletes(n)) batch.deleted.push_back({store, range_of(n).first, range_of(n).second});
    for (int k = 0; k < 5; ++k)
      batch.entries.push_back({store, key_of(n * (7 + static_cast<int>(store) * 4) + k),
                               std::to_string(n) + std::string(100 - 40 * store, 'x')});
    batch.entries.push_back({store, "last", std::to_string(n)});
    batch.offsets[store] = n;
  }
  return batch;
}
using Plain = std::map<std::string, std::string>;
void apply_to(std::array<Plain, 2>& stores, const KeptBatch& batch) {
  for (const auto& [store, from, to] : batch.deleted)
    stores[store].erase(stores[store].lower_bound(from), stores[store].lower_bound(to));
  for (const auto& [store, key, value] : batch.entries) stores[store][key] = *value;
}
std::shared_ptr<const RocksMemory> small_memory() {
  return std::make_shared<RocksMemory>(std::size_t{4} << 20, std::size_t{64} << 10);  // flushes all the time
}

// Runs in a process of its own, which the test below kills.
TEST(RocksKilled, DISABLED_Writer) {
  const int fd = std::atoi(std::getenv("ROCKS_PIPE"));
  auto kept = rocks_stores(std::getenv("ROCKS_DIRECTORY"), {{"a"}, {"b"}}, small_memory());
  ASSERT_TRUE(kept) << kept.error().message;
  for (std::int64_t n = (*kept)->offset(0).value_or(0) + 1;; ++n) {
    ASSERT_TRUE((*kept)->write(commit_of(n)));
    if (n % 16 == 0 && write(fd, &n, sizeof n) < 0) return;
  }
}

// Starts the writer and kills it in the middle of something. What it has said last.
std::int64_t write_until_killed(const fs::path& directory, std::int64_t commits) {
  std::array<int, 2> ends;
  if (pipe2(ends.data(), O_CLOEXEC) != 0) return -1;
  const std::string said = std::to_string(ends[1]);
  const pid_t child = fork();
  if (child == 0) {
    fcntl(ends[1], F_SETFD, 0);
    setenv("ROCKS_PIPE", said.c_str(), 1);
    setenv("ROCKS_DIRECTORY", directory.c_str(), 1);
    if (const int quiet = open("/dev/null", O_WRONLY); quiet >= 0) dup2(quiet, STDOUT_FILENO);
    execl("/proc/self/exe", "streams_test", "--gtest_filter=RocksKilled.DISABLED_Writer",
          "--gtest_also_run_disabled_tests", nullptr);
    _exit(1);
  }
  close(ends[1]);
  std::int64_t n = 0, first = -1;
  while (read(ends[0], &n, sizeof n) == sizeof n) {
    if (first < 0) first = n;
    if (n >= first + commits) kill(child, SIGKILL);
  }
  close(ends[0]);
  int status = 0;
  waitpid(child, &status, 0);
  EXPECT_TRUE(WIFSIGNALED(status)) << "the writer has failed by itself";
  return n;
}

TEST_F(RocksTest, AfterKillMinusNineStoresAndOffsetsAreThoseOfOneCommit) {
  std::array<Plain, 2> expected;
  std::int64_t at = 0;
  for (int round = 0; round < 5 && !HasFailure(); ++round) {
    const std::int64_t said = write_until_killed(directory / "0_0", 700 + 717 * round);
    ASSERT_GT(said, 0);
    const auto opened = rocks_stores(directory / "0_0", {{"a"}, {"b"}}, small_memory());
    ASSERT_TRUE(opened) << opened.error().message;
    KeptStores& kept = **opened;
    EXPECT_EQ(kept.offset(0), kept.offset(1));
    const std::int64_t now = kept.offset(0).value_or(0);
    EXPECT_GE(now, at) << "what was there after an earlier crash";
    for (; at < now; ++at) apply_to(expected, commit_of(at + 1));
    for (const std::size_t store : {0u, 1u}) {
      Plain found;
      for (const auto cursor = kept.store(store).scan("", {}, false); cursor->next();)
        found.emplace(cursor->key(), cursor->value());
      EXPECT_EQ(found, expected[store]) << "store " << store << " is not at commit " << now << " of " << said;
    }
  }
  EXPECT_GT(at, 1000) << "memtables were flushed between";
}

// A file that may grow no further stands for a disk that is full.
struct FileLimit {
  explicit FileLimit(rlim_t bytes) {
    getrlimit(RLIMIT_FSIZE, &before_);
    signal_ = std::signal(SIGXFSZ, SIG_IGN);
    const rlimit now{.rlim_cur = bytes, .rlim_max = before_.rlim_max};
    setrlimit(RLIMIT_FSIZE, &now);
  }
  FileLimit(const FileLimit&) = delete;
  ~FileLimit() {
    setrlimit(RLIMIT_FSIZE, &before_);
    std::signal(SIGXFSZ, signal_);
  }

 private:
  rlimit before_{};
  void (*signal_)(int);
};

TEST_F(RocksTest, WhatADiskDoesNotTakeIsSaidAndLeavesStoresAndOffsetsAtOneCommit) {
  std::int64_t committed = 0;
  std::string said;
  {
    auto kept = rocks_stores(directory / "0_0", {{"a"}, {"b"}}, small_memory());
    ASSERT_TRUE(kept);
    for (; committed < 200; ++committed) ASSERT_TRUE((*kept)->write(commit_of(committed + 1)));
    const FileLimit full(4096);
    for (; said.empty() && committed < 20'000; ++committed)
      if (const auto ok = (*kept)->write(commit_of(committed + 1)); !ok) {
        EXPECT_EQ(ok.error().code, 56);
        EXPECT_TRUE(ok.error().fatal);
        said = ok.error().message;
        break;
      }
    EXPECT_EQ((*kept)->offset(0), committed) << "what was not written has not moved it";
    kept->reset();
  }
  EXPECT_TRUE(said.contains((directory / "0_0").string())) << said;
  const auto kept = rocks_stores(directory / "0_0", {{"a"}, {"b"}}, small_memory());
  ASSERT_TRUE(kept) << kept.error().message;
  const std::int64_t now = (*kept)->offset(0).value_or(0);
  EXPECT_EQ((*kept)->offset(1).value_or(0), now);
  EXPECT_LE(now, committed);
  std::array<Plain, 2> expected;
  for (std::int64_t n = 1; n <= now; ++n) apply_to(expected, commit_of(n));
  for (const std::size_t store : {0u, 1u}) {
    Plain found;
    for (const auto cursor = (*kept)->store(store).scan("", {}, false); cursor->next();)
      found.emplace(cursor->key(), cursor->value());
    EXPECT_EQ(found, expected[store]) << "store " << store << " is not at commit " << now;
  }
}

}  // namespace
}  // namespace thalweg::streams::detail
