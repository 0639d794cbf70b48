#include "broker/record_checks.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "record/builder.h"
#include "sim/world.h"

namespace thalweg::broker {
namespace {

using record::Codec;

SharedBytes zeros(std::size_t size, Codec codec) {
  record::BatchBuilder builder({.codec = codec});
  const std::string value(size, '\0');
  builder.append({.timestamp = 1, .value = as_bytes(value)});
  return builder.build();
}

struct RecordChecksTest : testing::Test {
  sim::World world{1};
  sim::Node& node = world.add_node("n", 1, [](sim::Node&) { return nullptr; });
  RecordChecks checks;
  std::vector<std::string> done;

  void SetUp() override { node.start(); }
  void start(std::string name, SharedBytes records) {
    spawn(node.shard(0), look(this, std::move(name), std::move(records)));
  }
  static Task<> look(RecordChecksTest* test, std::string name, SharedBytes records) {
    const auto facts = co_await test->checks.look_inside(std::move(records));
    test->done.push_back(name + (facts ? "" : ": " + facts.error().message));
  }
};

// A few kilobytes that unpack to many megabytes hold up nobody else on the shard, in any codec.
TEST_F(RecordChecksTest, ALargeBatchGivesWayToOthers) {
  for (int codec = 0; codec < record::kCodecCount; ++codec) {
    done.clear();
    start("large", zeros(8 * kBytesAtOnce, static_cast<Codec>(codec)));
    start("small", zeros(100, static_cast<Codec>(codec)));
    world.run_for(Millis(1));
    EXPECT_EQ(done, (std::vector<std::string>{"small", "large"})) << name(static_cast<Codec>(codec));
  }
}

TEST_F(RecordChecksTest, LargeOnesOfSeveralConnectionsTakeTurns) {
  for (const auto* name : {"first", "second", "third"}) start(name, zeros(3 * kBytesAtOnce, Codec::kZstd));
  world.run_for(Millis(1));
  EXPECT_EQ(done, (std::vector<std::string>{"first", "second", "third"}));
}

// Requests with many batches, each of them small, give way now and then.
TEST_F(RecordChecksTest, ManySmallBatchesAreLongWorkTogether) {
  struct Many {
    static Task<> run(RecordChecksTest* test, SharedBytes records) {
      for (int i = 0; i < 20; ++i) co_await test->checks.look_inside(records);
      test->done.push_back("many");
    }
  };
  spawn(node.shard(0), Many::run(this, zeros(kBytesAtOnce / 4, Codec::kLz4)));
  start("small", zeros(100, Codec::kNone));
  world.run_for(Millis(1));
  EXPECT_EQ(done, (std::vector<std::string>{"small", "many"}));
}

TEST_F(RecordChecksTest, DamageIsRefusedBeforeAnythingIsUnpacked) {
  const SharedBytes good = zeros(100, Codec::kGzip);
  std::vector<std::byte> bytes(good.view().begin(), good.view().end());
  bytes.back() ^= std::byte{1};
  start("damaged", SharedBytes::take(std::move(bytes)));
  world.run_for(Millis(1));
  EXPECT_EQ(done, (std::vector<std::string>{"damaged: record batch fails its checksum"}));
}

}  // namespace
}  // namespace thalweg::broker
