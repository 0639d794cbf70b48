// However large the cluster is, no step of a page holds the shard: what grows with it is done in slices, which are
// counted here, since a test that measured time would fail on a loaded machine. Figures: tests/bench/console.
#include <gtest/gtest.h>

#include "console/attention.h"
#include "metadata/image_builder.h"
#include "sim/world.h"

namespace thalweg::console {
namespace {

constexpr int kTopics = 10'214, kPartitionsOfEach = 4;
constexpr std::size_t kPartitionsOfASlice = 2500;  // at most, some hundred microseconds

metadata::ImagePtr large_image() {
  metadata::ImageBuilder builder(std::make_shared<const metadata::Image>());
  for (int t = 0; t < kTopics; ++t) {
    protocol::TopicRecord topic;
    topic.name = "a.longer.name.of.topic-" + std::to_string(t);
    topic.topic_id = {1, std::uint64_t(t + 1)};
    CHECK(builder.apply(metadata::Record(topic)));
    for (int p = 0; p < kPartitionsOfEach; ++p) {
      protocol::PartitionRecord partition;
      partition.partition_id = PartitionId{p};
      partition.topic_id = topic.topic_id;
      partition.replicas = {BrokerId{1}, BrokerId{2}};
      partition.isr = {BrokerId{1}};
      partition.leader = BrokerId{1};
      CHECK(builder.apply(metadata::Record(partition)));
    }
  }
  return builder.pin();
}

struct SlicesTest : testing::Test {
  sim::World world{1};
  sim::Node& node = world.add_node("node", 1, [](sim::Node&) { return nullptr; });
  std::unique_ptr<broker::Broker> broker;
  std::size_t steps = 0;

  SlicesTest() {
    node.start();
    broker = std::make_unique<broker::Broker>(std::vector<const Shard*>{&node.shard(0)}, config::BrokerConfig());
  }
  template <class T>
  T run(Task<T> task) {
    const auto result = std::make_shared<std::optional<T>>();
    spawn(node.shard(0), keep(std::move(task), result));
    for (steps = 0; !result->has_value(); ++steps) CHECK(world.simulation.step());
    return std::move(**result);
  }
  template <class T>
  static Task<> keep(Task<T> task, std::shared_ptr<std::optional<T>> result) {
    result->emplace(co_await std::move(task));
  }
};

TEST_F(SlicesTest, TheTableOfALargeClusterIsMadeInSlicesAndKept) {
  const auto image = large_image();
  TopicTables tables;
  const auto table = run(tables.of(*broker, image));
  EXPECT_EQ(table->rows.size(), std::size_t(kTopics));
  EXPECT_EQ(table->partitions, kTopics * kPartitionsOfEach);
  EXPECT_EQ(table->under_replicated, table->partitions);
  EXPECT_EQ(table->brokers.at(BrokerId{1}).leads, table->partitions);
  EXPECT_EQ(table->brokers.at(BrokerId{2}).out_of_sync, table->partitions);
  EXPECT_GE(steps, table->partitions / kPartitionsOfASlice);
  EXPECT_EQ(run(tables.of(*broker, image)), table);
  EXPECT_LE(steps, 3u);
}

TEST_F(SlicesTest, WhatNeedsAttentionIsLookedForInSlices) {
  const auto image = large_image();
  TopicTables tables;
  const auto table = run(tables.of(*broker, image));
  const auto list = run(attention_of({.table = table, .image = image, .is_open_to_others = false}));
  EXPECT_EQ(list.total, table->partitions);
  EXPECT_GE(steps, table->partitions / kPartitionsOfASlice);
}

}  // namespace
}  // namespace thalweg::console
