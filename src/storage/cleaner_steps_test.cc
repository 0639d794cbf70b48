// Compaction lets others on the shard in: what a simulation runs in one step is what a shard does in one go.
#include <time.h>

#include <cstdio>
#include <random>

#include "base/log.h"
#include "sim/world.h"
#include "storage/testing_cleaner.h"

namespace thalweg::storage {
namespace {

using namespace std::chrono_literals;

Instant processor_time() {
  timespec now{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return std::chrono::seconds(now.tv_sec) + std::chrono::nanoseconds(now.tv_nsec);
}

// Of the whole, in the longest step. Large batches in any codec, and a map that has to grow.
TEST(LongStepsOfCompaction, AreASmallPartOfIt) {
  log::set_level(log::Level::kError);
  for (const auto codec : {record::Codec::kNone, record::Codec::kGzip, record::Codec::kSnappy, record::Codec::kLz4,
                           record::Codec::kZstd}) {
    sim::World world(1);
    sim::Node& node = world.add_node("b", 1, [](sim::Node&) { return std::make_shared<int>(0); });
    node.start();
    const Shard& shard = node.shard(0);
    LogOptions options;
    options.directory = "/var/orders-0";
    options.partition = {"orders", {0}};
    options.topic_id = Uuid{1, 2};
    options.config.cleanup_compact = true;
    options.config.max_message_bytes = 64 << 20;
    options.config.segment_bytes = 64 << 20;
    const auto opened = world.run(node, Log::open(shard, std::move(options)));
    ASSERT_TRUE(opened && *opened);
    const LogPtr log = **opened;
    std::mt19937_64 random(1);
    for (int batch = 0; batch < 4; ++batch) {
      record::BatchBuilder builder({.codec = codec});
      for (int i = 0; i < 60'000; ++i) {
        const std::string key = "key " + std::to_string(random() % 100'000);
        const std::string value = std::to_string(random()) + std::string(80, 'v');
        builder.append({.timestamp = shard.clock.wall(), .key = as_bytes(key), .value = as_bytes(value)});
      }
      ASSERT_TRUE(log->append_as_leader(builder.build(), {.leader_epoch = {1}}));
    }
    log->set_high_watermark(log->end_offset());
    auto config = log->config();
    config.segment_ms = Millis(0);
    log->set_config(config);
    world.run_for(10ms);
    ASSERT_TRUE(log->append_as_leader(keyed_batch({{"a", "1"}}, shard.clock.wall() + 1000), {.leader_epoch = {1}}));
    log->set_high_watermark(log->end_offset());
    ASSERT_TRUE(*world.run(node, log->checkpoint()));
    const auto found = how_dirty(shard, log, {});
    ASSERT_GT(found->cleanable_bytes, 0u);
    Cleaner cleaner(shard, log, {});
    std::optional<Result<Offset>> reached;
    boost::asio::co_spawn(shard.executor, cleaner.clean(found->first_dirty, found->end),
                          [&](std::exception_ptr, Result<Offset> to) { reached = std::move(to); });
    Instant longest{0};
    const Instant begun = processor_time();
    while (!reached) {
      const Instant before = processor_time();
      ASSERT_TRUE(world.simulation.step());
      longest = std::max(longest, processor_time() - before);
    }
    const Instant all = processor_time() - begun;
    ASSERT_TRUE(*reached);
    std::printf("%-8s longest %5.1f ms of %7.1f ms\n", std::string(record::name(codec)).c_str(), longest.count() / 1e6,
                all.count() / 1e6);
    EXPECT_LT(longest, all / 10) << record::name(codec);
  }
  log::set_level(log::Level::kInfo);
}

}  // namespace
}  // namespace thalweg::storage
