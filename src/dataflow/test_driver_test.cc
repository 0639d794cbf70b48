// The Processor API through TestDriver: what goes in, what comes out, and when. Where behaviours of Kafka Streams are
// meant, they are those that its TopologyTestDriver showed.
#include "thalweg/streams/test_driver.h"

#include <gtest/gtest.h>

#include "dataflow/testing_scripted.h"

namespace thalweg::streams::test_driver_tests {
namespace {

using Text = std::string;
using Maybe = std::optional<std::string>;

Timestamp at(std::int64_t ms) { return Timestamp(milliseconds(ms)); }

// "key=value@time" of all that was written to a topic.
std::vector<std::string> written(TestDriver& driver, const std::string& topic) {
  std::vector<std::string> lines;
  auto output = driver.output<Maybe, Maybe>(topic);
  while (!output.empty()) {
    const auto record = output.read();
    lines.push_back(record.key.value_or("null") + "=" + record.value.value_or("null") + "@" +
                    std::to_string(record.timestamp.time_since_epoch().count()));
  }
  return lines;
}
using Lines = std::vector<std::string>;

void with_stream_time(TestContext& context, Record<Text, Text> record) {
  record.value += " " + std::to_string(context.stream_time().time_since_epoch().count());
  context.forward(std::move(record));
}
std::string number(Timestamp time) { return std::to_string(time.time_since_epoch().count()); }

void pipe(TestDriver& driver, const std::string& topic, const Text& key, const Text& value, std::int64_t time) {
  driver.input<Text, Text>(topic).pipe(key, value, at(time));
}

TEST(TestDriver, TakesARecordThroughAProcessorToATopic) {
  Topology topology;
  topology.add_source<Text, Text>("lines", {"lines"})
      .add_processor("twice", scripted([](TestContext& context, Record<Text, Text> record) {
                       record.value += record.value;
                       context.forward(std::move(record));
                     }),
                     {"lines"})
      .add_sink<Text, Text>("out", "doubled", {"twice"});
  TestDriver driver(topology);
  auto out = driver.output<Text, Text>("doubled");
  driver.input<Text, Text>("lines").pipe({.key = "a", .value = "b", .timestamp = at(5), .headers = {{"h", "1"}}});
  const auto record = out.read();
  EXPECT_EQ(record.key, "a");
  EXPECT_EQ(record.value, "bb");
  EXPECT_EQ(record.timestamp, at(5));
  EXPECT_EQ(record.headers, (Headers{{"h", "1"}}));
  EXPECT_TRUE(out.empty());
  EXPECT_THROW(out.read(), std::out_of_range);
  EXPECT_THROW(driver.pipe_raw({.topic = "other"}), std::invalid_argument);
  EXPECT_EQ(driver.produced_topics(), (Lines{"doubled"}));
}

TEST(TestDriver, RefusesATopologyWithMistakes) {
  Topology topology;
  topology.add_source<Text, Text>("s", {"in"}).add_sink<Text, Text>("k", "out", {"nobody"});
  EXPECT_THROW(TestDriver{topology}, TestFailure);
}

TEST(TestDriver, PunctuatesOnBothClocksAsKafkaStreamsDoes) {
  const auto says = [](std::string what, TestContext& context) {
    return [what, &context](Timestamp now) { context.forward({what, number(now), now}); };
  };
  Topology topology;
  topology.add_source<Text, Text>("s", {"in"})
      .add_processor("p",
                     scripted(pass_on,
                              [says](TestContext& context) {
                                context.schedule(10ms, Clock::kStreamTime, says("stream", context));
                                context.schedule(10ms, Clock::kWallClock, says("wall", context));
                              }),
                     {"s"})
      .add_sink<Text, Text>("k", "out", {"p"});
  TestDriver driver(topology);
  pipe(driver, "in", "a", "1", 3);
  EXPECT_EQ(written(driver, "out"), (Lines{"a=1@3", "stream=3@3"}));
  pipe(driver, "in", "a", "1", 9);
  EXPECT_EQ(written(driver, "out"), (Lines{"a=1@9"}));
  pipe(driver, "in", "a", "1", 47);
  EXPECT_EQ(written(driver, "out"), (Lines{"a=1@47", "stream=47@47"}));
  driver.advance_wall_clock(25ms);
  EXPECT_EQ(written(driver, "out"), (Lines{"wall=25@25"}));
  driver.advance_wall_clock(5ms);
  EXPECT_EQ(written(driver, "out"), (Lines{"wall=30@30"}));
}

TEST(TestDriver, StampsChangelogRecordsWithTheTimeThatTheProcessorSees) {
  using Store = KeyValueStore<Text, Text>;
  Topology topology;
  topology.add_source<Text, Text>("s", {"in"})
      .add_processor("later", scripted([](TestContext& context, Record<Text, Text> record) {
                       record.timestamp += 100ms;
                       context.forward(std::move(record));
                     }),
                     {"s"})
      .add_processor("put",
                     scripted(
                         [](TestContext& context, Record<Text, Text> record) {
                           context.store<Store>("kv").put(record.key, record.value);
                           context.forward(std::move(record));
                         },
                         [](TestContext& context) {
                           context.schedule(10ms, Clock::kWallClock, [&context](Timestamp) {
                             context.store<Store>("kv").put(
                                 "p", number(context.stream_time()) + " " + number(context.wall_clock()));
                           });
                         }),
                     {"later"})
      .add_state_store(stores::key_value<Text, Text>("kv"), {"put"})
      .add_sink<Text, Text>("k", "out", {"put"});
  TestDriver driver(topology, {.application_id = "app"});
  pipe(driver, "in", "a", "1", 5);
  EXPECT_EQ(written(driver, "app-kv-changelog"), (Lines{"a=1@105"}));
  EXPECT_EQ(written(driver, "out"), (Lines{"a=1@105"}));
  driver.advance_wall_clock(10ms);
  EXPECT_EQ(written(driver, "app-kv-changelog"), (Lines{"p=5 10@10"}));
  EXPECT_EQ(driver.store<Store>("kv").get("p"), "5 10");
  EXPECT_THROW(driver.store<Store>("none"), std::invalid_argument);
  std::vector<std::string> topics;
  for (const auto& message : driver.drain_raw()) topics.push_back(message.topic);
  EXPECT_EQ(topics, (Lines{"out", "app-kv-changelog", "app-kv-changelog"}));
  EXPECT_TRUE(driver.drain_raw().empty());
}

Topology two_inputs() {
  Topology topology;
  topology.add_source<Text, Text>("a", {"a"})
      .add_source<Text, Text>("b", {"b"})
      .add_processor("p",
                     scripted(with_stream_time,
                              [](TestContext& context) {
                                context.schedule(10ms, Clock::kStreamTime, [&context](Timestamp now) {
                                  context.forward({"stream", number(now), now});
                                });
                              }),
                     {"a", "b"})
      .add_sink<Text, Text>("k", "out", {"p"});
  return topology;
}

TEST(TestDriver, HasOneStreamTimeForAllInputs) {
  TestDriver driver(two_inputs());
  pipe(driver, "a", "k", "1", 25);
  EXPECT_EQ(written(driver, "out"), (Lines{"k=1 25@25", "stream=25@25"}));
  pipe(driver, "b", "k", "2", 7);
  EXPECT_EQ(written(driver, "out"), (Lines{"k=2 25@7"}));
  pipe(driver, "b", "k", "3", 30);
  EXPECT_EQ(written(driver, "out"), (Lines{"k=3 30@30", "stream=30@30"}));
}

TEST(TestDriver, WaitsForTheOtherInputAsLongAsItMayIdle) {
  TestDriver driver(two_inputs(), {.application_id = "app", .properties = {{"max.task.idle.ms", "100"}}});
  pipe(driver, "a", "k", "1", 25);
  driver.advance_wall_clock(99ms);
  EXPECT_EQ(written(driver, "out"), Lines{});
  pipe(driver, "b", "k", "2", 7);
  EXPECT_EQ(written(driver, "out"), (Lines{"k=2 7@7", "stream=7@7"}));
  driver.advance_wall_clock(1ms);
  EXPECT_EQ(written(driver, "out"), Lines{});
  pipe(driver, "b", "k", "3", 5);
  EXPECT_EQ(written(driver, "out"), (Lines{"k=3 7@5"}));
  driver.advance_wall_clock(100ms);
  EXPECT_EQ(written(driver, "out"), (Lines{"k=1 25@25", "stream=25@25"}));
}

TEST(TestDriver, BringsBackWhatIsWrittenToATopicThatIsRead) {
  Topology topology;
  topology.add_source<Text, Text>("s", {"in"})
      .add_processor("p",
                     scripted(
                         [](TestContext& context, Record<Text, Text> record) {
                           if (!record.value.starts_with("x")) return context.forward(std::move(record), "k");
                           record.value.erase(0, 1);
                           context.forward(std::move(record), "again");
                         },
                         [](TestContext& context) {
                           context.schedule(10ms, Clock::kWallClock, [&context](Timestamp now) {
                             context.forward({"w", "x" + number(now), now});
                           });
                         }),
                     {"s"})
      .add_sink<Text, Text>("again", "in", {"p"})
      .add_sink<Text, Text>("k", "out", {"p"});
  TestDriver driver(topology);
  pipe(driver, "in", "a", "xx1", 5);
  EXPECT_EQ(written(driver, "in"), (Lines{"a=x1@5", "a=1@5"}));
  EXPECT_EQ(written(driver, "out"), (Lines{"a=1@5"}));
  driver.advance_wall_clock(10ms);
  EXPECT_EQ(written(driver, "in"), (Lines{"w=x10@10", "w=10@10"}));
  EXPECT_EQ(written(driver, "out"), (Lines{"w=x10@10", "w=10@10"}));
}

TEST(TestDriver, LetsAnExtractorSayWhatTimeItIs) {
  Topology topology;
  topology
      .add_source<Text, Text>("s", {"in"},
                              {.timestamp =
                                   [](const Record<Text, Text>& record, std::int64_t partition_time) {
                                     if (record.value == "boom") throw std::runtime_error("no time");
                                     if (record.value == "drop") return std::int64_t{-1};
                                     if (record.value == "after") return partition_time + 1;
                                     return record.timestamp.time_since_epoch().count();
                                   }})
      .add_processor("p", scripted(with_stream_time), {"s"})
      .add_sink<Text, Text>("k", "out", {"p"});
  TestDriver driver(topology, {.application_id = "app",
                               .on_decode_error = [](const auto&, const auto&) { return Verdict::kResume; }});
  pipe(driver, "in", "a", "after", 99);
  pipe(driver, "in", "a", "1", 5);
  pipe(driver, "in", "a", "drop", 50);
  pipe(driver, "in", "a", "after", 99);
  EXPECT_EQ(written(driver, "out"), (Lines{"a=after 0@0", "a=1 5@5", "a=after 6@6"}));
  EXPECT_EQ(driver.dropped_records(), 1u);
  EXPECT_THROW(pipe(driver, "in", "a", "boom", 1), TestFailure);  // whatever the handler says
}

// ---- What fails

Lines letters(TestDriver& driver) {
  Lines lines;
  while (auto letter = driver.read_raw("dlq")) {
    std::string line = letter->key.value_or("null") + "=" + letter->value.value_or("null") + "@" +
                       number(letter->timestamp.value_or(at(-1)));
    for (const char* header : {"exception", "message", "stacktrace", "topic", "partition", "offset"})
      line += " " + std::string(letter->headers.last("__streams.errors." + std::string(header)).value_or("null"));
    lines.push_back(line);
  }
  return lines;
}
AppConfig resuming() {
  const auto resume = [](const ErrorContext&, const Error&) { return Verdict::kResume; };
  return {.application_id = "app",
          .dead_letter_topic = "dlq",
          .on_decode_error = resume,
          .on_process_error = resume,
          .on_produce_error = resume};
}
void fail_on_bad(TestContext& context, Record<Text, Text> record) {
  if (record.value == "bad") throw std::runtime_error("a bad one");
  context.forward(std::move(record));
}
Topology failing() {
  Topology topology;
  topology.add_source<Text, Text>("s", {"in"})
      .add_processor("first",
                     scripted(
                         [](TestContext& context, Record<Text, Text> record) {
                           context.forward({"x", record.value, record.timestamp});
                           context.forward({record.key, record.value + "-again", record.timestamp});
                         },
                         [](TestContext& context) {
                           context.schedule(10ms, Clock::kWallClock, [&context](Timestamp now) {
                             context.forward({"p", "bad", now});
                             throw std::runtime_error("no time");
                           });
                         }),
                     {"s"})
      .add_processor("left", scripted(fail_on_bad), {"first"})
      .add_processor("right", scripted(pass_on), {"first"})
      .add_sink<Text, Text>("kl", "left", {"left"})
      .add_sink<Text, Text>("kr", "right", {"right"});
  return topology;
}

TEST(TestDriver, GoesOnAfterANodeThatFailedAsKafkaStreamsDoes) {
  TestDriver driver(failing(), resuming());
  pipe(driver, "in", "a", "bad", 5);
  EXPECT_EQ(letters(driver), (Lines{"a=bad@5 ProcessError a bad one s > first > left in 0 0"}));
  EXPECT_EQ(written(driver, "left"), (Lines{"a=bad-again@5"}));
  EXPECT_EQ(written(driver, "right"), (Lines{"x=bad@5", "a=bad-again@5"}));
  pipe(driver, "in", "a", "good", 6);
  EXPECT_EQ(written(driver, "left"), (Lines{"x=good@6", "a=good-again@6"}));
  EXPECT_EQ(written(driver, "right"), (Lines{"x=good@6", "a=good-again@6"}));
  driver.advance_wall_clock(10ms);
  EXPECT_EQ(letters(driver), (Lines{"null=null@10 ProcessError a bad one first > left null -1 -1",
                                    "null=null@10 ProcessError no time first null -1 -1"}));
  EXPECT_EQ(written(driver, "right"), (Lines{"p=bad@10"}));
}

TEST(TestDriver, FailsWithWhatTheNodeSaidAndWritesTheDeadLetterAllTheSame) {
  TestDriver driver(failing(), {.application_id = "app", .dead_letter_topic = "dlq"});
  try {
    pipe(driver, "in", "a", "bad", 5);
    FAIL() << "it went on";
  } catch (const TestFailure& e) {
    EXPECT_STREQ(e.what(), "task 0_0, in-0@0: left: a bad one");
  }
  EXPECT_EQ(letters(driver).size(), 1u);
}

TEST(TestDriver, PassesOverWhatCannotBeDecoded) {
  Topology topology;
  topology.add_source<Text, std::int64_t>("s", {"in"}).add_sink<Text, std::int64_t>("k", "out", {"s"});
  TestDriver driver(topology, resuming());
  pipe(driver, "in", "a", "bad", 5);
  EXPECT_EQ(letters(driver), (Lines{"a=bad@5 DecodeError in-0@0: its value: long has 8 bytes, here are 3 s in 0 0"}));
  pipe(driver, "in", "a", "12345678", 6);
  EXPECT_EQ(written(driver, "out"), (Lines{"a=12345678@6"}));
  TestDriver strict(topology);
  EXPECT_THROW(pipe(strict, "in", "a", "bad", 5), TestFailure);
}

TEST(TestDriver, AsksAboutWhatCannotBeWritten) {
  const Serde<Text> picky(
      "picky",
      [](const Text& value, std::string& out, const client::SerdeContext&) -> Result<> {
        if (value == "bad") return fail("too bad", client::kCannotWrite);
        out += value;
        return {};
      },
      [](std::string_view bytes, const client::SerdeContext&) -> Result<Text> { return Text(bytes); });
  Topology topology;
  topology.add_source<Text, Text>("s", {"in"}).add_sink<Text, Text>("k", "out", {"s"}, {.value = picky});
  TestDriver driver(topology, resuming());
  pipe(driver, "in", "a", "bad", 5);
  pipe(driver, "in", "a", "good", 6);
  EXPECT_EQ(letters(driver), (Lines{"a=bad@5 EncodeError too bad s > k in 0 0"}));
  EXPECT_EQ(written(driver, "out"), (Lines{"a=good@6"}));
}

}  // namespace
}  // namespace thalweg::streams::test_driver_tests
