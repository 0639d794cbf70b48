#include "scenario.h"

#include <fmt/format.h>

#include <algorithm>
#include <deque>

#include "broker_node.h"
#include "clients.h"
#include "group_client.h"
#include "group_member.h"
#include "history.h"
#include "topic_client.h"

namespace thalweg::simulation {
namespace {
using namespace std::chrono_literals;

constexpr int kProducers = 4, kBatches = 120, kCommits = 80, kTopics = 12, kMembers = 3, kAssignments = 5;

// Everybody who must come to an end.
struct Clients {
  std::deque<Producer> producers;
  std::deque<GroupMember> members;
  std::unique_ptr<Committer> committer;
  std::unique_ptr<TopicAdministrator> administrator;
  bool topic_created = false;

  bool done() const {
    return std::ranges::all_of(producers, &Producer::done) && std::ranges::all_of(members, &GroupMember::done) &&
           committer->done() && administrator->done();
  }
  std::string complaints() const {
    std::string all;
    const auto add = [&](const auto& client, const char* who) {
      if (!client.done()) all += fmt::format("; {} still gets {}", who, client.last_error());
    };
    for (const auto& producer : producers) add(producer, "a producer");
    for (const auto& member : members) add(member, "a member of the group");
    add(*committer, "the committer");
    add(*administrator, "the administrator");
    return all;
  }
};

class Scenario {
 public:
  Scenario(std::uint64_t seed, Plant plant)
      : world_(seed),
        trouble_(static_cast<Trouble>(seed % kTroubles)),
        broker_(add_broker(world_, 1 + seed / kTroubles % 3, plant == Plant::kAcknowledgeFromMemory)) {}

  Outcome run() {
    start_clients();
    start_broker();
    begin_trouble();
    schedule_crash();
    schedule_clock_jump();
    watch_broker();
    world_.run_until([this] { return clients_->done(); }, 20s);
    heal();
    if (!world_.run_until([this] { return clients_->done(); }, 5min)) report_hang();
    check_everything("after healing");
    crash(sim::Crash::kPowerLoss);
    start_broker();
    check_everything("after a last power loss");
    return outcome();
  }

 private:
  // Where the disk has lost what it had called durable, nobody can promise anything but to stay consistent. A lie that
  // was not found out excuses nothing.
  bool promises_hold() const { return broker_.disk().broken_promises() == 0; }

  void start_clients() {
    client_node_ = &world_.add_node("clients", 1, [this](sim::Node& node) {
      const Shard& shard = node.shard(0);
      clients_ = std::make_shared<Clients>();
      spawn(shard, create_topic(&shard, &history_, &clients_->topic_created));
      for (int i = 0; i < kProducers; ++i)
        spawn(
            shard,
            clients_->producers.emplace_back(shard, history_, std::make_unique<ToTheBroker>(shard), i, kBatches).run());
      for (int i = 0; i < kMembers; ++i)
        spawn(shard, clients_->members.emplace_back(shard, history_, kAssignments).run());
      clients_->committer = std::make_unique<Committer>(shard, history_, kCommits);
      spawn(shard, clients_->committer->run());
      clients_->administrator = std::make_unique<TopicAdministrator>(shard, history_, kTopics);
      spawn(shard, clients_->administrator->run());
      for (std::int32_t p = 0; p < kPartitions; ++p)
        spawn(shard, follow(&shard, &history_, std::make_unique<ToTheBroker>(shard), {p}));
      return clients_;
    });
    client_node_->start();
  }

  bool has(Trouble trouble) const {
    return trouble_ == trouble || (trouble_ == Trouble::kEverything && trouble != Trouble::kLyingSync);
  }

  void begin_trouble() {
    auto& simulation = world_.simulation;
    auto& disk = broker_.disk().faults;
    auto& network = world_.network.faults;
    if (has(Trouble::kFailingSync)) disk.sync_fails_one_in = 100 + simulation.below(400);
    // Found out at once, or hardly ever.
    if (has(Trouble::kLyingSync)) disk.sync_lies_one_in = std::uint64_t{2} << simulation.below(12);
    if (has(Trouble::kFullDisk)) schedule_full_disk();
    if (has(Trouble::kSlowDisk)) {
      disk.sync_max = simulation.between(20ms, 1s);
      disk.cold_read_one_in = 1;
    }
    if (has(Trouble::kSlowClients)) world_.network.set_bandwidth("clients", 20'000 + simulation.below(100'000));
    if (has(Trouble::kBrokenConnections)) {
      network.segment_max = 1 + simulation.below(400);  // so that most connections break inside a frame
      network.reset_one_in = 100 + simulation.below(1000);
    }
    if (has(Trouble::kPartedNetwork)) schedule_parting();
  }

  void heal() {
    healed_ = true;
    broker_.disk().faults = {};
    world_.network.faults = {};
    world_.network.set_bandwidth("clients", 0);
    world_.network.join_all();
    if (broker_.is_up() && sync_has_failed()) crash(sim::Crash::kPowerLoss);
    if (!broker_.is_up()) start_broker();
  }

  void schedule_crash() {
    world_.simulation.at(world_.now() + world_.simulation.between(200ms, 3s), [this] {
      if (healed_) return;
      // After a failed sync the kernel holds pages that the disk will never have; an operator reboots the machine.
      if (broker_.is_up())
        crash(sync_has_failed() || world_.simulation.below(3) > 0 ? sim::Crash::kPowerLoss : sim::Crash::kKill);
      start_soon();
      schedule_crash();
    });
  }
  void start_soon() {
    world_.simulation.at(world_.now() + world_.simulation.between(10ms, 800ms), [this] {
      if (!broker_.is_up()) start_broker();
    });
  }
  // The operator: reboots a machine whose disk failed, starts a broker that did not start again.
  void watch_broker() {
    world_.simulation.at(world_.now() + 1s, [this] {
      if (broker_.is_up()) {
        const auto& program = broker_.program<BrokerProgram>();
        if (program.start_error) last_start_error_ = program.start_error->message;
        if (sync_has_failed() || program.start_error) {
          crash(sim::Crash::kPowerLoss);
          start_broker();
        }
      }
      watch_broker();
    });
  }
  void schedule_full_disk() {
    world_.simulation.at(world_.now() + world_.simulation.between(500ms, 5s), [this] {
      if (healed_) return;
      broker_.disk().faults.capacity = broker_.disk().used_bytes() + world_.simulation.below(20'000);
      world_.simulation.at(world_.now() + world_.simulation.between(100ms, 3s),
                           [this] { broker_.disk().faults.capacity = UINT64_MAX; });
      schedule_full_disk();
    });
  }

  void schedule_parting() {
    world_.simulation.at(world_.now() + world_.simulation.between(200ms, 4s), [this] {
      if (healed_) return;
      world_.network.part("clients", kBroker.host);
      world_.simulation.at(world_.now() + world_.simulation.between(50ms, 12s), [this] { world_.network.join_all(); });
      schedule_parting();
    });
  }
  void schedule_clock_jump() {
    world_.simulation.at(world_.now() + world_.simulation.between(500ms, 8s), [this] {
      if (healed_) return;
      if (broker_.is_up()) broker_.jump_wall(Millis(either_way(600'000)));
      schedule_clock_jump();
    });
  }

  // Each time with a clock that runs a little wrong and shows another time of day.
  void start_broker() {
    broker_.clock_faults = {.drift_ppm = either_way(500), .wall_offset = Millis(either_way(60'000))};
    broker_.start();
  }
  std::int64_t either_way(std::int64_t limit) {
    return static_cast<std::int64_t>(world_.simulation.below(std::uint64_t(2 * limit))) - limit;
  }
  bool sync_has_failed() const { return broker_.disk().failed_syncs() > syncs_failed_before_; }
  void crash(sim::Crash how) {
    broker_.crash(how);
    if (!promises_hold()) history_.excuse_losses();
    ++crashes_;
    if (how == sim::Crash::kPowerLoss) syncs_failed_before_ = broker_.disk().failed_syncs();
  }

  void report_hang() {
    std::string why = last_start_error_.empty() ? "" : "; the broker did not start: " + last_start_error_;
    why += clients_->complaints();
    if (promises_hold()) history_.violation("no progress after healing" + why);
  }

  void check_everything(const char* when) {
    for (std::int32_t p = 0; p < kPartitions; ++p) {
      const auto records = read(PartitionId{p});
      if (!records) {
        if (promises_hold())
          history_.violation(fmt::format("partition {} cannot be read {}: {}", p, when, records.error().message));
      } else {
        history_.check({p}, *records);
      }
    }
    check_with("committed offset", when, [this] { return clients_->committer->check(); });
    if (clients_->administrator->done())
      check_with("list of topics", when, [this] { return clients_->administrator->check(); });
  }

  // Asks again until there is an answer.
  void check_with(const char* what, const char* when, const std::function<Task<Result<>>()>& check) {
    Result<> checked = fail(ErrorCode::kRequestTimedOut, "no answer");
    for (int attempt = 0; attempt < 30 && !checked; ++attempt) {
      auto answer = world_.run(*client_node_, check(), 30s);
      if (answer) checked = std::move(*answer);
      if (!checked) world_.run_for(500ms);
    }
    if (!checked && promises_hold())
      history_.violation(fmt::format("{} cannot be read {}: {} {}", what, when, thalweg::name(checked.error().code),
                                     checked.error().message));
  }

  Result<Records> read(PartitionId partition) {
    Result<Records> records = fail(ErrorCode::kRequestTimedOut, "no answer");
    const auto route = std::make_shared<ToTheBroker>(client_node_->shard(0));
    for (int attempt = 0; attempt < 30 && !records; ++attempt) {
      auto answer = world_.run(*client_node_, read_partition(&client_node_->shard(0), route, partition), 30s);
      if (answer) records = std::move(*answer);
      if (!records) world_.run_for(500ms);
    }
    return records;
  }

  Outcome outcome() const {
    return {trouble_,
            history_.violations(),
            history_.acknowledged_count(),
            crashes_,
            broker_.disk().failed_syncs(),
            world_.simulation.steps(),
            world_.simulation.trace(),
            std::chrono::duration<double>(world_.now()).count()};
  }

  History history_;
  sim::World world_;  // after what its coroutines refer to
  const Trouble trouble_;
  sim::Node& broker_;
  sim::Node* client_node_ = nullptr;
  std::shared_ptr<Clients> clients_;  // their channels belong to the world
  bool healed_ = false;
  int crashes_ = 0;
  std::uint64_t syncs_failed_before_ = 0;
  std::string last_start_error_;
};

}  // namespace

const char* name(Trouble trouble) {
  switch (trouble) {
    case Trouble::kCrashesOnly:
      return "crashes only";
    case Trouble::kFailingSync:
      return "failing sync";
    case Trouble::kLyingSync:
      return "lying sync";
    case Trouble::kFullDisk:
      return "full disk";
    case Trouble::kSlowDisk:
      return "slow disk";
    case Trouble::kSlowClients:
      return "slow clients";
    case Trouble::kBrokenConnections:
      return "broken connections";
    case Trouble::kPartedNetwork:
      return "parted network";
    case Trouble::kEverything:
      return "everything";
  }
  return "?";
}

Outcome run_scenario(std::uint64_t seed, Plant plant) { return Scenario(seed, plant).run(); }

}  // namespace thalweg::simulation
