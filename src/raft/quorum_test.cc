#include "raft/quorum.h"

#include <gtest/gtest.h>

#include "raft/testing.h"

namespace thalweg::raft {
namespace {

using testing::World;

// Keeps what was applied, as text.
struct Ledger : StateMachine {
  std::vector<std::string> lines;
  int restored = 0;
  void apply(Offset, LeaderEpoch, BytesView records) override { lines.emplace_back(as_text(records)); }
  Task<Result<SharedBytes>> snapshot() override {
    std::string image;
    for (const auto& line : lines) image += line + "\n";
    co_return SharedBytes::copy_of(image);
  }
  Result<> restore(Offset, SharedBytes image) override {
    ++restored;
    lines.clear();
    std::string_view rest = image.text();
    while (!rest.empty()) {
      const auto end = rest.find('\n');
      lines.emplace_back(rest.substr(0, end));
      rest.remove_prefix(end + 1);
    }
    return {};
  }
};

QuorumOptions alone() {
  QuorumOptions options;
  options.metadata_log_dir = "/data";
  options.voters = {BrokerId{0}};
  return options;
}

struct Single {
  explicit Single(World& world, QuorumOptions options = alone())
      : world(world), quorum(world.shard, options, ledger, nullptr) {}
  ~Single() { world.run(quorum.stop()); }
  Result<> start() { return world.run(quorum.start()); }
  Result<Offset> propose(std::string_view text) {
    return world.run(
        quorum.propose(SharedBytes::copy_of(text), quorum.leader().epoch, world.clock.now() + Millis(5000)));
  }
  World& world;
  Ledger ledger;
  Quorum quorum;
};

using Lines = std::vector<std::string>;

TEST(Quorum, ALoneVoterLeadsWithoutWaitingForATimeout) {
  World world;
  Single node(world);
  ASSERT_TRUE(node.start());
  world.settle();
  EXPECT_TRUE(node.quorum.is_leader());
  EXPECT_EQ(node.quorum.leader().leader, BrokerId{0});
  EXPECT_EQ(world.clock.now(), Instant{0});
}

TEST(Quorum, AnswersAProposalOnceItIsDurableAndApplied) {
  World world;
  Single node(world);
  ASSERT_TRUE(node.start());
  world.settle();
  const int writes_before = world.disk.durable_writes;
  const auto index = node.propose("create topic");
  ASSERT_TRUE(index) << index.error().message;
  EXPECT_EQ(*index, Offset{3});  // after the base and the leader's first entry
  EXPECT_EQ(node.ledger.lines, Lines{"create topic"});
  EXPECT_EQ(world.disk.durable_writes, writes_before + 1);
  EXPECT_EQ(node.quorum.applied().value(), Offset{3});
}

TEST(Quorum, PacksProposalsOfOneTurnIntoOneDurableWrite) {
  World world;
  Single node(world);
  ASSERT_TRUE(node.start());
  world.settle();
  const int writes_before = world.disk.durable_writes;
  for (int i = 0; i < 100; ++i) ASSERT_TRUE(node.quorum.append(as_bytes("x"), node.quorum.leader().epoch));
  world.settle();
  EXPECT_EQ(node.ledger.lines.size(), 100u);
  EXPECT_EQ(world.disk.durable_writes, writes_before + 1);
}

TEST(Quorum, RemembersEverythingAcrossRestarts) {
  World world;
  Lines expected;
  for (int run = 0; run < 3; ++run) {
    Single node(world);
    ASSERT_TRUE(node.start());
    world.settle();
    EXPECT_EQ(node.ledger.lines, expected);
    EXPECT_EQ(node.quorum.leader().epoch, LeaderEpoch{2 + run});
    for (int i = 0; i < 5; ++i) {
      expected.push_back("run " + std::to_string(run) + " line " + std::to_string(i));
      ASSERT_TRUE(node.propose(expected.back()));
    }
  }
}

TEST(Quorum, RefusesAnEpochThatIsOver) {
  World world;
  Single node(world);
  ASSERT_TRUE(node.start());
  world.settle();
  const auto refused = node.quorum.append(as_bytes("x"), LeaderEpoch{1});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kNotController);
}

TEST(Quorum, TakesSnapshotsByBytesAndStartsFromThem) {
  World world;
  auto options = alone();
  options.snapshot_after_bytes = 2000;
  options.segment_bytes = 16 * File::kBlock;
  Lines expected;
  {
    Single node(world, options);
    ASSERT_TRUE(node.start());
    world.settle();
    for (int i = 0; i < 200; ++i) {
      expected.push_back("line " + std::to_string(i) + std::string(80, '.'));
      ASSERT_TRUE(node.propose(expected.back()));
    }
    EXPECT_GT(node.quorum.position().base, Offset{100});
  }
  std::size_t files = world.disk.files.size();
  EXPECT_LE(files, 5u);  // segments are used again, old checkpoints go
  Single again(world, options);
  ASSERT_TRUE(again.start());
  world.settle();
  EXPECT_EQ(again.ledger.restored, 1);
  EXPECT_EQ(again.ledger.lines, expected);
}

TEST(Quorum, ReadBarrierReturnsWhatIsApplied) {
  World world;
  Single node(world);
  ASSERT_TRUE(node.start());
  world.settle();
  ASSERT_TRUE(node.propose("a"));
  const auto index = world.run(node.quorum.read_barrier(world.clock.now() + Millis(1000)));
  ASSERT_TRUE(index) << index.error().message;
  EXPECT_EQ(*index, Offset{3});
}

TEST(Quorum, AFailedDiskEndsIt) {
  World world;
  Single node(world);
  ASSERT_TRUE(node.start());
  world.settle();
  world.disk.broken = true;
  const auto result = node.propose("x");
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, ErrorCode::kKafkaStorageError);
  EXPECT_FALSE(node.quorum.health());
  EXPECT_FALSE(node.quorum.is_leader());
  EXPECT_EQ(node.propose("y").error().code, ErrorCode::kKafkaStorageError);
}

TEST(Quorum, WaitsForSpaceOnAFullDiskAndGoesOn) {
  World world;
  auto options = alone();
  options.segment_bytes = 4 * File::kBlock;
  Single node(world, options);
  ASSERT_TRUE(node.start());
  world.settle();
  world.disk.full = true;
  Result<Offset> last;
  for (int i = 0; i < 10 && last; ++i) last = node.propose("x");
  ASSERT_FALSE(last);
  EXPECT_EQ(last.error().code, ErrorCode::kRequestTimedOut);  // it may still be committed, and will be
  EXPECT_TRUE(Disk::is_full(node.propose("refused at once").error()));
  const std::size_t before = node.ledger.lines.size();
  world.disk.full = false;
  world.run_for(Millis(1500));
  EXPECT_EQ(node.ledger.lines.size(), before + 1);
  EXPECT_TRUE(node.propose("y"));
}

QuorumOptions joiner(std::uint32_t incarnation) {
  auto options = alone();
  options.voters.clear();
  options.member = member_of(options.self, incarnation);
  return options;
}

TEST(Quorum, AJoinerIsToldWhoItIsAndNeverForgets) {
  World world;
  {
    auto nobody = joiner(0);
    nobody.member = kNoMember;
    EXPECT_EQ(Single(world, nobody).start().error().code, ErrorCode::kInvalidConfig) << "neither founder nor told";
  }
  {
    auto both = joiner(2);
    both.voters = {BrokerId{0}};
    EXPECT_EQ(Single(world, both).start().error().code, ErrorCode::kInvalidConfig) << "who joins founds nothing";
  }
  {
    Single node(world, joiner(2));
    ASSERT_TRUE(node.start());
    world.settle();
    EXPECT_FALSE(node.quorum.is_leader());
    EXPECT_TRUE(node.quorum.members().empty());
  }
  {
    Single node(world, alone());  // as a restart comes along, which knows its node id and no more
    ASSERT_TRUE(node.start());
    EXPECT_EQ(node.quorum.self(), member_of(BrokerId{0}, 2));
    EXPECT_FALSE(node.quorum.is_leader()) << "a voter of its own making";
  }
  const auto refused = Single(world, joiner(3)).start();
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message.find("member 0 (disk 2)"), std::string::npos) << refused.error().message;
}

TEST(Quorum, DoesNotStartOnTheDiskOfAnotherNode) {
  World world;
  {
    Single node(world, joiner(1));
    ASSERT_TRUE(node.start());
  }
  auto other = alone();
  other.self = BrokerId{5};
  const auto refused = Single(world, other).start();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kInvalidConfig);
}

TEST(Quorum, ALoneNodeKnowsItselfAndSaysWhereItIs) {
  World world;
  for (int run = 0; run < 2; ++run) {
    Single node(world);
    ASSERT_TRUE(node.start());
    world.settle();
    const Member* const self = node.quorum.members().find(node.quorum.self());
    ASSERT_TRUE(self);
    const Member known{node.quorum.self(), BrokerId{0}, {4, 2}, {{"CONTROLLER", {"here", 9093}}}, true};
    if (run > 0) EXPECT_EQ(*self, known);
    const auto told = world.run(node.quorum.update_member(known, world.clock.now() + Millis(1000)));
    ASSERT_TRUE(told) << told.error().message;
    EXPECT_EQ(*node.quorum.members().find(node.quorum.self()), known);
    EXPECT_TRUE(node.quorum.alone());
  }
}

TEST(Quorum, TellsWaitersWhenItStops) {
  World world;
  Ledger ledger;
  Quorum quorum(world.shard, alone(), ledger, nullptr);
  ASSERT_TRUE(world.run(quorum.start()));
  world.settle();
  std::optional<Error> answer;
  const auto ask = [](Quorum& quorum, std::optional<Error>& answer, Instant deadline) -> Task<> {
    const auto result = co_await quorum.propose(SharedBytes::copy_of("x"), quorum.leader().epoch, deadline);
    if (!result) answer = result.error();
  };
  boost::asio::co_spawn(world.io, ask(quorum, answer, Instant::max()), boost::asio::detached);
  world.io.poll_one();
  world.run(quorum.stop());
  world.settle();
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->code, ErrorCode::kRequestTimedOut);
}

}  // namespace
}  // namespace thalweg::raft
