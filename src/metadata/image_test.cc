#include "metadata/image.h"

#include <gtest/gtest.h>

#include "metadata/image_builder.h"
#include "metadata/testing.h"

namespace thalweg::metadata {
namespace {

using testing::config;
using testing::partition;
using testing::topic;

constexpr Uuid kOrders{1, 1}, kPayments{2, 2};

protocol::RegisterBrokerRecord broker(int id, std::int64_t epoch) {
  protocol::RegisterBrokerRecord record;
  record.broker_id = BrokerId{id};
  record.broker_epoch = epoch;
  record.end_points.push_back({"PLAINTEXT", "localhost", 9092, 0});
  record.rack = "a";
  return record;
}
class ImageBuilderTest : public ::testing::Test {
 protected:
  void SetUp() override {
    apply(broker(1, 10));
    apply(topic("orders", kOrders));
    apply(partition(kOrders, 0, {BrokerId{1}, BrokerId{2}}));
    first_ = builder_.build();
  }
  void apply(const Record& record) {
    const auto applied = builder_.apply(record);
    ASSERT_TRUE(applied) << applied.error().message;
  }

  ImageBuilder builder_{std::make_shared<const Image>("cluster")};
  Built first_;
};

TEST_F(ImageBuilderTest, FindsATopicByNameAndById) {
  const auto& image = *first_.image;
  ASSERT_TRUE(image.topic("orders"));
  EXPECT_EQ(image.topic("orders"), image.topic(kOrders));
  EXPECT_EQ(image.partition("orders", PartitionId{0})->leader, BrokerId{1});
  EXPECT_EQ(image.partition("orders", PartitionId{1}), nullptr);
  EXPECT_EQ(image.topic("nosuch"), nullptr);
  EXPECT_EQ(image.cluster_id(), "cluster");
  EXPECT_TRUE(image.broker(BrokerId{1})->fenced);
  EXPECT_EQ(image.broker(BrokerId{1})->endpoint("PLAINTEXT")->port, 9092);
}

TEST_F(ImageBuilderTest, AnImageGivenOutNeverChanges) {
  protocol::PartitionChangeRecord change;
  change.topic_id = kOrders;
  change.partition_id = PartitionId{0};
  change.leader = BrokerId{2};
  apply(change);
  apply(topic("payments", kPayments));
  EXPECT_EQ(first_.image->partition("orders", PartitionId{0})->leader, BrokerId{1});
  EXPECT_EQ(first_.image->topic("payments"), nullptr);
  const auto second = builder_.build();
  EXPECT_EQ(second.image->partition("orders", PartitionId{0})->leader, BrokerId{2});
}

TEST_F(ImageBuilderTest, SharesWhatABatchLeftAlone) {
  apply(topic("payments", kPayments));
  const auto second = builder_.build();
  EXPECT_EQ(second.image->topic("orders"), first_.image->topic("orders"));
  EXPECT_EQ(&second.image->brokers(), &first_.image->brokers());
}

TEST_F(ImageBuilderTest, AChangeCountsEpochs) {
  protocol::PartitionChangeRecord shrink;
  shrink.topic_id = kOrders;
  shrink.partition_id = PartitionId{0};
  shrink.isr = std::vector{BrokerId{1}};
  apply(shrink);
  const auto* after = builder_.current().partition("orders", PartitionId{0});
  EXPECT_EQ(after->partition_epoch, 1);
  EXPECT_EQ(after->leader_epoch, LeaderEpoch{0});  // nobody was elected
  shrink.leader = BrokerId{1};
  apply(shrink);
  EXPECT_EQ(builder_.current().partition("orders", PartitionId{0})->leader_epoch, LeaderEpoch{1});
}

TEST_F(ImageBuilderTest, DeltaNamesWhatChanged) {
  EXPECT_EQ(first_.delta.topics_created.at(kOrders), "orders");
  EXPECT_TRUE(first_.delta.brokers.contains(BrokerId{1}));
  apply(partition(kOrders, 1, {BrokerId{1}}));
  apply(config(ResourceType::kTopic, "orders", "retention.ms", "1"));
  const auto second = builder_.build();
  EXPECT_EQ(second.delta.partitions, (std::set<Delta::PartitionChange>{{kOrders, PartitionId{1}}}));
  EXPECT_EQ(second.delta.configs.size(), 1u);
  EXPECT_TRUE(second.delta.brokers.empty());
  EXPECT_TRUE(builder_.build().delta.empty());
}

TEST_F(ImageBuilderTest, RemovingATopicTakesItsConfigsAlong) {
  apply(config(ResourceType::kTopic, "orders", "retention.ms", "1"));
  apply(partition(kOrders, 1, {BrokerId{1}}));
  protocol::RemoveTopicRecord remove;
  remove.topic_id = kOrders;
  apply(remove);
  const auto built = builder_.build();
  EXPECT_TRUE(built.image->topics().empty());
  EXPECT_TRUE(built.image->all_configs().empty());
  EXPECT_EQ(built.delta.topics_deleted.at(kOrders)->partitions.size(), 2u);
  EXPECT_TRUE(built.delta.partitions.empty());
}

TEST_F(ImageBuilderTest, ATopicMadeAndRemovedBetweenBuildsIsNobodysBusiness) {
  apply(topic("payments", kPayments));
  protocol::RemoveTopicRecord remove;
  remove.topic_id = kPayments;
  apply(remove);
  EXPECT_TRUE(builder_.build().delta.empty());
}

TEST_F(ImageBuilderTest, RemovedConfigsReturnToTheirDefault) {
  apply(config(ResourceType::kBroker, "", "log.retention.ms", "1"));
  EXPECT_EQ(builder_.current().configs({ResourceType::kBroker, ""}).at("log.retention.ms"), "1");
  apply(config(ResourceType::kBroker, "", "log.retention.ms", std::nullopt));
  EXPECT_TRUE(builder_.current().all_configs().empty());
}

TEST_F(ImageBuilderTest, RefusesALogThatContradictsItself) {
  EXPECT_FALSE(builder_.apply(Record(topic("orders", kPayments))));
  EXPECT_FALSE(builder_.apply(Record(partition(kPayments, 0, {BrokerId{1}}))));
  EXPECT_FALSE(builder_.apply(Record(partition(kOrders, 5, {BrokerId{1}}))));
  protocol::UnfenceBrokerRecord unfence;
  unfence.id = BrokerId{1};
  unfence.epoch = 9;
  EXPECT_FALSE(builder_.apply(Record(unfence)));
}

TEST_F(ImageBuilderTest, ASnapshotMakesTheSameImage) {
  apply(config(ResourceType::kTopic, "orders", "retention.ms", "1"));
  protocol::ClientQuotaRecord quota;
  quota.entity.push_back({"user", std::nullopt});
  quota.key = "producer_byte_rate";
  quota.value = 1e6;
  apply(quota);
  protocol::ProducerIdsRecord ids;
  ids.next_producer_id = ProducerId{2000};
  apply(ids);
  protocol::FeatureLevelRecord feature;
  feature.name = "metadata.version";
  feature.feature_level = 30;
  apply(feature);
  const auto built = builder_.build();
  ImageBuilder again(std::make_shared<const Image>("cluster"));
  const auto records = decode_records(encode_records(built.image->snapshot()));
  ASSERT_TRUE(records) << records.error().message;
  ASSERT_TRUE(again.apply(*records));
  EXPECT_EQ(*again.build().image, *built.image);
}

TEST(Record, HasKafkasFrame) {
  const auto bytes = encode_record(Record(topic("t", Uuid{0x0102030405060708, 0x090a0b0c0d0e0f10})));
  // frame version 1, type 2, version 0, compact string "t", uuid, no tags
  const std::string expected("\x01\x02\x00\x02t\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f\x10\x00",
                             22);
  EXPECT_EQ(bytes.text(), expected);
  EXPECT_EQ(*decode_record(bytes), Record(topic("t", Uuid{0x0102030405060708, 0x090a0b0c0d0e0f10})));
}

TEST(Record, RefusesWhatItCannotKeep) {
  EXPECT_EQ(decode_record(SharedBytes::copy_of(std::string_view("\x01\x7f\x00", 3))).error().code,
            ErrorCode::kUnsupportedVersion);
  EXPECT_EQ(decode_record(SharedBytes::copy_of(std::string_view("\x01\x02\x05", 3))).error().code,
            ErrorCode::kUnsupportedVersion);
  EXPECT_EQ(decode_record(SharedBytes::copy_of(std::string_view("\x02\x02\x00", 3))).error().code,
            ErrorCode::kCorruptMessage);
  EXPECT_EQ(decode_record(SharedBytes()).error().code, ErrorCode::kCorruptMessage);
  const auto batch = encode_records({topic("t", kOrders), topic("u", kPayments)});
  for (std::size_t size = 0; size < batch.size(); ++size)
    if (const auto cut = decode_records(batch.slice(0, size))) EXPECT_LT(cut->size(), 2u);
  EXPECT_EQ(decode_records(batch)->size(), 2u);
}

TEST_F(ImageBuilderTest, ClearElrEmptiesWhoIsEligibleInOneTopicOrInAll) {
  apply(topic("payments", kPayments));
  apply(partition(kPayments, 0, {BrokerId{1}, BrokerId{2}}));
  for (const auto id : {kOrders, kPayments}) {
    protocol::PartitionChangeRecord change;
    change.topic_id = id;
    change.partition_id = PartitionId{0};
    change.isr = std::vector<BrokerId>();
    change.eligible_leader_replicas = std::vector{BrokerId{2}};
    change.last_known_elr = std::vector{BrokerId{1}};
    apply(change);
  }
  builder_.build();
  const auto of = [&](const char* name) { return builder_.current().partition(name, PartitionId{0}); };
  const auto epoch = of("orders")->partition_epoch;
  protocol::ClearElrRecord clear;
  clear.topic_name = "orders";
  apply(clear);
  EXPECT_TRUE(of("orders")->eligible_leader_replicas.empty());
  EXPECT_TRUE(of("orders")->last_known_elr.empty());
  EXPECT_EQ(of("orders")->partition_epoch, epoch + 1);
  EXPECT_FALSE(of("payments")->eligible_leader_replicas.empty());
  EXPECT_EQ(builder_.build().delta.partitions.size(), 1u);
  apply(protocol::ClearElrRecord());
  EXPECT_TRUE(of("payments")->eligible_leader_replicas.empty());
  EXPECT_EQ(of("orders")->partition_epoch, epoch + 1) << "it had nobody left to clear";
  clear.topic_name = "nosuch";
  EXPECT_FALSE(builder_.apply(Record(clear)));
}

TEST_F(ImageBuilderTest, ControllersComeAndGo) {
  protocol::RegisterControllerRecord record;
  record.controller_id = BrokerId{3};
  record.end_points.push_back({"CONTROLLER", "c", 9093, 0});
  record.features.push_back({"metadata.version", 7, 30});
  apply(record);
  const auto built = builder_.build();
  EXPECT_TRUE(built.delta.controllers);
  EXPECT_EQ(built.image->controllers().at(BrokerId{3}).endpoints.front().host, "c");
  EXPECT_TRUE(first_.image->controllers().empty()) << "an image that was given out never changes";
  protocol::UnregisterControllerRecord gone;
  gone.controller_id = BrokerId{3};
  apply(gone);
  EXPECT_TRUE(builder_.build().image->controllers().empty());
  EXPECT_FALSE(builder_.apply(Record(gone)));
}

TEST(BrokerDirectories, AreOnlineUnlessTheyAreKnownToBeGone) {
  const Broker broker{.log_dirs = {Uuid{5, 1}}}, silent;
  EXPECT_TRUE(broker.has_online(Uuid{5, 1}));
  EXPECT_FALSE(broker.has_online(Uuid{5, 2}));
  EXPECT_TRUE(broker.has_online(kDirectoryUnassigned));
  EXPECT_TRUE(broker.has_online(kDirectoryMigrating));
  EXPECT_FALSE(broker.has_online(kDirectoryLost));
  EXPECT_TRUE(silent.has_online(Uuid{5, 2})) << "it named none";
}

}  // namespace
}  // namespace thalweg::metadata
