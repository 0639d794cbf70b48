// What a node takes itself for, by what its disks say.
#include "broker/quorum_participant.h"

#include <gtest/gtest.h>

#include "base/log.h"
#include "sim/world.h"

namespace thalweg::broker {
namespace {

class QuorumParticipantTest : public testing::Test {
 protected:
  using Response = protocol::ThalwegQuorumResponse;
  static constexpr Uuid kDirectory{4, 4};

  void SetUp() override {
    log::set_level(log::Level::kNone);
    machine_.start();
    const auto made = world_.run(machine_, machine_.disk().make_durable_directory("/data"));  // as the logs have
    CHECK(made && *made);
    auto loaded = config::load_broker_config({{"process.roles", "broker,controller"},
                                              {"node.id", "1"},
                                              {"controller.quorum.voters", "1@a:9093,2@b:9093,3@c:9093"},
                                              {"listeners", "PLAINTEXT://:9092,CONTROLLER://:9093"},
                                              {"advertised.listeners", "PLAINTEXT://a:9092"},
                                              {"controller.listener.names", "CONTROLLER"},
                                              {"log.dirs", "/data"}});
    CHECK(loaded);
    config_ = std::move(loaded->config);
  }
  void TearDown() override { log::set_level(log::Level::kInfo); }
  // How it introduces itself after a start.
  Response begin(std::string cluster_id, bool was_broker) {
    QuorumParticipant participant(machine_.shard(0), config_, memory_);
    const auto begun = world_.run(
        machine_,
        participant.begin({.cluster_id = std::move(cluster_id), .directory = kDirectory, .was_broker = was_broker}));
    CHECK(begun && *begun);
    auto answer = world_.run(machine_, participant.receiver().answer({}));
    CHECK(answer);
    return std::move(*answer);
  }
  static Task<Result<>> write(const Shard* shard, QuorumNote note) {
    CO_TRY_VOID(co_await shard->disk.make_durable_directory("/data"));
    co_return co_await write_quorum_note(shard->disk, "/data", std::move(note));
  }
  void begin_log() {
    ASSERT_TRUE(machine_.disk().make_directory("/data/__cluster_metadata-0"));
    ASSERT_TRUE(machine_.disk().open("/data/__cluster_metadata-0/00000000000000000001.log", OpenMode::kCreate));
  }

  sim::World world_{1};
  sim::Node& machine_ = world_.add_node("a", 1, [](sim::Node&) { return nullptr; });
  config::BrokerConfig config_;
  Budget memory_{1 << 20};
};

TEST_F(QuorumParticipantTest, WhoKnowsOnlyItsClusterWasFormattedByHand) {
  const auto said = begin("X", false);
  EXPECT_EQ(Own(said.own), Own::kFormatted);
  EXPECT_TRUE(said.by_hand);
  EXPECT_EQ(said.directory, kDirectory);
}

TEST_F(QuorumParticipantTest, ABrokerWithoutAMetadataLogHasLostItAndIsAnotherDisk) {
  const auto said = begin("X", true);
  EXPECT_EQ(Own(said.own), Own::kLost);
  EXPECT_FALSE(said.by_hand);
  EXPECT_NE(said.directory, kDirectory) << "under that the quorum may know somebody who remembers more";
  EXPECT_EQ(begin("X", true).directory, said.directory) << "it has joined by that, perhaps";
}

TEST_F(QuorumParticipantTest, ADiskRemembersThatThereWasAMetadataLog) {
  begin_log();
  EXPECT_EQ(Own(begin("X", false).own), Own::kMember);
  ASSERT_TRUE(machine_.disk().remove("/data/__cluster_metadata-0/00000000000000000001.log"));
  const auto said = begin("X", false);
  EXPECT_EQ(Own(said.own), Own::kLost);
  EXPECT_NE(said.directory, kDirectory);
}

TEST_F(QuorumParticipantTest, AMetadataLogThatWasPutBackIsACopyAtEachStartUntilSomebodyDecides) {
  begin_log();
  EXPECT_EQ(Own(begin("X", false).own), Own::kMember);
  machine_.disk().copy("/data", "/copy");
  ASSERT_TRUE(machine_.disk().remove_directory("/data"));
  ASSERT_TRUE(machine_.disk().rename("/copy", "/data"));
  EXPECT_EQ(Own(begin("X", false).own), Own::kCopied);
  EXPECT_EQ(Own(begin("X", false).own), Own::kCopied);
}

// Of a process that was killed when it had just begun the log. The power may fail in any moment after the next start.
TEST_F(QuorumParticipantTest, WhatIsNotedOfAMetadataLogIsNotedOfOneThatLasts) {
  for (int i = 0; i < 20; ++i) {
    begin_log();
    machine_.crash(sim::Crash::kKill);
    machine_.start();
    EXPECT_EQ(Own(begin("X", false).own), Own::kMember);
    machine_.crash(sim::Crash::kPowerLoss);
    machine_.start();
    EXPECT_EQ(Own(begin("X", false).own), Own::kMember) << i;
    ASSERT_TRUE(machine_.disk().remove_directory("/data"));
    const auto made = world_.run(machine_, machine_.disk().make_durable_directory("/data"));
    ASSERT_TRUE(made && *made);
  }
}

TEST_F(QuorumParticipantTest, TheMemberIdThatALeaderGaveGoesWithTheLog) {
  const auto written = world_.run(
      machine_,
      write(&machine_.shard(0),
            {.founding = Own::kMember, .cluster_id = "X", .member = raft::member_of(BrokerId{1}, 3), .directory = {}}));
  ASSERT_TRUE(written && *written);
  begin("X", false);
  const auto note = read_quorum_note(machine_.disk(), "/data");
  ASSERT_TRUE(note);
  EXPECT_EQ(note->member, raft::kNoMember);
  EXPECT_EQ(note->founding, Own::kLost);
}

}  // namespace
}  // namespace thalweg::broker
