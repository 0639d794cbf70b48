#include "voter_trouble.h"

#include "voter_node.h"

namespace thalweg::simulation {
using namespace std::chrono_literals;

VoterTrouble::VoterTrouble(Voters& voters, bool lying_disks)
    : voters_(voters), lying_disks_(lying_disks), kinds_(voters.world().simulation.random()) {}

void VoterTrouble::begin() {
  auto& faults = voters_.faults;
  voters_.snapshot_after_bytes = 300 + simulation().below(3000);
  voters_.long_pause_in_10 = has(kQuietClients) ? 8 : 2;
  faults.delay_max = has(kSlowWire) ? 30ms : 2ms;
  if (has(kLossyWire)) faults.lost_one_in = 10 + simulation().below(60), faults.twice_one_in = 20;
  voters_.votes_change = has(kVotes) && has(kVotesToo);
  if (has(kFailingOpens)) faults.open_fails_one_in = 4 + simulation().below(30);
  if (has(kSmallQueue)) voters_.uncommitted_bytes_max = 500 + simulation().below(1500);
  for (int id = 0; id < voters_.count(); ++id) {
    auto& disk = voters_.node(id).disk().faults;
    if (has(kSlowDisks)) disk.sync_max = simulation().between(10ms, 200ms);
    if (has(kFailingSyncs)) disk.sync_fails_one_in = 100 + simulation().below(200);
    if (lying_disks_) disk.sync_lies_one_in = 2;
  }
  if (has(kCrashes)) repeat(200ms, 3s, &VoterTrouble::crash_one);
  if (has(kPartings)) repeat(200ms, 4s, &VoterTrouble::part_one);
  if (has(kFullDisks)) repeat(200ms, 3s, &VoterTrouble::fill_a_disk);
  if (has(kTransfers)) repeat(100ms, 3s, &VoterTrouble::transfer);
  if (has(kCleanRestarts)) repeat(500ms, 5s, &VoterTrouble::restart_cleanly);
  if (has(kStalls)) repeat(300ms, 3s, &VoterTrouble::stall_one);
  for (int id = 0; id < voters_.count(); ++id) start(id);
}

void VoterTrouble::heal() {
  healed_ = true;
  voters_.faults = {};
  voters_.cut.clear();
  for (int id = 0; id < voters_.count(); ++id) {
    voters_.node(id).disk().faults = {};
    start(id);
  }
}

void VoterTrouble::start(int voter) {
  auto& node = voters_.node(voter);
  if (node.is_up()) return;
  // Nothing may rest on a belief for how long it holds: time may pass at half its speed here.
  const std::uint64_t slow = has(kSlowClocks) && simulation().one_in(2) ? simulation().below(500'000) : 0;
  const auto drift = std::int64_t(simulation().below(1000)) - 500 - std::int64_t(slow);
  node.clock_faults = {.drift_ppm = drift, .wall_offset = Millis(0)};
  node.start();
}

void VoterTrouble::crash(int voter, sim::Crash how) {
  if (!voters_.node(voter).is_up()) return;
  voters_.node(voter).crash(how);
  ++crashes_;
}

int VoterTrouble::often_the_leader() {
  const int leader = voters_.leader();
  return leader >= 0 && simulation().one_in(2) ? leader : any();
}

void VoterTrouble::repeat(Instant min, Instant max, void (VoterTrouble::*trouble)()) {
  after(min, max, [this, min, max, trouble] {
    if (healed_) return;
    (this->*trouble)();
    repeat(min, max, trouble);
  });
}

void VoterTrouble::after(Instant min, Instant max, std::function<void()> then) {
  simulation().at(voters_.world().now() + simulation().between(min, max), std::move(then));
}

void VoterTrouble::crash_one() {
  const int id = often_the_leader();
  crash(id, simulation().one_in(3) ? sim::Crash::kKill : sim::Crash::kPowerLoss);
  after(10ms, 4s, [this, id] { start(id); });
}

// From the other voters, and from all who ask, or all but one, or none; perhaps one way only.
void VoterTrouble::part_one() {
  const int id = often_the_leader();
  const bool one_way = simulation().one_in(3);
  const Address last = voters_.last_client();
  const Address kept = last + Address(simulation().one_in(2) ? 0 : simulation().below(std::uint64_t(-1 - last)));
  const bool from_none = simulation().one_in(3), from_all = simulation().one_in(2);
  for (Address other = last; other < voters_.count(); ++other) {
    if (other < 0 && (from_none || (other == kept && !from_all))) continue;
    voters_.cut.insert({id, other});
    if (!one_way) voters_.cut.insert({other, id});
  }
  after(200ms, 4s, [this] { voters_.cut.clear(); });
}

void VoterTrouble::fill_a_disk() {
  auto& disk = voters_.node(often_the_leader()).disk();
  disk.faults.capacity = disk.used_bytes() + simulation().below(9000);
  after(50ms, 3s, [&disk] { disk.faults.capacity = UINT64_MAX; });
}

void VoterTrouble::transfer() {
  const int id = voters_.leader();
  if (id < 0) return;
  auto* leader = voters_.at(id);
  leader->shard.post([leader, to = any()] { (void)leader->quorum.transfer_leadership(raft::member_of(BrokerId{to})); });
}

// What a rolling upgrade does.
void VoterTrouble::restart_cleanly() {
  const int id = any();
  if (auto* voter = voters_.at(id)) voter->shard.post([voter] { voter->leave(); });
  after(100ms, 2s, [this, id] {
    crash(id, sim::Crash::kKill);
    after(10ms, 1s, [this, id] { start(id); });
  });
}

// A process that stands for longer than an election takes believes afterwards what was true before.
void VoterTrouble::stall_one() {
  const int id = often_the_leader();
  if (!voters_.node(id).is_up()) return;
  voters_.node(id).stall();
  after(10ms, 2s, [this, id] {
    if (voters_.node(id).is_up()) voters_.node(id).resume();
  });
}

}  // namespace thalweg::simulation
