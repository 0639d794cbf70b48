// Three brokers in one process: messages get lost, doubled and late, links break, power goes in the middle of a write.
// Whatever happens, all apply the same entries in the same order, and nothing that was answered is lost.
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "base/log.h"
#include "raft/quorum.h"
#include "raft/testing.h"

namespace thalweg::raft {
namespace {

using testing::Files;
using testing::TestDisk;
using testing::World;

class Cluster;

// One life of a broker, from its start to its crash. What still runs of it afterwards can no longer do anything.
struct Life : StateMachine, Transport {
  Life(Cluster& cluster, BrokerId id, Files files);
  void apply(Offset index, LeaderEpoch epoch, BytesView records) override;
  Task<Result<SharedBytes>> snapshot() override;
  Result<> restore(Offset index, SharedBytes image) override;
  void send(PeerMessage message) override;

  Cluster& cluster;
  const BrokerId id;
  bool alive = true;
  TestDisk disk;
  Shard shard;
  std::vector<std::string> lines;
  Quorum quorum;
};

struct Faults {
  double loss = 0.05;
  double twice = 0.02;
  Millis delay_max{20};
  Millis write_max{4};
};

class Cluster {
 public:
  // The first `founders` of `size` brokers found the quorum; the others wait to be added.
  Cluster(std::uint64_t seed, int founders, int size) : world(seed) {
    for (int i = 0; i < size; ++i) brokers.push_back(BrokerId{i});
    this->founders.assign(brokers.begin(), brokers.begin() + founders);
    lives.resize(static_cast<std::size_t>(size));
    for (const BrokerId id : brokers) start(id, {});
  }
  Cluster(std::uint64_t seed, int size) : Cluster(seed, size, size) {}
  ~Cluster() {
    for (const BrokerId id : brokers) crash(id);
    world.run_for(Millis(5000));
  }

  bool chance(double p) { return static_cast<double>(world.random.below(1'000'000)) < p * 1e6; }
  Life& at(BrokerId id) { return *lives[static_cast<std::size_t>(id.value)]; }
  BrokerId any() { return brokers[world.random.below(brokers.size())]; }
  Life* leader() {
    Life* found = nullptr;
    for (auto& life : lives)
      if (life && life->quorum.is_leader() && (!found || life->quorum.leader().epoch > found->quorum.leader().epoch))
        found = life.get();
    return found;
  }

  void start(BrokerId id, Files files) {
    auto life = std::make_shared<Life>(*this, id, std::move(files));
    lives[static_cast<std::size_t>(id.value)] = life;
    life->quorum.on_leader_change([this, raw = life.get()](Leadership now) {
      if (!raw->alive || now.leader != raw->id) return;
      const auto [it, fresh] = leader_of.emplace(now.epoch, raw->id);
      EXPECT_EQ(it->second, raw->id) << "two leaders in epoch " << now.epoch.value;
      elections += fresh;
    });
    spawn(life->shard, begin(life));
  }
  static Task<> begin(std::shared_ptr<Life> life) {
    const auto started = co_await life->quorum.start();
    EXPECT_TRUE(started) << started.error().message;
  }
  Files crash(BrokerId id) {
    auto life = std::exchange(lives[static_cast<std::size_t>(id.value)], nullptr);
    if (!life) return {};
    life->alive = false;
    spawn(life->shard, bury(life));
    return life->disk.after_power_loss([this] { return chance(0.7); });
  }
  static Task<> bury(std::shared_ptr<Life> life) { co_await life->quorum.stop(); }

  void carry(BrokerId from, PeerMessage message) {
    const bool lost = chance(faults.loss) || cut.contains({from, broker_of(message.to)});
    if (message.snapshot) ++snapshots_sent;
    if (keep_bodies_to == broker_of(message.to)) bodies.push_back(message.body);
    for (int copies = chance(faults.twice) ? 2 : 1; copies > 0; --copies) {
      const Instant when =
          world.clock.now() + Millis(1 + world.random.below(static_cast<std::uint64_t>(faults.delay_max.count())));
      spawn(world.shard, deliver(this, from, message, when, lost));
    }
  }
  static Task<> deliver(Cluster* cluster, BrokerId from, PeerMessage message, Instant when, bool lost) {
    std::vector<std::byte> image;
    if (!message.image.empty()) {
      const auto& piece = std::get<FilePiece>(message.image.front());
      image.resize(piece.size);
      CHECK(std::dynamic_pointer_cast<File>(piece.source)->read_now(piece.position, image));
    }
    co_await cluster->world.clock.sleep_until(when);
    if (auto& to = cluster->lives[static_cast<std::size_t>(broker_of(message.to).value)]; to && !lost) {
      const auto taken = to->quorum.receive(member_of(from), message.body, SharedBytes::take(image));
      // A follower that knows less than the sender believes says so; everything else would be an honest message
      // refused.
      if (!taken) EXPECT_EQ(taken.error().code, ErrorCode::kInvalidRequest);
    }
    if (auto& back = cluster->lives[static_cast<std::size_t>(from.value)]; back && message.snapshot)
      back->quorum.snapshot_sent(message.to, !lost);
  }

  void client(BrokerId through) {
    if (!lives[static_cast<std::size_t>(through.value)]) return;
    spawn(world.shard,
          propose(this, lives[static_cast<std::size_t>(through.value)], "op" + std::to_string(next_operation++)));
  }
  static Task<> propose(Cluster* cluster, std::shared_ptr<Life> life, std::string text) {
    const auto deadline = cluster->world.clock.now() + Millis(2000);
    const auto index = co_await life->quorum.propose(SharedBytes::copy_of(text), life->quorum.leader().epoch, deadline);
    if (index) {
      cluster->answered[*index] = text;
    } else if (index.error().code == ErrorCode::kNotController) {
      cluster->refused.insert(text);
    }
  }
  void read(BrokerId through) {
    if (auto& life = lives[static_cast<std::size_t>(through.value)]) spawn(world.shard, barrier(this, life));
  }
  static Task<> barrier(Cluster* cluster, std::shared_ptr<Life> life) {
    const Offset before = cluster->answered.empty() ? Offset{0} : cluster->answered.rbegin()->first;
    const auto index = co_await life->quorum.read_barrier(cluster->world.clock.now() + Millis(3000));
    if (!index || !life->alive) co_return;
    EXPECT_GE(*index, before) << "a stale read";
    ++cluster->reads;
  }
  // Whoever says that it still leads had not been replaced when it was asked.
  void confirm(BrokerId through) {
    if (auto& life = lives[static_cast<std::size_t>(through.value)]) spawn(world.shard, confirm(this, life));
  }
  static Task<> confirm(Cluster* cluster, std::shared_ptr<Life> life) {
    const LeaderEpoch newest = cluster->leader_of.empty() ? LeaderEpoch{0} : cluster->leader_of.rbegin()->first;
    const LeaderEpoch epoch = life->quorum.leader().epoch;
    const bool believed = life->quorum.is_leader();
    const bool led = co_await life->quorum.still_leads(epoch, cluster->world.clock.now() + Millis(1000));
    if (!life->alive) co_return;
    if (led) EXPECT_EQ(epoch, newest) << "somebody else led already";
    cluster->confirmed += led;
    cluster->unconfirmed += believed && !led;
  }

  void join(BrokerId id, Life& leader) {
    spawn(world.shard, add(lives[static_cast<std::size_t>(leader.id.value)], id, world.clock.now() + Millis(2000)));
  }
  static Task<> add(std::shared_ptr<Life> leader, BrokerId id, Instant deadline) {
    const Member joiner{.node = id, .directory = {7, static_cast<std::uint64_t>(id.value)}};
    static_cast<void>(co_await leader->quorum.add_learner(joiner, deadline));
  }
  static Task<> change(Cluster* cluster, std::shared_ptr<Life> life, std::vector<MemberChange> changes) {
    const auto changed = co_await life->quorum.change_members(changes, cluster->world.clock.now() + Millis(2000));
    if (changed) ++cluster->changes;
  }

  // Everything is healthy again: all must agree, with all that was answered.
  void heal_and_check() {
    faults = {0, 0, Millis(2), Millis(1)};
    cut.clear();
    for (const BrokerId id : brokers)
      if (!lives[static_cast<std::size_t>(id.value)]) start(id, std::exchange(down[id], {}));
    world.run_for(Millis(10'000));
    Life* const chief = leader();
    ASSERT_TRUE(chief) << "no leader although everything is healthy";
    client(chief->id);
    world.run_for(Millis(1000));
    std::multiset<std::string> all(chief->lines.begin(), chief->lines.end());
    for (const auto& life : lives) {
      EXPECT_TRUE(life->quorum.health());
      if (chief->quorum.membership().has(member_of(life->id)))
        EXPECT_EQ(life->lines, chief->lines) << "broker " << life->id.value;
    }
    for (const auto& [index, text] : answered) EXPECT_EQ(all.count(text), 1u) << text << " at " << index.value;
    for (const auto& text : refused) EXPECT_EQ(all.count(text), 0u) << text << " was said not to happen";
  }

  World world;
  Faults faults;
  std::vector<BrokerId> founders, brokers;
  std::vector<std::shared_ptr<Life>> lives;
  std::map<BrokerId, Files> down;
  std::optional<BrokerId> keep_bodies_to;
  std::vector<SharedBytes> bodies;
  std::set<std::pair<BrokerId, BrokerId>> cut;
  std::map<LeaderEpoch, BrokerId> leader_of;
  std::map<Offset, std::pair<LeaderEpoch, std::string>> applied;
  std::map<Offset, std::string> answered;
  std::set<std::string> refused;
  int next_operation = 0, elections = 0, crashes = 0, snapshots_sent = 0, reads = 0, changes = 0;
  int confirmed = 0, unconfirmed = 0;  // of those who believed that they led
  std::uint64_t snapshot_after_bytes = 700;
};

QuorumOptions options_of(const Cluster& cluster, BrokerId id) {
  QuorumOptions options;
  options.metadata_log_dir = "/data";
  options.self = id;
  if (std::ranges::count(cluster.founders, id) > 0)
    options.voters = cluster.founders;
  else
    options.member = member_of(id);  // what add_learner() gives a node that was never seen
  options.snapshot_after_bytes = cluster.snapshot_after_bytes;
  options.segment_bytes = 32 * File::kBlock;
  options.election_timeout = Millis(200);
  options.heartbeat_interval = Millis(20);
  return options;
}

Life::Life(Cluster& cluster, BrokerId id, Files files)
    : cluster(cluster),
      id(id),
      disk(cluster.world.io),
      shard(cluster.world.shard_with(disk)),
      quorum(shard, options_of(cluster, id), *this, this) {
  disk.files = std::move(files);
  disk.before_durable_write = [this]() -> Task<> {
    return this->cluster.world.clock.sleep_for(
        Millis(this->cluster.world.random.below(this->cluster.faults.write_max.count() + 1)));
  };
}
void Life::apply(Offset index, LeaderEpoch epoch, BytesView records) {
  lines.emplace_back(as_text(records));
  if (!alive) return;
  const auto [it, fresh] = cluster.applied.emplace(index, std::pair{epoch, lines.back()});
  EXPECT_EQ(it->second, (std::pair{epoch, lines.back()}))
      << "index " << index.value << " differs on broker " << id.value;
}
Task<Result<SharedBytes>> Life::snapshot() {
  std::string image;
  for (const auto& line : lines) image += line + "\n";
  co_await cluster.world.clock.sleep_for(Millis(30));
  co_return SharedBytes::copy_of(image);
}
Result<> Life::restore(Offset, SharedBytes image) {
  lines.clear();
  for (std::string_view rest = image.text(); !rest.empty();) {
    const auto end = rest.find('\n');
    lines.emplace_back(rest.substr(0, end));
    rest.remove_prefix(end + 1);
  }
  return {};
}
void Life::send(PeerMessage message) {
  if (alive) cluster.carry(id, std::move(message));
}

// Power goes and comes back soon; sometimes at two brokers at once, which is when a lie about durability is found out.
void power_cut(Cluster& cluster) {
  for (std::uint64_t n = 1 + cluster.world.random.below(3); n > 0; --n) {
    const BrokerId id = cluster.any();
    if (!cluster.lives[static_cast<std::size_t>(id.value)]) continue;
    cluster.down[id] = cluster.crash(id);
    ++cluster.crashes;
  }
}
void power_back(Cluster& cluster) {
  for (const BrokerId id : cluster.brokers)
    if (!cluster.lives[static_cast<std::size_t>(id.value)] && cluster.chance(0.7))
      cluster.start(id, std::exchange(cluster.down[id], {}));
}

// Off and on within an instant, in the middle of an election: who forgets its vote now votes twice.
void blink(Cluster& cluster) {
  const BrokerId id = cluster.any();
  if (cluster.lives[static_cast<std::size_t>(id.value)]) cluster.start(id, cluster.crash(id));
}

void misfortune(Cluster& cluster) {
  const BrokerId id = cluster.any();
  switch (cluster.world.random.below(8)) {
    case 0:
    case 1:
      return power_cut(cluster);
    case 2:
      for (const BrokerId other : cluster.brokers) cluster.cut.insert({id, other}), cluster.cut.insert({other, id});
      return;
    case 3:
      cluster.cut.insert({id, cluster.any()});
      return;
    case 4:
    case 5:
      cluster.cut.clear();
      return;
    case 6:
      cluster.faults.write_max = Millis(cluster.chance(0.3) ? 60 : 3);
      return;
    case 7:
      if (Life* leader = cluster.leader()) static_cast<void>(leader->quorum.transfer_leadership(member_of(id)));
      return;
  }
}

struct Totals {
  std::size_t answered = 0;
  int elections = 0, crashes = 0, snapshots = 0, reads = 0, changes = 0, confirmed = 0, unconfirmed = 0;
};

// The leader is asked for a change of one or two members; most are refused, because another one is not finished.
void change_members(Cluster& cluster) {
  using Kind = MemberChange::Kind;
  Life* const leader = cluster.leader();
  if (!leader) return;
  std::vector<MemberChange> changes;
  const BrokerId newcomer = cluster.any();
  if (!leader->quorum.members().find(member_of(newcomer))) return cluster.join(newcomer, *leader);
  for (std::uint64_t n = 1 + cluster.world.random.below(2); n > 0; --n) {
    constexpr Kind kinds[] = {Kind::kAddVoter, Kind::kAddVoter, Kind::kRemove, Kind::kAddLearner};
    changes.push_back({kinds[cluster.world.random.below(4)], member_of(cluster.any())});
  }
  spawn(cluster.world.shard,
        Cluster::change(&cluster, cluster.lives[static_cast<std::size_t>(leader->id.value)], changes));
}

enum class Members { kStay, kChange };

Totals ordeal(std::uint64_t seed, Members members) {
  SCOPED_TRACE("seed " + std::to_string(seed));
  Cluster cluster = members == Members::kStay ? Cluster(seed, 3) : Cluster(seed, 1 + seed % 3, 5);
  cluster.faults.delay_max = Millis(cluster.chance(0.5) ? 3 : 30);
  for (int step = 0; step < 1500; ++step) {
    cluster.world.run_for(Millis(1 + cluster.world.random.below(20)));
    for (std::uint64_t i = cluster.world.random.below(3); i > 0; --i) cluster.client(cluster.any());
    if (cluster.chance(0.05)) cluster.read(cluster.any());
    if (cluster.chance(0.1))
      for (const BrokerId id : cluster.brokers) cluster.confirm(id);
    if (cluster.chance(0.04)) misfortune(cluster);
    if (cluster.chance(0.1)) power_back(cluster);
    if (!cluster.leader() && cluster.chance(0.3)) blink(cluster);
    if (members == Members::kChange && cluster.chance(0.05)) change_members(cluster);
  }
  cluster.heal_and_check();
  return {cluster.answered.size(), cluster.elections, cluster.crashes,   cluster.snapshots_sent,
          cluster.reads,           cluster.changes,   cluster.confirmed, cluster.unconfirmed};
}

class QuietLog : public ::testing::Test {
 protected:
  void SetUp() override { log::set_level(log::Level::kError); }
  void TearDown() override { log::set_level(log::Level::kInfo); }
};
using QuorumCluster = QuietLog;

TEST_F(QuorumCluster, ThreeBrokersElectOneLeaderAndReplicate) {
  Cluster cluster(1, 3);
  cluster.faults = {0, 0, Millis(2), Millis(1)};
  cluster.world.run_for(Millis(4000));
  Life* const leader = cluster.leader();
  ASSERT_TRUE(leader);
  for (int i = 0; i < 100; ++i) cluster.client(leader->id);
  cluster.world.run_for(Millis(1000));
  EXPECT_EQ(cluster.answered.size(), 100u);
  cluster.heal_and_check();
}

Totals ordeals(Members members) {
  const char* const wish = std::getenv("THALWEG_SEEDS");
  const std::uint64_t seeds = wish ? std::strtoull(wish, nullptr, 10) : 20;
  Totals sum;
  for (std::uint64_t seed = 1; seed <= seeds && !::testing::Test::HasFailure(); ++seed) {
    const Totals one = ordeal(seed, members);
    sum = {sum.answered + one.answered,   sum.elections + one.elections,
           sum.crashes + one.crashes,     sum.snapshots + one.snapshots,
           sum.reads + one.reads,         sum.changes + one.changes,
           sum.confirmed + one.confirmed, sum.unconfirmed + one.unconfirmed};
  }
  std::printf(
      "%zu answered, %d elections, %d crashes, %d snapshots sent, %d reads, %d changes of members, %d times led "
      "for sure, %d times perhaps\n",
      sum.answered, sum.elections, sum.crashes, sum.snapshots, sum.reads, sum.changes, sum.confirmed, sum.unconfirmed);
  // The schedules must bite, else they prove nothing.
  EXPECT_GT(sum.answered, seeds * 50);
  EXPECT_GT(sum.elections, static_cast<int>(seeds) * 2);
  EXPECT_GT(sum.crashes, static_cast<int>(seeds) * 5);
  EXPECT_GT(sum.snapshots, 0);
  EXPECT_GT(sum.reads, static_cast<int>(seeds));
  EXPECT_GT(sum.confirmed, static_cast<int>(seeds));
  EXPECT_GT(sum.unconfirmed, 0);
  return sum;
}

TEST_F(QuorumCluster, LosesNothingThatWasAnswered) { ordeals(Members::kStay); }

TEST_F(QuorumCluster, LosesNothingWhileMembersComeAndGo) {
  const Totals sum = ordeals(Members::kChange);
  EXPECT_GT(sum.changes, 20);
}

TEST_F(QuorumCluster, GrowsFromOneToThreeUnderLoad) {
  Cluster cluster(7, 1, 3);
  cluster.faults = {0.01, 0, Millis(5), Millis(1)};
  cluster.world.run_for(Millis(500));
  for (int i = 0; i < 300; ++i) cluster.client(BrokerId{0});
  cluster.world.run_for(Millis(500));
  Quorum& founder = cluster.at(BrokerId{0}).quorum;
  using Kind = MemberChange::Kind;
  const auto change = [&](std::vector<MemberChange> changes) {
    return cluster.world.run(founder.change_members(std::move(changes), cluster.world.clock.now() + Millis(5000)));
  };
  for (const BrokerId id : {BrokerId{1}, BrokerId{2}}) {
    const Member joiner{.node = id, .directory = {7, 1}};
    const auto member = cluster.world.run(founder.add_learner(joiner, cluster.world.clock.now() + Millis(5000)));
    ASSERT_TRUE(member) << member.error().message;
    EXPECT_EQ(*member, member_of(id));
  }
  for (int i = 0; i < 50; ++i) cluster.client(BrokerId{0});
  cluster.world.run_for(Millis(3000));
  const auto promoted = change({{Kind::kAddVoter, member_of(BrokerId{1})}, {Kind::kAddVoter, member_of(BrokerId{2})}});
  ASSERT_TRUE(promoted) << promoted.error().message;
  cluster.world.run_for(Millis(1000));
  EXPECT_EQ(founder.membership().voters.size(), 3u);
  cluster.down[BrokerId{0}] = cluster.crash(BrokerId{0});
  cluster.world.run_for(Millis(5000));
  ASSERT_TRUE(cluster.leader()) << "the others must go on without the founder";
  cluster.heal_and_check();
  EXPECT_EQ(cluster.answered.size(), 351u);
}

TEST_F(QuorumCluster, TheSameSeedGivesTheSameHistory) {
  const Totals a = ordeal(1234, Members::kChange), b = ordeal(1234, Members::kChange);
  EXPECT_EQ(a.answered, b.answered);
  EXPECT_EQ(a.elections, b.elections);
  EXPECT_EQ(a.reads, b.reads);
}

TEST_F(QuorumCluster, HostileBytesDoNotBreakAMember) {
  Cluster cluster(3, 3);
  const BrokerId victim{2};
  cluster.keep_bodies_to = victim;
  for (int i = 0; i < 300; ++i) {
    cluster.client(cluster.any());
    cluster.world.run_for(Millis(20));
  }
  const auto corpus = std::exchange(cluster.bodies, {});
  ASSERT_GT(corpus.size(), 500u);
  cluster.keep_bodies_to.reset();
  auto& random = cluster.world.random;
  int taken = 0;
  for (int i = 0; i < 20'000; ++i) {
    const BytesView honest = corpus[random.below(corpus.size())];
    std::vector<std::byte> body(honest.begin(), honest.end());
    for (std::uint64_t n = 1 + random.below(4); n > 0 && !body.empty(); --n) {
      const std::size_t at = random.below(body.size());
      switch (random.below(3)) {
        case 0:
          body[at] = static_cast<std::byte>(random.next());
          break;
        case 1:
          body.erase(body.begin() + static_cast<std::ptrdiff_t>(at));
          break;
        case 2:
          body.insert(body.begin() + static_cast<std::ptrdiff_t>(at), static_cast<std::byte>(random.next()));
          break;
      }
    }
    taken += cluster.at(victim)
                 .quorum.receive(member_of(BrokerId{static_cast<int>(random.below(4))}), SharedBytes::take(body), {})
                 .has_value();
    if (i % 50 == 0) cluster.world.run_for(Millis(1));
    ASSERT_TRUE(cluster.at(victim).quorum.health()) << cluster.at(victim).quorum.health().error().message;
  }
  EXPECT_LT(taken, 19'000);
}

}  // namespace
}  // namespace thalweg::raft
