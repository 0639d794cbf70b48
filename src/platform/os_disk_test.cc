#include "platform/os_disk.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <random>

#include "platform/testing.h"
#include "runtime/gather.h"

namespace thalweg::platform {
namespace {

struct OsDiskTest : testing::Test {
  TestShards shards;
  TestDirectory directory;
  Disk& disk = shards[0].disk;

  FilePtr open(const std::string& name, OpenMode mode = OpenMode::kCreate) {
    auto file = disk.open(directory / name, mode);
    EXPECT_TRUE(file) << file.error().message;
    return *file;
  }
  static std::string read(const FilePtr& file, std::uint64_t from, std::size_t size) {
    std::string text(size, '?');
    const auto n = file->read_now(from, std::as_writable_bytes(std::span(text)));
    EXPECT_TRUE(n);
    text.resize(n.value_or(0));
    return text;
  }
  std::string content(const std::string& name) {
    auto bytes = disk.read_file(directory / name);
    return bytes ? std::string(bytes->text()) : bytes.error().message;
  }
};

TEST_F(OsDiskTest, ReadsWhatWasWrittenAndLessAtTheEnd) {
  const FilePtr file = open("a");
  ASSERT_TRUE(file->write(0, as_bytes("hello")));
  ASSERT_TRUE(file->write(5, as_bytes(" world")));
  EXPECT_EQ(file->size(), 11u);
  std::vector<std::byte> into(20);
  auto n = run_on(shards[0], file->read(6, into));
  ASSERT_TRUE(n);
  EXPECT_EQ(as_text(BytesView(into).first(*n)), "world");
  EXPECT_EQ(run_on(shards[0], file->read(100, into)).value(), 0u);
  EXPECT_EQ(file->read_now(4, MutableBytes(into).first(3)).value(), 3u);
}

TEST_F(OsDiskTest, AReaderSeesTheFileGrow) {
  const FilePtr writer = open("a");
  const FilePtr reader = open("a", OpenMode::kRead);
  ASSERT_TRUE(writer->write(0, as_bytes("abc")));
  EXPECT_EQ(reader->size(), 3u);
  EXPECT_EQ(content("a"), "abc");
}

TEST_F(OsDiskTest, ACopyIsBornAfterItsOriginalAndARenamedFileIsTheSame) {
  ASSERT_TRUE(open("a")->write(0, as_bytes("abc")));
  const auto born = disk.born(directory / "a");
  if (!born) GTEST_SKIP() << "this file system does not know";
  ASSERT_TRUE(open("a")->write(0, as_bytes("abcd")));
  EXPECT_EQ(disk.born(directory / "a"), born);
  std::filesystem::copy_file(directory / "a", directory / "copy");
  std::filesystem::last_write_time(directory / "copy", std::filesystem::last_write_time(directory / "a"));
  ASSERT_TRUE(disk.rename(directory / "a", directory / "b"));
  EXPECT_EQ(disk.born(directory / "b"), born);
  EXPECT_EQ(disk.born(directory / "a"), std::nullopt);
  EXPECT_NE(disk.born(directory / "copy"), born);
}

TEST_F(OsDiskTest, TruncatesAndSyncs) {
  const FilePtr file = open("a");
  ASSERT_TRUE(file->write(0, as_bytes("abcdef")));
  ASSERT_TRUE(file->truncate(2));
  EXPECT_TRUE(run_on(shards[0], file->sync()));
  EXPECT_EQ(file->size(), 2u);
  EXPECT_EQ(content("a"), "ab");
}

TEST_F(OsDiskTest, WritesBlocksDurablyFromAnyAlignment) {
  const FilePtr file = open("journal");
  std::vector<std::byte> memory(3 * File::kBlock + 1, std::byte{'x'});
  const auto all = SharedBytes::take(std::move(memory));
  ASSERT_TRUE(run_on(shards[0], file->write_durable(0, all.slice(1, 2 * File::kBlock))));
  ASSERT_TRUE(run_on(shards[0], file->write_durable(2 * File::kBlock, all.slice(0, File::kBlock))));
  EXPECT_EQ(file->size(), 3 * File::kBlock);
  EXPECT_EQ(content("journal"), std::string(3 * File::kBlock, 'x'));
}

// What others find in the file: what this process keeps for itself they do not see.
std::string seen_by_others(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::string letters(std::size_t size, std::uint64_t seed) {
  std::minstd_rand random(static_cast<std::uint32_t>(seed + 1));
  std::string text(size, ' ');
  for (char& c : text) c = static_cast<char>('a' + random() % 26);
  return text;
}

TEST_F(OsDiskTest, WhatIsWrittenUnreadIsReadAtOnceAndInTheFileAfterTheSync) {
  const FilePtr file = open("a");
  std::string expected = letters(5000, 0);
  ASSERT_TRUE(file->write(0, as_bytes(expected)));
  for (std::uint64_t i = 1; i < 5; ++i) {
    const std::string more = letters(300'000 + i, i);
    ASSERT_TRUE(file->write_unread(expected.size(), as_bytes(more)));
    EXPECT_LT(seen_by_others(directory / "a").size(), expected.size() + more.size());
    expected += more;
    EXPECT_EQ(file->size(), expected.size());
    EXPECT_TRUE(read(file, 0, expected.size() + 10) == expected);
    if (i % 2 == 0) continue;
    ASSERT_TRUE(run_on(shards[0], file->sync()));
    EXPECT_TRUE(seen_by_others(directory / "a") == expected);
  }
}

TEST_F(OsDiskTest, WhatIsWrittenUnreadGoesToThePageCacheBeyondWhatMemoryMayHold) {
  const FilePtr file = open("a");
  const std::string megabyte = letters(1 << 20, 1);
  for (std::size_t i = 0; i < 70; ++i) ASSERT_TRUE(file->write_unread(i << 20, as_bytes(megabyte)));
  EXPECT_GE(seen_by_others(directory / "a").size(), std::size_t{60} << 20);
  EXPECT_TRUE(read(file, std::uint64_t{69} << 20, 2 << 20) == megabyte);
  ASSERT_TRUE(run_on(shards[0], file->sync()));
  EXPECT_EQ(seen_by_others(directory / "a").size(), std::size_t{70} << 20);
}

// Any order of writing, cutting, syncing and reading is what it would be of a string.
TEST_F(OsDiskTest, UnreadWritesMixWithEverythingElse) {
  for (std::uint32_t seed = 0; seed < 30; ++seed) {
    std::minstd_rand random(seed + 1);
    const auto below = [&](std::size_t n) { return std::size_t(random() % n); };
    const std::string name = "f" + std::to_string(seed);
    const FilePtr file = open(name);
    std::string expected;
    for (int step = 0; step < 60; ++step) {
      const std::string more = letters(below(2) ? below(300) : below(200'000), random());
      const auto what = below(10);
      if (what < 5) {
        ASSERT_TRUE(file->write_unread(expected.size(), as_bytes(more)));
        expected += more;
      } else if (what == 5) {
        ASSERT_TRUE(file->write(expected.size(), as_bytes(more)));
        expected += more;
      } else if (what == 6) {
        expected.resize(expected.size() - below(std::min<std::size_t>(expected.size(), 150'000) + 1));
        ASSERT_TRUE(file->truncate(expected.size()));
      } else if (what == 7) {
        ASSERT_TRUE(run_on(shards[0], file->sync()));
        ASSERT_TRUE(seen_by_others(directory / name) == expected) << "seed " << seed << ", step " << step;
      } else {
        const std::size_t from = below(expected.size() + 1), size = below(200'000) + 1;
        ASSERT_TRUE(read(file, from, size) == expected.substr(from, size)) << "seed " << seed << ", step " << step;
      }
      ASSERT_EQ(file->size(), expected.size());
    }
    ASSERT_TRUE(run_on(shards[0], file->sync()));
    ASSERT_TRUE(seen_by_others(directory / name) == expected) << "seed " << seed;
  }
}

Task<bool> write_on(FilePtr file, std::string* expected, bool* done) {
  bool written = true;
  for (std::uint64_t i = 0; written && i < 200; ++i) {
    const std::string more = letters(i % 3 ? 100'000 + i : i, i);
    written = file->write_unread(expected->size(), as_bytes(more)).has_value();
    *expected += more;
    if (written && i % 7 == 0) written = (co_await file->sync()).has_value();
  }
  *done = true;
  co_return written;
}
Task<bool> sync_on(FilePtr file, const bool* done) {
  while (!*done)
    if (!co_await file->sync()) co_return false;
  co_return true;
}
Task<std::vector<bool>> write_and_sync(FilePtr file, std::string* expected) {
  bool done = false;
  std::vector<Task<bool>> tasks;
  tasks.push_back(write_on(file, expected, &done));
  tasks.push_back(sync_on(file, &done));
  co_return co_await gather(std::move(tasks));
}

TEST_F(OsDiskTest, UnreadWritesGoOnWhileSyncsRun) {
  const FilePtr file = open("a");
  std::string expected;
  EXPECT_EQ(run_on(shards[0], write_and_sync(file, &expected)), (std::vector<bool>{true, true}));
  ASSERT_TRUE(run_on(shards[0], file->sync()));
  EXPECT_TRUE(seen_by_others(directory / "a") == expected);
}

TEST_F(OsDiskTest, ReplacesASmallFileWhole) {
  ASSERT_TRUE(run_on(shards[0], disk.replace_file(directory / "meta", SharedBytes::copy_of("one"))));
  ASSERT_TRUE(run_on(shards[0], disk.replace_file(directory / "meta", SharedBytes::copy_of("two"))));
  EXPECT_EQ(content("meta"), "two");
  EXPECT_EQ(disk.list(directory.path())->size(), 1u);
}

TEST_F(OsDiskTest, ASecretIsReadByNobodyElseAlsoWhereTheFileWasThere) {
  const auto rights = [&] { return std::filesystem::status(directory / "secret").permissions(); };
  const auto own = std::filesystem::perms::owner_read | std::filesystem::perms::owner_write;
  open("secret.tmp");  // as a crash leaves it, for everybody to read
  const auto content_of = [](std::string_view text) { return SharedBytes::copy_of(text); };
  ASSERT_TRUE(run_on(shards[0], disk.replace_file(directory / "secret", content_of("a"), OpenMode::kTruncateSecret)));
  EXPECT_EQ(rights(), own);
  EXPECT_EQ(content("secret"), "a");
}

TEST_F(OsDiskTest, ListsSortedAndRemovesWhatIsThereOrNot) {
  ASSERT_TRUE(disk.make_directory(directory / "b/c"));
  open("z");
  open("a");
  EXPECT_EQ(*disk.list(directory.path()), (std::vector<DirectoryEntry>{{"a", false}, {"b", true}, {"z", false}}));
  EXPECT_TRUE(disk.remove(directory / "a"));
  EXPECT_TRUE(disk.remove(directory / "a"));
  EXPECT_TRUE(disk.remove_directory(directory / "b"));
  EXPECT_TRUE(disk.remove_directory(directory / "b"));
  EXPECT_FALSE(disk.exists(directory / "b"));
  EXPECT_FALSE(disk.modified(directory / "b"));
  EXPECT_TRUE(disk.exists(directory / "z"));
  EXPECT_GT(*disk.modified(directory / "z"), 1'700'000'000'000);  // milliseconds
  const auto space = disk.space(directory.path());
  EXPECT_GT(space->free_bytes, 0u);
  EXPECT_GE(space->total_bytes, space->free_bytes);
}

TEST_F(OsDiskTest, ListsALinkThatLeadsNowhere) {
  std::filesystem::create_symlink(directory / "loop", directory / "loop");
  std::filesystem::create_symlink(directory / "nothing", directory / "dangling");
  EXPECT_EQ(*disk.list(directory.path()), (std::vector<DirectoryEntry>{{"dangling", false}, {"loop", false}}));
}

TEST_F(OsDiskTest, AFileSystemThatKeepsNoNamesHasNothingToSync) {
  EXPECT_TRUE(run_on(shards[0], disk.sync_directory("/proc")));
  EXPECT_FALSE(run_on(shards[0], disk.sync_directory(directory / "nothing")));
}

TEST_F(OsDiskTest, SaysWhichFileIsMissing) {
  const auto missing = disk.open(directory / "nothing", OpenMode::kRead);
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, ErrorCode::kKafkaStorageError);
  EXPECT_NE(missing.error().message.find("nothing"), std::string::npos);
}

TEST_F(OsDiskTest, TellsAFullDiskFromOtherFailures) {
  if (!std::filesystem::exists("/dev/full")) GTEST_SKIP() << "no /dev/full here";
  auto file = disk.open("/dev/full", OpenMode::kReadWrite);
  ASSERT_TRUE(file);
  const auto written = (*file)->write(0, as_bytes("x"));
  ASSERT_FALSE(written);
  EXPECT_TRUE(Disk::is_full(written.error()));
}

TEST_F(OsDiskTest, LocksAFileOnceAtATime) {
  auto held = disk.lock(directory / ".lock");
  ASSERT_TRUE(held);
  EXPECT_FALSE(disk.lock(directory / ".lock"));
  held->reset();
  EXPECT_TRUE(disk.lock(directory / ".lock"));
}

TEST_F(OsDiskTest, SaysWhoHoldsALock) {
  const auto held = disk.lock(directory / ".lock");
  const auto refused = disk.lock(directory / ".lock");
  ASSERT_FALSE(refused);
  const std::string& said = refused.error().message;
  EXPECT_TRUE(said.find("process " + std::to_string(::getpid())) != said.npos || !std::ifstream("/proc/locks")) << said;
}

TEST_F(OsDiskTest, SaysWhyALockCannotBeTakenAndWhatToDo) {
  for (const auto& [error, words] : {std::pair{EWOULDBLOCK, "is another broker running on it? Stop that one"},
                                     {EACCES, "permission denied; this process runs as user id"},
                                     {EROFS, "read-only; mount it writable"},
                                     {ENOLCK, "has no locks; mount NFS with"},
                                     {EISDIR, "Is a directory"}}) {
    const std::string said = lock_failure("/data/.lock", error, 0).error().message;
    EXPECT_TRUE(said.starts_with("/data/.lock: ")) << said;
    EXPECT_NE(said.find(words), said.npos) << said;
  }
}

TEST_F(OsDiskTest, RemovesAFolderInTheBackground) {
  ASSERT_TRUE(disk.make_directory(directory / "b/c"));
  open("b/c/file");
  EXPECT_TRUE(run_on(shards[0], disk.remove_in_background(directory / "b")));
  EXPECT_FALSE(disk.exists(directory / "b"));
  EXPECT_TRUE(run_on(shards[0], disk.remove_in_background(directory / "b")));
}

TEST_F(OsDiskTest, TellsALackOfDescriptorsFromOtherFailures) {
  for (const int error : {EMFILE, ENFILE}) EXPECT_TRUE(Disk::is_out_of_files(os_failure("/data/x", error).error()));
  EXPECT_FALSE(Disk::is_out_of_files(os_failure("/data/x", EIO).error()));
  EXPECT_FALSE(Disk::is_passing(os_failure("/data/x", EIO).error()));
}

TEST_F(OsDiskTest, AFileThatWasRemovedStaysReadable) {
  const FilePtr file = open("a");
  ASSERT_TRUE(file->write(0, as_bytes("abc")));
  ASSERT_TRUE(disk.remove(directory / "a"));
  std::array<std::byte, 3> into;
  EXPECT_EQ(run_on(shards[0], file->read(0, into)).value(), 3u);
}

}  // namespace
}  // namespace thalweg::platform
