// Windowed aggregations as Kafka Streams' TopologyTestDriver showed them (4.3.1), and what we do otherwise on purpose.
#include "thalweg/streams/windowed.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "dataflow/memory_stores.h"
#include "dataflow/state_store.h"
#include "dataflow/testing_runtime.h"
#include "thalweg/streams/builder.h"
#include "thalweg/streams/test_driver.h"

namespace thalweg::streams::windowed_tests {
namespace {

using Text = std::string;
using MaybeText = std::optional<std::string>;
using testing::ElementsAre;
using testing::HasSubstr;

Timestamp after(std::int64_t ms) { return Timestamp(milliseconds(ms)); }
std::int64_t number(Timestamp time) { return time.time_since_epoch().count(); }
std::string shown(std::int64_t n) { return std::to_string(n); }
std::string shown(const std::string& text) { return text; }
template <class V>
std::string shown(const std::optional<V>& value) {
  return value ? shown(*value) : "null";
}
template <class K>
std::string shown(const Windowed<K>& w) {
  return "[" + w.key + "@" + shown(number(w.window.start)) + "/" + shown(number(w.window.end)) + "]";
}

// What goes in as "key=value@time" and what then comes out, as golden/behaviour.txt of the design has it.
class Played {
 public:
  template <class VA>
  explicit Played(StreamsBuilder& builder, const KTable<Windowed<Text>, VA>& table) {
    table.to_stream()
        .map([](const Windowed<Text>& key, const std::optional<VA>& value) {
          return std::pair(shown(key), MaybeText(shown(value)));
        })
        .to("out");
    const auto topology = builder.build();
    EXPECT_TRUE(topology) << (topology ? "" : topology.error().message);
    driver_.emplace(*topology);
  }
  std::vector<std::string> in(const MaybeText& key, const MaybeText& value, std::int64_t time) {
    driver_->input<MaybeText, MaybeText>("in").pipe(key, value, after(time));
    std::vector<std::string> lines;
    for (auto out = driver_->output<Text, Text>("out"); !out.empty();) {
      const auto record = out.read();
      lines.push_back(record.key + "=" + record.value + "@" + shown(number(record.timestamp)));
    }
    return lines;
  }
  TestDriver& driver() { return *driver_; }

 private:
  std::optional<TestDriver> driver_;
};
KGroupedStream<Text, MaybeText> grouped(StreamsBuilder& builder) {
  return builder.stream<MaybeText, MaybeText>("in").group_by_key();
}
template <class W>
Played counted(W windows, Emit emit = Emit::kOnUpdate, Materialized<Text, std::int64_t> how = {}) {
  StreamsBuilder builder;
  return Played(builder, grouped(builder).windowed_by(windows).emit(emit).count(std::move(how)));
}

TEST(Windowed, Tumbling) {
  auto windows = counted(TimeWindows::of(10ms, 5ms));
  EXPECT_THAT(windows.in("a", "1", 0), ElementsAre("[a@0/10]=1@0"));
  EXPECT_THAT(windows.in("a", "1", 9), ElementsAre("[a@0/10]=2@9"));
  EXPECT_THAT(windows.in("a", "1", 10), ElementsAre("[a@10/20]=1@10"));
  EXPECT_THAT(windows.in("a", "1", 14), ElementsAre("[a@10/20]=2@14"));
  EXPECT_THAT(windows.in("a", "late but open", 9), ElementsAre("[a@0/10]=3@9"));
  EXPECT_THAT(windows.in("b", "1", 15), ElementsAre("[b@10/20]=1@15"));
  EXPECT_EQ(windows.driver().dropped_records(), 0u);
  EXPECT_THAT(windows.in("a", "late and closed: end 10 <= 15-5", 9), ElementsAre());
  EXPECT_EQ(windows.driver().dropped_records(), 1u);
  EXPECT_THAT(windows.in("a", {}, 16), ElementsAre("[a@10/20]=3@16")) << "a count counts what has no value";
  EXPECT_THAT(windows.in({}, "1", 17), ElementsAre());
  EXPECT_EQ(windows.driver().dropped_records(), 2u);
}

TEST(Windowed, Hopping) {
  auto windows = counted(TimeWindows::of(10ms, 0ms).advance_by(4ms));
  EXPECT_THAT(windows.in("a", "1", 0), ElementsAre("[a@0/10]=1@0"));
  EXPECT_THAT(windows.in("a", "1", 3), ElementsAre("[a@0/10]=2@3"));
  EXPECT_THAT(windows.in("a", "1", 9), ElementsAre("[a@0/10]=3@9", "[a@4/14]=1@9", "[a@8/18]=1@9"));
  EXPECT_THAT(windows.in("a", "1", 12), ElementsAre("[a@4/14]=2@12", "[a@8/18]=2@12", "[a@12/22]=1@12"));
}

TEST(Windowed, Sessions) {
  auto sessions = counted(SessionWindows{5ms, 2ms});
  EXPECT_THAT(sessions.in("a", "1", 0), ElementsAre("[a@0/0]=1@0"));
  EXPECT_THAT(sessions.in("a", "1", 5), ElementsAre("[a@0/0]=null@0", "[a@0/5]=2@5"));
  EXPECT_THAT(sessions.in("a", "1", 11), ElementsAre("[a@11/11]=1@11"));
  EXPECT_THAT(sessions.in("a", "merges both", 8), ElementsAre("[a@0/5]=null@5", "[a@11/11]=null@11", "[a@0/11]=4@11"));
  EXPECT_THAT(sessions.in("b", "1", 19), ElementsAre("[b@19/19]=1@19"));
  EXPECT_THAT(sessions.in("a", "end 11 < 19-2-5=12: late", 11), ElementsAre());
  EXPECT_EQ(sessions.driver().dropped_records(), 1u);
  EXPECT_THAT(sessions.in("a", "12", 12), ElementsAre("[a@12/12]=1@12"));
}

TEST(Windowed, Sliding) {
  auto windows = counted(SlidingWindows{10ms, 5ms});
  EXPECT_THAT(windows.in("a", "1", 20), ElementsAre("[a@10/20]=1@20"));
  EXPECT_THAT(windows.in("a", "1", 23), ElementsAre("[a@21/31]=1@23", "[a@13/23]=2@23"));
  EXPECT_THAT(windows.in("a", "1", 33), ElementsAre("[a@24/34]=1@33", "[a@23/33]=2@33"));
  EXPECT_THAT(windows.in("a", "ooo", 27),
              ElementsAre("[a@24/34]=2@33", "[a@23/33]=3@33", "[a@21/31]=2@27", "[a@28/38]=1@33"));
  EXPECT_THAT(windows.in("a", "early", 3), ElementsAre());
}

TEST(Windowed, OnCloseEachWindowIsSentOnce) {
  auto windows = counted(TimeWindows::of(10ms, 5ms), Emit::kOnClose);
  EXPECT_THAT(windows.in("a", "1", 0), ElementsAre());
  EXPECT_THAT(windows.in("b", "1", 5), ElementsAre());
  EXPECT_THAT(windows.in("a", "1", 14), ElementsAre());
  EXPECT_THAT(windows.in("c", "1", 15), ElementsAre("[a@0/10]=1@0", "[b@0/10]=1@5"));
  EXPECT_THAT(windows.in("c", "1", 16), ElementsAre());
}

// Kafka Streams loses these: the record's own put expires the windows before they are sent (golden/more.txt, EmitLoss).
TEST(Windowed, OnCloseAJumpInTimeLosesNoWindow) {
  for (const std::int64_t jump : {21, 24, 25, 40, 1'000'000}) {
    auto windows = counted(TimeWindows::of(10ms, 5ms), Emit::kOnClose);
    EXPECT_THAT(windows.in("a", "1", 0), ElementsAre());
    EXPECT_THAT(windows.in("z", "1", jump), ElementsAre("[a@0/10]=1@0")) << jump;
    auto sliding = counted(SlidingWindows{10ms, 5ms}, Emit::kOnClose);
    EXPECT_THAT(sliding.in("a", "1", 10), ElementsAre());
    EXPECT_THAT(sliding.in("z", "1", 16 + jump), ElementsAre("[a@0/10]=1@10")) << jump;
    auto sessions = counted(SessionWindows{10ms, 5ms}, Emit::kOnClose);
    EXPECT_THAT(sessions.in("a", "1", 0), ElementsAre());
    EXPECT_THAT(sessions.in("z", "1", jump), ElementsAre("[a@0/0]=1@0")) << jump;
  }
}

// One aggregation alone, so that the test is its task: the clock on the wall, and what is kept over a restart.
struct Alone {
  using Change = detail::Change<std::int64_t>;
  struct Sink : detail::NodeBase, detail::Receiver<Windowed<Text>, Change> {
    bool add_child(NodeBase&) override { return false; }
    void receive(Record<Windowed<Text>, Change>&& r) override {
      lines.push_back(shown(r.key) + "=" + shown(r.value.now));
    }
    std::vector<std::string> lines;
  };
  explicit Alone(detail::StateStore& state, detail::TestingRuntime& runtime)
      : store(state, runtime, client::serde_of<Text>(), client::serde_of<std::int64_t>(),
              {.size = 10ms, .retention = 15ms, .by_time = true}) {
    runtime.stores["n"] = &store;
    node.init(runtime);
    sink.init(runtime);
    node.add_child(sink);
  }
  std::vector<std::string> in(const Text& key, std::int64_t time) {
    static_cast<detail::Receiver<Text, Text>&>(node).receive({key, "v", after(time)});
    return std::exchange(sink.lines, {});
  }
  detail::WindowTableStore<Text, std::int64_t> store;
  detail::TimeWindowNode<Text, Text, std::int64_t, detail::CountStep> node{
      TimeWindows::of(10ms, 5ms), {}, {.store = "n", .emit = Emit::kOnClose}};
  Sink sink;
};

TEST(Windowed, OnCloseIsLookedForOnceInAWhileAndOverARestartNothingIsLostOrSentTwice) {
  const auto kept = detail::memory_stores(1);
  detail::BufferedStore state("n", kept->store(0), 0, true);
  detail::TestingRuntime runtime;
  runtime.interval = 1s;
  {
    Alone windows(state, runtime);
    EXPECT_THAT(windows.in("a", 0), ElementsAre());
    EXPECT_THAT(windows.in("a", 100), ElementsAre()) << "it has looked this second";
    EXPECT_THAT(windows.in("a", 1'000'000), ElementsAre());
  }
  Alone after_restart(state, runtime);
  runtime.wall = after(999);
  EXPECT_THAT(after_restart.in("b", 1'000'001), ElementsAre("[a@0/10]=1", "[a@100/110]=1"))
      << "another node, which has not looked yet";
  EXPECT_THAT(after_restart.in("b", 1'000'030), ElementsAre());
  runtime.wall = after(1999);
  EXPECT_THAT(after_restart.in("b", 1'000'031), ElementsAre("[a@1000000/1000010]=1", "[b@1000000/1000010]=1"));
  runtime.wall = after(10'000);
  Alone again(state, runtime);
  EXPECT_THAT(again.in("c", 1'000'032), ElementsAre()) << "what was sent before the restart";
  runtime.wall = after(20'000);
  EXPECT_THAT(again.in("c", 1'000'060), ElementsAre("[b@1000030/1000040]=2", "[c@1000030/1000040]=1"));
}

TEST(Windowed, OnCloseWindowsComeInTheOrderOfTheirStartsThenOfKeys) {
  auto windows = counted(TimeWindows::of(10ms, 5ms), Emit::kOnClose, {.type = StoreType::kInMemory});
  for (const auto& [key, time] : {std::pair("b", 11), {"a", 12}, {"c", 2}, {"a", 3}}) windows.in(key, "1", time);
  EXPECT_THAT(windows.in("z", "1", 100),
              ElementsAre("[a@0/10]=1@3", "[c@0/10]=1@2", "[a@10/20]=1@12", "[b@10/20]=1@11"));
}

TEST(Windowed, SessionsMergeTheirAggregates) {
  StreamsBuilder builder;
  auto table = builder.stream<Text, Text>("in")
                   .group_by_key()
                   .windowed_by(SessionWindows{5ms, 100ms})
                   .aggregate([] { return Text("."); },
                              [](const Text&, const Text& value, const Text& sum) { return sum + value; },
                              [](const Text&, const Text& a, const Text& b) { return "(" + a + "|" + b + ")"; });
  Played sessions(builder, table);
  sessions.in("a", "x", 0);
  sessions.in("a", "y", 10);
  EXPECT_THAT(sessions.in("a", "z", 5), ElementsAre("[a@0/0]=null@0", "[a@10/10]=null@10", "[a@0/10]=((.|.x)|.y)z@10"));
}

TEST(Windowed, WhatAddsNothingDeletesTheWindow) {
  StreamsBuilder builder;
  auto table = builder.stream<Text, Text>("in")
                   .group_by_key()
                   .windowed_by(TimeWindows::of(10ms, 5ms))
                   .aggregate([] { return Text(); },
                              [](const Text&, const Text& value, const Text& sum) {
                                return value == "delete" ? MaybeText() : sum + value;
                              });
  Played windows(builder, table);
  EXPECT_THAT(windows.in("a", "x", 1), ElementsAre("[a@0/10]=x@1"));
  EXPECT_THAT(windows.in("a", "delete", 5), ElementsAre("[a@0/10]=null@5"));
  EXPECT_THAT(windows.in("a", "y", 3), ElementsAre("[a@0/10]=y@3"));
}

TEST(Windowed, AStoreIsReadByItsName) {
  auto windows = counted(TimeWindows::of(10ms, 5ms), Emit::kOnUpdate, {.store = "counts"});
  windows.in("a", "1", 3);
  windows.in("a", "1", 7);
  EXPECT_EQ((windows.driver().store<WindowStore<Text, std::int64_t>>("counts").fetch("a", after(0))), 2);
  auto sessions = counted(SessionWindows{5ms, 2ms}, Emit::kOnUpdate, {.store = "sessions"});
  sessions.in("a", "1", 3);
  auto found = sessions.driver().store<SessionStore<Text, std::int64_t>>("sessions").find("a", after(0), after(9));
  ASSERT_TRUE(found.next());
  EXPECT_EQ(shown(found.key()), "[a@3/3]");
}

TEST(Windowed, KeysInTopicsHaveTheBytesOfKafkaStreams) {
  const client::SerdeContext context{.topic = "out", .is_key = true};
  const Windowed<Text> key{"a", {after(0x10), after(0x1a)}};
  std::string time, session;
  ASSERT_TRUE(time_windowed<Text>(10ms).write(key, time, context));
  EXPECT_EQ(time, std::string("a\0\0\0\0\0\0\0\x10", 9));
  EXPECT_EQ(time_windowed<Text>(10ms).read(time, context).value(), key);
  ASSERT_TRUE(session_windowed<Text>().write(key, session, context));
  EXPECT_EQ(session, std::string("a\0\0\0\0\0\0\0\x1a\0\0\0\0\0\0\0\x10", 17));
  EXPECT_EQ(session_windowed<Text>().read(session, context).value(), key);
  EXPECT_FALSE(session_windowed<Text>().read("short", context));
  EXPECT_FALSE(time_windowed<Text>(10ms).read("short", context));
}

TEST(Windowed, AKeyGoesToThePartitionThatItHasWithoutItsWindow) {
  const auto partition = [](const Serde<Windowed<Text>>& serde, const Text& key, std::int64_t start) {
    std::string bytes;
    EXPECT_TRUE(serde.write({key, {after(start), after(start + 10)}}, bytes, {.topic = "out", .is_key = true}));
    return detail::windowed_partition(serde.name(), bytes, 7);
  };
  // murmur2 of "foobar" is -790332482, of "21" -973932308, as every client's test suite has it.
  for (const std::int64_t start : {0, 10, 1'000'000}) {
    EXPECT_EQ(partition(time_windowed<Text>(10ms), "foobar", start), (-790332482 & 0x7fffffff) % 7);
    EXPECT_EQ(partition(session_windowed<Text>(), "21", start), (-973932308 & 0x7fffffff) % 7);
  }
  EXPECT_EQ(detail::windowed_partition("string", "foobar", 7), std::nullopt) << "another serde knows its own bytes";
  EXPECT_EQ(detail::windowed_partition(time_windowed<Text>(10ms).name(), std::nullopt, 7), std::nullopt);
  EXPECT_EQ(detail::windowed_partition(time_windowed<Text>(10ms).name(), "foobar0000", 0), std::nullopt);
}

TEST(Windowed, WhatCannotBeIsSaidByBuild) {
  const auto mistake = [](auto windows, Materialized<Text, std::int64_t> how = {}) {
    StreamsBuilder builder;
    grouped(builder).windowed_by(windows).count(std::move(how));
    const auto topology = builder.build();
    return topology ? std::string() : topology.error().message;
  };
  EXPECT_EQ(mistake(TimeWindows::of(10ms, 5ms)), "");
  EXPECT_THAT(mistake(TimeWindows::of(0ms, 5ms)), HasSubstr("size is 0 ms"));
  EXPECT_THAT(mistake(TimeWindows::of(10ms, -1ms)), HasSubstr("grace is -1 ms"));
  EXPECT_THAT(mistake(TimeWindows::of(10ms, 0ms).advance_by(11ms)), HasSubstr("advance by 11 ms"));
  EXPECT_THAT(mistake(TimeWindows::of(10ms, 5ms), {.retention = 14ms}),
              HasSubstr("at least the windows' size and grace, 15 ms"));
  EXPECT_THAT(mistake(SlidingWindows{10ms, 5ms}, {.retention = 24ms}), HasSubstr("25 ms"));
  EXPECT_THAT(mistake(SlidingWindows{-1ms, 5ms}), HasSubstr("-1 ms"));
  EXPECT_THAT(mistake(SessionWindows{0ms, 5ms}), HasSubstr("gap is 0 ms"));
  EXPECT_THAT(mistake(SessionWindows{10ms, 5ms}, {.retention = 14ms}), HasSubstr("15 ms"));
}

}  // namespace
}  // namespace thalweg::streams::windowed_tests
