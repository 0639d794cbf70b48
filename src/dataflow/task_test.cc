// A task with nodes made by hand: what it takes, sends, commits and keeps, and what it does when a record fails.
#include "dataflow/task.h"

#include <gtest/gtest.h>

#include "dataflow/dead_letter.h"
#include "dataflow/memory_stores.h"
#include "dataflow/offset_metadata.h"
#include "dataflow/testing_scripted.h"
#include "thalweg/streams/topology.h"

namespace thalweg::streams::detail::task_tests {
namespace {

using Text = std::string;
using Lines = std::vector<std::string>;

Timestamp at(std::int64_t ms) { return Timestamp(milliseconds(ms)); }

void fail_on_bad(TestContext& context, Record<Text, Text> record) {
  if (record.value == "bad") throw std::runtime_error("a bad one");
  context.forward(std::move(record));
}

// A task over all of a topology, with stores in memory, and a broker's side that only counts.
class Bench {
 public:
  explicit Bench(const Topology& topology, TaskConfig config = {}, std::shared_ptr<KeptStores> kept = {})
      : graph_(topology.graph()), kept_(std::move(kept)) {
    for (const NodeSpec& node : graph_->nodes) part_.nodes.push_back(&node);
    for (const StoreSpecData& store : graph_->stores) part_.stores.push_back(&store);
    if (!kept_) kept_ = memory_stores(part_.stores.size());
    config.application_id = "app";
    if (!config.resume) config.resume = [this](const RecordError& error) { return judge(error); };
    task_.emplace(graph_, part_, 3, std::move(config), *kept_);
  }
  Result<> begin(std::vector<std::string> committed = {}) { return task_->begin(std::move(committed), at(now)); }
  void add(std::size_t input, std::vector<std::pair<std::string, std::int64_t>> values) {
    std::vector<RawRecord> records;
    for (auto& [value, time] : values) {
      auto owner = std::make_shared<const std::string>(std::move(value));
      records.push_back({.from = {task_->inputs()[input].topic, 3},
                         .offset = next_[input]++,
                         .timestamp = at(time),
                         .key = "k",
                         .value = *owner,
                         .owner = owner});
    }
    task_->add(input, records);
  }
  // All that can be processed, with the ends of the inputs known. "topic k=v@t" of what was sent.
  Lines run() {
    for (std::size_t i = 0; i < task_->inputs().size(); ++i) task_->at_end(i, next_[i], at(now));
    for (;;) {
      const auto done = task_->process_one(at(now), out_);
      if (!done) last_error = done.error().message;
      if (!done || !*done) return take_sent();
    }
  }
  Lines punctuate() {
    EXPECT_TRUE(task_->punctuate(at(now), out_));
    return take_sent();
  }
  Lines take_sent() {
    Lines lines;
    for (const Outgoing& one : std::exchange(out_, {})) lines.push_back(text(one));
    return lines;
  }
  // "topic@offset metadata" after what was flushed.
  Lines prepare() {
    const auto prepared = task_->prepare_commit(out_);
    Lines lines = take_sent();
    for (const InputOffset& o : prepared.offsets) {
      const OffsetMetadata metadata = decode_offset_metadata(o.metadata);
      lines.push_back(o.topic + "@" + std::to_string(o.offset) + " time " + std::to_string(metadata.partition_time));
      metadata_of[o.topic] = o.metadata;
    }
    return lines;
  }
  Task& task() { return *task_; }
  const std::shared_ptr<KeptStores>& kept() { return kept_; }

  std::int64_t now = 0;
  bool resumes = false;
  Lines errors;
  std::vector<client::Message> letters;
  std::string last_error;
  std::map<std::string, std::string> metadata_of;

 private:
  static std::string text(const Outgoing& one) {
    const client::Message& m = one.message;
    return (one.is_changelog ? "log " : "") + m.topic + " " + m.key.value_or("null") + "=" + m.value.value_or("null") +
           "@" + std::to_string(m.timestamp.value_or(at(-1)).time_since_epoch().count());
  }
  bool judge(const RecordError& error) {
    const char* kinds[] = {"decode ", "process ", "encode "};
    errors.push_back(kinds[static_cast<int>(error.where)] + error.node + ": " + error.error.message + " (" +
                     error.path + ")" + (error.record ? " @" + std::to_string(error.record->offset) : ""));
    letters.push_back(dead_letter("dlq", error));
    return resumes;
  }

  std::shared_ptr<const TopologyGraph> graph_;
  std::shared_ptr<KeptStores> kept_;
  SubTopology part_{.number = 2};
  std::map<std::size_t, std::int64_t> next_;
  std::vector<Outgoing> out_;
  std::optional<Task> task_;
};

// in > first > (left > out-left, right > out-right)
Topology forked(Does first, Does left, Does right) {
  Topology topology;
  topology.add_source<Text, Text>("source", {"in"})
      .add_processor("first", scripted(first), {"source"})
      .add_processor("left", scripted(left), {"first"})
      .add_processor("right", scripted(right), {"first"})
      .add_sink<Text, Text>("sink-left", "out-left", {"left"})
      .add_sink<Text, Text>("sink-right", "out-right", {"right"});
  return topology;
}

TEST(Task, GoesOnWithTheSiblingsOfANodeThatFailed) {
  Bench bench(forked(
      [](TestContext& context, Record<Text, Text> record) {
        context.forward(record);
        record.value += "-again";
        context.forward(record);
      },
      fail_on_bad, pass_on));
  bench.resumes = true;
  ASSERT_TRUE(bench.begin());
  bench.add(0, {{"bad", 1}, {"good", 2}});
  EXPECT_EQ(bench.run(),
            (Lines{"out-right k=bad@1", "out-left k=bad-again@1", "out-right k=bad-again@1", "out-left k=good@2",
                   "out-right k=good@2", "out-left k=good-again@2", "out-right k=good-again@2"}));
  EXPECT_EQ(bench.errors, (Lines{"process left: a bad one (source > first > left) @0"}));
  EXPECT_EQ(bench.task().dropped_records(), 1u);
}

TEST(Task, FailsWithTheNameOfTheNodeAndTheRecord) {
  Bench bench(forked(pass_on, pass_on, fail_on_bad));
  ASSERT_TRUE(bench.begin());
  bench.add(0, {{"good", 1}, {"bad", 2}});
  (void)bench.run();
  EXPECT_EQ(bench.last_error, "task 2_3, in-3@1: right: a bad one");
  // Once, and not by each node above it again.
  EXPECT_EQ(bench.errors, (Lines{"process right: a bad one (source > first > right) @1"}));
}

TEST(Task, WritesTheSourceRecordAsADeadLetterWithKafkaStreamsHeaders) {
  Bench bench(forked(
      [](TestContext& context, Record<Text, Text> record) {
        record.key = "another";
        record.value = "bad";
        context.forward(record);
      },
      fail_on_bad, fail_on_bad));
  bench.resumes = true;
  ASSERT_TRUE(bench.begin());
  bench.add(0, {{"as it came", 5}});
  EXPECT_EQ(bench.run(), Lines{});
  ASSERT_EQ(bench.letters.size(), 2u);
  const client::Message& letter = bench.letters[0];
  EXPECT_EQ(letter.topic, "dlq");
  EXPECT_EQ(letter.key, "k");
  EXPECT_EQ(letter.value, "as it came");
  EXPECT_EQ(letter.timestamp, at(5));
  EXPECT_EQ(letter.headers, (Headers{{"__streams.errors.exception", "ProcessError"},
                                     {"__streams.errors.message", "a bad one"},
                                     {"__streams.errors.stacktrace", "source > first > left"},
                                     {"__streams.errors.topic", "in"},
                                     {"__streams.errors.partition", "3"},
                                     {"__streams.errors.offset", "0"}}));
}

TEST(Task, LeavesOutRecordsThatCannotBeDecodedAndCommitsBehindThem) {
  Topology topology;
  topology.add_source<Text, std::int32_t>("source", {"in"}).add_sink<Text, std::int32_t>("sink", "out", {"source"});
  Bench bench(topology);
  bench.resumes = true;
  ASSERT_TRUE(bench.begin());
  bench.add(0, {{"wrong", 1}, {std::string("\0\0\0\7", 4), 2}, {"wrong", 3}});
  EXPECT_EQ(bench.run(), (Lines{"out k=" + std::string("\0\0\0\7", 4) + "@2"}));
  ASSERT_EQ(bench.errors.size(), 2u);
  EXPECT_EQ(bench.errors[0].substr(0, 14), "decode source:");
  EXPECT_EQ(bench.task().dropped_records(), 2u);
  EXPECT_EQ(bench.prepare(), (Lines{"in@3 time 2"}));
}

TEST(Task, FailsOfATimestampBelowZeroWhateverTheHandlerSays) {
  Bench bench(forked(pass_on, pass_on, pass_on));
  bench.resumes = true;
  ASSERT_TRUE(bench.begin());
  bench.add(0, {{"x", -1}});
  EXPECT_EQ(bench.run(), Lines{});
  EXPECT_NE(bench.last_error.find("timestamp"), std::string::npos) << bench.last_error;
  EXPECT_EQ(bench.errors, Lines{});
}

TEST(Task, AsksTheHandlerOnceEvenWhenItThrows) {
  int asked = 0;
  Bench bench(forked(pass_on, fail_on_bad, pass_on), {.resume = [&](const RecordError&) -> bool {
                ++asked;
                throw std::runtime_error("the handler, too");
              }});
  ASSERT_TRUE(bench.begin());
  bench.add(0, {{"bad", 1}});
  (void)bench.run();
  EXPECT_EQ(asked, 1);
  EXPECT_EQ(bench.last_error, "task 2_3, in-3@0: left: a bad one");
}

TEST(Task, NamesThePunctuationsNodeWhenItFails) {
  Topology topology;
  topology.add_source<Text, Text>("source", {"in"})
      .add_processor("clock",
                     scripted(pass_on,
                              [](TestContext& context) {
                                context.schedule(10ms, Clock::kWallClock, [&context](Timestamp now) {
                                  EXPECT_EQ(context.record_metadata(), std::nullopt);
                                  context.forward({"p", "bad", now});
                                  throw std::runtime_error("no time");
                                });
                              }),
                     {"source"})
      .add_processor("behind", scripted(fail_on_bad), {"clock"});
  Bench bench(topology);
  bench.resumes = true;
  ASSERT_TRUE(bench.begin());
  bench.now = 10;
  EXPECT_EQ(bench.punctuate(), Lines{});
  EXPECT_EQ(bench.errors, (Lines{"process behind: a bad one (clock > behind)", "process clock: no time (clock)"}));
  EXPECT_EQ(bench.letters[0].key, std::nullopt);
  EXPECT_EQ(bench.letters[0].headers.last("__streams.errors.offset"), "-1");
  EXPECT_TRUE(bench.task().commit_needed());
}

TEST(Task, RefusesToBeginWithWhatDoesNotFit) {
  Topology unequal;
  unequal.add_source<Text, std::int32_t>("source", {"in"}).add_processor("text", scripted(pass_on), {"source"});
  const auto wrong = Bench(unequal).begin();
  ASSERT_FALSE(wrong);
  EXPECT_NE(wrong.error().message.find("text cannot take what source gives"), std::string::npos)
      << wrong.error().message;

  const auto uses = [](std::string store) {
    return scripted(pass_on, [store](TestContext& c) { c.store<KeyValueStore<Text, Text>>(store); });
  };
  Topology unconnected;
  unconnected.add_source<Text, Text>("source", {"in"})
      .add_processor("p", uses("kv"), {"source"})
      .add_state_store(stores::key_value<Text, Text>("kv"));
  EXPECT_EQ(Bench(unconnected).begin().error().message,
            "task 2_3: p: the store kv is not connected to it; name it where the processor is added");
  Topology other_type;
  other_type.add_source<Text, Text>("source", {"in"})
      .add_processor("p", uses("kv"), {"source"})
      .add_state_store(stores::key_value<Text, std::int64_t>("kv"), {"p"});
  EXPECT_EQ(Bench(other_type).begin().error().message, "task 2_3: p: the store kv is of another type");
}

// ---- Time and commits

Topology two_inputs() {
  Topology topology;
  topology.add_source<Text, Text>("a", {"in-a"})
      .add_source<Text, Text>("b", {"in-b"})
      .add_processor("p", scripted([](TestContext& context, Record<Text, Text> record) {
                       record.value += " " + std::to_string(context.stream_time().time_since_epoch().count());
                       context.forward(record);
                     }),
                     {"a", "b"})
      .add_sink<Text, Text>("sink", "out", {"p"});
  return topology;
}

TEST(Task, KeepsItsTimeOverARestart) {
  Bench first(two_inputs());
  ASSERT_TRUE(first.begin());
  first.add(0, {{"x", 50}});
  first.add(1, {{"y", 30}});
  EXPECT_EQ(first.run(), (Lines{"out k=y 30@30", "out k=x 50@50"}));
  EXPECT_EQ(first.prepare(), (Lines{"in-a@1 time 50", "in-b@1 time 30"}));

  Bench second(two_inputs());
  ASSERT_TRUE(second.begin({first.metadata_of["in-a"], first.metadata_of["in-b"]}));
  EXPECT_EQ(second.task().stream_time(), at(50));
  second.add(1, {{"late", 7}});
  EXPECT_EQ(second.run(), (Lines{"out k=late 50@7"}));
  EXPECT_EQ(second.prepare(), (Lines{"in-b@1 time 30"}));
}

TEST(Task, CommitsWhatWaitsAsTheNextToRead) {
  Bench bench(two_inputs());
  ASSERT_TRUE(bench.begin());
  EXPECT_FALSE(bench.task().commit_needed());
  bench.add(0, {{"x", 1}, {"y", 2}});
  EXPECT_EQ(bench.task().ready_at(at(0)), std::nullopt);
  bench.task().at_end(1, 0, at(0));
  std::vector<Outgoing> out;
  ASSERT_TRUE(*bench.task().process_one(at(0), out));
  EXPECT_TRUE(bench.task().commit_needed());
  EXPECT_EQ(bench.prepare(), (Lines{"in-a@1 time 1"}));
  (void)bench.task().committed({});
  EXPECT_FALSE(bench.task().commit_needed());
  (void)bench.run();
  // Only the markers of transactions follow.
  (void)bench.task().committed({});
  bench.task().at_end(0, 4, at(0));
  EXPECT_TRUE(bench.task().commit_needed());
  EXPECT_EQ(bench.prepare(), (Lines{"in-a@4 time 2"}));
}

TEST(Task, TakesNoMoreThanItMayBuffer) {
  Bench bench(two_inputs(), {.buffered_records_per_partition = 2});
  ASSERT_TRUE(bench.begin());
  bench.add(0, {{"x", 1}});
  EXPECT_TRUE(bench.task().wants(0));
  bench.add(0, {{"y", 1}});
  EXPECT_FALSE(bench.task().wants(0));
  EXPECT_TRUE(bench.task().wants(1));
}

TEST(Task, HandsBackWhatNodesKeepWithTheHighestOfAllInputs) {
  Bench bench(two_inputs());
  ASSERT_TRUE(bench.begin({encode({.partition_time = 2, .kept = {{"closed", 9}, {"opened", 2}}}),
                           encode({.partition_time = 1, .kept = {{"closed", 5}, {"opened", 7}, {"one", 1}}})}));
  bench.add(0, {{"x", 3}});
  (void)bench.run();
  (void)bench.prepare();
  EXPECT_EQ(decode_offset_metadata(bench.metadata_of["in-a"]).kept,
            (std::map<std::string, std::int64_t, std::less<>>{{"closed", 9}, {"opened", 7}, {"one", 1}}));
}

// ---- Stores

Topology counting(bool logging = true) {
  auto spec = stores::key_value<Text, std::int64_t>("counts");
  spec.logging = logging;
  Topology topology;
  topology.add_source<Text, Text>("source", {"in"})
      .add_processor("count", scripted([](TestContext& context, Record<Text, Text> record) {
                       auto& counts = context.store<KeyValueStore<Text, std::int64_t>>("counts");
                       const std::int64_t n = counts.get(record.value).value_or(0) + 1;
                       counts.put(record.value, n);
                       record.value += "=" + std::to_string(n);
                       context.forward(record);
                     }),
                     {"source"})
      .add_state_store(spec, {"count"})
      .add_sink<Text, Text>("sink", "out", {"count"});
  return topology;
}
std::string be(std::int64_t n) {
  std::string bytes;
  append_i64(bytes, n);
  return bytes;
}

TEST(Task, KeepsNothingOfItsStoresBeforeTheCommit) {
  const std::shared_ptr<KeptStores> kept = memory_stores(1);
  Bench first(counting(), {}, kept);
  ASSERT_TRUE(first.begin());
  first.add(0, {{"x", 1}, {"x", 2}, {"y", 3}});
  EXPECT_EQ(first.run(), (Lines{"out k=x=1@1", "out k=x=2@2", "out k=y=1@3"}));
  EXPECT_GT(first.task().buffered_bytes(), 0u);
  EXPECT_EQ(first.prepare(), (Lines{"log app-counts-changelog x=" + be(2) + "@2",
                                    "log app-counts-changelog y=" + be(1) + "@3", "in@3 time 3"}));
  // Dropped here, it leaves nothing.
  EXPECT_EQ(*kept->store(0).get("x"), std::nullopt);
  const KeptBatch batch = first.task().committed({{0, 17}});
  EXPECT_EQ(first.task().buffered_bytes(), 0u);
  ASSERT_TRUE(kept->write(batch));
  EXPECT_TRUE((*kept->store(0).get("x"))->ends_with(be(2)));  // behind its timestamp
  EXPECT_EQ(kept->offset(0), 17);

  // Another one on the same stores goes on from there.
  Bench second(counting(), {}, kept);
  ASSERT_TRUE(second.begin());
  second.add(0, {{"x", 9}});
  EXPECT_EQ(second.run(), (Lines{"out k=x=3@9"}));
}

TEST(Task, RestoresFromTheChangelogWithoutWritingItAgain) {
  Bench bench(counting());
  const std::string five = be(5), six = be(6);
  std::vector<RawRecord> records{{.offset = 3, .key = "x", .value = five},
                                 {.offset = 4, .key = "gone", .value = five},
                                 {.offset = 6, .key = "gone", .value = {}},
                                 {.offset = 7, .key = "x", .value = six}};
  ASSERT_TRUE(bench.task().restore(0, records, 9));
  const KeptBatch batch = bench.task().take_restored();
  EXPECT_EQ(batch.offsets, (std::map<std::size_t, std::int64_t>{{0, 9}}));
  ASSERT_TRUE(bench.kept()->write(batch));
  EXPECT_TRUE((*bench.kept()->store(0).get("x"))->ends_with(six));
  EXPECT_EQ(*bench.kept()->store(0).get("gone"), std::nullopt);
  ASSERT_TRUE(bench.begin());
  bench.add(0, {{"x", 1}});
  EXPECT_EQ(bench.run(), (Lines{"out k=x=7@1"}));
  EXPECT_EQ(bench.prepare(), (Lines{"log app-counts-changelog x=" + be(7) + "@1", "in@1 time 1"}));
}

TEST(Task, WritesNoChangelogWhereLoggingIsOff) {
  Bench bench(counting(false));
  ASSERT_TRUE(bench.begin());
  bench.add(0, {{"x", 1}});
  (void)bench.run();
  EXPECT_EQ(bench.prepare(), (Lines{"in@1 time 1"}));
  const KeptBatch batch = bench.task().committed({});
  EXPECT_EQ(batch.entries.size(), 1u);
  EXPECT_TRUE(batch.offsets.empty());
}

}  // namespace
}  // namespace thalweg::streams::detail::task_tests
