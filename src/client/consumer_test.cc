#include "thalweg/client/consumer.h"

#include <algorithm>
#include <atomic>
#include <latch>
#include <set>

#include "client/testing_mock.h"

namespace thalweg::client {
namespace {

constexpr auto kQuick = 10ms;

Backoff quickly() { return Backoff::fixed(kQuick); }

// What the group has committed of partition 0, asked from the broker.
std::int64_t committed(const MockCluster& cluster, const std::string& topic, const std::string& group = "g") {
  Conf conf;
  conf.set("bootstrap.servers", cluster.brokers());
  conf.set("group.id", group);
  auto handle = conf.open(RD_KAFKA_CONSUMER);
  PartitionList list = new_list();
  rd_kafka_topic_partition_list_add(list.get(), topic.c_str(), 0);
  EXPECT_EQ(rd_kafka_committed(handle->get(), list.get(), 10'000), RD_KAFKA_RESP_ERR_NO_ERROR);
  return list->elems[0].offset;
}

std::vector<Record> read_all(const MockCluster& cluster, const std::string& topic, std::size_t count) {
  std::vector<Record> records;
  std::mutex mutex;
  Seen seen;
  auto consumer = Consumer::open(cluster.consumer("reader-" + topic));
  consumer->on(topic, [&](const Record& record) {
    {
      const std::lock_guard lock(mutex);
      records.push_back(record);
    }
    seen.add("");
  });
  Running running(*consumer);
  EXPECT_TRUE(seen.wait(count));
  EXPECT_TRUE(running.stop());
  return records;
}

// The program ended there, by a null pointer.
TEST(Consumer, ARebalanceThatComesAfterTheEndOfTheGroupFindsNoProtocol) {
  MockCluster cluster;
  cluster.topic("orders");
  Conf conf;
  conf.set("bootstrap.servers", cluster.brokers());
  conf.set("group.id", "g");
  const auto handle = conf.open(RD_KAFKA_CONSUMER);
  ASSERT_TRUE(handle);
  EXPECT_EQ(is_cooperative(handle->get()), false) << "librdkafka says NONE before the first rebalance";
  ASSERT_EQ(rd_kafka_consumer_close(handle->get()), RD_KAFKA_RESP_ERR_NO_ERROR);
  EXPECT_EQ(is_cooperative(handle->get()), std::nullopt);
}

TEST(Consumer, HandlesInOrderAndCommitsWhatWasHandled) {
  MockCluster cluster;
  cluster.topic("orders");
  cluster.send("orders", 0, 500, 0);
  Seen seen;
  auto consumer = Consumer::open(cluster.consumer());
  ASSERT_TRUE(consumer) << consumer.error().message;
  consumer->on("orders", [&](const std::string& value) { seen.add(value); });
  Running running(*consumer);
  ASSERT_TRUE(seen.wait(500));
  auto result = running.stop();
  EXPECT_TRUE(result) << result.error().message;
  const auto list = seen.list();
  ASSERT_EQ(list.size(), 500u);
  for (std::size_t i = 0; i < 500; ++i) EXPECT_EQ(list[i], std::to_string(i));
  EXPECT_EQ(committed(cluster, "orders"), 500);
}

TEST(Consumer, TheNextOneGoesOnWhereTheLastHasStopped) {
  MockCluster cluster;
  cluster.topic("orders");
  cluster.send("orders", 0, 10);
  for (const int until : {10, 20}) {
    Seen seen;
    auto consumer = Consumer::open(cluster.consumer());
    consumer->on("orders", [&](const std::string& value) { seen.add(value); });
    Running running(*consumer);
    ASSERT_TRUE(seen.wait(10));
    ASSERT_TRUE(running.stop());
    EXPECT_EQ(seen.list().front(), std::to_string(until - 10));
    EXPECT_EQ(seen.list().size(), 10u);
    cluster.send("orders", until, until + 10);
  }
}

TEST(Consumer, APoisonRecordGoesToTheDeadLettersWithItsReasonAndTheOthersAreHandled) {
  MockCluster cluster;
  cluster.topic("numbers");
  cluster.topic("dlq.numbers");
  {
    auto producer = Producer::open(cluster.producer());
    ASSERT_TRUE(producer->send("numbers", "a", std::int64_t{1}));
    ASSERT_TRUE(producer->send("numbers", "b", "not eight bytes", {{"trace", "t1"}}));
    ASSERT_TRUE(producer->send("numbers", "c", std::int64_t{3}));
  }
  Seen seen;
  auto consumer = Consumer::open(cluster.consumer());
  consumer->on("numbers", [&](const std::int64_t& n) { seen.add(std::to_string(n)); })
      .retry({.attempts = 5, .backoff = Backoff::fixed(1h)})
      .dead_letters();
  Running running(*consumer);
  ASSERT_TRUE(seen.wait(2));
  ASSERT_TRUE(running.stop());
  EXPECT_EQ(seen.list(), (std::vector<std::string>{"1", "3"}));
  EXPECT_EQ(committed(cluster, "numbers"), 3);
  const auto letters = read_all(cluster, "dlq.numbers", 1);
  ASSERT_EQ(letters.size(), 1u);
  const Record& letter = letters[0];
  EXPECT_EQ(letter.key(), "b");
  EXPECT_EQ(letter.value(), "not eight bytes");
  const auto header = [&](const std::string& name) {
    return letter.headers().last("__dlq.errors." + name).value_or("(none)");
  };
  EXPECT_EQ(letter.headers().last("trace"), "t1");
  EXPECT_EQ(header("topic"), "numbers");
  EXPECT_EQ(header("partition"), "0");
  EXPECT_EQ(header("offset"), "1");
  EXPECT_EQ(header("group"), "g");
  EXPECT_EQ(header("delivery.count"), "1");  // bytes do not get better
  EXPECT_EQ(header("exception"), "_VALUE_DESERIALIZATION");
  EXPECT_NE(header("message").find("long has 8 bytes, here are 15"), std::string::npos) << header("message");
}

TEST(Consumer, AHandlerThatThrowsIsTriedAgainAndThenDeadLettered) {
  MockCluster cluster;
  cluster.topic("orders");
  cluster.topic("dlq.orders");
  cluster.send("orders", 0, 3);
  std::atomic<int> attempts{0};
  Seen seen;
  auto consumer = Consumer::open(cluster.consumer());
  consumer
      ->on("orders",
           [&](const std::string& value) {
             if (value == "1") {
               ++attempts;
               throw std::runtime_error("database is away");
             }
             seen.add(value);
           })
      .retry({.attempts = 3, .backoff = quickly()})
      .dead_letters();
  Running running(*consumer);
  ASSERT_TRUE(seen.wait(2));
  ASSERT_TRUE(running.stop());
  EXPECT_EQ(attempts, 3);
  const auto letters = read_all(cluster, "dlq.orders", 1);
  EXPECT_EQ(letters[0].headers().last("__dlq.errors.message"), "database is away");
  EXPECT_EQ(letters[0].headers().last("__dlq.errors.delivery.count"), "3");
}

TEST(Consumer, WithoutDeadLettersItStopsAtTheRecordAndDoesNotPassIt) {
  MockCluster cluster;
  cluster.topic("orders");
  cluster.send("orders", 0, 5);
  auto consumer = Consumer::open(cluster.consumer());
  consumer
      ->on("orders",
           [](const std::string& value) -> Result<> { return value == "2" ? Result<>(fail("cannot")) : Result<>(); })
      .retry({.attempts = 2, .backoff = quickly()});
  Running running(*consumer);
  auto result = running.wait();
  ASSERT_FALSE(result);
  EXPECT_NE(result.error().message.find("orders-0@2 cannot be handled: cannot"), std::string::npos)
      << result.error().message;
  EXPECT_EQ(committed(cluster, "orders"), 2);
}

TEST(Consumer, APartitionInBackoffDoesNotDelayTheOthers) {
  MockCluster cluster;
  cluster.topic("orders", 3);
  for (int p = 0; p < 3; ++p) cluster.send("orders", 0, 1000, p);
  Seen seen, of_zero;
  auto consumer = Consumer::open(cluster.consumer());
  consumer
      ->on("orders",
           [&](const Record& record) -> Result<> {
             (record.partition() == 0 ? of_zero : seen).add("");
             return record.offset() >= 10 && record.partition() == 0 ? Result<>(fail("away for an hour")) : Result<>();
           })
      .retry({.attempts = 1000, .backoff = Backoff::fixed(1h)});
  Running running(*consumer);
  EXPECT_TRUE(seen.wait(2000));
  EXPECT_TRUE(of_zero.wait(11));  // which of the partitions came first is open
  EXPECT_TRUE(running.stop()) << "a record in back-off does not hold up the stop";
  EXPECT_EQ(of_zero.list().size(), 11u);
  EXPECT_EQ(committed(cluster, "orders"), 10);
}

TEST(Consumer, AHandlerThatDoesNotReturnIsGivenUpAndNotCommitted) {
  MockCluster cluster;
  cluster.topic("orders");
  cluster.send("orders", 0, 3);
  const auto release = std::make_shared<std::latch>(1);
  const auto seen = std::make_shared<Seen>();
  auto config = cluster.consumer();
  config.drain = 200ms;
  {
    auto consumer = Consumer::open(config);
    consumer->on("orders", [release, seen](const std::string& value) {
      seen->add(value);
      if (value == "1") release->wait();
    });
    Running running(*consumer);
    ASSERT_TRUE(seen->wait(2));
    auto result = running.stop();
    ASSERT_FALSE(result);
    EXPECT_NE(result.error().message.find("has not returned within 200 ms: orders-0"), std::string::npos)
        << result.error().message;
  }
  release->count_down();
  EXPECT_LE(committed(cluster, "orders"), 1);
}

TEST(Consumer, SurvivesABrokerThatGoesAndComesBack) {
  MockCluster cluster;
  cluster.topic("orders");
  cluster.send("orders", 0, 10);
  Seen seen;
  auto consumer = Consumer::open(cluster.consumer());
  consumer->on("orders", [&](const std::string& value) { seen.add(value); });
  Running running(*consumer);
  ASSERT_TRUE(seen.wait(10));
  cluster.down();
  cluster.up();
  cluster.send("orders", 10, 20);
  ASSERT_TRUE(seen.wait(20));
  ASSERT_TRUE(running.stop());
  std::set<std::string> all;
  for (const auto& value : seen.list()) all.insert(value);
  EXPECT_EQ(all.size(), 20u);
}

TEST(Consumer, WithoutABrokerItSaysSoAndStillStops) {
  MockCluster cluster;
  cluster.down();
  Seen errors;
  auto config = cluster.consumer();
  config.on_error = [&](const Error& error) { errors.add(error.message); };
  auto consumer = Consumer::open(config);
  ASSERT_TRUE(consumer);
  consumer->on("orders", [](const Record&) {});
  Running running(*consumer);
  EXPECT_TRUE(errors.wait("is the broker up?"));
  (void)running.stop();
}

TEST(Consumer, AnUnknownTopicIsReportedAndTheOthersAreHandled) {
  MockCluster cluster;
  cluster.topic("orders");
  rd_kafka_mock_topic_set_error(cluster.get(), "nowhere", RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART);
  cluster.send("orders", 0, 1);
  Seen errors, seen;
  auto config = cluster.consumer();
  config.on_error = [&](const Error& error) { errors.add(error.message); };
  auto consumer = Consumer::open(config);
  consumer->on("orders", [&](const Record&) { seen.add(""); }).on("nowhere", [](const Record&) {});
  Running running(*consumer);
  EXPECT_TRUE(seen.wait(1));
  EXPECT_TRUE(errors.wait("nowhere"));
  EXPECT_TRUE(running.stop());
}

TEST(Consumer, BatchesAreOfOnePartitionAndInOrder) {
  MockCluster cluster;
  cluster.topic("clicks");
  cluster.send("clicks", 0, 25);
  std::atomic<std::int64_t> next{0};
  std::atomic<bool> as_promised{true};
  Seen seen;
  auto consumer = Consumer::open(cluster.consumer());
  // How many records have come when a batch is due is the machine's affair; src/dispatch tests it by the hand-moved
  // clock.
  consumer->on_batch("clicks",
                     [&](std::span<const Record> batch) {
                       as_promised = as_promised && batch.size() <= 10;
                       for (const Record& record : batch) {
                         as_promised = as_promised && record.offset() == next++;
                         seen.add("");
                       }
                     },
                     {.count = 10, .age = 200ms});
  Running running(*consumer);
  ASSERT_TRUE(seen.wait(25));
  ASSERT_TRUE(running.stop());
  EXPECT_TRUE(as_promised);
  EXPECT_EQ(committed(cluster, "clicks"), 25);
}

TEST(Consumer, BeginsWhereTheApplicationSays) {
  MockCluster cluster;
  cluster.topic("orders");
  cluster.send("orders", 0, 10);
  Seen seen;
  auto consumer = Consumer::open(cluster.consumer());
  consumer->on("orders", [&](const std::string& value) { seen.add(value); }).offsets_from([](const TopicPartition&) {
    return std::optional<std::int64_t>(7);
  });
  Running running(*consumer);
  ASSERT_TRUE(seen.wait(3));
  ASSERT_TRUE(running.stop());
  EXPECT_EQ(seen.list(), (std::vector<std::string>{"7", "8", "9"}));
}

TEST(Consumer, BeginsWithTheFirstRecordWhereTheDatabaseSaysSoWhateverTheGroupHasCommitted) {
  MockCluster cluster;
  cluster.topic("orders");
  cluster.send("orders", 0, 3, 0);
  for (int round = 0; round < 2; ++round) {
    Seen seen;
    auto consumer = Consumer::open(cluster.consumer());
    consumer->on("orders", [&](const std::string& value) { seen.add(value); }).offsets_from([](const TopicPartition&) {
      return std::optional(kFromEarliest);
    });
    Running running(*consumer);
    ASSERT_TRUE(seen.wait(3));
    ASSERT_TRUE(running.stop());
    EXPECT_EQ(seen.list(), (std::vector<std::string>{"0", "1", "2"}));
    EXPECT_EQ(committed(cluster, "orders"), 3);
  }
}

TEST(Consumer, EndsWhenTheDatabaseCannotSayWhereToBegin) {
  MockCluster cluster;
  cluster.topic("orders");
  auto consumer = Consumer::open(cluster.consumer());
  consumer->on("orders", [](const Record&) {}).offsets_from([](const TopicPartition&) -> std::optional<std::int64_t> {
    throw std::runtime_error("the database is away");
  });
  Running running(*consumer);
  const auto result = running.wait();
  ASSERT_FALSE(result);
  EXPECT_NE(result.error().message.find("the database is away"), std::string::npos) << result.error().message;
}

TEST(Consumer, ARecordMayOutliveItsConsumer) {
  MockCluster cluster;
  cluster.topic("orders");
  cluster.send("orders", 0, 1);
  std::optional<Record> kept;
  {
    Seen seen;
    auto consumer = Consumer::open(cluster.consumer());
    consumer->on("orders", [&](const Record& record) {
      kept = record;
      seen.add("");
    });
    Running running(*consumer);
    ASSERT_TRUE(seen.wait(1));
    ASSERT_TRUE(running.stop());
  }
  EXPECT_EQ(kept->value(), "0");
  EXPECT_EQ(kept->topic(), "orders");
}

TEST(Consumer, MistakesOfItsConfigurationAreSaidWhenItIsOpened) {
  auto consumer = Consumer::open({.properties = {{"fetch.mim.bytes", "1"}}});
  ASSERT_FALSE(consumer);
  EXPECT_NE(consumer.error().message.find("a consumer needs a group"), std::string::npos) << consumer.error().message;
  EXPECT_NE(consumer.error().message.find("did you mean fetch.min.bytes?"), std::string::npos)
      << consumer.error().message;
}

TEST(Consumer, CountsWhatItHandledAndHowFarBehindItIs) {
  MockCluster cluster;
  cluster.topic("orders");
  cluster.send("orders", 0, 4);
  Metrics metrics;
  Seen seen;
  auto config = cluster.consumer();
  config.metrics = metrics;
  auto consumer = Consumer::open(config);
  std::latch go_on(1);
  consumer->on("orders", [&](const std::string& value) {
    seen.add(value);
    if (value == "1") go_on.wait();
  });
  Running running(*consumer);
  ASSERT_TRUE(seen.wait(2));
  const std::string lag = "kafka_consumer_lag{topic=\"orders\",partition=\"0\",consumer_group=\"g\"} ";
  const auto deadline = std::chrono::steady_clock::now() + 30s;
  while (metrics.text().find(lag) == std::string::npos && std::chrono::steady_clock::now() < deadline)
    std::this_thread::yield();
  EXPECT_NE(metrics.text().find(lag + "4"), std::string::npos) << metrics.text();  // of this run nothing is settled yet
  go_on.count_down();
  ASSERT_TRUE(seen.wait(4));
  ASSERT_TRUE(running.stop());
  EXPECT_NE(metrics.text().find(
                "kafka_messages_consumed_total{topic=\"orders\",consumer_group=\"g\",status=\"success\"} 4\n"),
            std::string::npos)
      << metrics.text();
  EXPECT_NE(
      metrics.text().find("kafka_message_consume_duration_seconds_count{topic=\"orders\",consumer_group=\"g\"} 4\n"),
      std::string::npos);
  EXPECT_EQ(metrics.text().find(lag), std::string::npos) << "who owns a partition no more says nothing of it";
}

TEST(Consumer, EndsWhenItsTopicWasDeleted) {
  MockCluster cluster;
  cluster.topic("orders");
  cluster.send("orders", 0, 1);
  Seen seen, gone;  // by an error or by a rebalance, whichever librdkafka comes to first
  auto config = cluster.consumer();
  config.properties = {{"topic.metadata.refresh.interval.ms", "100"}, {"topic.metadata.propagation.max.ms", "100"}};
  config.on_error = [&](const Error& error) {
    if (error.code == RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION) gone.add(error.message);
  };
  std::promise<Result<>> ended;
  std::jthread life([&](std::stop_token stop) {
    Result<> result;
    {
      auto consumer = Consumer::open(config);
      consumer->on_revoked([&](std::span<const TopicPartition>) { gone.add("revoked"); });
      result = consumer->on("orders", [&](const std::string& value) { seen.add(value); }).run(stop);
    }
    ended.set_value(result);
  });
  ASSERT_TRUE(seen.wait(1));
  rd_kafka_mock_topic_set_error(cluster.get(), "orders", RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART);
  ASSERT_TRUE(gone.wait(1));
  life.request_stop();
  auto end = ended.get_future();
  ASSERT_EQ(end.wait_for(30s), std::future_status::ready);
  EXPECT_TRUE(end.get());
}

TEST(DeadLetterQueue, ReplayRestoresKeyValueAndHeadersAndSendsNothingTwice) {
  MockCluster cluster;
  cluster.topic("orders");
  cluster.topic("dlq.orders");
  {
    auto producer = Producer::open(cluster.producer());
    ASSERT_TRUE(producer->send(
        {.topic = "orders", .key = "k", .value = "v", .headers = {{"trace", "t1"}, {"empty", std::nullopt}}}));
  }
  std::atomic<bool> broken{true};
  Seen seen;
  auto consumer = Consumer::open(cluster.consumer());
  std::vector<Record> handled;
  consumer
      ->on("orders",
           [&](const Record& record) -> Result<> {
             if (broken) return fail("broken");
             handled.push_back(record);
             seen.add("");
             return {};
           })
      .retry({.attempts = 1})
      .dead_letters();
  Running running(*consumer);
  ASSERT_EQ(read_all(cluster, "dlq.orders", 1).size(), 1u);
  broken = false;
  auto replayed = DeadLetterQueue::replay(cluster.producer(), {.queue = "dlq.orders"});
  ASSERT_TRUE(replayed) << replayed.error().message;
  EXPECT_EQ(*replayed, 1u);
  ASSERT_TRUE(seen.wait(1));
  ASSERT_TRUE(running.stop());
  EXPECT_EQ(handled[0].key(), "k");
  EXPECT_EQ(handled[0].value(), "v");
  EXPECT_EQ(handled[0].headers(), (Headers{{"trace", "t1"},
                                           {"empty", std::nullopt},
                                           {"thalweg-replay-of", "dlq.orders/0/0"},
                                           {"thalweg-replay-count", "1"}}));
  EXPECT_EQ(DeadLetterQueue::replay(cluster.producer(), {.queue = "dlq.orders"}).value_or(99), 0u);
}

}  // namespace
}  // namespace thalweg::client
