#include "console/change_log.h"

#include <gtest/gtest.h>

#include "metadata/image_builder.h"

namespace thalweg::console {
namespace {

const Uuid kOrders{1, 2};

struct ChangeLogTest : testing::Test {
  metadata::ImageBuilder builder{std::make_shared<const metadata::Image>()};
  ChangeLog log;
  Timestamp now = 1000;

  template <class Record>
  void apply(const Record& record) {
    CHECK(builder.apply(++index, 1, std::vector{metadata::Record(record)}));
  }
  void make_topic(int partitions) {
    protocol::TopicRecord topic;
    topic.name = "orders";
    topic.topic_id = kOrders;
    apply(topic);
    for (int i = 0; i < partitions; ++i) add_partition(i);
  }
  void add_partition(int number) {
    protocol::PartitionRecord partition;
    partition.topic_id = kOrders;
    partition.partition_id = PartitionId{number};
    partition.replicas = partition.isr = {BrokerId{1}};
    partition.leader = BrokerId{1};
    apply(partition);
  }
  void set(std::int8_t type, const std::string& name, const std::string& option, std::optional<std::string> value) {
    protocol::ConfigRecord record;
    record.resource_type = type;
    record.resource_name = name;
    record.name = option;
    record.value = std::move(value);
    apply(record);
  }
  void look() { log.look(builder.pin(), ++now); }
  // What is new since the last time, the oldest first.
  std::vector<std::string> sentences() {
    look();
    std::vector<std::string> all;
    const auto list = log.list(now);
    for (auto change = list.items.rbegin(); change != list.items.rend(); ++change)
      if (change->at == now) all.push_back(change->sentence);
    return all;
  }
  using Sentences = std::vector<std::string>;
  std::int64_t index = 0;
};

TEST_F(ChangeLogTest, BeginsWithTheFirstImageAndSaysSince) {
  make_topic(1);
  look();
  EXPECT_TRUE(log.list(now).items.empty());
  EXPECT_EQ(log.list(now).since, 1001);
}

TEST_F(ChangeLogTest, TopicsComeGrowAndGo) {
  look();
  make_topic(2);
  EXPECT_EQ(sentences(), Sentences{"orders is created, with 2 partitions"});
  add_partition(2);
  EXPECT_EQ(sentences(), Sentences{"orders has 3 partitions instead of 2"});
  protocol::RemoveTopicRecord gone;
  gone.topic_id = kOrders;
  apply(gone);
  EXPECT_FALSE(log.list(now).items.front().gone);
  EXPECT_EQ(sentences(), Sentences{"orders is deleted"});
  EXPECT_EQ(sentences(), Sentences{});
  for (const auto& change : log.list(now).items) EXPECT_TRUE(change.gone) << change.sentence;
  make_topic(1);
  look();
  for (const auto& change : log.list(now).items) EXPECT_FALSE(change.gone) << change.sentence << ", of that name";
}

TEST_F(ChangeLogTest, OptionsSayWhatTheyWere) {
  make_topic(1);
  look();
  set(2, "orders", "retention.ms", "60000");
  EXPECT_EQ(sentences(), Sentences{"retention.ms of orders is set to 60000"});
  set(2, "orders", "retention.ms", "70000");
  EXPECT_EQ(sentences(), Sentences{"retention.ms of orders is 70000 instead of 60000"});
  set(2, "orders", "retention.ms", std::nullopt);
  EXPECT_EQ(sentences(), Sentences{"retention.ms of orders is 70000 no more: it is what the next layer says"});
  set(4, "", "log.retention.ms", "1");
  EXPECT_EQ(sentences(), Sentences{"log.retention.ms of all brokers is set to 1"});
  set(4, "1", "listener.name.x.ssl.key.password", "secret");
  EXPECT_EQ(sentences(), Sentences{"listener.name.x.ssl.key.password of broker 1 is set to another"});
}

TEST_F(ChangeLogTest, BrokersComeAndGo) {
  look();
  protocol::RegisterBrokerRecord broker;
  broker.broker_id = BrokerId{7};
  broker.fenced = true;
  apply(broker);
  EXPECT_EQ(sentences(), Sentences{"broker 7 is registered"});
  broker.fenced = false;
  apply(broker);
  EXPECT_EQ(sentences(), Sentences{"broker 7 is there"});
  broker.fenced = true;
  apply(broker);
  EXPECT_EQ(sentences(), Sentences{"broker 7 is gone"});
  EXPECT_FALSE(log.list(now).items.front().gone) << "it may come back";
  protocol::UnregisterBrokerRecord removed;
  removed.broker_id = BrokerId{7};
  apply(removed);
  EXPECT_EQ(sentences(), Sentences{"broker 7 is removed"});
  for (const auto& change : log.list(now).items) EXPECT_TRUE(change.gone) << change.sentence;
  set(4, "", "log.retention.ms", "1");
  look();
  EXPECT_FALSE(log.list(now).items.front().gone) << "all brokers are no single one";
}

Change done(Timestamp at, const std::string& sentence) {
  return {.at = at,
          .after = {},
          .source = ChangeSource::kConsole,
          .kind = ResourceKind::kCluster,
          .name = {},
          .sentence = sentence,
          .by = {},
          .refused = {},
          .gone = false};
}

TEST_F(ChangeLogTest, TheNewestAreKeptAndItSaysSinceWhen) {
  look();
  for (int n = 0; n < int(ChangeLog::kKept) + 7; ++n) log.add(done(5000 + n, std::to_string(n)));
  const auto list = log.list(now);
  EXPECT_EQ(list.items.size(), ChangeLog::kKept);
  EXPECT_EQ(list.items.front().sentence, std::to_string(ChangeLog::kKept + 6));
  EXPECT_EQ(list.since, 5007);
}

TEST_F(ChangeLogTest, OneLookGivesNoMoreThanIsKept) {
  look();
  for (int n = 0; n < int(ChangeLog::kKept) + 7; ++n) set(4, std::to_string(n), "log.retention.ms", "1");
  EXPECT_EQ(log.look(builder.pin(), ++now).size(), ChangeLog::kKept);
  EXPECT_EQ(log.list(now).since, now) << "some of that moment are not told";
}

TEST_F(ChangeLogTest, WhatWasDoneWhileTheServerWasNotThereSaysAfterWhen) {
  make_topic(1);
  log.go_on_from(builder.pin(), 400);
  set(2, "orders", "retention.ms", "60000");
  look();
  set(2, "orders", "retention.ms", "70000");
  look();
  const auto list = log.list(now);
  ASSERT_EQ(list.items.size(), 2u);
  EXPECT_EQ(list.items[1].after, 400);
  EXPECT_EQ(list.items[1].at, 1001);
  EXPECT_EQ(list.items[0].after, std::nullopt) << "that was seen";
}

TEST_F(ChangeLogTest, WhatWasKnownBeforeComesLastAndNoMoreThanIsKept) {
  look();
  log.add(done(2000, "new"));
  std::vector<Change> earlier;
  for (int n = 0; n < int(ChangeLog::kKept); ++n) earlier.push_back(done(900 - n, std::to_string(n)));
  log.add_earlier({earlier[0], earlier[1]}, 100);
  EXPECT_EQ(log.list(now).since, 100);
  EXPECT_EQ(log.list(now).items.at(0).sentence, "new");
  EXPECT_EQ(log.list(now).items.at(2).sentence, "1");
  log.add_earlier(earlier, 50);
  EXPECT_EQ(log.list(now).items.size(), ChangeLog::kKept);
  EXPECT_EQ(log.list(now).since, log.list(now).items.back().at) << "what was before fell out";
}

TEST_F(ChangeLogTest, AClockThatIsSetBackChangesNoOrder) {
  now = 10'000;
  look();
  log.add(done(10'002, "first"));
  log.add(done(3000, "second"));
  auto list = log.list(3001);
  EXPECT_EQ(list.items.at(0).sentence, "second");
  EXPECT_EQ(list.since, 3000) << "nothing that is listed lies before it";
  log.go_on_from(builder.pin(), 20'000);
  make_topic(1);
  log.look(builder.pin(), 3002);
  EXPECT_EQ(log.list(3003).items.at(0).after, std::nullopt) << "after what is to come says nothing";
}

TEST_F(ChangeLogTest, TextsAreCutBetweenCharacters) {
  look();
  std::string text = "x";
  while (text.size() < 5000) text += "ü";
  auto change = done(1, text);
  change.by = text;
  const auto& kept = log.add(change);
  EXPECT_EQ(kept.sentence, text.substr(0, ChangeLog::kSentenceMax - 1) + "…");
  EXPECT_LE(kept.by->size(), ChangeLog::kTextMax + 3);
}

}  // namespace
}  // namespace thalweg::console
