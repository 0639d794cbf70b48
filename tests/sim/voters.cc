#include "voters.h"

#include <fmt/format.h>

#include <algorithm>
#include <deque>

#include "controller/leader_election.h"
#include "voter_admin.h"
#include "voter_changes.h"
#include "voter_node.h"
#include "voter_operator.h"
#include "voter_reader.h"
#include "voter_trouble.h"

namespace thalweg::simulation {
namespace {
using namespace std::chrono_literals;

constexpr int kVoters = 3, kAdmins = 4, kChanges = 24, kVoteChanges = 8;

struct Admins {
  std::deque<VoterAdmin> all;
  std::optional<VoterReader> reader;
  std::optional<VoterOperator> votes;  // in some runs
  bool done() const { return std::ranges::all_of(all, &VoterAdmin::done) && (!votes || votes->done()); }
};

class VotersScenario {
 public:
  VotersScenario(std::uint64_t seed, bool lying_disks)
      : world_(seed), voters_(world_, kVoters, kAdmins + 1), trouble_(voters_, lying_disks) {}

  VotersOutcome run() {
    trouble_.begin();
    start_admins();
    watch();
    world_.run_until([this] { return admins_->done(); }, 15s);
    trouble_.heal();
    if (!world_.run_until([this] { return admins_->done(); }, 2min)) report_hang();
    check("after healing");
    for (int id = 0; id < kVoters; ++id) trouble_.crash(id, sim::Crash::kPowerLoss);
    for (int id = 0; id < kVoters; ++id) trouble_.start(id);
    check("after a last power cut");
    return outcome();
  }

 private:
  // The operator: what did not start, or no longer takes part, is started again.
  void watch() {
    world_.simulation.at(world_.now() + 1s, [this] {
      for (int id = 0; id < kVoters; ++id) {
        auto* voter = voters_.at(id);
        if (!voter) continue;
        if (!voter->publisher.health())
          voters_.violation(fmt::format("voter {} cannot apply: {}", id, voter->publisher.health().error().message));
        if (voter->quorum.health() && (!voter->start_error || voter->service)) continue;
        last_error_ = voter->start_error ? voter->start_error->message : voter->quorum.health().error().message;
        trouble_.crash(id, sim::Crash::kPowerLoss);
        trouble_.start(id);
      }
      watch();
    });
  }

  void start_admins() {
    admin_node_ = &world_.add_node("admins", 1, [this](sim::Node& node) {
      admins_ = std::make_shared<Admins>();
      for (int i = 1; i <= kAdmins; ++i)
        spawn(node.shard(0),
              admins_->all.emplace_back(voters_, node.shard(0), shared_, admin_counts_, i, kChanges).run());
      spawn(node.shard(0), admins_->reader.emplace(voters_, node.shard(0), shared_, -1 - kAdmins).run());
      if (voters_.votes_change)
        spawn(node.shard(0), admins_->votes.emplace(voters_, node.shard(0), -1 - kAdmins, kVoteChanges).run());
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
      if (voter->quorum.membership() != voters_.at(leader)->quorum.membership())
        return fmt::format("voter {} knows of other voters than the leader", id);
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
    for (const auto& what : contradictions(*voters_.at(voters_.leader())->state.image()))
      voters_.violation(fmt::format("{} {}", what, when));
  }

  // What was said and is not so.
  std::vector<std::string> contradictions(const metadata::Image& image) {
    std::vector<std::string> found;
    if (!admins_->done()) return found;
    for (const auto& admin : admins_->all) found.push_back(admin.contradiction(image));
    for (const auto& name : shared_.names())
      found.push_back(shared_.contradiction(name, image.topic(name) != nullptr, world_.now()));
    for (const auto& [name, topic] : image.topics())
      if (name.starts_with(kNever)) found.push_back("a topic that is too large is there");
    for (const auto& [name, value] : image.configs({metadata::ResourceType::kBroker, ""}))
      if (name.starts_with(kNever)) found.push_back("a change that is too large is there");
    if (admins_->votes)
      found.push_back(admins_->votes->contradiction(voters_.at(voters_.leader())->quorum.membership().voters));
    std::erase(found, "");
    return found;
  }

  VotersOutcome outcome() {
    VotersOutcome outcome{.violations = voters_.violations(), .counts = {}, .trace = world_.simulation.trace()};
    auto& counts = outcome.counts;
    counts.looks = admins_->reader->answers();
    counts.answered = admin_counts_.answered, counts.refused = admin_counts_.refused;
    counts.too_large = admin_counts_.too_large;
    counts.busy = admin_counts_.busy, counts.disk_full = admin_counts_.disk_full;
    counts.crashes = trouble_.crashes(), counts.elections = voters_.epochs_led.size();
    for (int id = 0; id < kVoters; ++id) counts.failed_syncs += voters_.node(id).disk().failed_syncs();
    counts.votes_changed = admins_->votes ? admins_->votes->answered() : 0;
    counts.snapshots = voters_.snapshots_taken;
    counts.restores_at_start = voters_.restores_at_start;
    counts.restores_while_running = voters_.restores_while_running;
    counts.steps = world_.simulation.steps();
    counts.virtual_seconds = std::chrono::duration<double>(world_.now()).count();
    return outcome;
  }

  sim::World world_;
  Voters voters_;
  VoterTrouble trouble_;
  SharedTopics shared_;
  AdminCounts admin_counts_;
  sim::Node* admin_node_ = nullptr;
  std::shared_ptr<Admins> admins_;
  std::string last_error_;
};

}  // namespace

VotersOutcome run_voters(std::uint64_t seed, bool lying_disks) { return VotersScenario(seed, lying_disks).run(); }

}  // namespace thalweg::simulation
