#include "streams/inputs.h"

#include <numeric>

#include "client/testing_mock.h"

namespace thalweg::streams::detail {
namespace {

// Seen as words that were never counted, a batch of them after a rebalance on a busy machine: they lay in the client's
// queue, whose messages were thrown away.
TEST(Inputs, WhatComesToTheClientsQueueInTheMomentOfAnAssignmentIsRead) {
  client::MockCluster cluster;
  cluster.topic("lines");
  cluster.send("lines", 0, 100, 0);
  const TopicPartition lines{"lines", 0};
  Inputs* reading = nullptr;
  bool assigned = false;
  auto inputs = Inputs::open(
      {{"bootstrap.servers", cluster.brokers()},
       {"group.id", "g"},
       {"enable.partition.eof", "true"},
       {"enable.auto.commit", "false"}},
      "g",
      [&](Rebalance kind, const std::vector<TopicPartition>& partitions) {
        if (kind != Rebalance::kAssigned || partitions.empty()) return;
        ASSERT_TRUE(reading->assign({{lines, {.offset = 0, .metadata = {}}}}));
        // As librdkafka does it by itself when it begins to fetch only now.
        const client::QueueHandle of_partition(rd_kafka_queue_get_partition(reading->handle(), "lines", 0));
        const client::QueueHandle of_client(rd_kafka_queue_get_consumer(reading->handle()));
        rd_kafka_queue_forward(of_partition.get(), of_client.get());
        assigned = true;
      },
      [] {});
  ASSERT_TRUE(inputs) << inputs.error().message;
  reading = inputs->get();
  ASSERT_TRUE(reading->subscribe({"lines"}));
  std::vector<std::int64_t> offsets;
  std::optional<std::int64_t> end;
  while (!end) {
    ASSERT_TRUE(reading->poll());
    if (!assigned) continue;
    auto got = reading->read(lines, 10);
    for (const auto& record : got.records) offsets.push_back(record.offset);
    end = got.end;
  }
  std::vector<std::int64_t> all(100);
  std::iota(all.begin(), all.end(), 0);
  EXPECT_EQ(offsets, all);
  EXPECT_EQ(end, 100);
}

}  // namespace
}  // namespace thalweg::streams::detail
