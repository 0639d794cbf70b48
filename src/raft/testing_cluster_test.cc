#include "raft/testing_cluster.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace thalweg::raft::testing {

Totals& Totals::operator+=(const Totals& one) {
  answered += one.answered;
  elections += one.elections;
  crashes += one.crashes;
  snapshots += one.snapshots;
  reads += one.reads;
  changes += one.changes;
  joined += one.joined;
  confirmed += one.confirmed;
  unconfirmed += one.unconfirmed;
  return *this;
}

Life::Life(Cluster& cluster, BrokerId id, Uuid directory, MemberId member, Files files)
    : cluster(cluster),
      id(id),
      directory(directory),
      disk(cluster.world.io),
      shard(cluster.world.shard_with(disk)),
      quorum(shard, cluster.options_of(id, member), *this, this) {
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
  if (alive) cluster.carry(*this, std::move(message));
}

Cluster::Cluster(std::uint64_t seed, int count, int size) : world(seed) {
  for (int i = 0; i < size; ++i) brokers.push_back(BrokerId{i});
  founders.assign(brokers.begin(), brokers.begin() + count);
  machines_.resize(static_cast<std::size_t>(size));
  for (const BrokerId id : brokers) replace_disk(id);
  for (const BrokerId id : founders) {
    machine(id).founder = true;
    machine(id).member = member_of(id);
    power_on(id);
  }
}

Cluster::~Cluster() {
  for (const BrokerId id : brokers) crash(id);
  world.run_for(Millis(5000));
}

QuorumOptions Cluster::options_of(BrokerId id, MemberId member) {
  QuorumOptions options;
  options.metadata_log_dir = "/data";
  options.self = id;
  if (machine(id).founder)
    options.voters = founders;
  else
    options.member = member;
  options.snapshot_after_bytes = snapshot_after_bytes;
  options.segment_bytes = 32 * File::kBlock;
  options.election_timeout = Millis(200);
  options.heartbeat_interval = Millis(20);
  return options;
}

Life* Cluster::leader() {
  Life* found = nullptr;
  for (const Machine& one : machines_) {
    Life* const life = one.life.get();
    if (life && life->quorum.is_leader() && (!found || life->quorum.leader().epoch > found->quorum.leader().epoch))
      found = life;
  }
  return found;
}

void Cluster::watch(Life& life) {
  life.quorum.on_leader_change([this, &life](Leadership now) {
    if (!life.alive || now.member != life.quorum.self()) return;
    const auto [it, fresh] = leader_of.emplace(now.epoch, now.member);
    EXPECT_EQ(it->second, now.member) << "two leaders in epoch " << now.epoch.value;
    elections += fresh;
  });
  life.quorum.on_members_change([this, &life] { check_members(life); });
}

void Cluster::check_members(const Life& life) {
  if (!life.alive) return;
  const Offset index = life.quorum.position().applied;
  const auto [it, fresh] = tables.emplace(index, life.quorum.members());
  EXPECT_EQ(it->second, life.quorum.members()) << "the members differ at " << index.value;
  for (const auto& [id, member] : life.quorum.members().members()) EXPECT_TRUE(life.quorum.membership().has(id));
}

void Cluster::power_on(BrokerId id) {
  Machine& m = machine(id);
  if (m.life || m.member == kNoMember) return;
  m.life = std::make_shared<Life>(*this, id, m.directory, m.member, std::exchange(m.files, {}));
  watch(*m.life);
  if (keep_voters) {
    VoterKeeperOptions options = *keep_voters;
    options.own = self_of(id);
    m.life->keeper.emplace(m.life->shard, m.life->quorum, options);
    m.life->keeper->start();
  }
  spawn(m.life->shard, begin(m.life));
}

Task<> Cluster::begin(LifePtr life) {
  const auto started = co_await life->quorum.start();
  EXPECT_TRUE(started) << started.error().message;
}

void Cluster::crash(BrokerId id) {
  Machine& m = machine(id);
  const auto life = std::exchange(m.life, nullptr);
  if (!life) return;
  life->alive = false;
  if (life->keeper) life->keeper->stop();
  m.files = life->disk.after_power_loss([this] { return chance(0.7); });
  spawn(life->shard, bury(life));
}

Task<> Cluster::bury(LifePtr life) { co_await life->quorum.stop(); }

void Cluster::replace_disk(BrokerId id) { become(id, {7, next_directory_++}, kNoMember); }

void Cluster::become(BrokerId id, Uuid directory, MemberId member) {
  crash(id);
  Machine& m = machine(id);
  m.files = {};
  m.directory = directory;
  m.member = member;
  m.founder = false;
}

Member Cluster::self_of(BrokerId id) {
  const Endpoints endpoints{{"CONTROLLER", {"host" + std::to_string(id.value), 9093}}};
  return {machine(id).member, id, machine(id).directory, endpoints, true};
}

void Cluster::join(BrokerId id, const LifePtr& through) {
  // What runs there goes on until the quorum knows the new disk.
  const Uuid directory = has_joined(id) ? Uuid{7, next_directory_++} : machine(id).directory;
  spawn(world.shard, ask_to_join(this, id, directory, through));
}

Task<> Cluster::ask_to_join(Cluster* cluster, BrokerId id, Uuid directory, LifePtr through) {
  Member joiner = cluster->self_of(id);
  const MemberId before = std::exchange(joiner.id, kNoMember);
  joiner.directory = directory;
  const auto member = co_await through->quorum.add_learner(joiner, cluster->world.clock.now() + Millis(2000));
  if (!member || cluster->member(id) != before) co_return;  // or it has joined on another way meanwhile
  ++cluster->joined;
  cluster->become(id, directory, *member);
  cluster->power_on(id);
}

MemberId Cluster::join_now(BrokerId id) {
  const int before = joined;
  for (int i = 0; i < 200 && joined == before; ++i) {
    if (Life* const chief = leader()) join(id, life(chief->id));
    world.run_for(Millis(100));
  }
  EXPECT_GT(joined, before) << "broker " << id.value << " was not let in";
  return member(id);
}

void Cluster::adopt(BrokerId id, MemberId member) {
  become(id, machine(id).directory, member);
  power_on(id);
}

Result<> Cluster::change(std::vector<MemberChange> wanted) {
  Life* const chief = leader();
  if (!chief) return fail(ErrorCode::kNotController, "no leader");
  const LifePtr keep = life(chief->id);
  return world.run(keep->quorum.change_members(std::move(wanted), world.clock.now() + Millis(5000)));
}

void Cluster::carry(Life& from, PeerMessage message) {
  const BrokerId to = broker_of(message.to);
  if (message.snapshot && hold_snapshots) {
    ++snapshots_sent;
    held.push_back(std::move(message));
    return;
  }
  const bool lost = chance(faults.loss) || cut.contains({from.id, to});
  if (message.snapshot) ++snapshots_sent;
  if (keep_bodies_to == to) bodies.push_back(message.body);
  for (int copies = chance(faults.twice) ? 2 : 1; copies > 0; --copies) {
    const Instant when =
        world.clock.now() + Millis(1 + world.random.below(static_cast<std::uint64_t>(faults.delay_max.count())));
    spawn(world.shard, deliver(this, from.quorum.self(), from.directory, message, when, lost));
  }
}

// As a transport does it: who is asked for is here, and who asks is not known to be somebody else.
Task<> Cluster::deliver(Cluster* cluster, MemberId from, Uuid directory, PeerMessage message, Instant when, bool lost) {
  std::vector<std::byte> image;
  if (!message.image.empty()) {
    const auto& piece = std::get<FilePiece>(message.image.front());
    image.resize(piece.size);
    CHECK(std::dynamic_pointer_cast<File>(piece.source)->read_now(piece.position, image));
  }
  co_await cluster->world.clock.sleep_until(when);
  const LifePtr to = cluster->life(broker_of(message.to));
  const bool known = to && to->quorum.self() == message.to &&
                     to->quorum.members().standing(from, directory) != MemberTable::Standing::kReplaced;
  if (known && !lost) {
    const auto taken = to->quorum.receive(from, message.body, SharedBytes::take(image));
    // A follower that knows less than the sender believes says so; everything else would be an honest message
    // refused.
    if (!taken) EXPECT_EQ(taken.error().code, ErrorCode::kInvalidRequest);
  }
  if (const LifePtr back = cluster->life(broker_of(from)); back && message.snapshot)
    back->quorum.snapshot_sent(message.to, known && !lost);
}

void Cluster::client(BrokerId through) {
  if (is_up(through)) spawn(world.shard, propose(this, life(through), "op" + std::to_string(next_operation++)));
}

Task<> Cluster::propose(Cluster* cluster, LifePtr life, std::string text) {
  const auto deadline = cluster->world.clock.now() + Millis(2000);
  const auto index = co_await life->quorum.propose(SharedBytes::copy_of(text), life->quorum.leader().epoch, deadline);
  if (index) {
    cluster->answered[*index] = text;
  } else if (index.error().code == ErrorCode::kNotController) {
    cluster->refused.insert(text);
  }
}

void Cluster::read(BrokerId through) {
  if (is_up(through)) spawn(world.shard, barrier(this, life(through)));
}

Task<> Cluster::barrier(Cluster* cluster, LifePtr life) {
  const Offset before = cluster->answered.empty() ? Offset{0} : cluster->answered.rbegin()->first;
  const auto index = co_await life->quorum.read_barrier(cluster->world.clock.now() + Millis(3000));
  if (!index || !life->alive) co_return;
  EXPECT_GE(*index, before) << "a stale read";
  ++cluster->reads;
}

// Whoever says that it still leads had not been replaced when it was asked.
void Cluster::confirm(BrokerId through) {
  if (is_up(through)) spawn(world.shard, confirm_leader(this, life(through)));
}

Task<> Cluster::confirm_leader(Cluster* cluster, LifePtr life) {
  const LeaderEpoch newest = cluster->leader_of.empty() ? LeaderEpoch{0} : cluster->leader_of.rbegin()->first;
  const LeaderEpoch epoch = life->quorum.leader().epoch;
  const bool believed = life->quorum.is_leader();
  const bool led = co_await life->quorum.still_leads(epoch, cluster->world.clock.now() + Millis(1000));
  if (!life->alive) co_return;
  if (led) EXPECT_EQ(epoch, newest) << "somebody else led already";
  cluster->confirmed += led;
  cluster->unconfirmed += believed && !led;
}

void Cluster::heal_and_check() {
  faults = {0, 0, Millis(2), Millis(1)};
  cut.clear();
  for (const BrokerId id : brokers) power_on(id);
  world.run_for(Millis(6000));
  Life* const chief = leader();
  ASSERT_TRUE(chief) << "no leader although everything is healthy\n" << describe();
  client(chief->id);
  world.run_for(Millis(1000));
  std::multiset<std::string> all(chief->lines.begin(), chief->lines.end());
  for (const BrokerId id : brokers) {
    if (!is_up(id)) continue;
    EXPECT_TRUE(at(id).quorum.health());
    if (!chief->quorum.membership().has(member(id))) continue;
    EXPECT_EQ(at(id).lines, chief->lines) << "broker " << id.value;
    EXPECT_EQ(at(id).quorum.members(), chief->quorum.members()) << "broker " << id.value;
  }
  for (const auto& [index, text] : answered) EXPECT_EQ(all.count(text), 1u) << text << " at " << index.value;
  for (const auto& text : refused) EXPECT_EQ(all.count(text), 0u) << text << " was said not to happen";
}

std::string Cluster::describe() const {
  const auto names = [](const std::vector<MemberId>& members) {
    std::string out;
    for (const MemberId member : members) out += " " + name_of(member);
    return out;
  };
  std::string out;
  for (const BrokerId id : brokers) {
    const Machine& m = machines_[static_cast<std::size_t>(id.value)];
    out += "broker " + std::to_string(id.value) + " is " + name_of(m.member);
    if (m.life) {
      const Quorum& quorum = m.life->quorum;
      const Membership& members = quorum.membership();
      out += ", says " + name_of(quorum.self()) + ": voters" + names(members.voters) + ", learners" +
             names(members.learners) + ", outgoing" + names(members.outgoing) + ", applied " +
             std::to_string(quorum.position().applied.value) + " of " + std::to_string(quorum.position().last.value) +
             ", epoch " + std::to_string(quorum.position().epoch.value);
    }
    out += "\n";
  }
  return out;
}

Totals Cluster::totals() const {
  return {answered.size(), elections, crashes, snapshots_sent, reads, changes, joined, confirmed, unconfirmed};
}

}  // namespace thalweg::raft::testing
