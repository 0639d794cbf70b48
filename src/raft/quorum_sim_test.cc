// A lone broker on a disk that forgets: names that were not synced, pages that were not, syncs that fail.
#include <gtest/gtest.h>

#include <cstdlib>

#include "base/log.h"
#include "raft/quorum.h"
#include "sim/world.h"

namespace thalweg::raft {
namespace {

using sim::Crash;
using sim::Node;

struct Answers {
  std::vector<std::string> given;
  int next = 0;
  int refused_starts = 0;
};

// What runs on the broker: the quorum, and a client that never stops.
struct Broker : StateMachine {
  Broker(Node& node, Answers& answers)
      : node(node), answers(answers), quorum(node.shard(0), options(), *this, nullptr) {
    spawn(node.shard(0), run(this));
  }
  static QuorumOptions options() {
    QuorumOptions options;
    options.metadata_log_dir = "/var/lib/broker";
    options.voters = {BrokerId{0}};
    options.snapshot_after_bytes = 600;
    options.segment_bytes = 8 * File::kBlock;
    return options;
  }
  static Task<> run(Broker* self) {
    auto started = co_await self->node.shard(0).disk.make_durable_directory(options().metadata_log_dir);
    if (started) started = co_await self->quorum.start();
    self->ready = started.has_value();
    if (!started) {
      ++self->answers.refused_starts;
      self->problem = started.error().message;
      co_return;
    }
    for (;;) {
      const std::string line = "line " + std::to_string(self->answers.next++);
      const auto index = co_await self->quorum.propose(SharedBytes::copy_of(line), self->quorum.leader().epoch,
                                                       self->node.shard(0).clock.now() + Millis(5000));
      if (index) self->answers.given.push_back(line);
      if (!index) co_await self->node.shard(0).clock.sleep_for(Millis(1));
    }
  }
  void apply(Offset, LeaderEpoch, BytesView records) override { lines.emplace_back(as_text(records)); }
  Task<Result<SharedBytes>> snapshot() override {
    std::string image;
    for (const auto& line : lines) image += line + "\n";
    co_await node.shard(0).clock.sleep_for(Millis(2));
    co_return SharedBytes::copy_of(image);
  }
  Result<> restore(Offset, SharedBytes image) override {
    lines.clear();
    for (std::string_view rest = image.text(); !rest.empty();) {
      const auto end = rest.find('\n');
      lines.emplace_back(rest.substr(0, end));
      rest.remove_prefix(end + 1);
    }
    return {};
  }

  Node& node;
  Answers& answers;
  std::vector<std::string> lines;
  bool ready = false;
  std::string problem;
  Quorum quorum;
};

void expect_all_answers(const Broker& broker, const Answers& answers) {
  EXPECT_EQ(broker.problem, "");
  ASSERT_FALSE(broker.lines.empty());
  std::size_t at = 0;
  for (const auto& line : answers.given) {
    while (at < broker.lines.size() && broker.lines[at] != line) ++at;
    ASSERT_LT(at, broker.lines.size()) << line << " was answered and is gone";
  }
}

std::size_t lives_of_a_broker(std::uint64_t seed, sim::DiskFaults faults) {
  SCOPED_TRACE("seed " + std::to_string(seed));
  Answers answers;
  sim::World world(seed);
  Node& node = world.add_node("broker", 1, [&](Node& node) { return std::make_shared<Broker>(node, answers); });
  node.disk().faults = faults;
  for (int life = 0; life < 12; ++life) {
    node.start();
    world.run_for(Millis(world.simulation.below(300)));
    node.crash(world.simulation.one_in(3) ? Crash::kKill : Crash::kPowerLoss);
  }
  node.disk().faults.sync_fails_one_in = node.disk().faults.sync_lies_one_in = 0;
  // A disk that lied and was found out may have lost anything; until then nothing may be missing.
  if (node.disk().broken_promises() > 0) return 0;
  node.start();
  const bool leads =
      world.run_until([&] { return node.program<Broker>().quorum.is_leader(); }, std::chrono::seconds(10));
  EXPECT_TRUE(leads) << node.program<Broker>().problem;
  expect_all_answers(node.program<Broker>(), answers);
  return answers.given.size();
}

std::uint64_t seeds() {
  const char* const wish = std::getenv("THALWEG_SEEDS");
  return wish ? std::strtoull(wish, nullptr, 10) : 20;
}

class QuorumOnForgetfulDisk : public ::testing::Test {
 protected:
  void SetUp() override { log::set_level(static_cast<log::Level>(static_cast<int>(log::Level::kError) + 1)); }
  void TearDown() override { log::set_level(log::Level::kInfo); }
};

TEST_F(QuorumOnForgetfulDisk, KeepsWhatItAnsweredThroughPowerLoss) {
  std::size_t answered = 0;
  for (std::uint64_t seed = 1; seed <= seeds() && !HasFailure(); ++seed) answered += lives_of_a_broker(seed, {});
  EXPECT_GT(answered, seeds() * 200);
}

TEST_F(QuorumOnForgetfulDisk, KeepsWhatItAnsweredUntilALieOfItsDiskIsFoundOut) {
  std::size_t judged = 0;
  for (std::uint64_t seed = 1; seed <= 5 * seeds() && !HasFailure(); ++seed)
    judged += lives_of_a_broker(seed, {.sync_lies_one_in = std::uint64_t{32} << seed % 8}) > 0;
  EXPECT_GT(judged, seeds() / 2);
}

// Killed while it makes its folder, or writes the first record: what the kernel knows of that and the disk does not is
// no ground to build on.
TEST_F(QuorumOnForgetfulDisk, KeepsWhatItAnsweredAfterItsFirstStartWasCutShort) {
  for (std::uint64_t seed = 1; seed <= 10 * seeds() && !HasFailure(); ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Answers answers;
    sim::World world(seed);
    Node& node = world.add_node("broker", 1, [&](Node& node) { return std::make_shared<Broker>(node, answers); });
    node.start();
    world.run_for(std::chrono::microseconds(world.simulation.below(20'000)));
    node.crash(Crash::kKill);
    node.start();
    world.run_for(Millis(100));
    node.crash(Crash::kPowerLoss);
    node.start();
    world.run_until([&] { return node.program<Broker>().quorum.is_leader(); }, std::chrono::seconds(10));
    ASSERT_FALSE(answers.given.empty());
    expect_all_answers(node.program<Broker>(), answers);
  }
}

// After a sync that failed the kernel shows what is not on disk, and has nothing to sync any more.
TEST_F(QuorumOnForgetfulDisk, KeepsWhatItAnsweredAfterAStartThatCouldNotSync) {
  for (std::uint64_t seed = 1; seed <= 5 * seeds() && !HasFailure(); ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Answers answers;
    sim::World world(seed);
    Node& node = world.add_node("broker", 1, [&](Node& node) { return std::make_shared<Broker>(node, answers); });
    const auto live = [&](std::uint64_t sync_fails_one_in, Crash crash) {
      node.disk().faults.sync_fails_one_in = sync_fails_one_in;
      node.start();
      world.run_for(Millis(50 + world.simulation.below(50)));
      node.crash(crash);
    };
    live(0, Crash::kKill);
    live(2, Crash::kKill);
    live(0, Crash::kPowerLoss);
    node.start();
    EXPECT_TRUE(world.run_until([&] { return node.program<Broker>().quorum.is_leader(); }, std::chrono::seconds(10)))
        << node.program<Broker>().problem;
    expect_all_answers(node.program<Broker>(), answers);
  }
}

TEST_F(QuorumOnForgetfulDisk, KeepsWhatItAnsweredWhenSyncsFail) {
  for (std::uint64_t seed = 1; seed <= seeds() && !HasFailure(); ++seed)
    lives_of_a_broker(seed, {.sync_fails_one_in = 200});
}

}  // namespace
}  // namespace thalweg::raft
