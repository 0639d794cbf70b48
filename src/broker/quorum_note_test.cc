#include "broker/quorum_note.h"

#include <gtest/gtest.h>

#include "sim/world.h"

namespace thalweg::broker {
namespace {

TEST(QuorumNote, IsReadAsItWasWritten) {
  const QuorumNote note{.incarnation = 7,
                        .founding = Own::kReady,
                        .cluster_id = "4L6g3nShT-eMCtK--X86sw",
                        .member = raft::member_of(BrokerId{3}, 2),
                        .directory = Uuid{1, 2},
                        .born = 1'796'002'257'433'523'887};
  EXPECT_EQ(parse_quorum_note(to_text(note)), note);
  EXPECT_EQ(parse_quorum_note(to_text(QuorumNote())), QuorumNote());
}

TEST(QuorumNote, WhatIsNotOneIsRefused) {
  const std::string good = to_text(QuorumNote{.incarnation = 7});
  EXPECT_FALSE(parse_quorum_note(good + "born=\n"));
  EXPECT_FALSE(parse_quorum_note(good + "born=1\nborn=1\n"));
  for (std::size_t size = 0; size < good.size(); ++size) EXPECT_FALSE(parse_quorum_note(good.substr(0, size))) << size;
  EXPECT_FALSE(parse_quorum_note(good + "more\n"));
  std::string unknown = good;
  unknown.replace(unknown.find("founding=empty"), 14, "founding=leader");
  EXPECT_FALSE(parse_quorum_note(unknown));
}

Task<bool> write_and_read(const Shard* shard) {
  const auto none = read_quorum_note(shard->disk, "/data");
  if (!none || *none != QuorumNote()) co_return false;
  if (!co_await shard->disk.make_durable_directory("/data")) co_return false;
  if (!co_await write_quorum_note(shard->disk, "/data", {.incarnation = 9})) co_return false;
  const auto note = read_quorum_note(shard->disk, "/data");
  co_return note && note->incarnation == 9;
}

TEST(QuorumNote, OneThatWasCopiedIsTold) {
  sim::World world(1);
  auto& node = world.add_node("node", 1, [](sim::Node&) { return nullptr; });
  node.start();
  ASSERT_EQ(world.run(node, write_and_read(&node.shard(0))), true);
  EXPECT_FALSE(is_copy(node.disk(), "/data", *read_quorum_note(node.disk(), "/data")));
  node.disk().copy("/data", "/copy");
  EXPECT_TRUE(is_copy(node.disk(), "/copy", *read_quorum_note(node.disk(), "/copy")));
  EXPECT_FALSE(is_copy(node.disk(), "/data", *read_quorum_note(node.disk(), "/data")));
  EXPECT_FALSE(is_copy(node.disk(), "/copy", QuorumNote())) << "of a release that did not say";
}

TEST(QuorumNote, AMetadataLogThatIsSetAsideIsNoneAnyMore) {
  sim::World world(1);
  auto& node = world.add_node("node", 1, [](sim::Node&) { return nullptr; });
  node.start();
  for (int i = 0; i < 2; ++i) {
    ASSERT_TRUE(node.disk().make_directory("/data/__cluster_metadata-0"));
    ASSERT_TRUE(node.disk().open("/data/__cluster_metadata-0/00000000000000000001.log", OpenMode::kCreate));
    ASSERT_TRUE(*world.run(node, set_metadata_log_aside(node.disk(), "/data")));
    EXPECT_FALSE(has_metadata_log(node.disk(), "/data"));
    EXPECT_TRUE(node.disk().exists("/data/__cluster_metadata-0.copy/00000000000000000001.log"));
  }
}

TEST(QuorumNote, LiesInTheMetadataDirectory) {
  sim::World world(1);
  auto& node = world.add_node("node", 1, [](sim::Node&) { return nullptr; });
  node.start();
  EXPECT_EQ(world.run(node, write_and_read(&node.shard(0))), true);
  EXPECT_FALSE(has_metadata_log(node.disk(), "/data"));
  ASSERT_TRUE(node.disk().make_directory("/data/__cluster_metadata-0"));
  EXPECT_FALSE(has_metadata_log(node.disk(), "/data"));
  ASSERT_TRUE(node.disk().open("/data/__cluster_metadata-0/00000000000000000001.log", OpenMode::kCreate));
  EXPECT_TRUE(has_metadata_log(node.disk(), "/data"));
}

}  // namespace
}  // namespace thalweg::broker
