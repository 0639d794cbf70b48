#include "voter_node.h"

#include <fmt/format.h>

#include <algorithm>

namespace thalweg::simulation {
namespace {
using namespace std::chrono_literals;

config::BrokerConfig config_of(int id) {
  const config::Properties properties{
      {"node.id", std::to_string(id)},
      {"listeners", "PLAINTEXT://:9092"},
      {"advertised.listeners", fmt::format("PLAINTEXT://voter-{}:9092", id)},
      {"log.dirs", "/data"},
      {"broker.heartbeat.interval.ms", "500"},
      {"broker.session.timeout.ms", "2500"},
      {"leader.imbalance.check.interval.seconds", "7"},
  };
  auto loaded = config::load_broker_config(properties);
  CHECK(loaded);
  return std::move(loaded->config);
}

raft::QuorumOptions quorum_options(const Voters& voters, int id, int count) {
  raft::QuorumOptions options;
  options.metadata_log_dir = "/data";
  options.self = BrokerId{id};
  for (int voter = 0; voter < count; ++voter) options.voters.push_back(BrokerId{voter});
  options.election_timeout = Millis(400);
  options.heartbeat_interval = Millis(100);
  options.snapshot_after_bytes = voters.snapshot_after_bytes;
  options.segment_bytes = 64 * File::kBlock;
  return options;
}

constexpr int kVoters = 3;

using Answer = OneShot<Result<broker::ControllerLink::Reply>>;

Task<> serve(Voter* voter, broker::ControllerLink::Request request, std::int16_t version, Instant deadline,
             std::function<void(Result<broker::ControllerLink::Reply>)> answer) {
  answer(co_await voter->controller->ask_once(std::move(request), version, deadline));
}

}  // namespace

Voters::Voters(sim::World& world, int count) : world_(world) {
  for (int id = 0; id < count; ++id)
    nodes_.push_back(&world.add_node(fmt::format("voter-{}", id), 1,
                                     [this, id](sim::Node& node) { return std::make_shared<Voter>(*this, node, id); }));
}

Voter* Voters::at(int voter) { return node(voter).is_up() ? &node(voter).program<Voter>() : nullptr; }

int Voters::leader() {
  int found = -1;
  LeaderEpoch newest{-1};
  for (int id = 0; id < count(); ++id)
    if (auto* voter = at(id); voter && voter->quorum.is_leader() && voter->quorum.leader().epoch > newest) {
      found = id;
      newest = voter->quorum.leader().epoch;
    }
  return found;
}

Instant Voters::delay() { return world_.simulation.between(50us, faults.delay_max); }

void Voters::send(int from, int to, std::function<void(Voter&)> deliver) {
  if (lost() || cut.contains({from, to})) return;
  const int copies = world_.simulation.one_in(faults.twice_one_in) ? 2 : 1;
  for (int copy = 0; copy < copies; ++copy)
    world_.simulation.at(world_.now() + delay(), [this, to, deliver] {
      if (auto* voter = at(to)) voter->shard.post([voter, deliver] { deliver(*voter); });
    });
}

void Voters::violation(std::string what) {
  if (violations_.size() < 10) violations_.push_back(std::move(what));
}

void Voters::shown(int voter, const metadata::ImagePtr& image) {
  const auto [at, fresh] = images_.emplace(image->index(), image);
  if (!fresh && !(*at->second == *image))
    violation(fmt::format("voter {} shows another image at index {} than was shown before", voter, image->index()));
}

Task<Result<broker::ControllerLink::Reply>> WireLink::ask_once(Request request, std::int16_t version,
                                                               Instant deadline) {
  const int to = target_();
  if (to < 0) co_return fail(ErrorCode::kNotController, "nobody leads");
  const Answer answer;
  // The way back is as unsure as the way there.
  auto back = [voters = &voters_, from = from_, to, answer](Result<Reply> reply) {
    if (voters->lost() || voters->cut.contains({to, from})) return;
    voters->world().simulation.at(voters->world().now() + voters->delay(),
                                  [answer, reply = std::move(reply)]() mutable { answer.set(std::move(reply)); });
  };
  voters_.send(from_, to, [request = std::move(request), version, deadline, back](Voter& voter) {
    if (!voter.controller) return back(fail(ErrorCode::kNotController, "starting"));
    spawn(voter.shard, serve(&voter, request, version, deadline, back));
  });
  const auto timer = shard_.clock.call_at(
      deadline, [answer] { answer.set(fail(ErrorCode::kRequestTimedOut, "no answer; the outcome is unknown")); });
  co_return co_await answer.wait();
}

Task<> SimulatedState::work() {
  if (voters_.world().simulation.one_in(3))
    co_await shard_.clock.sleep_for(voters_.world().simulation.between(10us, 3ms));
}

std::string SimulatedState::retention_of(const metadata::Image& image, const std::string& topic) {
  const auto& set = image.topic_configs(topic);
  const auto it = set.find("retention.ms");
  return it == set.end() ? "" : it->second;
}

Task<Result<>> SimulatedState::host(metadata::ImagePtr image, metadata::TopicPtr topic, PartitionId partition) {
  co_await work();
  if (voters_.world().simulation.one_in(voters_.faults.open_fails_one_in))
    co_return fail(ErrorCode::kKafkaStorageError, "no descriptors");
  const auto [at, fresh] = open_.try_emplace({topic->name, partition}, Log{.topic = topic->id});
  if (at->second.topic != topic->id) co_return fail(ErrorCode::kInconsistentTopicId, "is open with another topic id");
  at->second.state = *topic->partition(partition);
  if (fresh) at->second.retention = retention_of(*image, topic->name);
  co_return Result<>();
}

Task<Result<>> SimulatedState::drop(metadata::TopicPtr topic, PartitionId partition) {
  co_await work();
  open_.erase({topic->name, partition});
  co_return Result<>();
}

Task<Result<>> SimulatedState::remove_topic(metadata::TopicPtr topic) {
  co_await work();
  if (voters_.world().simulation.one_in(voters_.faults.open_fails_one_in))
    co_return fail(ErrorCode::kKafkaStorageError, "the disk is slow to let go");
  std::erase_if(open_, [&](const auto& entry) { return entry.second.topic == topic->id; });
  co_return Result<>();
}

Task<> SimulatedState::configure(metadata::ImagePtr image, metadata::TopicPtr topic) {
  for (auto& [name, log] : open_)
    if (log.topic == topic->id) log.retention = retention_of(*image, topic->name);
  co_return;
}

Task<> SimulatedState::show(metadata::ImagePtr image) {
  co_await work();
  image_ = image;
  voters_.shown(voter_, image);
}

std::string SimulatedState::difference() const {
  if (!image_) return "nothing is shown";
  auto open = open_;
  for (const auto& [name, topic] : image_->topics())
    for (std::size_t i = 0; i < topic->partitions.size(); ++i) {
      const auto& state = topic->partitions[i];
      if (std::ranges::find(state.replicas, BrokerId{voter_}) == state.replicas.end()) continue;
      const auto node = open.extract({name, PartitionId{std::int32_t(i)}});
      if (!node) return fmt::format("{}-{} is not open", name, i);
      if (node.mapped().topic != topic->id) return fmt::format("{}-{} is open for another topic", name, i);
      if (node.mapped().state != state) return fmt::format("{}-{} has an old role", name, i);
      if (node.mapped().retention != retention_of(*image_, name)) return fmt::format("{}-{}: old config", name, i);
    }
  if (!open.empty()) return fmt::format("{} is still open", open.begin()->first.first);
  return {};
}

Voter::Voter(Voters& all, sim::Node& node, int voter)
    : voters(all),
      shard(node.shard(0)),
      id(voter),
      config(config_of(voter)),
      state(all, shard, voter),
      publisher(shard, state, config.node_id, "cluster"),
      quorum(shard, quorum_options(all, voter, kVoters), publisher, this),
      link(all, shard, voter, [this] { return quorum.leader().leader.value; }) {
  quorum.on_leader_change([this](raft::Leadership now) {
    if (now.leader == config.node_id) voters.epochs_led.insert(now.epoch.value);
  });
  spawn(shard, run(this));
}

Task<> Voter::run(Voter* self) {
  if (const auto started = co_await self->quorum.start(); !started) {
    self->start_error = started.error();
    co_return;
  }
  self->service.emplace(self->shard, self->config, self->quorum, self->publisher);
  self->controller.emplace(self->shard, *self->service);
  self->lifecycle.emplace(self->shard, self->config, self->link, self->publisher);
  self->publisher.start();
  self->service->start();
  while (!self->serving) {
    const auto registered = co_await self->lifecycle->start({Uuid{9, std::uint64_t(self->id) + 1}});
    self->serving = registered.has_value();
    if (!registered) self->start_error = registered.error();
    if (!registered) co_await self->shard.clock.sleep_for(1s);
  }
}

void Voter::send(raft::PeerMessage message) {
  std::vector<std::byte> image;
  const bool snapshot = !message.image.empty();
  if (snapshot) {
    const auto& piece = std::get<FilePiece>(message.image.front());
    image.resize(piece.size);
    CHECK(std::dynamic_pointer_cast<File>(piece.source)->read_now(piece.position, image));
  }
  const int to = message.to.value;
  auto bytes = SharedBytes::take(std::move(image));
  voters.send(id, to, [from = id, body = message.body, bytes](Voter& voter) { voter.receive(from, body, bytes); });
  // Whether it arrived is only known later, and not for sure: the core asks again.
  if (snapshot)
    voters.world().simulation.at(voters.world().now() + 20ms, [all = &voters, from = id, to] {
      if (auto* voter = all->at(from))
        voter->shard.post([voter, to] { voter->quorum.snapshot_sent(BrokerId{to}, true); });
    });
}

void Voter::receive(int from, SharedBytes body, SharedBytes image) {
  if (image.size() > 0) ++voters.restores;
  const auto taken = quorum.receive(BrokerId{from}, std::move(body), std::move(image));
  if (!taken && taken.error().code != ErrorCode::kInvalidRequest)
    voters.violation(fmt::format("voter {} refuses an honest message: {}", id, taken.error().message));
}

}  // namespace thalweg::simulation
