#include "cluster_scenario.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "broker/metadata_publisher.h"
#include "cluster_node.h"
#include "network/channel.h"
#include "protocol/create_topics_request.h"
#include "protocol/create_topics_response.h"
#include "raft/quorum.h"

namespace thalweg::simulation {
namespace {
using namespace std::chrono_literals;

constexpr int kTopics = 8;

// Creates topics, one after another, each through another broker, until it is answered.
class Administrator {
 public:
  explicit Administrator(const Shard& shard) : shard_(shard) {}

  Task<> run() {
    for (int i = 0; i < kTopics; ++i) {
      const std::string topic = fmt::format("topic-{}", i);
      while (!co_await create(topic)) co_await shard_.clock.sleep_for(300ms);
      created_.push_back(topic);
      co_await shard_.clock.sleep_for(Millis(shard_.random.next() % 1000));
    }
    done_ = true;
  }
  bool done() const { return done_; }
  const std::vector<std::string>& created() const { return created_; }
  const std::string& last_error() const { return last_error_; }

 private:
  Task<bool> create(std::string topic) {
    const int node = int(shard_.random.next() % kClusterNodes) + 1;
    const Instant deadline = shard_.clock.now() + 8s;
    const auto channel = co_await network::Channel::connect(shard_, client_endpoint(node), deadline);
    if (!channel) co_return failed(node, channel.error());
    protocol::CreateTopicsRequest request;
    auto& wanted = request.topics.emplace_back();
    wanted.name = topic;
    wanted.num_partitions = 3;
    wanted.replication_factor = 1;
    request.timeout_ms = 5000;
    const auto response = co_await (*channel)->send<protocol::CreateTopicsResponse>(std::move(request), 7, deadline);
    (*channel)->close();
    if (!response) co_return failed(node, response.error());
    const auto& answer = response->topics.at(0);
    // An answer may have been lost with whoever had it.
    if (answer.error_code == ErrorCode::kNone || answer.error_code == ErrorCode::kTopicAlreadyExists) co_return true;
    co_return failed(node, {answer.error_code, answer.error_message.value_or("")});
  }
  bool failed(int node, const Error& error) {
    last_error_ = fmt::format("broker {}: {} {}", node, name(error.code), error.message);
    return false;
  }

  const Shard& shard_;
  std::vector<std::string> created_;
  std::string last_error_;
  bool done_ = false;
};

class ClusterScenario {
 public:
  explicit ClusterScenario(std::uint64_t seed) : world_(seed) {
    for (int node = 1; node <= kClusterNodes; ++node) nodes_.push_back(&add_cluster_node(world_, node));
  }

  ClusterOutcome run() {
    auto& simulation = world_.simulation;
    for (std::size_t i = 0; i < nodes_.size(); ++i)
      simulation.at(simulation.between(Instant{0}, Instant(3s)), [this, i] { nodes_[i]->start(); });
    look();
    watch();
    start_administrator();
    if (!world_.run_until([this] { return serving() == kClusterNodes; }, 1min)) return hung("at the beginning");
    const auto founded = world_.now();
    trouble_ = true;
    crash_some();
    cut_some();
    world_.run_for(20s);
    trouble_ = false;
    world_.network.join_all();
    world_.run_until([this] { return administrator_->done() && settled().empty(); }, 1min);
    if (const auto why = settled(); !why.empty()) violation(why + " after healing");
    if (!administrator_->done()) violation("the administrator still gets " + administrator_->last_error());
    ClusterOutcome outcome{.violations = violations_, .counts = counts_, .trace = simulation.trace()};
    outcome.counts.topics = administrator_->created().size();
    outcome.counts.elections = epochs_.size();
    outcome.counts.steps = simulation.steps();
    outcome.counts.founded_after = std::chrono::duration<double>(founded).count();
    outcome.counts.virtual_seconds = std::chrono::duration<double>(world_.now()).count();
    return outcome;
  }

 private:
  ClusterProgram* program(std::size_t i) {
    return nodes_[i]->is_up() ? &nodes_[i]->program<ClusterProgram>() : nullptr;
  }
  int serving() {
    int count = 0;
    for (std::size_t i = 0; i < nodes_.size(); ++i) count += program(i) && program(i)->serving;
    return count;
  }
  void violation(std::string what) {
    if (violations_.size() < 10) violations_.push_back(std::move(what));
  }
  ClusterOutcome hung(const char* when) {
    std::string why;
    for (std::size_t i = 0; i < nodes_.size(); ++i)
      why += fmt::format("; broker {}: {}", i + 1,
                         !program(i)               ? "down"
                         : program(i)->start_error ? program(i)->start_error->message
                         : program(i)->serving     ? "serves"
                                                   : "starts");
    violation(fmt::format("no cluster {}{}", when, why));
    return {.violations = violations_, .counts = counts_, .trace = world_.simulation.trace()};
  }

  // What every broker shows, all the time.
  void look() {
    for (std::size_t i = 0; i < nodes_.size(); ++i) {
      auto* here = program(i);
      if (!here || !here->serving) continue;
      const auto& image = here->broker->publisher().published_image();
      if (cluster_id_.empty()) cluster_id_ = image->cluster_id();
      if (image->cluster_id() != cluster_id_)
        violation(fmt::format("broker {} is of cluster {}, another of {}", i + 1, image->cluster_id(), cluster_id_));
      const auto [at, fresh] = images_.emplace(image->index(), image);
      if (!fresh && !(*at->second == *image))
        violation(
            fmt::format("broker {} shows another cluster at index {} than was shown before", i + 1, image->index()));
      if (here->broker->quorum().is_leader()) epochs_.insert(here->broker->quorum().leader().epoch.value);
    }
    world_.simulation.at(world_.now() + 50ms, [this] { look(); });
  }

  // The operator: what could not start is started again.
  void watch() {
    for (std::size_t i = 0; i < nodes_.size(); ++i) {
      auto* here = program(i);
      if (!here || !here->start_error) continue;
      nodes_[i]->crash(sim::Crash::kKill);
      nodes_[i]->start();
    }
    world_.simulation.at(world_.now() + 1s, [this] { watch(); });
  }

  void crash_some() {
    if (!trouble_) return;
    auto& simulation = world_.simulation;
    auto* victim = nodes_[simulation.between(Instant{0}, Instant{2}).count() % kClusterNodes];
    if (victim->is_up()) {
      victim->crash(simulation.one_in(2) ? sim::Crash::kKill : sim::Crash::kPowerLoss);
      ++counts_.crashes;
      simulation.at(world_.now() + simulation.between(50ms, 3s), [victim] {
        if (!victim->is_up()) victim->start();
      });
    }
    simulation.at(world_.now() + simulation.between(500ms, 5s), [this] { crash_some(); });
  }

  void cut_some() {
    if (!trouble_) return;
    auto& simulation = world_.simulation;
    const auto a = std::size_t(simulation.between(Instant{0}, Instant{2}).count());
    const auto b = (a + 1) % nodes_.size();
    world_.network.part(nodes_[a]->host(), nodes_[b]->host());
    ++counts_.cuts;
    simulation.at(world_.now() + simulation.between(100ms, 3s),
                  [this, a, b] { world_.network.join(nodes_[a]->host(), nodes_[b]->host()); });
    simulation.at(world_.now() + simulation.between(500ms, 6s), [this] { cut_some(); });
  }

  void start_administrator() {
    world_
        .add_node("administrator", 1,
                  [this](sim::Node& node) {
                    administrator_ = std::make_shared<Administrator>(node.shard(0));
                    spawn(node.shard(0), administrator_->run());
                    return administrator_;
                  })
        .start();
  }

  std::string settled() {
    metadata::ImagePtr first;
    for (std::size_t i = 0; i < nodes_.size(); ++i) {
      auto* here = program(i);
      if (!here || !here->serving) return fmt::format("broker {} does not serve", i + 1);
      const auto& image = here->broker->publisher().published_image();
      if (!first) first = image;
      if (!(*image == *first)) return fmt::format("broker {} shows another cluster than broker 1", i + 1);
    }
    for (int node = 1; node <= kClusterNodes; ++node) {
      const auto* broker = first->broker(BrokerId{node});
      if (!broker || !broker->active()) return fmt::format("broker {} is not unfenced", node);
    }
    std::set<BrokerId> leaders;
    for (const auto& name : administrator_->created()) {
      const auto topic = first->topic(name);
      if (!topic) return fmt::format("{} was answered and is not there", name);
      for (const auto& partition : topic->partitions) leaders.insert(partition.leader);
    }
    // Which brokers were up when topics were made is drawn; more than one was.
    if (leaders.size() < 2) return "all partitions lie on one broker";
    return {};
  }

  sim::World world_;
  std::vector<sim::Node*> nodes_;
  std::shared_ptr<Administrator> administrator_;
  std::string cluster_id_;
  std::map<std::int64_t, metadata::ImagePtr> images_;
  std::set<std::int32_t> epochs_;
  std::vector<std::string> violations_;
  ClusterCounts counts_;
  bool trouble_ = false;
};

}  // namespace

void ClusterCounts::add(const ClusterCounts& other) {
  topics += other.topics, crashes += other.crashes, cuts += other.cuts, elections += other.elections;
  steps += other.steps;
  founded_after = std::max(founded_after, other.founded_after);
  virtual_seconds += other.virtual_seconds;
}

std::string to_string(const ClusterCounts& counts) {
  return fmt::format("{} topics, {} crashes, {} cuts, {} elections, founded within {:.1f} s, {} steps, {:.0f} s",
                     counts.topics, counts.crashes, counts.cuts, counts.elections, counts.founded_after, counts.steps,
                     counts.virtual_seconds);
}

ClusterOutcome run_cluster(std::uint64_t seed) { return ClusterScenario(seed).run(); }

}  // namespace thalweg::simulation
