// One partition over a log on a real disk, which this broker leads in epoch 3, or whoever a test says.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <utility>
#include <vector>

#include "replica/partition.h"
#include "storage/testing.h"

namespace thalweg::replica {

inline constexpr BrokerId kSelf{1}, kOther{2};

inline metadata::Partition led_by(BrokerId leader, LeaderEpoch epoch, std::vector<BrokerId> isr = {kSelf}) {
  metadata::Partition state;
  state.replicas = {kSelf, kOther};
  state.isr = std::move(isr);
  state.leader = leader;
  state.leader_epoch = epoch;
  return state;
}

enum class Durability { kDisk, kMemory };

struct PartitionTest : testing::Test {
  PartitionPtr open(Durability durability = Durability::kDisk, storage::LogConfig config = {}) {
    auto log = t.run(storage::Log::open(t.shard, {.directory = t.directory + "/orders-0",
                                                  .partition = {"orders", PartitionId{0}},
                                                  .topic_id = Uuid{1, 2},
                                                  .config = config,
                                                  .sync_every_append = durability == Durability::kDisk}));
    CHECK(log);
    auto partition = std::make_shared<Partition>(t.shard, kSelf, *log);
    partition->update(led_by(kSelf, LeaderEpoch{3}));
    return partition;
  }
  storage::TestShard t;
};

}  // namespace thalweg::replica
