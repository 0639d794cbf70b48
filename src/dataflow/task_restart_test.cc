// Exactly once, with a broker that is a few vectors: tasks that are dropped at any moment, with or without what they
// kept, and others that go on from the last commit. Whatever happens, each record counts once.
#include <gtest/gtest.h>

#include <random>

#include "dataflow/memory_stores.h"
#include "dataflow/task.h"
#include "thalweg/streams/topology.h"

namespace thalweg::streams::detail {
namespace {

using Text = std::string;
using Counts = KeyValueStore<Text, std::int64_t>;

struct Counter : Processor<Text, Text, Text, std::int64_t> {
  void process(In record) override {
    auto& counts = context().store<Counts>("counts");
    const std::int64_t n = counts.get(record.value).value_or(0) + 1;
    counts.put(record.value, n);
    context().forward({record.value, n, record.timestamp});
  }
};
Topology counted() {
  Topology topology;
  topology.add_source<Text, Text>("s", {"a", "b"})
      .add_processor("count", [] { return std::make_unique<Counter>(); }, {"s"})
      .add_state_store(stores::key_value<Text, std::int64_t>("counts"), {"count"})
      .add_sink<Text, std::int64_t>("k", "out", {"count"});
  return topology;
}

struct Logged {
  std::optional<std::string> key, value;
  Timestamp timestamp;
};
RawRecord raw(const Logged& record, std::int64_t offset) {
  return {.offset = offset, .timestamp = record.timestamp, .key = record.key, .value = record.value};
}

// What a transaction changes is changed by commit() alone.
struct Broker {
  std::vector<std::vector<Logged>> inputs{2};
  std::vector<std::int64_t> committed{0, 0};
  std::vector<std::string> metadata{2};
  std::vector<Logged> changelog, out;

  std::int64_t commit(const std::vector<Outgoing>& transaction, const std::vector<InputOffset>& offsets) {
    for (const Outgoing& one : transaction)
      (one.is_changelog ? changelog : out).push_back({one.message.key, one.message.value, *one.message.timestamp});
    for (const InputOffset& one : offsets) {
      const std::size_t input = one.topic == "a" ? 0 : 1;
      EXPECT_GE(one.offset, committed[input]);
      committed[input] = one.offset;
      metadata[input] = one.metadata;
    }
    return static_cast<std::int64_t>(changelog.size());
  }
  bool is_done() const {
    for (std::size_t i = 0; i < 2; ++i)
      if (committed[i] < static_cast<std::int64_t>(inputs[i].size())) return false;
    return true;
  }
};

// One task from its making to its end, which may come at any step.
class Life {
 public:
  Life(Broker& broker, KeptStores& kept, std::mt19937& random)
      : broker_(broker), kept_(kept), random_(random), position_(broker.committed) {
    static const auto graph = counted().graph();
    SubTopology part;
    for (const auto& node : graph->nodes) part.nodes.push_back(&node);
    part.stores.push_back(&graph->stores[0]);
    task_.emplace(graph, part, 0, TaskConfig{.application_id = "app"}, kept);
  }
  // Ends when all is committed, or somewhere before.
  void live() {
    restore();
    ASSERT_TRUE(task_->begin(broker_.metadata, Timestamp{}));
    while (!broker_.is_done() && random_() % 40 != 0)
      if (!step()) return;
  }

 private:
  void restore() {
    for (std::int64_t next = kept_.offset(0).value_or(0); next < std::ssize(broker_.changelog);) {
      std::vector<RawRecord> records;
      for (auto n = 1 + random_() % 4; n > 0 && next < std::ssize(broker_.changelog); --n, ++next)
        records.push_back(raw(broker_.changelog[static_cast<std::size_t>(next)], next));
      ASSERT_TRUE(task_->restore(0, records, next));
      if (random_() % 2) ASSERT_TRUE(kept_.write(task_->take_restored()));
    }
    ASSERT_TRUE(kept_.write(task_->take_restored()));
  }
  bool step() {
    switch (random_() % 4) {
      case 0:
        return fetch(random_() % 2), true;
      case 1:
        return commit();
      default: {
        const auto processed = task_->process_one(Timestamp{}, transaction_);
        EXPECT_TRUE(processed);
        return processed.has_value();
      }
    }
  }
  void fetch(std::size_t input) {
    const auto& log = broker_.inputs[input];
    std::vector<RawRecord> records;
    for (auto n = random_() % 4; n > 0 && position_[input] < std::ssize(log); --n, ++position_[input])
      records.push_back(raw(log[static_cast<std::size_t>(position_[input])], position_[input]));
    task_->add(input, records);
    if (position_[input] == std::ssize(log)) task_->at_end(input, position_[input], Timestamp{});
  }
  // False: the life ended meanwhile.
  bool commit() {
    if (!task_->commit_needed()) return true;
    const auto prepared = task_->prepare_commit(transaction_);
    if (random_() % 8 == 0) return false;  // before Kafka has it
    const std::int64_t next = broker_.commit(std::exchange(transaction_, {}), prepared.offsets);
    if (random_() % 8 == 0) return false;  // after, but before it is kept
    EXPECT_TRUE(kept_.write(task_->committed({{0, next}})));
    return true;
  }

  Broker& broker_;
  KeptStores& kept_;
  std::mt19937& random_;
  std::vector<std::int64_t> position_;
  std::vector<Outgoing> transaction_;
  std::optional<Task> task_;
};

std::string number_bytes(std::int64_t n) {
  std::string bytes;
  append_i64(bytes, n);
  return bytes;
}

void one_story(std::mt19937& random) {
  Broker broker;
  std::map<std::string, std::int64_t> want;
  for (auto& log : broker.inputs)
    for (auto n = random() % 20; n > 0; --n) {
      log.push_back(
          {"k", std::string(1, static_cast<char>('a' + random() % 4)), Timestamp(milliseconds(random() % 50))});
      ++want[*log.back().value];
    }
  auto kept = memory_stores(1);
  int lives = 0;
  for (; !broker.is_done() && lives < 1000; ++lives) {
    if (lives > 0 && random() % 3 == 0) kept = memory_stores(1);  // the disk was lost, too
    Life(broker, *kept, random).live();
  }
  ASSERT_TRUE(broker.is_done());
  std::map<std::string, std::int64_t> counted, restored;
  for (const Logged& record : broker.out) EXPECT_EQ(record.value, number_bytes(++counted[*record.key]));
  EXPECT_EQ(counted, want);
  // The changelog alone says the same.
  std::map<std::string, std::string> last;
  for (const Logged& record : broker.changelog) last[*record.key] = *record.value;
  ASSERT_EQ(last.size(), want.size());
  for (const auto& [key, n] : want) EXPECT_EQ(last[key], number_bytes(n));
}

TEST(TaskRestart, CountsEachRecordOnceWhateverIsDropped) {
  std::mt19937 random(5);
  for (int story = 0; story < 300 && !testing::Test::HasFailure(); ++story) one_story(random);
}

}  // namespace
}  // namespace thalweg::streams::detail
