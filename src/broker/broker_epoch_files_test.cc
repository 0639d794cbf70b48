#include "broker/broker_epoch_files.h"

#include <gtest/gtest.h>

#include "sim/world.h"

namespace thalweg::broker {
namespace {

constexpr Uuid kA{10, 1}, kB{20, 1}, kNew{30, 1};

TEST(BrokerEpochFiles, ANoteReadsAsItWasWritten) {
  for (const EpochNote& note : {EpochNote{0, {}, {}}, EpochNote{17, {kA}, {}},
                                EpochNote{1'000'000'000'000, {kA, kB}, 1'796'002'257'433'523'887}}) {
    const auto read = parse_epoch_note(to_text(note));
    ASSERT_TRUE(read) << to_text(note);
    EXPECT_EQ(*read, note);
  }
}

TEST(BrokerEpochFiles, AnythingElseIsNoNote) {
  for (const auto born : {std::optional<std::int64_t>(), std::optional<std::int64_t>(17)}) {
    const std::string good = to_text({17, {kA, kB}, born});
    for (std::size_t cut = 0; cut < good.size(); ++cut) EXPECT_FALSE(parse_epoch_note(good.substr(0, cut))) << cut;
    EXPECT_FALSE(parse_epoch_note(good + "x"));
  }
  EXPECT_FALSE(parse_epoch_note("{\"version\":1,\"brokerEpoch\":1,\"directories\":[],\"born\":}\n"));
  EXPECT_FALSE(parse_epoch_note("{\"version\":2,\"brokerEpoch\":1,\"directories\":[]}\n"));
  EXPECT_FALSE(parse_epoch_note("{\"version\":1,\"brokerEpoch\":-1,\"directories\":[]}\n"));
}

TEST(BrokerEpochFiles, KafkasFileOfACleanStopIsRead) {
  EXPECT_EQ(parse_clean_stop("{\"version\":0,\"brokerEpoch\":17}"), 17);
  EXPECT_EQ(parse_clean_stop("{ \"version\" : 0, \"brokerEpoch\" : -1 }\n"), -1);
  EXPECT_FALSE(parse_clean_stop(""));
  EXPECT_FALSE(parse_clean_stop("{\"version\":0}"));
  EXPECT_FALSE(parse_clean_stop("{\"brokerEpoch\":x}"));
}

DirectoryFound found(Uuid id, std::optional<EpochNote> note, std::optional<std::int64_t> clean = {}) {
  return {.id = id, .note = std::move(note), .stopped_clean = clean};
}

TEST(BrokerEpochFiles, AKilledProcessHasLostNothingWhileItsDirectoriesAreThere) {
  const EpochNote note{17, {kA, kB}, {}};
  const std::vector both{found(kA, note), found(kB, note)};
  EXPECT_EQ(claimed_epoch(both), 17);
  const std::vector one{found(kA, note)};
  EXPECT_EQ(claimed_epoch(one), -1) << "a directory is missing";
  const std::vector emptied{found(kA, note), found(kNew, {})};
  EXPECT_EQ(claimed_epoch(emptied), -1) << "a disk was replaced";
  const std::vector clean_but_missing{found(kA, note, 17)};
  EXPECT_EQ(claimed_epoch(clean_but_missing), -1) << "a clean stop does not bring a directory back";
}

TEST(BrokerEpochFiles, ACrashBetweenTwoNotesLeavesTheNewerOneToCount) {
  const std::vector directories{found(kA, EpochNote{17, {kA, kB}, {}}), found(kB, EpochNote{9, {kA, kB}, {}})};
  EXPECT_EQ(claimed_epoch(directories), 17);
}

TEST(BrokerEpochFiles, ADirectoryThatWasAddedTakesNothingAway) {
  const std::vector directories{found(kA, EpochNote{17, {kA}, {}}), found(kNew, {})};
  EXPECT_EQ(claimed_epoch(directories), 17);
}

TEST(BrokerEpochFiles, WithoutNotesOnlyACleanStopOfAllCounts) {
  const std::vector clean{found(kA, {}, 17), found(kB, {}, 17)};
  EXPECT_EQ(claimed_epoch(clean), 17);
  const std::vector killed{found(kA, {}, 17), found(kB, {})};
  EXPECT_EQ(claimed_epoch(killed), -1);
  const std::vector mixed{found(kA, {}, 17), found(kB, {}, 16)};
  EXPECT_EQ(claimed_epoch(mixed), -1);
  EXPECT_EQ(claimed_epoch({}), -1);
}

DirectoryFound copied(DirectoryFound original) {
  original.is_copy = true;
  return original;
}

TEST(BrokerEpochFiles, OfACopyOnlyACleanStopCounts) {
  const EpochNote note{17, {kA, kB}, 1};
  EXPECT_EQ(claimed_epoch(std::vector{found(kA, note), copied(found(kB, note))}), -1);
  EXPECT_EQ(claimed_epoch(std::vector{found(kA, note, 17), copied(found(kB, note))}), -1) << "of one of two";
  EXPECT_EQ(claimed_epoch(std::vector{found(kA, note, 17), copied(found(kB, note, 17))}), 17)
      << "nobody was registered since, if that is the epoch that the controller knows";
  EXPECT_EQ(claimed_epoch(std::vector{copied(found(kA, note, 17))}), -1) << "and a directory is missing";
}

TEST(BrokerEpochFiles, WhoRegisteredWithoutADirectoryKnowsThatItWasAway) {
  const EpochNote both{17, {kA, kB}, {}}, without{21, {kA}, {}}, beside{25, {kA, kNew}, {}};
  const auto away = [](std::vector<DirectoryFound> directories) { return directories_before(directories).were_away; };
  EXPECT_TRUE(away({found(kA, both), found(kB, both)}).empty());
  EXPECT_EQ(away({found(kB, both), found(kA, without)}), std::set{kB})
      << "it was taken out of log.dirs, or not mounted";
  EXPECT_EQ(away({found(kA, beside), found(kB, both)}), std::set{kB}) << "another one was in its place";
  EXPECT_TRUE(away({found(kA, both), found(kB, EpochNote{9, {kA, kB}, {}})}).empty()) << "a crash between two notes";
  EXPECT_TRUE(away({found(kA, both), found({}, {})}).empty()) << "a new one has no id yet";
  EXPECT_TRUE(away({found(kA, {}), found(kB, {})}).empty()) << "nothing tells";
}

TEST(BrokerEpochFiles, WhoRegisteredWithADirectoryKnowsThatItIsAway) {
  const EpochNote both{17, {kA, kB}, {}};
  const auto is_away = [](std::vector<DirectoryFound> directories) {
    return directories_before(directories).one_is_away;
  };
  EXPECT_TRUE(is_away({found(kA, both)}));
  EXPECT_TRUE(is_away({found(kA, both), found({}, {})})) << "its mount point is empty";
  EXPECT_FALSE(is_away({found(kA, both), found(kB, both)}));
  EXPECT_FALSE(is_away({found(kA, {})})) << "nothing tells";
}

TEST(BrokerEpochFiles, ADirectoryThatWasCopiedAndPutBackIsToldByItsNote) {
  sim::World world{1};
  auto& node = world.add_node("broker", 1, [](sim::Node&) { return nullptr; });
  node.start();
  auto& disk = node.disk();
  ASSERT_TRUE(*world.run(node, disk.make_durable_directory("/a")));
  const auto remember = [&] { return *world.run(node, remember_epoch(disk, {"/a"}, EpochNote{17, {kA}, {}})); };
  ASSERT_TRUE(remember());
  disk.copy("/a", "/backup");
  ASSERT_TRUE(disk.remove_directory("/a"));
  ASSERT_TRUE(disk.rename("/backup", "/a"));
  EXPECT_TRUE(look_into(disk, "/a").is_copy);
  ASSERT_TRUE(remember());
  EXPECT_FALSE(look_into(disk, "/a").is_copy) << "it registered with what it has";
  ASSERT_TRUE(disk.rename("/a", "/b"));
  EXPECT_FALSE(look_into(disk, "/b").is_copy) << "it has another name";
}

TEST(BrokerEpochFiles, WhatWasRememberedSurvivesAPowerLossAndCanBeForgotten) {
  sim::World world{1};
  auto& node = world.add_node("broker", 1, [](sim::Node&) { return nullptr; });
  node.start();
  const auto remember = [&](std::optional<EpochNote> note) {
    auto& disk = node.shard(0).disk;
    const auto done = world.run(node, remember_epoch(disk, {"/a"}, std::move(note)));
    ASSERT_TRUE(done && *done);
    node.crash(sim::Crash::kPowerLoss);
    node.start();
  };
  ASSERT_TRUE(*world.run(node, node.shard(0).disk.make_durable_directory("/a")));
  remember(EpochNote{17, {kA}, {}});
  const auto found = look_into(node.shard(0).disk, "/a");
  ASSERT_TRUE(found.note);
  EXPECT_EQ(found.note->epoch, 17);
  EXPECT_EQ(found.note->directories, std::vector{kA});
  EXPECT_FALSE(found.is_copy);
  remember(std::nullopt);
  EXPECT_EQ(look_into(node.shard(0).disk, "/a").note, std::nullopt);
}

}  // namespace
}  // namespace thalweg::broker
