#include "thalweg/client/producer.h"

#include <algorithm>

#include "client/testing_mock.h"

namespace thalweg::client {
namespace {

TEST(Producer, SaysWhereTheBrokerPutIt) {
  MockCluster cluster;
  cluster.topic("orders", 2);
  auto producer = Producer::open(cluster.producer());
  ASSERT_TRUE(producer) << producer.error().message;
  for (int i = 0; i < 3; ++i) {
    auto sent = producer->send({.topic = "orders", .key = "k", .value = "v", .partition = 1});
    ASSERT_TRUE(sent) << sent.error().message;
    EXPECT_EQ(sent->where, (TopicPartition{"orders", 1}));
    EXPECT_EQ(sent->offset, i);
  }
  EXPECT_TRUE(producer->close());
}

TEST(Producer, KeysGoWhereJavaPutsThem) {
  MockCluster cluster;
  cluster.topic("orders", 10);
  auto producer = Producer::open(cluster.producer());
  // org.apache.kafka.common.utils.Utils.murmur2, from Kafka's own UtilsTest: "21" -> -973932308, so (x & 0x7fffffff)
  // % 10.
  EXPECT_EQ(producer->send({.topic = "orders", .key = "21", .value = "v"})->where.partition,
            (-973932308 & 0x7fffffff) % 10);
  EXPECT_EQ(producer->send({.topic = "orders", .key = "foobar", .value = "v"})->where.partition,
            (-790332482 & 0x7fffffff) % 10);
}

TEST(Producer, AllMistakesOfAConfigurationComeAtOnceWithTheNearestName) {
  auto producer = Producer::open({.properties = {{"compresion.type", "lz4"}, {"retries", "many"}}});
  ASSERT_FALSE(producer);
  EXPECT_NE(producer.error().message.find("did you mean compression.type?"), std::string::npos)
      << producer.error().message;
  EXPECT_NE(producer.error().message.find("retries"), std::string::npos) << producer.error().message;
}

TEST(Producer, WithoutABrokerAMessageFailsInTimeAndSaysWhy) {
  MockCluster cluster;
  cluster.down();
  auto config = cluster.producer();
  config.delivery_timeout = 1s;
  auto producer = Producer::open(config);
  ASSERT_TRUE(producer) << "open() needs no broker";
  auto sent = producer->send({.topic = "orders", .value = "v"});
  ASSERT_FALSE(sent);
  EXPECT_EQ(sent.error().name(), "_MSG_TIMED_OUT");
  EXPECT_TRUE(sent.error().retriable);
  EXPECT_NE(sent.error().message.find("bootstrap.servers"), std::string::npos) << sent.error().message;
}

TEST(Producer, ABrokerThatComesBackGetsWhatWasSentMeanwhile) {
  MockCluster cluster;
  cluster.topic("orders");
  auto producer = AsyncProducer::open(cluster.producer());
  ASSERT_TRUE(producer->send_future({.topic = "orders", .value = "before"}).get());
  cluster.down();
  auto during = producer->send_future({.topic = "orders", .value = "during"});
  cluster.up();
  auto delivered = during.get();
  ASSERT_TRUE(delivered) << delivered.error().message;
  EXPECT_EQ(delivered->offset, 1);
}

TEST(Producer, AnUnknownTopicIsNamed) {
  MockCluster cluster;
  rd_kafka_mock_topic_set_error(cluster.get(), "nowhere", RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART);
  auto config = cluster.producer();
  config.properties["topic.metadata.propagation.max.ms"] = "0";
  config.delivery_timeout = 5s;
  auto producer = Producer::open(config);
  auto sent = producer->send({.topic = "nowhere", .value = "v"});
  ASSERT_FALSE(sent);
  EXPECT_NE(sent.error().message.find("nowhere"), std::string::npos);
  EXPECT_NE(sent.error().message.find("create the topic"), std::string::npos) << sent.error().message;
}

TEST(Producer, ARecordThatIsTooLargeIsRefusedAtOnceAndTheNextOneGoes) {
  MockCluster cluster;
  auto producer = Producer::open(cluster.producer());
  auto sent = producer->send({.topic = "orders", .value = std::string(2'000'000, 'x')});
  ASSERT_FALSE(sent);
  EXPECT_EQ(sent.error().name(), "MSG_SIZE_TOO_LARGE");
  EXPECT_NE(sent.error().message.find("message.max.bytes"), std::string::npos);
  EXPECT_TRUE(producer->send({.topic = "orders", .value = "small"}));
}

struct Stubborn {};
}  // namespace
template <>
struct SerdeOf<Stubborn> {
  static Serde<Stubborn> make() {
    return {"stubborn", [](const Stubborn&, std::string&, const SerdeContext&) -> Result<> { return fail("will not"); },
            [](std::string_view, const SerdeContext&) -> Result<Stubborn> { return fail("will not"); }};
  }
};
namespace {

TEST(Producer, ASerdeThatFailsIsAnErrorBeforeAnythingIsSent) {
  MockCluster cluster;
  cluster.topic("orders");
  auto producer = Producer::open(cluster.producer());
  auto sent = producer->send("orders", "key", Stubborn{});
  ASSERT_FALSE(sent);
  EXPECT_EQ(sent.error().message, "will not");
  EXPECT_EQ(producer->send("orders", "key", "first")->offset, 0);
}

TEST(Producer, AnAbsentKeyOrValueIsNull) {
  auto made = message("t", std::optional<std::string>(), std::optional<std::string>("v"));
  ASSERT_TRUE(made);
  EXPECT_FALSE(made->key);
  EXPECT_EQ(made->value, "v");
}

TEST(AsyncProducer, EveryAcceptedMessageIsAnsweredOnceInOrderBeforeCloseReturns) {
  MockCluster cluster;
  cluster.topic("orders");
  std::vector<std::string> answered;  // the event thread's until close() has returned
  auto producer = AsyncProducer::open(cluster.producer(), [&](const Message& m, const Result<Delivery>& r) {
    if (r) answered.push_back(*m.value);
  });
  for (int i = 0; i < 1000; ++i)
    ASSERT_TRUE(producer->send({.topic = "orders", .value = std::to_string(i), .partition = 0}));
  ASSERT_TRUE(producer->close());
  ASSERT_EQ(answered.size(), 1000u);
  for (int i = 0; i < 1000; ++i) EXPECT_EQ(answered[static_cast<std::size_t>(i)], std::to_string(i));
  EXPECT_FALSE(producer->send({.topic = "orders", .value = "late"}));
}

TEST(AsyncProducer, ClosedWithoutABrokerItGivesUpAndEveryMessageHearsOfIt) {
  MockCluster cluster;
  cluster.down();
  int failed = 0;
  auto producer =
      AsyncProducer::open(cluster.producer(), [&](const Message&, const Result<Delivery>& r) { failed += !r; });
  for (int i = 0; i < 10; ++i) ASSERT_TRUE(producer->send({.topic = "orders", .value = "v"}));
  auto closed = producer->close(200ms);
  ASSERT_FALSE(closed);
  EXPECT_NE(closed.error().message.find("10 messages were given up"), std::string::npos) << closed.error().message;
  EXPECT_EQ(failed, 10);
}

TEST(AsyncProducer, WhoFindsNoRoomInTimeIsToldSoAndRoomComesWithAnswers) {
  MockCluster cluster;
  cluster.topic("orders");
  cluster.down();
  auto config = cluster.producer();
  config.queue_messages = 3;
  auto producer = AsyncProducer::open(config);
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(producer->send({.topic = "orders", .value = "v"}, 0ms));
  auto refused = producer->send({.topic = "orders", .value = "v"}, 50ms);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().name(), "_QUEUE_FULL");
  cluster.up();
  EXPECT_TRUE(producer->send({.topic = "orders", .value = "v"}, 30s));
}

TEST(AsyncProducer, AHandlerThatThrowsCostsNobodyElseAnything) {
  MockCluster cluster;
  cluster.topic("orders");
  Seen errors;
  auto config = cluster.producer();
  config.on_error = [&](const Error& error) { errors.add(error.message); };
  auto producer = AsyncProducer::open(config);
  ASSERT_TRUE(producer->send({.topic = "orders", .value = "v"},
                             [](const Message&, const Result<Delivery>&) { throw std::runtime_error("mine"); }));
  EXPECT_TRUE(producer->send_future({.topic = "orders", .value = "v"}).get());
  ASSERT_TRUE(errors.wait(1));
  EXPECT_EQ(errors.list()[0], "mine");
}

TEST(BatchProducer, SendsByCount) {
  MockCluster cluster;
  cluster.topic("orders");
  Metrics metrics;
  auto config = cluster.producer();
  config.metrics = metrics;
  auto producer = BatchProducer::open(config, {.count = 3, .age = 1h});
  for (int i = 0; i < 4; ++i) ASSERT_TRUE(producer->add("orders", std::int64_t{i}, "v"));
  EXPECT_EQ(producer->waiting(), 1u);
  ASSERT_TRUE(producer->close());
  EXPECT_NE(metrics.text().find("kafka_messages_produced_total{topic=\"orders\",status=\"success\"} 4\n"),
            std::string::npos)
      << metrics.text();
}

TEST(BatchProducer, SendsByAgeWhenNobodyCalls) {
  MockCluster cluster;
  cluster.topic("orders");
  auto producer = BatchProducer::open(cluster.producer(), {.count = 3, .age = 50ms});
  ASSERT_TRUE(producer->add("orders", "k", "alone"));
  const auto deadline = std::chrono::steady_clock::now() + 30s;
  while (producer->waiting() > 0 && std::chrono::steady_clock::now() < deadline) std::this_thread::yield();
  EXPECT_EQ(producer->waiting(), 0u);
  EXPECT_TRUE(producer->close());
}

TEST(BatchProducer, WhatFailedStaysInTheBatchAndGoesWithTheNextFlush) {
  MockCluster cluster;
  cluster.topic("orders");
  cluster.down();
  auto config = cluster.producer();
  config.delivery_timeout = 300ms;
  config.properties = {{"enable.idempotence", "false"}};
  auto producer = BatchProducer::open(config, {.count = 100, .age = 1h});
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(producer->add("orders", "k", "v"));
  auto flushed = producer->flush();
  ASSERT_FALSE(flushed);
  EXPECT_TRUE(flushed.error().message.starts_with("5 of 5 messages failed and stay in the batch"))
      << flushed.error().message;
  EXPECT_EQ(producer->waiting(), 5u);
  cluster.up();
  Result<std::size_t> again;
  for (int i = 0; i < 100 && !(again = producer->flush()); ++i) {
  }
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(*again, 5u);
}

TEST(Producer, ATransactionCommitsOrAbortsAsItsBodySays) {
  MockCluster cluster(3);
  cluster.topic("orders");
  auto config = cluster.producer();
  config.transactional_id = "t1";
  auto producer = Producer::open(config);
  ASSERT_TRUE(producer) << producer.error().message;
  auto committed = producer->transaction([](Transaction& t) { return t.send("orders", "k", "v"); });
  EXPECT_TRUE(committed) << committed.error().message;
  auto aborted = producer->transaction([](Transaction& t) -> Result<> {
    if (auto ok = t.send("orders", "k", "v"); !ok) return ok;
    throw std::runtime_error("changed my mind");
  });
  ASSERT_FALSE(aborted);
  EXPECT_EQ(aborted.error().message, "changed my mind");
  EXPECT_TRUE(producer->transaction([](Transaction& t) { (void)t.send("orders", "k", "v"); }));
}

}  // namespace
}  // namespace thalweg::client
