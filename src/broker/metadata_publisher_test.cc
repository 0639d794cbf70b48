// Images brought in force through LocalState, with a state that can fail and takes its time.
#include "broker/metadata_publisher.h"

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "base/log.h"
#include "metadata/testing.h"
#include "sim/world.h"

namespace thalweg::broker {
namespace {
using namespace std::chrono_literals;

constexpr BrokerId kThis{1}, kThat{2};

// Remembers what is open: partition to topic id. A name that is open for another topic is in the way.
class RememberedState : public LocalState {
 public:
  explicit RememberedState(const Shard& shard) : shard_(shard) {}

  Task<Result<>> host(metadata::ImagePtr, metadata::TopicPtr topic, PartitionId partition) override {
    co_await shard_.clock.sleep_for(1ms);
    if (failures > 0) {
      --failures;
      co_return fail(why, "no descriptors");
    }
    const auto [at, fresh] = open.try_emplace(name(*topic, partition), topic->id);
    if (at->second != topic->id) co_return fail(ErrorCode::kInconsistentTopicId, "is open with another topic id");
    co_return Result<>();
  }
  Task<Result<>> drop(metadata::TopicPtr topic, PartitionId partition) override {
    open.erase(name(*topic, partition));
    co_return Result<>();
  }
  Task<Result<>> remove_topic(metadata::TopicPtr topic) override {
    co_await shard_.clock.sleep_for(1ms);
    if (failed_removals > 0) {
      --failed_removals;
      co_return fail(ErrorCode::kKafkaStorageError, "the disk is slow to let go");
    }
    std::erase_if(open, [&](const auto& entry) { return entry.second == topic->id; });
    co_return Result<>();
  }
  Task<> configure(metadata::ImagePtr, metadata::TopicPtr topic) override {
    configured.push_back(topic->name);
    co_return;
  }
  Task<bool> configure_broker(metadata::ImagePtr) override { co_return topics_inherit_it; }
  Task<> show(metadata::ImagePtr image) override {
    shown.push_back(image);
    co_return;
  }

  static std::string name(const metadata::Topic& topic, PartitionId partition) {
    return topic.name + "-" + std::to_string(partition.value);
  }

  const Shard& shard_;
  std::map<std::string, Uuid> open;
  std::vector<std::string> configured;
  std::vector<metadata::ImagePtr> shown;
  int failures = 0, failed_removals = 0;
  ErrorCode why = ErrorCode::kKafkaStorageError;
  bool topics_inherit_it = false;
};

using metadata::ResourceType;
using metadata::testing::config;
using metadata::testing::partition;
using metadata::testing::removal;
using metadata::testing::topic;

constexpr Uuid kOrders{1, 1}, kOrdersAgain{1, 2}, kPayments{2, 1};

class MetadataPublisherTest : public testing::Test {
 protected:
  struct Program {
    explicit Program(const Shard& shard) : state(shard), publisher(shard, state, kThis, "cluster") {}
    RememberedState state;
    MetadataPublisher publisher;
  };
  void SetUp() override {
    log::set_level(log::Level::kNone);
    node_ = &world_.add_node("broker", 1, [](sim::Node& node) { return std::make_shared<Program>(node.shard(0)); });
    node_->start();
  }
  void TearDown() override { log::set_level(log::Level::kInfo); }

  RememberedState& state() { return node_->program<Program>().state; }
  MetadataPublisher& publisher() { return node_->program<Program>().publisher; }
  void apply(const std::vector<metadata::Record>& records) {
    publisher().apply(Offset{++index_}, LeaderEpoch{1}, BytesView(metadata::encode_records(records)));
  }
  // The image that another member would send.
  void restore(const std::vector<metadata::Record>& records) {
    index_ += 100;
    ASSERT_TRUE(publisher().restore(Offset{index_}, metadata::encode_records(records)));
  }
  void settle() { world_.run_for(100ms); }

  sim::World world_{1};
  sim::Node* node_ = nullptr;
  std::int64_t index_ = 1;
};

// Who has seen the metadata before this process was started compares what is there now with what was there then.
TEST_F(MetadataPublisherTest, PutsByTheImageThatWasSeenBefore) {
  publisher().put_by(Offset{3});
  apply({topic("orders", kOrders), partition(kOrders, 0, {kThis})});
  apply({topic("payments", kPayments), partition(kPayments, 0, {kThis})});
  apply({removal(kOrders)});
  const auto then = publisher().take_put_by();
  ASSERT_TRUE(then);
  EXPECT_EQ(then->index(), 3);
  EXPECT_EQ(then->topics().size(), 2u);
  EXPECT_FALSE(publisher().take_put_by()) << "it is the taker's";
  EXPECT_EQ(publisher().current_image()->topics().size(), 1u);
}

TEST_F(MetadataPublisherTest, PutsByTheLastImageWhereNothingCameBehindIt) {
  publisher().put_by(Offset{2});
  apply({topic("orders", kOrders), partition(kOrders, 0, {kThis})});
  EXPECT_EQ(publisher().take_put_by(), publisher().current_image());
}

TEST_F(MetadataPublisherTest, PutsByASnapshotOfThatIndexAndNoOther) {
  publisher().put_by(Offset{101});
  restore({topic("orders", kOrders), partition(kOrders, 0, {kThis})});
  apply({removal(kOrders)});
  EXPECT_EQ(publisher().take_put_by()->index(), 101);
  publisher().put_by(Offset{150});
  restore({topic("payments", kPayments), partition(kPayments, 0, {kThis})});
  EXPECT_FALSE(publisher().take_put_by()) << "what was there at 150 is not known";
}

TEST_F(MetadataPublisherTest, OpensBeforeItShowsAndPublishesWhatItShows) {
  apply({topic("orders", kOrders), partition(kOrders, 0, {kThis}), partition(kOrders, 1, {kThat})});
  settle();
  EXPECT_TRUE(state().shown.empty()) << "published while the log is replayed";
  publisher().start();
  settle();
  EXPECT_EQ(state().open, (std::map<std::string, Uuid>{{"orders-0", kOrders}}));
  EXPECT_EQ(publisher().published().value(), Offset{2});
  ASSERT_EQ(state().shown.size(), 1u);
  EXPECT_EQ(state().shown.back(), publisher().published_image());
}

TEST_F(MetadataPublisherTest, LetsGoOfWhatMovesAway) {
  publisher().start();
  apply({topic("orders", kOrders), partition(kOrders, 0, {kThis})});
  settle();
  protocol::PartitionChangeRecord move;
  move.topic_id = kOrders;
  move.partition_id = PartitionId{0};
  move.replicas = std::vector{kThat};
  apply({move});
  settle();
  EXPECT_TRUE(state().open.empty());
}

TEST_F(MetadataPublisherTest, ARestoreAtRunTimeBringsInWhatDiffers) {
  publisher().start();
  apply({topic("orders", kOrders), partition(kOrders, 0, {kThis}), topic("payments", kPayments),
         partition(kPayments, 0, {kThis})});
  settle();
  ASSERT_EQ(state().open.size(), 2u);
  // Meanwhile payments was deleted, and orders deleted and created again. Nothing else comes after the snapshot.
  restore({topic("orders", kOrdersAgain), partition(kOrdersAgain, 0, {kThis}), partition(kOrdersAgain, 1, {kThis}),
           config(ResourceType::kTopic, "orders", "retention.ms", "7")});
  settle();
  EXPECT_EQ(state().open, (std::map<std::string, Uuid>{{"orders-0", kOrdersAgain}, {"orders-1", kOrdersAgain}}));
  EXPECT_EQ(state().configured, std::vector<std::string>{"orders"});
  EXPECT_EQ(publisher().published().value(), Offset{index_});
  EXPECT_FALSE(publisher().published_image()->topic("payments"));
}

// With thousands of topics that is long work.
TEST_F(MetadataPublisherTest, TopicsAreConfiguredOnlyForWhatTheyInherit) {
  publisher().start();
  apply({topic("orders", kOrders), partition(kOrders, 0, {kThis}), topic("payments", kPayments)});
  apply({config(ResourceType::kBroker, "", "max.connections", "100")});
  settle();
  EXPECT_TRUE(state().configured.empty());
  state().topics_inherit_it = true;
  apply({config(ResourceType::kBroker, "", "log.retention.ms", "100")});
  settle();
  EXPECT_EQ(state().configured, (std::vector<std::string>{"orders", "payments"}));
}

TEST_F(MetadataPublisherTest, ARestoreWhilePublishingLosesNothing) {
  publisher().start();
  apply({topic("payments", kPayments), partition(kPayments, 0, {kThis})});
  world_.run_for(500us);  // its partition is being opened
  ASSERT_TRUE(state().open.empty());
  restore({topic("orders", kOrders), partition(kOrders, 0, {kThis})});
  settle();
  EXPECT_EQ(state().open, (std::map<std::string, Uuid>{{"orders-0", kOrders}}));
}

TEST_F(MetadataPublisherTest, AFailedOpenIsTriedAgainWithPatience) {
  publisher().start();
  state().failures = 2;
  apply({topic("orders", kOrders), partition(kOrders, 0, {kThis})});
  settle();
  EXPECT_TRUE(state().open.empty());
  EXPECT_EQ(publisher().published().value(), Offset{index_}) << "one partition must not hold up the others";
  world_.run_for(1s);
  EXPECT_EQ(state().failures, 0);
  EXPECT_TRUE(state().open.empty());
  world_.run_for(1500ms);
  EXPECT_TRUE(state().open.empty()) << "the second wait is longer";
  world_.run_for(1s);
  EXPECT_EQ(state().open.size(), 1u);
}

// The folder of another topic may be of a newer image than this one: nothing is lost, and it is tried again when that
// is here.
TEST_F(MetadataPublisherTest, WhatBelongsToAnotherTopicIsNoLoss) {
  publisher().start();
  EXPECT_TRUE(publisher().nothing_lost());
  state().failures = 2;
  state().why = ErrorCode::kInconsistentTopicId;
  apply({topic("orders", kOrders), partition(kOrders, 0, {kThis})});
  settle();
  EXPECT_TRUE(publisher().nothing_lost());
  state().why = ErrorCode::kKafkaStorageError;
  publisher().try_again();
  settle();
  EXPECT_FALSE(publisher().nothing_lost());
  publisher().try_again();
  settle();
  EXPECT_EQ(state().open.size(), 1u) << "at once, not after its wait";
  EXPECT_TRUE(publisher().nothing_lost());
}

TEST_F(MetadataPublisherTest, ATopicInTheWayOfAnotherIsRemovedAgainFirst) {
  publisher().start();
  apply({topic("orders", kOrders), partition(kOrders, 0, {kThis})});
  settle();
  state().failed_removals = 1;
  apply({removal(kOrders)});
  apply({topic("orders", kOrdersAgain), partition(kOrdersAgain, 0, {kThis})});
  settle();
  EXPECT_EQ(state().open.at("orders-0"), kOrders);
  world_.run_for(5s);
  EXPECT_EQ(state().open.at("orders-0"), kOrdersAgain);
}

TEST_F(MetadataPublisherTest, WhatIsDeletedIsNotTriedAgain) {
  publisher().start();
  state().failures = 1;
  apply({topic("orders", kOrders), partition(kOrders, 0, {kThis})});
  settle();
  apply({removal(kOrders)});
  world_.run_for(5s);
  EXPECT_TRUE(state().open.empty());
}

TEST_F(MetadataPublisherTest, StopsAtWhatItDoesNotUnderstandAndSaysSo) {
  publisher().start();
  apply({topic("orders", kOrders), partition(kOrders, 0, {kThis})});
  settle();
  // A record of a type from the future: size 3, frame version 1, type 127, version 0.
  publisher().apply(Offset{++index_}, LeaderEpoch{1}, as_bytes(std::string_view("\x03\x01\x7f\x00", 4)));
  apply({removal(kOrders)});
  settle();
  ASSERT_FALSE(publisher().health());
  EXPECT_EQ(publisher().health().error().code, ErrorCode::kUnsupportedVersion);
  EXPECT_EQ(publisher().published().value(), Offset{2});
  EXPECT_EQ(state().open.size(), 1u) << "what was in force stays";
  const auto snapshot = world_.run(*node_, publisher().snapshot());
  EXPECT_FALSE(*snapshot) << "a snapshot would hide the entry";
}

protocol::FeatureLevelRecord level_of(std::string name, std::int16_t level) {
  protocol::FeatureLevelRecord record;
  record.name = std::move(name);
  record.feature_level = level;
  return record;
}

TEST_F(MetadataPublisherTest, StopsAtALevelThatItDoesNotSpeakAndSaysWhatToDo) {
  publisher().start();
  apply({level_of("metadata.version", 30)});
  settle();
  EXPECT_TRUE(publisher().health());
  apply({level_of("metadata.version", 31)});
  ASSERT_FALSE(publisher().health());
  EXPECT_EQ(publisher().health().error().code, ErrorCode::kUnsupportedVersion);
  EXPECT_NE(publisher().health().error().message.find("Start the release that the other nodes run"), std::string::npos);
}

TEST_F(MetadataPublisherTest, AnImageWithSuchALevelIsRefusedAsWell) {
  publisher().start();
  EXPECT_FALSE(publisher().restore(Offset{9}, metadata::encode_records({level_of("metadata.version", 31)})));
  EXPECT_FALSE(publisher().health());
}

}  // namespace
}  // namespace thalweg::broker
