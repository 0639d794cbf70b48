// Several brokers in one process: messages get lost, doubled and late, links break, power goes in the middle of a
// write, disks are replaced. It checks all the time that all apply the same entries in the same order and know the same
// members, and that an epoch has one leader.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "raft/quorum.h"
#include "raft/testing.h"
#include "raft/voter_keeper.h"

namespace thalweg::raft::testing {

class Cluster;

// One life of a broker, from its start to its crash. What still runs of it afterwards can no longer do anything.
struct Life : StateMachine, Transport {
  Life(Cluster& cluster, BrokerId id, Uuid directory, MemberId member, Files files);
  void apply(Offset index, LeaderEpoch epoch, BytesView records) override;
  Task<Result<SharedBytes>> snapshot() override;
  Result<> restore(Offset index, SharedBytes image) override;
  void send(PeerMessage message) override;

  Cluster& cluster;
  const BrokerId id;
  const Uuid directory;
  bool alive = true;
  TestDisk disk;
  Shard shard;
  std::vector<std::string> lines;
  Quorum quorum;
  std::optional<VoterKeeper> keeper;
};
using LifePtr = std::shared_ptr<Life>;

struct Faults {
  double loss = 0.05;
  double twice = 0.02;
  Millis delay_max{20};
  Millis write_max{4};
};

struct Totals {
  std::size_t answered = 0;
  int elections = 0, crashes = 0, snapshots = 0, reads = 0, changes = 0, joined = 0, confirmed = 0, unconfirmed = 0;
  Totals& operator+=(const Totals& one);
};

class Cluster {
 public:
  // The first `founders` of `size` brokers found the quorum; the others have an empty disk and wait to join.
  Cluster(std::uint64_t seed, int founders, int size);
  Cluster(std::uint64_t seed, int size) : Cluster(seed, size, size) {}
  ~Cluster();

  bool chance(double p) { return static_cast<double>(world.random.below(1'000'000)) < p * 1e6; }
  Life& at(BrokerId id) { return *machine(id).life; }
  const LifePtr& life(BrokerId id) { return machine(id).life; }
  bool is_up(BrokerId id) { return machine(id).life != nullptr; }
  BrokerId any() { return brokers[world.random.below(brokers.size())]; }
  Life* leader();

  void power_on(BrokerId id);
  void crash(BrokerId id);  // its files keep what was durable
  // A new, empty disk, and a node that is off until join() has told it who it is.
  void replace_disk(BrokerId id);
  bool has_joined(BrokerId id) { return machine(id).member != kNoMember; }
  MemberId member(BrokerId id) { return machine(id).member; }
  Member self_of(BrokerId id);
  // Asks `through` for an id, and starts with it and an empty log. What ran on the node before is gone then.
  void join(BrokerId id, const LifePtr& through);
  // The same, for as long as it takes.
  MemberId join_now(BrokerId id);
  // Starts with an empty log as the member that somebody said it is.
  void adopt(BrokerId id, MemberId member);
  Result<> change(std::vector<MemberChange> changes);

  void client(BrokerId through);
  void read(BrokerId through);
  void confirm(BrokerId through);
  void carry(Life& from, PeerMessage message);
  void check_members(const Life& life);
  // Everything is healthy again: all must agree, with all that was answered.
  void heal_and_check();
  Totals totals() const;
  std::string describe() const;  // who believes what

  World world;
  Faults faults;
  std::optional<VoterKeeperOptions> keep_voters;  // for lives that start from now on
  std::vector<BrokerId> founders, brokers;
  std::vector<std::unique_ptr<Clock::Timer>> timers;
  bool hold_snapshots = false;  // they are kept here and nobody hears of them again
  std::vector<PeerMessage> held;
  std::optional<BrokerId> keep_bodies_to;
  std::vector<SharedBytes> bodies;
  std::set<std::pair<BrokerId, BrokerId>> cut;
  std::map<LeaderEpoch, MemberId> leader_of;
  std::map<Offset, std::pair<LeaderEpoch, std::string>> applied;
  std::map<Offset, MemberTable> tables;  // by applied index
  std::map<Offset, std::string> answered;
  std::set<std::string> refused;
  int next_operation = 0, elections = 0, crashes = 0, snapshots_sent = 0, reads = 0, changes = 0, joined = 0;
  int confirmed = 0, unconfirmed = 0;  // of those who believed that they led
  std::uint64_t snapshot_after_bytes = 700;

 private:
  struct Machine {
    LifePtr life;
    Files files;
    Uuid directory;
    MemberId member = kNoMember;
    bool founder = false;
  };
  Machine& machine(BrokerId id) { return machines_[static_cast<std::size_t>(id.value)]; }
  void become(BrokerId id, Uuid directory, MemberId member);
  void watch(Life& life);
  QuorumOptions options_of(BrokerId id, MemberId member);
  static Task<> begin(LifePtr life);
  static Task<> bury(LifePtr life);
  static Task<> deliver(Cluster* cluster, MemberId from, Uuid directory, PeerMessage message, Instant when, bool lost);
  static Task<> propose(Cluster* cluster, LifePtr life, std::string text);
  static Task<> barrier(Cluster* cluster, LifePtr life);
  static Task<> confirm_leader(Cluster* cluster, LifePtr life);
  static Task<> ask_to_join(Cluster* cluster, BrokerId id, Uuid directory, LifePtr through);

  friend struct Life;
  std::vector<Machine> machines_;
  std::uint64_t next_directory_ = 1;
};

}  // namespace thalweg::raft::testing
