#include "voters.h"

#include <fmt/format.h>

#include <algorithm>
#include <deque>

#include "controller/leader_election.h"
#include "voter_admin.h"
#include "voter_node.h"

namespace thalweg::simulation {
namespace {
using namespace std::chrono_literals;

constexpr int kVoters = 3, kAdmins = 4, kChanges = 18;

struct Admins {
  std::deque<VoterAdmin> all;
  bool done() const { return std::ranges::all_of(all, &VoterAdmin::done); }
};

// Which kinds of trouble a run has follows from its seed.
class VotersScenario {
 public:
  explicit VotersScenario(std::uint64_t seed) : seed_(seed), world_(seed), voters_(world_, kVoters) {}

  VotersOutcome run() {
    begin_trouble();
    for (int id = 0; id < kVoters; ++id) start(id);
    start_admins();
    watch();
    world_.run_until([this] { return admins_->done(); }, 12s);
    heal();
    if (!world_.run_until([this] { return admins_->done(); }, 2min)) report_hang();
    check("after healing");
    for (int id = 0; id < kVoters; ++id) crash(id, sim::Crash::kPowerLoss);
    for (int id = 0; id < kVoters; ++id) start(id);
    check("after a last power cut");
    return outcome();
  }

 private:
  bool has(unsigned trouble) const { return seed_ >> trouble & 1; }
  sim::Simulation& simulation() { return world_.simulation; }

  void begin_trouble() {
    voters_.snapshot_after_bytes = 1500 + simulation().below(6000);
    voters_.faults.delay_max = has(0) ? 2ms : 30ms;
    if (has(1)) {
      voters_.faults.lost_one_in = 10 + simulation().below(60);
      voters_.faults.twice_one_in = 20;
    }
    if (has(2)) schedule_crash();
    if (has(3)) schedule_parting();
    if (has(4)) schedule_full_disk();
    if (has(5)) voters_.faults.open_fails_one_in = 4 + simulation().below(30);
    if (has(6))
      for (int id = 0; id < kVoters; ++id) voters_.node(id).disk().faults.sync_max = simulation().between(10ms, 200ms);
  }

  void heal() {
    healed_ = true;
    voters_.faults = {};
    voters_.cut.clear();
    for (int id = 0; id < kVoters; ++id) {
      voters_.node(id).disk().faults = {};
      if (!voters_.node(id).is_up()) start(id);
    }
  }

  void start(int id) {
    auto& node = voters_.node(id);
    node.clock_faults = {.drift_ppm = std::int64_t(simulation().below(1000)) - 500, .wall_offset = Millis(0)};
    node.start();
  }
  void crash(int id, sim::Crash how) {
    if (!voters_.node(id).is_up()) return;
    voters_.node(id).crash(how);
    ++crashes_;
  }
  int any() { return static_cast<int>(simulation().below(kVoters)); }

  void schedule_crash() {
    simulation().at(world_.now() + simulation().between(200ms, 3s), [this] {
      if (healed_) return;
      // Often the one that matters.
      const int leader = voters_.leader();
      const int id = leader >= 0 && simulation().one_in(2) ? leader : any();
      crash(id, simulation().one_in(3) ? sim::Crash::kKill : sim::Crash::kPowerLoss);
      simulation().at(world_.now() + simulation().between(10ms, 4s), [this, id] {
        if (!voters_.node(id).is_up()) start(id);
      });
      schedule_crash();
    });
  }
  // One is cut off, or only one way.
  void schedule_parting() {
    simulation().at(world_.now() + simulation().between(200ms, 4s), [this] {
      if (healed_) return;
      const int id = any();
      const bool both = simulation().one_in(2);
      for (int other = -1 - kAdmins; other < kVoters; ++other) {  // administrators have numbers below -1
        voters_.cut.insert({id, other});
        if (both) voters_.cut.insert({other, id});
      }
      simulation().at(world_.now() + simulation().between(100ms, 4s), [this] { voters_.cut.clear(); });
      schedule_parting();
    });
  }
  void schedule_full_disk() {
    simulation().at(world_.now() + simulation().between(200ms, 3s), [this] {
      if (healed_) return;
      auto& disk = voters_.node(any()).disk();
      disk.faults.capacity = disk.used_bytes() + simulation().below(9000);
      simulation().at(world_.now() + simulation().between(50ms, 3s), [&disk] { disk.faults.capacity = UINT64_MAX; });
      schedule_full_disk();
    });
  }
  // The operator: what did not start, or no longer takes part, is started again.
  void watch() {
    simulation().at(world_.now() + 1s, [this] {
      for (int id = 0; id < kVoters; ++id) {
        auto* voter = voters_.at(id);
        if (!voter) continue;
        if (!voter->publisher.health())
          voters_.violation(fmt::format("voter {} cannot apply: {}", id, voter->publisher.health().error().message));
        if (!voter->quorum.health() || (voter->start_error && !voter->service)) {
          last_error_ = voter->start_error ? voter->start_error->message : voter->quorum.health().error().message;
          crash(id, sim::Crash::kPowerLoss);
          start(id);
        }
      }
      watch();
    });
  }

  void start_admins() {
    admin_node_ = &world_.add_node("admins", 1, [this](sim::Node& node) {
      admins_ = std::make_shared<Admins>();
      for (int i = 0; i < kAdmins; ++i)
        spawn(node.shard(0), admins_->all.emplace_back(voters_, node.shard(0), i + 1, kChanges).run());
      return admins_;
    });
    admin_node_->start();
  }

  void report_hang() {
    std::string why;
    for (const auto& admin : admins_->all)
      if (!admin.done()) why += "; an administrator still gets " + admin.last_error();
    voters_.violation("no progress after healing" + why + " " + last_error_);
  }

  // Everybody serves, shows the same, and has open what it should.
  std::string unsettled() {
    const int leader = voters_.leader();
    if (leader < 0) return "nobody leads";
    const auto& truth = voters_.at(leader)->state.image();
    for (int id = 0; id < kVoters; ++id) {
      auto* voter = voters_.at(id);
      if (!voter || !voter->serving)
        return fmt::format("voter {} does not serve: {}", id,
                           voter && voter->start_error ? voter->start_error->message : "");
      if (!voter->publisher.health()) return fmt::format("voter {} cannot apply", id);
      if (!truth || !voter->state.image() || !(*voter->state.image() == *truth))
        return fmt::format("voter {} shows another image than the leader", id);
      if (const auto difference = voter->state.difference(); !difference.empty())
        return fmt::format("voter {}: {}", id, difference);
    }
    const auto left = controller::repair(*truth, controller::Options::from(voters_.at(leader)->config));
    if (!left.records.empty()) return "partitions stand as no controller would leave them";
    for (const auto& [id, broker] : truth->brokers())
      if (!broker.active()) return fmt::format("broker {} stays fenced", id.value);
    return {};
  }

  void check(const char* when) {
    std::string why;
    for (int i = 0; i < 120; ++i) {
      why = unsettled();
      if (why.empty()) break;
      world_.run_for(500ms);
    }
    if (!why.empty()) return voters_.violation(fmt::format("{} {}", why, when));
    const auto& image = *voters_.at(voters_.leader())->state.image();
    for (const auto& admin : admins_->all)
      if (const auto what = admin.done() ? admin.contradiction(image) : ""; !what.empty())
        voters_.violation(fmt::format("{} {}", what, when));
  }

  VotersOutcome outcome() {
    VotersOutcome outcome{.violations = voters_.violations(),
                          .crashes = crashes_,
                          .restores = voters_.restores,
                          .elections = static_cast<int>(voters_.epochs_led.size()),
                          .steps = simulation().steps(),
                          .trace = simulation().trace(),
                          .virtual_seconds = std::chrono::duration<double>(world_.now()).count()};
    for (const auto& admin : admins_->all) {
      outcome.acknowledged += admin.acknowledged();
      outcome.refused += admin.refused();
    }
    return outcome;
  }

  const std::uint64_t seed_;
  sim::World world_;
  Voters voters_;
  sim::Node* admin_node_ = nullptr;
  std::shared_ptr<Admins> admins_;
  bool healed_ = false;
  int crashes_ = 0;
  std::string last_error_;
};

}  // namespace

VotersOutcome run_voters(std::uint64_t seed) { return VotersScenario(seed).run(); }

}  // namespace thalweg::simulation
