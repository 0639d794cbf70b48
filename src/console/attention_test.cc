#include "console/attention.h"

#include <gtest/gtest.h>

#include <functional>

#include "console/testing.h"
#include "metadata/image_builder.h"

namespace thalweg::console {
namespace {

struct AttentionTest : testing::Test {
  AttentionInputs inputs{.table = {}, .image = std::make_shared<const metadata::Image>(), .is_open_to_others = false};
  std::shared_ptr<TopicTable> table = std::make_shared<TopicTable>();
  sim::World world{1};
  sim::Node& node = world.add_node("node", 1, [](sim::Node&) { return nullptr; });

  AttentionTest() { node.start(); }

  // Of one partition; a leader of -1 is none.
  void add_topic(const std::string& name, std::vector<BrokerId> isr, std::vector<BrokerId> replicas, int leader,
                 int min_in_sync = 1) {
    auto topic = std::make_shared<metadata::Topic>();
    topic->name = name;
    auto& partition = topic->partitions.emplace_back();
    partition.isr = std::move(isr);
    partition.replicas = std::move(replicas);
    partition.leader = BrokerId{leader};
    TopicRow row{.topic = topic, .min_in_sync = min_in_sync};
    row.short_of_replicas = partition.isr.size() < partition.replicas.size();
    row.leaderless = leader < 0;
    row.under_min_isr = std::cmp_less(partition.isr.size(), min_in_sync);
    table->rows.push_back(std::move(row));
  }
  AttentionList look() {
    inputs.table = table;
    return *world.run(node, attention_of(inputs));
  }
};

constexpr BrokerId k1{1}, k2{2}, k3{3};

TEST_F(AttentionTest, NothingIsSaidOfWhatIsWell) {
  add_topic("well", {k1, k2}, {k1, k2}, 1, 2);
  EXPECT_EQ(look().total, 0);
}

TEST_F(AttentionTest, EachItemSaysWhatIsWrongAndWhatFollows) {
  add_topic("a", {k1}, {k1, k2, k3}, 1);
  add_topic("b", {k1, k2}, {k1, k2, k3}, 1, 3);
  add_topic("c", {k2, k3}, {k2, k3}, -1);
  const auto list = look();
  ASSERT_EQ(list.items.size(), 3u);
  EXPECT_EQ(list.items[0].sentence, "b-0 has two replicas in sync of three");
  EXPECT_EQ(list.items[0].detail, "acks=all is refused, as min.insync.replicas is 3");
  EXPECT_EQ(list.items[0].severity, Severity::kBad);
  EXPECT_EQ(list.items[1].sentence, "c-0 has no leader");
  EXPECT_EQ(list.items[1].detail, "nobody can read or write it until broker 2 or broker 3 is back");
  EXPECT_EQ(list.items[2].sentence, "a-0 has one replica in sync of three");
  EXPECT_EQ(list.items[2].detail, "acks=all is still accepted, as min.insync.replicas is 1");
  EXPECT_EQ(list.items[2].severity, Severity::kWarn);
  EXPECT_EQ(list.items[2].name, "a");
  EXPECT_EQ(list.items[2].partition, 0);
}

TEST_F(AttentionTest, AnOpenConsoleIsSaid) {
  inputs.is_open_to_others = true;
  EXPECT_EQ(look().items.at(0).name, "console.auth");
}

TEST_F(AttentionTest, ThousandsAreCountedAndTheWorstAreTold) {
  for (int i = 0; i < 3000; ++i) add_topic("short-" + std::to_string(i), {k1}, {k1, k2}, 1);
  for (int i = 0; i < 3; ++i) add_topic("zz-" + std::to_string(i), {}, {k1}, -1);
  const auto list = look();
  EXPECT_EQ(list.total, 3003);
  EXPECT_EQ(list.items.size(), kAttentionMax);
  EXPECT_EQ(list.items[2].sentence, "zz-2-0 has no leader");
  EXPECT_EQ(list.items[2].detail, "nobody can read or write it until a broker with a complete replica is back");
}

// Ages of a group as they were looked at once a minute.
struct BehindTest : AttentionTest {
  History history;
  void look_at_ages(std::vector<double> minutes, int members = 3) {
    Instant now(std::chrono::hours(1));
    for (const double age : minutes)
      history.add({SeriesOf::kGroup, "readers", SeriesName::kAge}, now += std::chrono::minutes(1), age * 60'000);
    auto rollup = std::make_shared<Rollup>();
    rollup->at = now;
    rollup->groups["readers"] = {.lag = 48'210,
                                 .age_ms = std::int64_t(minutes.back() * 60'000),
                                 .members = members,
                                 .generation = 0,
                                 .uncommitted = {}};
    inputs.rollup = rollup;
    inputs.history = &history;
  }
};

TEST_F(BehindTest, AGroupWhoseOldestUnreadRecordAgesIsSaid) {
  look_at_ages({7, 8, 9, 10, 11, 12.7});
  const auto list = look();
  ASSERT_EQ(list.total, 1);
  EXPECT_EQ(list.items[0].sentence, "readers is falling behind");
  EXPECT_EQ(list.items[0].detail, "48210 records unread, the oldest 12.7 min old and getting older");
  EXPECT_EQ(list.items[0].kind, ResourceKind::kGroup);
}

TEST_F(BehindTest, OneThatCatchesUpOrKeepsItsDistanceIsNot) {
  look_at_ages({12, 12, 12, 12, 12, 12});
  EXPECT_EQ(look().total, 0);
}

TEST_F(BehindTest, OneThatHasBarelyBegunToAgeIsNot) {
  look_at_ages({0.1, 0.2, 0.4, 0.6, 0.8, 0.9});
  EXPECT_EQ(look().total, 0);
}

TEST_F(BehindTest, OneThatWasNotWatchedForLongIsNot) {
  look_at_ages({10, 11, 12});
  EXPECT_EQ(look().total, 0);
}

TEST_F(BehindTest, OneThatNobodyIsInIsNot) {
  look_at_ages({7, 8, 9, 10, 11, 12}, 0);
  EXPECT_EQ(look().total, 0);
}

TEST_F(BehindTest, OneThatStandsStillInAPartitionIsSaidToAndNotToFallBehind) {
  look_at_ages({7, 8, 9, 10, 11, 12.7});
  auto rollup = std::make_shared<Rollup>(*inputs.rollup);
  rollup->groups["readers"].uncommitted = Uncommitted{"orders", PartitionId{3}, 9 * 60'000, 3};
  inputs.rollup = rollup;
  const auto list = look();
  ASSERT_EQ(list.total, 1);
  EXPECT_EQ(list.items[0].sentence, "readers has not committed orders-3 for 9.0 min");
  EXPECT_TRUE(list.items[0].detail.value_or("").starts_with("nor two others; records of before wait there"));
  EXPECT_EQ(list.items[0].kind, ResourceKind::kGroup);
  rollup->groups["readers"].members = 0;
  EXPECT_EQ(look().total, 0) << "nobody reads";
}

// Generations of a group as they were looked at once a minute.
struct RebalancesTest : AttentionTest {
  History history;
  AttentionList look_at_generations(std::vector<double> generations, int members = 3) {
    Instant now(std::chrono::hours(1));
    for (const double generation : generations)
      history.add({SeriesOf::kGroup, "readers", SeriesName::kGeneration}, now += std::chrono::minutes(1), generation);
    auto rollup = std::make_shared<Rollup>();
    rollup->at = now;
    rollup->groups["readers"] = {.lag = 0, .age_ms = 0, .members = members, .generation = 1, .uncommitted = {}};
    inputs.rollup = rollup;
    inputs.history = &history;
    return look();
  }
};

TEST_F(RebalancesTest, AGroupThatRebalancesThreeTimesInTenMinutesIsSaid) {
  const auto list = look_at_generations({4, 5, 5, 6, 7});
  ASSERT_EQ(list.total, 1);
  EXPECT_EQ(list.items[0].sentence, "readers has rebalanced 3 times in 10 minutes");
  EXPECT_EQ(list.items[0].kind, ResourceKind::kGroup);
}

TEST_F(RebalancesTest, OneThatRebalancesTwiceOrDidLongAgoIsNot) {
  EXPECT_EQ(look_at_generations({4, 5, 6}).total, 0);
  EXPECT_EQ(look_at_generations({7, 8, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 10}).total, 0);
}

TEST_F(RebalancesTest, OneThatWasForgottenAndBeganAnewIsNot) {
  EXPECT_EQ(look_at_generations({90, 91, 1, 2}).total, 0);
}

TEST_F(RebalancesTest, OneThatNobodyIsInAnyMoreIsNot) { EXPECT_EQ(look_at_generations({1, 2, 3, 4, 5}, 0).total, 0); }

TEST_F(AttentionTest, TopicsWhoseRecordsAreDatedAheadAreSaid) {
  metadata::ImageBuilder builder(std::make_shared<const metadata::Image>());
  const Uuid id{1, 2};
  protocol::TopicRecord topic;
  topic.name = "orders";
  topic.topic_id = id;
  CHECK(builder.apply(metadata::Record(topic)));
  inputs.image = builder.pin();
  auto rollup = std::make_shared<Rollup>();
  rollup->ahead_ms[id] = 7'200'000;
  rollup->ahead_ms[Uuid{8, 9}] = 7'200'000;  // that is gone
  inputs.rollup = rollup;
  const auto list = look();
  ASSERT_EQ(list.total, 1);
  EXPECT_EQ(list.items[0].sentence, "Records of orders are dated 2.0 h ahead");
  EXPECT_EQ(list.items[0].name, "orders");
}

TEST_F(AttentionTest, ADiskThatFillsAndLogsThatFailedAreSaid) {
  inputs.self = k1;
  inputs.directories = {{"/a", 100, 16}, {"/b", 100, 14}, {"/c", 1000, 40}, {"/none", 0, 0}};
  auto rollup = std::make_shared<Rollup>();
  rollup->logs_offline = 2;
  inputs.rollup = rollup;
  const auto list = look();
  ASSERT_EQ(list.total, 3);
  EXPECT_EQ(list.items[0].sentence, "The disk of /c is 96 % full");
  EXPECT_EQ(list.items[0].severity, Severity::kBad);
  EXPECT_EQ(list.items[1].sentence, "2 logs are offline on broker 1");
  EXPECT_EQ(list.items[2].sentence, "The disk of /b is 86 % full");
  EXPECT_EQ(list.items[2].severity, Severity::kWarn);
}

// What was used of a disk of 1000 bytes, looked at once a minute.
struct DiskTest : AttentionTest {
  History history;
  AttentionList look_at_use(int minutes, const std::function<double(int)>& used) {
    Instant now(std::chrono::hours(1));
    double last = 0;
    for (int minute = 0; minute < minutes; ++minute)
      history.add({SeriesOf::kBroker, "/a", SeriesName::kStored}, now += std::chrono::minutes(1), last = used(minute));
    auto rollup = std::make_shared<Rollup>();
    rollup->at = now;
    inputs.rollup = rollup;
    inputs.history = &history;
    inputs.directories = {{"/a", 1000, std::uint64_t(1000 - last)}};
    return look();
  }
};

TEST_F(DiskTest, OneThatIsFullWithinAWeekIsSaid) {
  const auto list = look_at_use(300, [](int minute) { return 400 + minute / 10.0; });
  ASSERT_EQ(list.total, 1);
  EXPECT_EQ(list.items[0].sentence, "The disk of /a is full in 4.0 days");
  EXPECT_EQ(list.items[0].severity, Severity::kWarn);
}

TEST_F(DiskTest, OneThatLastsLongerIsNot) {
  EXPECT_EQ(look_at_use(300, [](int minute) { return 400 + minute / 30.0; }).total, 0);
}

TEST_F(DiskTest, OneThatRetentionKeepsInBalanceIsNot) {
  EXPECT_EQ(look_at_use(350, [](int minute) { return 400 + minute % 60; }).total, 0);
}

TEST_F(DiskTest, OneThatWasNotWatchedForLongIsNot) {
  EXPECT_EQ(look_at_use(50, [](int minute) { return 100 + 10 * minute; }).total, 0);
}

TEST_F(AttentionTest, ABrokerThatIsGoneIsSaid) {
  metadata::ImageBuilder builder(std::make_shared<const metadata::Image>());
  protocol::RegisterBrokerRecord record;
  record.broker_id = k2;
  record.fenced = true;
  CHECK(builder.apply(metadata::Record(record)));
  inputs.image = builder.pin();
  const auto list = look();
  ASSERT_EQ(list.items.size(), 1u);
  EXPECT_EQ(list.items[0].sentence, "Broker 2 is gone");
  EXPECT_EQ(list.items[0].kind, ResourceKind::kBroker);
  EXPECT_EQ(list.items[0].name, "2");
}

}  // namespace
}  // namespace thalweg::console
