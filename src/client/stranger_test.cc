// What strangers do to the toolkit: code that throws or destroys what it stands on, objects that are empty, times that
// have no end, threads that close what others use.
#include <gtest/gtest.h>

#include <atomic>
#include <set>
#include <stdexcept>

#include "client/dead_letters.h"
#include "client/metric_cells.h"
#include "client/testing_http.h"
#include "client/testing_mock.h"
#include "thalweg/client.h"

namespace thalweg::client {
namespace {

struct Bad {};

}  // namespace

template <>
struct SerdeOf<Bad> {
  static Serde<Bad> make() {
    return {"bad",
            [](const Bad&, std::string& out, const SerdeContext&) -> Result<> {
              out += "half of it";
              throw std::runtime_error("no ink");
            },
            [](std::string_view, const SerdeContext&) -> Result<Bad> { throw 7; }};
  }
};

namespace {

TEST(Stranger, ASerdeThatThrowsIsAnErrorAndNothingIsSent) {
  MockCluster cluster;
  cluster.topic("orders");
  auto producer = Producer::open(cluster.producer());
  const auto sent = producer->send("orders", "key", Bad());
  ASSERT_FALSE(sent);
  EXPECT_EQ(sent.error().message, "the serde bad threw: no ink");
  EXPECT_EQ(producer->send("orders", "key", "good")->offset, 0);
}

TEST(Stranger, ASerdeThatThrowsWhenItReadsMakesALetterAtOnce) {
  MockCluster cluster;
  for (const auto* topic : {"orders", "dlq.orders"}) cluster.topic(topic);
  cluster.send("orders", 0, 1);
  Seen letters;
  auto consumer = Consumer::open(cluster.consumer());
  consumer->on("orders", [](const Bad&) {}).retry({.backoff = Backoff::fixed(1h)}).dead_letters();
  auto reader = Consumer::open(cluster.consumer("letters"));
  reader->on("dlq.orders", [&](const Record& letter) {
    letters.add(std::string(letter.headers().last("__dlq.errors.message").value_or("")));
  });
  Running running(*consumer), reading(*reader);  // two in one process
  EXPECT_TRUE(letters.wait("the serde bad threw: what is not a std::exception"));
  EXPECT_TRUE(running.stop());
  EXPECT_TRUE(reading.stop());
}

TEST(Stranger, WhatDecidesAboutRetriesAndThrowsIsReportedAndTheRecordIsTriedAgain) {
  MockCluster cluster;
  cluster.topic("orders");
  cluster.send("orders", 0, 1);
  Seen seen, errors;
  auto config = cluster.consumer();
  config.on_error = [&](const Error& error) {
    errors.add(error.message);
    throw std::runtime_error("from on_error");
  };
  auto consumer = Consumer::open(config);
  consumer
      ->on("orders",
           [&](const Record&) {
             seen.add("");
             return seen.list().size() == 1 ? Result<>(fail("first")) : Result<>();
           })
      .retry({.backoff = Backoff::fixed(1ms),
              .worth_it = [](const Error&) -> bool { throw std::runtime_error("undecided"); }});
  Running running(*consumer);
  ASSERT_TRUE(seen.wait(2));
  EXPECT_TRUE(running.stop());
  EXPECT_EQ(std::ranges::count(errors.list(), "undecided"), 1);
}

TEST(Stranger, AHandlerMayStopAndDestroyTheConsumerThatRunsIt) {
  MockCluster cluster;
  cluster.topic("orders");
  cluster.send("orders", 0, 3);
  auto consumer = std::make_unique<Consumer>(*Consumer::open(cluster.consumer()));
  std::stop_source stop;
  std::atomic<int> handled{0};
  consumer->on("orders", [&](const Record&) {
    if (handled.fetch_add(1) > 0) return;
    EXPECT_FALSE(consumer->run({}));  // it runs once
    stop.request_stop();
    consumer.reset();
  });
  const auto ran = consumer->run(stop.get_token());
  EXPECT_TRUE(ran) << ran.error().message;
  EXPECT_GE(handled, 1);
}

TEST(Stranger, ADeliveryHandlerMayDestroyItsProducer) {
  MockCluster cluster;
  cluster.topic("orders");
  auto producer = std::make_unique<AsyncProducer>(*AsyncProducer::open(cluster.producer()));
  Seen answers;
  auto* const raw = producer.get();
  ASSERT_TRUE(raw->send({.topic = "orders", .value = "1"}, [&](const Message&, const Result<Delivery>& r) {
    EXPECT_FALSE(producer->close());  // it would wait for itself
    producer.reset();
    answers.add(r ? "delivered" : r.error().message);
  }));
  ASSERT_TRUE(answers.wait(1));
  EXPECT_EQ(answers.list()[0], "delivered");
}

TEST(Stranger, AProducerMayBeClosedWhileOthersSend) {
  MockCluster cluster;
  cluster.topic("orders");
  for (int round = 0; round < 5; ++round) {
    auto config = cluster.producer();
    config.queue_messages = 50;
    auto producer = AsyncProducer::open(config);
    std::atomic<int> accepted{0}, answered{0};
    std::vector<std::thread> senders;
    for (int i = 0; i < 4; ++i)
      senders.emplace_back([&] {
        const auto count = [&](const Message&, const Result<Delivery>&) { ++answered; };
        while (producer->send({.topic = "orders", .value = "v"}, count, 10s)) ++accepted;
        (void)producer->flush(1ms);
      });
    while (accepted < 100) std::this_thread::yield();
    EXPECT_TRUE(producer->close());
    for (auto& sender : senders) sender.join();
    EXPECT_EQ(accepted, answered);
  }
}

TEST(Stranger, AProducerThatIsClosedBeforeTheBrokerCameSaysHowManyItGaveUp) {
  auto producer = AsyncProducer::open({.brokers = "127.0.0.1:1", .queue_messages = 3, .on_error = [](const Error&) {}});
  std::vector<std::future<Result<Delivery>>> waiting;
  for (int i = 0; i < 3; ++i) waiting.push_back(producer->send_future({.topic = "orders", .value = "v"}));
  std::thread blocked([&] { waiting.push_back(producer->send_future({.topic = "orders", .value = "v"})); });
  const auto closed = producer->close(50ms);
  blocked.join();
  ASSERT_FALSE(closed);
  EXPECT_NE(closed.error().message.find("3 messages were given up"), std::string::npos) << closed.error().message;
  for (auto& one : waiting) EXPECT_FALSE(one.get());
}

TEST(Stranger, WhatWasMovedFromSaysSo) {
  MockCluster cluster;
  auto producer = *Producer::open(cluster.producer());
  auto async = *AsyncProducer::open(cluster.producer());
  auto batch = *BatchProducer::open(cluster.producer());
  auto consumer = *Consumer::open(cluster.consumer());
  auto processor = *StreamProcessor::open({.input = cluster.consumer()});
  auto http = *HttpEndpoint::listen("127.0.0.1:0");
  const auto a = std::move(producer);
  const auto b = std::move(async);
  const auto c = std::move(batch);
  const auto d = std::move(consumer);
  const auto e = std::move(processor);
  const auto f = std::move(http);
  // NOLINTBEGIN(bugprone-use-after-move)
  const auto says = [](const auto& result) { return result ? std::string("(none)") : result.error().message; };
  EXPECT_EQ(says(producer.send("t", "k", "v")), "this producer was moved from");
  EXPECT_EQ(says(async.send("t", "k", "v")), "this producer was moved from");
  EXPECT_EQ(says(batch.add("t", "k", "v")), "this producer was moved from");
  EXPECT_EQ(says(batch.flush()), "this producer was moved from");
  consumer.on("t", [](const Record&) {}).retry({}).dead_letters();
  EXPECT_EQ(says(consumer.run({})), "this consumer was moved from");
  EXPECT_EQ(says(processor.retry({}).run({})), "this processor was moved from");
  EXPECT_EQ(http.metrics(Metrics()).port(), 0);
  for (const auto& closed : {producer.close(), async.close(), batch.close()}) EXPECT_TRUE(closed);
  Metrics metrics;
  SchemaRegistry registry({.url = "http://127.0.0.1:1"});
  HealthChecker checker({.brokers = "127.0.0.1:1", .timeout = 10ms});
  const auto m = std::move(metrics);
  const auto r = std::move(registry);
  const auto h = std::move(checker);
  EXPECT_EQ(metrics.text(), m.text());
  EXPECT_FALSE(registry.get("s"));
  EXPECT_FALSE(checker.check().healthy);
  // NOLINTEND(bugprone-use-after-move)
}

TEST(Stranger, TimesWithoutEndAreLong) {
  MockCluster cluster;
  for (const auto* topic : {"orders", "clicks"}) cluster.topic(topic);
  const auto ever = milliseconds::max();
  auto producer = AsyncProducer::open(cluster.producer());
  ASSERT_TRUE(producer->send("orders", "k", "v", ever));
  ASSERT_TRUE(producer->flush(ever));
  auto batch = BatchProducer::open(cluster.producer(), {.count = 10, .age = ever});
  ASSERT_TRUE(batch->add("clicks", "k", "v"));
  EXPECT_EQ(batch->waiting(), 1u);
  ASSERT_EQ(batch->flush().value_or(0), 1u);
  auto config = cluster.consumer();
  config.commit_interval = config.drain = ever;
  std::atomic<int> tries{0};
  Seen seen;
  auto consumer = Consumer::open(config);
  consumer
      ->on("orders",
           [&](const Record&) {
             seen.add("order");
             return ++tries == 1 ? Result<>(fail("once")) : Result<>();
           })
      .on_batch("clicks", [&](std::span<const Record>) { seen.add("click"); }, {.count = 2, .age = ever})
      .retry({.backoff = {.first = 1ms, .most = ever, .factor = 1}});
  Running running(*consumer);
  ASSERT_TRUE(seen.wait(2));
  const auto ran = running.stop();
  EXPECT_TRUE(ran) << ran.error().message;
  EXPECT_EQ(seen.list(), (std::vector<std::string>{"order", "order"}));  // no batch was due
}

TEST(Stranger, AReplayWhoseChoiceThrowsIsAnError) {
  MockCluster cluster;
  cluster.topic("dlq.orders");
  cluster.send("dlq.orders", 0, 1);
  const auto replayed = DeadLetterQueue::replay(
      cluster.producer(), {.queue = "dlq.orders", .to = "orders", .where = [](const Record&) -> bool {
                             throw std::runtime_error("no choice");
                           }});
  ASSERT_FALSE(replayed);
  EXPECT_EQ(replayed.error().message, "no choice");
}

TEST(Stranger, AnErrorOfAMegabyteMakesALetterHardlyLargerThanItsRecord) {
  const Record record(Message{.topic = "orders", .value = "v"});
  const auto letter = dead_letter_of(record, {.message = std::string(1 << 20, 'x')}, 1, {}, "g", Timestamp());
  std::size_t size = 0;
  for (const auto& header : letter.headers) size += header.name.size() + header.value->size();
  EXPECT_LT(size, 5000u);
}

TEST(Stranger, ARecordLargerThanAProducersOwnLimitBecomesALetter) {
  MockCluster cluster;
  for (const auto* topic : {"orders", "dlq.orders"}) cluster.topic(topic);
  {
    auto config = cluster.producer();
    config.properties = {{"message.max.bytes", "5000000"}};
    auto producer = Producer::open(config);
    ASSERT_TRUE(producer->send("orders", "k", std::string(2'000'000, 'x')));
  }
  Seen letters;
  auto consumer = Consumer::open(cluster.consumer());
  consumer->on("orders", [](const Record&) { return fail("too much for me"); }).retry({.attempts = 1}).dead_letters();
  auto reader = Consumer::open(cluster.consumer("letters"));
  reader->on("dlq.orders", [&](const Record& letter) { letters.add(std::to_string(letter.value()->size())); });
  Running running(*consumer), reading(*reader);
  ASSERT_TRUE(letters.wait(1));
  EXPECT_EQ(letters.list()[0], "2000000");
  EXPECT_TRUE(running.stop());
  EXPECT_TRUE(reading.stop());
}

TEST(Stranger, ARebalanceInTheMiddleOfABackoffGivesTheRecordToTheNextOwner) {
  MockCluster cluster;
  cluster.topic("orders", 2);
  cluster.send("orders", 0, 1, 0);
  cluster.send("orders", 1, 2, 1);
  Seen first, second;
  auto config = cluster.consumer();
  config.properties = {{"heartbeat.interval.ms", "100"}};
  auto one = Consumer::open(config), other = Consumer::open(config);
  for (auto* consumer : {&*one, &*other}) {
    Seen& seen = consumer == &*one ? first : second;
    (*consumer)
        .on("orders",
            [&seen, fails = consumer == &*one](const Record& record) {
              seen.add(std::to_string(record.partition()));
              return fails ? Result<>(fail("not here")) : Result<>();
            })
        .retry({.attempts = 1000, .backoff = Backoff::fixed(1h)});
  }
  Running running(*one);
  ASSERT_TRUE(first.wait(2));  // both are in back-off for an hour
  Running joined(*other);
  ASSERT_TRUE(second.wait(1));  // one of them is the other's now
  EXPECT_TRUE(running.stop());
  const auto owned = [&] {
    const auto list = second.list();
    return std::set<std::string>(list.begin(), list.end());
  };
  // A commit in the middle of a rebalance may fail: then a record comes again.
  for (std::size_t n = 2; owned().size() < 2 && second.wait(n); ++n) {
  }
  EXPECT_EQ(owned(), (std::set<std::string>{"0", "1"}));
  EXPECT_TRUE(joined.stop());
}

TEST(Stranger, DestructorsWithoutCloseDeliverWhatWasAcceptedAndConsumersNeedNotRun) {
  MockCluster cluster;
  cluster.topic("orders");
  std::future<Result<Delivery>> sent;
  {
    auto consumer = Consumer::open(cluster.consumer());
    consumer->on("orders", [](const Record&) {});
    auto producer = AsyncProducer::open(cluster.producer());
    sent = producer->send_future({.topic = "orders", .value = "v"});
  }
  const auto delivered = sent.get();
  EXPECT_TRUE(delivered) << delivered.error().message;
}

TEST(Stranger, NamesWithoutEndAreCountedTogetherBeyondTenThousand) {
  Family<std::atomic<int>> family;
  for (int i = 0; i < 10'100; ++i) ++family.at("topic=\"" + std::to_string(i) + "\"");
  int series = 0;
  family.for_each([&](const std::string&, const auto&) { ++series; });
  EXPECT_EQ(series, 10'001);
  EXPECT_EQ(family.at("other=\"true\""), 100);
}

}  // namespace
}  // namespace thalweg::client
