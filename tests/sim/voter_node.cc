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

raft::QuorumOptions quorum_options(const Voters& voters, int id) {
  raft::QuorumOptions options;
  options.metadata_log_dir = "/data";
  options.self = BrokerId{id};
  for (int voter = 0; voter < voters.count(); ++voter) options.voters.push_back(BrokerId{voter});
  options.election_timeout = Millis(400);
  options.heartbeat_interval = Millis(100);
  options.snapshot_after_bytes = voters.snapshot_after_bytes;
  options.uncommitted_bytes_max = voters.uncommitted_bytes_max;
  options.segment_bytes = 64 * File::kBlock;
  return options;
}

}  // namespace

Voter::Voter(Voters& all, sim::Node& node, int voter)
    : voters(all),
      shard(node.shard(0)),
      id(voter),
      config(config_of(voter)),
      state(all, shard, voter),
      publisher(shard, state, config.node_id, "cluster"),
      quorum(shard, quorum_options(all, voter), machine, this),
      link(all, shard, voter, [this] { return quorum.leader().leader.value; }) {
  quorum.on_leader_change([this](raft::Leadership now) {
    if (now.leader != config.node_id) return;
    voters.epochs_led.insert(now.epoch.value);
    if (voters.votes_change) spawn(shard, write_down_disks(this, now.epoch));
  });
  spawn(shard, run(this));
}

// Which voter is on which disk, as each would tell the leader itself over the wire of the real transport.
Task<> Voter::write_down_disks(Voter* self, LeaderEpoch epoch) {
  for (int id = 0; id < self->voters.count();) {
    if (!self->quorum.is_leader() || self->quorum.leader().epoch != epoch) co_return;
    raft::Member member{.id = raft::member_of(BrokerId{id}), .node = BrokerId{id}, .directory = directory_of(id)};
    const auto done =
        co_await self->quorum.update_member(std::move(member), self->shard.clock.now() + std::chrono::seconds(2));
    if (done)
      ++id;
    else
      co_await self->shard.clock.sleep_for(50ms);
  }
}

Task<> Voter::run(Voter* self) {
  auto started = co_await self->shard.disk.make_durable_directory("/data");
  if (started) started = co_await self->quorum.start();
  if (!started) {
    self->start_error = started.error();
    co_return;
  }
  self->service.emplace(self->shard, self->config, self->quorum, self->publisher);
  self->controller.emplace(self->shard, *self->service);
  self->lifecycle.emplace(self->shard, self->config, self->link, self->publisher);
  const auto known = self->voters.registered_as.find(self->id);
  const std::int64_t claimed = known == self->voters.registered_as.end() ? -1 : known->second;
  self->lifecycle->of({.previous_epoch = [claimed] { return claimed; },
                       .remember_epoch = [self](std::int64_t epoch) { return remember(self, epoch); }});
  self->publisher.start();
  self->service->start();
  while (!self->serving) {
    const auto registered = co_await self->lifecycle->start({directory_of(self->id)});
    self->serving = registered.has_value();
    if (!registered) self->start_error = registered.error();
    if (!registered) co_await self->shard.clock.sleep_for(1s);
  }
}

void Voter::Watched::apply(Offset index, LeaderEpoch epoch, BytesView records) {
  voter_.publisher.apply(index, epoch, records);
}

Task<Result<SharedBytes>> Voter::Watched::snapshot() {
  ++voter_.voters.snapshots_taken;
  return voter_.publisher.snapshot();
}

Result<> Voter::Watched::restore(Offset index, SharedBytes image) {
  ++(voter_.service ? voter_.voters.restores_while_running : voter_.voters.restores_at_start);
  return voter_.publisher.restore(index, std::move(image));
}

// Who leads does not lose its machine: a change that is refused costs others nothing.
void Voter::answered(const Result<broker::ControllerLink::Reply>& answer) {
  if (!quorum.is_leader()) return;
  const LeaderEpoch epoch = quorum.leader().epoch;
  if (!answer) {
    gone_ = gone_ || (served_ == epoch && answer.error().code == ErrorCode::kNotController);
    return;
  }
  if (served_ == epoch && gone_)
    voters.violation(fmt::format("voter {} had no controller for a while although it led in epoch {} all the time", id,
                                 epoch.value));
  served_ = epoch;
  gone_ = false;
}

Task<Result<>> Voter::remember(Voter* self, std::int64_t epoch) {
  self->voters.registered_as[self->id] = epoch;
  co_return Result<>();
}

void Voter::leave() { spawn(shard, hand_over(this)); }

Task<> Voter::hand_over(Voter* self) {
  if (self->lifecycle) co_await self->lifecycle->leave(self->shard.clock.now() + 1s);
}

void Voter::send(raft::PeerMessage message) {
  std::vector<std::byte> image;
  const bool snapshot = message.snapshot.has_value();
  if (snapshot) {
    const auto& piece = std::get<FilePiece>(message.image.front());
    image.resize(piece.size);
    CHECK(std::dynamic_pointer_cast<File>(piece.source)->read_now(piece.position, image));
  }
  const int to = raft::broker_of(message.to).value;
  auto bytes = SharedBytes::take(std::move(image));
  voters.send(id, to, [from = id, body = message.body, bytes](Voter& voter) { voter.receive(from, body, bytes); });
  // Whether it arrived is only known later, and not for sure: the core asks again.
  if (snapshot)
    voters.world().simulation.at(voters.world().now() + 20ms, [all = &voters, from = id, to] {
      if (auto* voter = all->at(from))
        voter->shard.post([voter, to] { voter->quorum.snapshot_sent(raft::member_of(BrokerId{to}), true); });
    });
}

void Voter::receive(int from, SharedBytes body, SharedBytes image) {
  const auto taken = quorum.receive(raft::member_of(BrokerId{from}), std::move(body), std::move(image));
  if (!taken && taken.error().code != ErrorCode::kInvalidRequest)
    voters.violation(fmt::format("voter {} refuses an honest message: {}", id, taken.error().message));
}

}  // namespace thalweg::simulation
