// What is remembered of changes, on a disk that fills up, rots and loses power.
#include "console/change_file.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/log.h"
#include "sim/world.h"

namespace thalweg::console {
namespace {
using namespace std::chrono_literals;

const std::string kFolder = "/data", kPath = "/data/console.changes", kPathBefore = "/data/console.changes.before";

Change change_named(const std::string& sentence, ChangeSource source = ChangeSource::kConsole) {
  return {.at = 1000,
          .after = 900,
          .source = source,
          .kind = ResourceKind::kTopic,
          .name = "orders",
          .sentence = sentence,
          .by = "User:ANONYMOUS@10.0.0.7",
          .refused = {},
          .gone = false};
}

struct ChangeFileTest : testing::Test {
  void SetUp() override {
    node->start();
    CHECK(disk().make_directory(kFolder));
    world.run(*node, disk().sync_directory("/"));
    log::set_level(log::Level::kNone);
  }
  void TearDown() override { log::set_level(log::Level::kInfo); }

  sim::World world{5};
  sim::Node* node = &world.add_node("server", 1, [](sim::Node&) { return nullptr; });
  std::optional<ChangeFile> file;
  Timestamp now = 1000;

  sim::SimDisk& disk() { return node->disk(); }
  // As a process that comes after the one before.
  std::optional<SeenUpTo> open(const std::string& cluster = "cluster") {
    file.emplace(disk(), kFolder);
    const auto seen = file->look_back();
    file->begin(cluster, now);
    return seen;
  }
  void append(const std::vector<Change>& changes, std::optional<SeenUpTo> seen = {}) {
    file->append(changes, seen, now);
  }
  ChangeFile::Recalled recall(bool is_found_again = false) {
    return *world.run(*node, file->recall(500, is_found_again));
  }
  using Sentences = std::vector<std::string>;
  Sentences sentences(bool is_found_again = false) {
    Sentences all;
    for (const auto& change : recall(is_found_again).changes) all.push_back(change.sentence);
    return all;
  }
  std::string text_of(const std::string& path) { return std::string(disk().read_file(path)->text()); }
  void overwrite(const std::string& path, std::size_t at, const std::string& text) {
    CHECK((*disk().open(path, OpenMode::kReadWrite))->write(at, as_bytes(text)));
  }
  void sync() { world.run(*node, synced(&*file)); }
  static Task<bool> synced(ChangeFile* file) {
    co_await file->sync();
    co_return true;
  }
};

TEST_F(ChangeFileTest, NothingIsThereAtFirstAndThenItSaysSinceWhen) {
  EXPECT_EQ(open(), std::nullopt);
  EXPECT_TRUE(recall().changes.empty());
  now = 5000;
  open();
  EXPECT_EQ(recall().since, 1000);
}

TEST_F(ChangeFileTest, AllOfAChangeComesBackTheNewestFirst) {
  open();
  append({change_named("first"), change_named("with \"quotes\"\n and \x01 and ü")}, SeenUpTo{7, 1000});
  auto refused = change_named("second");
  refused.refused = "no";
  refused.after = std::nullopt;
  append({refused});
  EXPECT_EQ(open(), (SeenUpTo{7, 1000}));
  const auto recalled = recall();
  ASSERT_EQ(recalled.changes.size(), 3u);
  const auto& last = recalled.changes[0];
  EXPECT_EQ(last.sentence, "second");
  EXPECT_EQ(last.refused, "no");
  EXPECT_EQ(last.after, std::nullopt);
  EXPECT_EQ(recalled.changes[1].sentence, "with \"quotes\"\n and \x01 and ü");
  const auto& first = recalled.changes[2];
  EXPECT_EQ(first.at, 1000);
  EXPECT_EQ(first.after, 900);
  EXPECT_EQ(first.source, ChangeSource::kConsole);
  EXPECT_EQ(first.kind, ResourceKind::kTopic);
  EXPECT_EQ(first.name, "orders");
  EXPECT_EQ(first.by, "User:ANONYMOUS@10.0.0.7");
  EXPECT_EQ(recalled.damaged, 0u);
}

// The process ends when the second of three lines of one look has been written.
TEST_F(ChangeFileTest, WhatStandsBehindTheLastLookIsLeftOutWhereItIsFoundAgain) {
  open();
  append({change_named("told", ChangeSource::kCluster)}, SeenUpTo{7, 1000});
  append({change_named("half told", ChangeSource::kCluster), change_named("by somebody")});
  EXPECT_EQ(open(), (SeenUpTo{7, 1000}));
  EXPECT_EQ(sentences(true), (Sentences{"by somebody", "told"}));
  open();
  EXPECT_EQ(sentences(false), (Sentences{"by somebody", "half told", "told"}));
}

TEST_F(ChangeFileTest, HowFarItWasLookedIsWrittenOverAndTheFileDoesNotGrow) {
  open();
  append({change_named("one")}, SeenUpTo{1, 1000});
  append({}, SeenUpTo{2, 1000});
  const auto size = text_of(kPath).size();
  for (int n = 3; n < 5000; ++n) append({}, SeenUpTo{n, 1000 + n});
  append({}, SeenUpTo{5000, INT64_MAX, true});
  EXPECT_EQ(text_of(kPath).size(), size);
  EXPECT_EQ(open(), (SeenUpTo{5000, INT64_MAX, true}));
  append({change_named("two")});
  EXPECT_EQ(open(), (SeenUpTo{5000, INT64_MAX, true}));
  EXPECT_EQ(sentences(), (Sentences{"two", "one"}));
}

TEST_F(ChangeFileTest, BothFilesTogetherHaveABoundAndTheNewestStay) {
  open();
  for (int n = 0; n < 20'000; ++n) {
    now = n;
    append({change_named(std::to_string(n))}, SeenUpTo{n + 1, n});
    if (n % 500 == 0) sync();
  }
  sync();
  const auto size = text_of(kPath).size(), size_before = text_of(kPathBefore).size();
  EXPECT_LE(size, ChangeFile::kHalf);
  EXPECT_LE(size_before, ChangeFile::kHalf);
  EXPECT_GT(size_before, ChangeFile::kHalf / 2);
  EXPECT_LE(disk().used_bytes(), 2 * ChangeFile::kHalf);
  EXPECT_EQ(open(), (SeenUpTo{20'000, 19'999}));
  auto recalled = recall();
  ASSERT_EQ(recalled.changes.size(), 500u);
  for (int n = 0; n < 500; ++n) EXPECT_EQ(recalled.changes[n].sentence, std::to_string(19'999 - n));
  EXPECT_EQ(recalled.since, 1000) << "of the last one: it is when that was seen";
}

// Wherever the files change over, the newest are there.
TEST_F(ChangeFileTest, AFileThatHasJustBegunHasTheOneBeforeBehindIt) {
  open();
  int n = 0;
  for (; !disk().exists(kPathBefore); ++n) append({change_named(std::to_string(n))}, SeenUpTo{n + 1, 1000});
  open();
  EXPECT_EQ(recall().changes.size(), 500u);
  CHECK(disk().remove(kPath));  // as a power loss may leave it
  EXPECT_EQ(open(), (SeenUpTo{n - 1, 1000}));
  EXPECT_EQ(recall().changes.at(0).sentence, std::to_string(n - 2));
}

TEST_F(ChangeFileTest, LongTextsFitToo) {
  open();
  auto change = change_named(std::string(1000, '\x01'));  // six bytes each
  change.name = std::string(1000, '\x02');
  for (int n = 0; n < 200; ++n) append({change, change, change}, SeenUpTo{n + 1, 1000});
  EXPECT_LE(text_of(kPath).size(), ChangeFile::kHalf);
  EXPECT_LE(text_of(kPathBefore).size(), ChangeFile::kHalf);
  EXPECT_LE(disk().open_files(), 2u) << "what is replaced takes no room until it is synced";
  open();
  EXPECT_GE(recall().changes.size(), 20u);
}

TEST_F(ChangeFileTest, ARottenLineIsPassedOverAndCounted) {
  open();
  for (const auto* name : {"one", "two", "three"}) append({change_named(name)}, SeenUpTo{name[0], 1000});
  overwrite(kPath, text_of(kPath).find("two"), "TWO");
  open();
  const auto recalled = recall();
  EXPECT_EQ(recalled.damaged, 1u);
  ASSERT_EQ(recalled.changes.size(), 2u);
  EXPECT_EQ(recalled.changes[1].sentence, "one");
  EXPECT_EQ(recalled.since, 1000);
}

TEST_F(ChangeFileTest, WhateverByteRotsNothingElseIsLost) {
  open();
  for (int n = 0; n < 5; ++n) append({change_named(std::to_string(n))}, SeenUpTo{n + 1, 1000});
  const auto sound = text_of(kPath);
  for (std::size_t at = 0; at < sound.size(); ++at) {
    overwrite(kPath, 0, sound);
    overwrite(kPath, at, std::string(1, char(sound[at] ^ 0x10)));
    open();
    const auto recalled = recall();
    const std::size_t lines = sound[at] == '\n' ? 2 : 1;
    EXPECT_GE(recalled.changes.size(), 5 - lines) << at;
    EXPECT_GE(recalled.damaged, 1u) << at;
  }
}

TEST_F(ChangeFileTest, ALineThatWasCutGoesAndTheNextOneIsSound) {
  open();
  append({change_named("one"), change_named("two")}, SeenUpTo{3, 1000});
  CHECK((*disk().open(kPath, OpenMode::kReadWrite))->truncate(text_of(kPath).size() - 20));
  open();
  EXPECT_EQ(recall().damaged, 1u);
  open();
  append({change_named("three")});
  open();
  const auto recalled = recall();
  EXPECT_EQ(recalled.damaged, 0u);
  ASSERT_EQ(recalled.changes.size(), 2u);
  EXPECT_EQ(recalled.changes[0].sentence, "three");
}

TEST_F(ChangeFileTest, SomethingElseInItsPlaceIsNoReasonNotToStart) {
  disk().faults.capacity = 100u << 20;
  for (const std::string& text : {std::string("\n\n\n"), std::string(3 * ChangeFile::kHalf, 'x'),
                                  std::string(3 * ChangeFile::kHalf, '\n'), std::string("00000000 {}\n")}) {
    CHECK((*disk().open(kPath, OpenMode::kTruncate))->write(0, as_bytes(text)));
    EXPECT_EQ(open(), std::nullopt);
    EXPECT_TRUE(recall().changes.empty());
    append({change_named("one")}, SeenUpTo{1, 1000});
    open();
    EXPECT_EQ(sentences(), Sentences{"one"});
  }
  CHECK(disk().remove(kPath));
  CHECK(disk().make_directory(kPath));
  EXPECT_EQ(open(), std::nullopt);
  append({change_named("one")}, SeenUpTo{1, 1000});
  EXPECT_TRUE(recall().changes.empty());
}

TEST_F(ChangeFileTest, WhatAnotherClusterLeftIsForgotten) {
  open("theirs");
  append({change_named("theirs")}, SeenUpTo{70, 1000});
  open("ours");
  EXPECT_TRUE(recall().changes.empty());
  append({change_named("ours")}, SeenUpTo{7, 1000});
  EXPECT_EQ(open("ours"), (SeenUpTo{7, 1000}));
  EXPECT_EQ(sentences(), Sentences{"ours"});
}

TEST_F(ChangeFileTest, OnAFullDiskItWaitsAndIsWrittenLater) {
  open();
  append({change_named("one")}, SeenUpTo{1, 1000});
  disk().faults.capacity = disk().used_bytes() + 10;
  for (int n = 0; n < 1000; ++n) append({change_named(std::to_string(n))}, SeenUpTo{n + 2, 1000});
  EXPECT_EQ(ChangeFile(disk(), kFolder).look_back(), (SeenUpTo{1, 1000})) << "no further than what is written";
  disk().faults.capacity = UINT64_MAX;
  append({change_named("last")}, SeenUpTo{2000, 1000});
  EXPECT_EQ(open(), (SeenUpTo{2000, 1000}));
  const auto all = sentences();
  ASSERT_EQ(all.size(), ChangeFile::kWaitingMax);
  EXPECT_EQ(all[1], "999");
}

TEST_F(ChangeFileTest, NothingButSyncWaitsForTheDisk) {
  const auto before = disk().syncs();
  open();
  for (int n = 0; n < 5000; ++n) append({change_named(std::to_string(n))}, SeenUpTo{n + 1, 1000});
  recall();
  EXPECT_EQ(disk().syncs(), before);
  sync();
  EXPECT_GT(disk().syncs(), before);
}

TEST_F(ChangeFileTest, WhatWasSyncedSurvivesAPowerLoss) {
  open();
  for (int n = 0; n < 3000; ++n) append({change_named(std::to_string(n))}, SeenUpTo{n + 1, 1000});
  sync();
  append({change_named("at risk")});
  file.reset();
  node->crash(sim::Crash::kPowerLoss);
  node->start();
  open();
  const auto all = sentences();
  ASSERT_GE(all.size(), 499u);
  EXPECT_NE(std::ranges::find(all, "2999"), all.end());
  EXPECT_NE(std::ranges::find(all, "2600"), all.end());
}

}  // namespace
}  // namespace thalweg::console
