// The logs of a broker on a real disk, in directories that go away.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "storage/fault_disk.h"
#include "storage/log_manager.h"
#include "storage/testing.h"

namespace thalweg::storage {

class LogManagerTest : public ::testing::Test {
 protected:
  LogManagerConfig config() const {
    LogManagerConfig config;
    config.log_dirs = dirs;
    config.node_id = BrokerId{1};
    config.checkpoint_interval = config.start_offset_checkpoint_interval = Millis(1000);
    return config;
  }
  std::unique_ptr<LogManager> make() {
    return std::make_unique<LogManager>(std::vector<const Shard*>{&t.shard, &t.shard}, config());
  }
  std::unique_ptr<LogManager> start(const std::string& cluster = "c1") {
    auto manager = make();
    const auto started = t.run(manager->start(cluster));
    EXPECT_TRUE(started) << started.error().message;
    return manager;
  }
  LogPtr open(LogManager& manager, const std::string& topic, std::int32_t partition, Uuid id = Uuid{1, 2}) {
    auto log = t.run(manager.open({topic, {partition}}, id, {}, static_cast<unsigned>(partition % 2)));
    if (!log) ADD_FAILURE() << log.error().message;
    return log.value_or(nullptr);
  }
  void append(Log& log, int batches) {
    for (int i = 0; i < batches; ++i) ASSERT_TRUE(log.append_as_leader(make_batch(), {.leader_epoch = {1}}));
  }
  void remove(LogManager& manager, const std::string& topic, std::vector<PartitionId> partitions,
              Uuid id = Uuid{1, 2}) {
    t.run([](LogManager* m, std::string name, Uuid topic_id, std::vector<PartitionId> all) -> Task<bool> {
      co_await m->remove(std::move(name), topic_id, std::move(all));
      co_return true;
    }(&manager, topic, id, std::move(partitions)));
  }
  void write_checkpoints(LogManager& manager) {
    t.run([](LogManager* m) -> Task<bool> {
      co_await m->write_checkpoints();
      co_return true;
    }(&manager));
  }
  // Whether the first directory has a folder whose name ends so.
  bool has_folder(std::string_view suffix) {
    const auto entries = t.disk.list(dirs[0]);
    return std::ranges::any_of(*entries, [&](const auto& entry) { return entry.name.ends_with(suffix); });
  }
  std::string text(const std::string& path) {
    const auto content = t.disk.read_file(path);
    return content ? std::string(content->text()) : "(missing)";
  }

  TestShard t;
  std::vector<std::string> dirs{t.directory + "/a"};
};

// A shard whose disk counts what is asked of it.
class CountingLogManagerTest : public LogManagerTest {
 protected:
  Faults faults;
  FaultDisk counting{t.disk, faults};
  const Shard shard{0, t.context.get_executor(), t.clock, counting, t.network, t.random, t.metrics};
};

}  // namespace thalweg::storage
