#include "replica/testing_cluster.h"

#include <algorithm>

#include "record/record.h"
#include "storage/pieces.h"

namespace thalweg::replica {

using namespace std::chrono_literals;

// ---- The cluster

namespace {
controller::Options options(const std::string& min_in_sync) {
  controller::Options options;
  options.static_configs = {{"min.insync.replicas", min_in_sync}};
  options.auto_leader_rebalance_enable = false;
  options.broker_session_timeout = options.broker_silence = Millis(3'600'000);  // who is fenced is up to the test
  return options;
}

SharedBytes batch_of(const Cluster::Producer& producer, Timestamp now) {
  record::BatchBuilder builder(
      {.producer_id = ProducerId{producer.id}, .producer_epoch = ProducerEpoch{0}, .base_sequence = producer.sequence});
  for (int i = 0; i < producer.records; ++i) {
    std::array<std::byte, 8> value;
    store_be(value.data(), producer.number + std::uint64_t(i));
    builder.append({.timestamp = now, .key = as_bytes("key"), .value = value});
  }
  return builder.build();
}

bool contains(const std::vector<BrokerId>& ids, BrokerId id) { return std::ranges::find(ids, id) != ids.end(); }
}  // namespace

Cluster::Cluster(std::uint64_t seed, std::string min)
    : world(seed), controller(options(min), seed), min_in_sync(std::stoi(min)) {
  for (std::int64_t id = 1; id <= 3; ++id) next_batch(producers.emplace_back(Producer{.id = id}));
  for (int i = 0; i < kBrokers; ++i)
    nodes_.push_back(&world.add_node(host_name(BrokerId{i}), 1, [this, i](sim::Node& node) {
      return std::make_shared<Host>(node, *this, BrokerId{i});
    }));
}

Cluster::~Cluster() {
  for (auto* node : nodes_)
    if (node->is_up()) node->crash(sim::Crash::kKill);
}

Host* Cluster::host(int i) { return node(i).is_up() ? &node(i).program<Host>() : nullptr; }

bool Cluster::begin() {
  for (auto* node : nodes_) node->start();
  const auto active = [&] {
    return std::ranges::count_if(image().brokers(), [](const auto& b) { return b.second.active(); }) == kBrokers;
  };
  if (!world.run_until(active, 10s)) return false;
  controller.create("orders", 1, kBrokers);
  publish();
  return world.run_until([&] { return !acknowledged.empty(); }, 10s);
}

std::int64_t Cluster::register_broker(BrokerId id) {
  if (const auto* known = image().broker(id); known && !known->fenced) controller.heartbeat(id.value, true);
  protocol::BrokerRegistrationRequest request;
  if (const auto* known = image().broker(id)) request.previous_broker_epoch = known->epoch;  // disks are kept
  request.broker_id = id;
  request.cluster_id = image().cluster_id();
  request.incarnation_id = {std::uint64_t(id.value) + 1, ++incarnations_};
  request.listeners.push_back({"PLAINTEXT", host_name(id), 9092, 0});
  request.log_dirs = {Uuid{5, std::uint64_t(id.value) + 1}};
  for (const auto& [feature, level] : image().features()) request.features.push_back({feature, 0, 100});
  const auto registered = controller.ask<protocol::BrokerRegistrationResponse>(request);
  if (registered.error_code != ErrorCode::kNone) fail("not registered: " + std::string(name(registered.error_code)));
  publish();
  return registered.broker_epoch;
}

void Cluster::beat(BrokerId id, bool want_fence) {
  if (!image().broker(id)) return;
  controller.heartbeat(id.value, want_fence);
  publish();
}

Result<protocol::AlterPartitionResponse> Cluster::alter(const protocol::AlterPartitionRequest& request) {
  auto response = controller.ask<protocol::AlterPartitionResponse>(request);
  publish();
  return response;
}

void Cluster::publish() {
  for (int i = 0; i < kBrokers; ++i) {
    const std::uint64_t late = below(8) == 0 ? 80'000 : 3'000;
    world.simulation.at(world.now() + std::chrono::microseconds(100 + below(late)), [this, i] {
      if (Host* h = host(i)) h->image_changed();
    });
  }
}

void Cluster::note_leader(LeaderEpoch epoch, BrokerId id, std::int64_t broker_epoch) {
  const auto known = leaders_.emplace(epoch, std::pair(id, broker_epoch)).first->second;
  if (known != std::pair(id, broker_epoch)) fail("I5: two leaders of epoch " + to_string(epoch));
}

void Cluster::note_acknowledged(Producer& producer, Offset at) {
  for (int i = 0; i < producer.records; ++i) {
    const std::uint64_t number = producer.number + std::uint64_t(i);
    if (acknowledged.emplace(at + i, number).first->second != number)
      fail("I1: two records were acknowledged at offset " + to_string(at + i));
  }
  producer.sequence += producer.records;
  next_batch(producer);
}

void Cluster::next_batch(Producer& producer) {
  producer.number = numbers_ + 1;
  producer.records = 1 + int(below(5));
  numbers_ += std::uint64_t(producer.records);
}

void Cluster::delete_some() {
  for (int i = 0; i < kBrokers; ++i) {
    const Host* h = host(i);
    const auto led = h ? h->partition() : nullptr;
    if (!led || !led->is_leader()) continue;
    const Offset start = led->log().start_offset();
    const auto committed = led->high_watermark().value() - start;
    const auto to =
        led->delete_records(start + std::int64_t(below(std::uint64_t(std::max<std::int64_t>(committed, 0)) + 1)));
    if (to) deleted = std::max(deleted, *to);
  }
}

void Cluster::check() {
  const auto* now = state();
  if (!now || acknowledged.empty()) return;
  const Offset end = acknowledged.rbegin()->first + 1;
  for (int i = 0; i < kBrokers; ++i) {
    const BrokerId id{i};
    const Host* h = host(i);
    const auto* broker = image().broker(id);
    if (!h || !broker || broker->fenced || broker->epoch != h->epoch() || !h->partition()) continue;
    if (now->leader != id && !contains(now->isr, id) && !contains(now->eligible_leader_replicas, id)) continue;
    auto& log = h->partition()->log();
    if (!log.is_offline() && log.durable().value() < end)
      fail("I3: broker " + to_string(id) + " may lead and has " + to_string(log.durable().value()) + " of " +
           to_string(end) + " on disk");
  }
}

// ---- A broker

Host::Host(sim::Node& node, Cluster& cluster, BrokerId id)
    : cluster_(cluster),
      shard_(node.shard(0)),
      id_(id),
      partitions_(shard_, id),
      queue_(shard_,
             {.self = id,
              .broker_epoch = [this] { return epoch_; },
              .ask = [this](protocol::AlterPartitionRequest request) { return ask(this, std::move(request)); },
              .refused = [this](PartitionKey key, std::int32_t epoch) { partitions_.isr_refused(key, epoch); }}) {
  partitions_.start_replication(links());
  spawn(shard_, live());
}

ReplicationLinks Host::links() {
  ReplicationLinks links;
  links.fetch.self = id_;
  links.fetch.connect = [this](BrokerId leader, Lane, Instant deadline) {
    return network::Channel::connect(shard_, {Cluster::host_name(leader), 9092}, deadline);
  };
  links.fetch.broker_epoch = [this] { return epoch_; };
  links.eligible = [this](BrokerId id, std::int64_t epoch) {
    const auto* broker = image_ ? image_->broker(id) : nullptr;
    return broker && broker->active() && broker->epoch == epoch;
  };
  links.propose = [this](IsrProposal proposal) { queue_.propose(std::move(proposal)); };
  return links;
}

Task<Result<protocol::AlterPartitionResponse>> Host::ask(Host* self, protocol::AlterPartitionRequest request) {
  Cluster& cluster = self->cluster_;
  const auto travel = [&] {
    return std::chrono::microseconds(50 + cluster.below(cluster.below(8) == 0 ? 50'000 : 2'000));
  };
  co_await self->shard_.clock.sleep_for(travel());
  if (cluster.loses_requests && cluster.below(12) == 0) {
    // Given up on, and perhaps only held up.
    if (cluster.below(2) == 0)
      cluster.world.simulation.at(cluster.world.now() + std::chrono::milliseconds(cluster.below(600)),
                                  [&cluster, request] { (void)cluster.alter(request); });
    co_return fail(ErrorCode::kRequestTimedOut, "it got lost");
  }
  auto response = cluster.alter(request);
  co_await self->shard_.clock.sleep_for(travel());
  if (cluster.loses_requests && cluster.below(12) == 0)
    co_return fail(ErrorCode::kRequestTimedOut, "the answer got lost");
  co_return response;
}

// Nothing is claimed before the log was recovered, and an image counts from the one that knows this process.
Task<> Host::live() {
  if (cluster_.state()) co_await open();
  server_ = std::make_unique<network::Server>(shard_, network::ServerOptions{}, memory_, [this](const auto&) {
    return std::make_unique<TestingLeader>(shard_, partitions_, cluster_.key().topic_id, cluster_.leaders);
  });
  auto listener = shard_.network.listen({"", 9092}, {});
  CHECK(listener);
  server_->serve(std::move(*listener), "PLAINTEXT");
  epoch_ = cluster_.register_broker(id_);
  spawn(shard_, beat());
  for (std::size_t i = 0; i < cluster_.producers.size(); ++i) spawn(shard_, produce(i));
  for (;;) {
    co_await changed_.wait();
    const auto image = cluster_.pinned();
    const auto* self = image->broker(id_);
    if (self && self->epoch == epoch_) co_await take(image);
  }
}

Task<> Host::open() {
  // The directory's own name is there from before, as LogManager sees to it.
  CHECK(shard_.disk.make_directory("/data"));
  CHECK(co_await shard_.disk.sync_directory("/"));
  storage::LogConfig config;
  config.segment_bytes = 3000;
  config.min_insync_replicas = cluster_.min_in_sync;
  auto log = co_await storage::Log::open(shard_, {.directory = "/data/orders-0",
                                                  .partition = {"orders", PartitionId{0}},
                                                  .topic_id = cluster_.key().topic_id,
                                                  .config = config});
  if (!log) co_return cluster_.fail("a log does not open: " + log.error().message);
  log_ = *log;
}

Task<> Host::take(metadata::ImagePtr image) {
  const auto* state = image->partition("orders", PartitionId{0});
  if (state && !log_) co_await open();
  if (state && log_) {
    const PartitionKey key = cluster_.key();
    co_await partitions_.settled(key);
    if (partitions_.find(key))
      partitions_.update(key, *state);
    else
      partitions_.host(key, log_, *state);
    if (const auto partition = partitions_.find(key); partition->is_leader())
      cluster_.note_leader(partition->leader_epoch(), id_, epoch_);
  }
  image_ = image;
}

Task<> Host::beat() {
  for (;;) {
    co_await shard_.clock.sleep_for(std::chrono::milliseconds(10 + cluster_.below(40)));
    const auto* self = image_ ? image_->broker(id_) : nullptr;
    if (self && self->fenced && cluster_.image().broker(id_)->epoch == epoch_) cluster_.beat(id_, false);
  }
}

Task<> Host::produce(std::size_t which) {
  auto& producer = cluster_.producers[which];
  for (;;) {
    const std::uint64_t pause = cluster_.hurries ? 15'000 : 200'000;
    co_await shard_.clock.sleep_for(std::chrono::microseconds(500 + cluster_.below(pause)));
    const auto led = partition();
    const auto now = [&] { return cluster_.world.now(); };
    if (!cluster_.produces || !led || !led->is_leader() || now() < producer.busy_until) continue;
    const int attempt = ++producer.attempt;
    producer.busy_until = now() + 600ms;
    const auto appended =
        co_await partitions_.append({{cluster_.key(), {.records = batch_of(producer, shard_.clock.wall())}}});
    const auto& info = appended.front();
    if (!info) {
      if (info.error().error.code == ErrorCode::kOutOfOrderSequenceNumber)
        cluster_.fail("I6: a leader does not know what the producer has written");
      producer.busy_until = now();
      continue;
    }
    const auto done =
        co_await partitions_.committed({{cluster_.key(), info->end(), info->leader_epoch}}, shard_.clock.now() + 400ms);
    if (producer.attempt != attempt) continue;  // it was given up, and tried elsewhere
    producer.busy_until = now();
    if (done.front()) cluster_.note_acknowledged(producer, info->first);
  }
}

Task<std::map<Offset, Host::Stored>> Host::contents(storage::LogPtr log) {
  std::map<Offset, Stored> all;
  Offset at = log->start_offset();
  while (at < log->end_offset()) {
    const auto data = co_await log->read(at, {});
    CHECK(data && data->bytes > 0);
    const auto bytes = co_await storage::gather(data->records);
    CHECK(bytes);
    for (const auto& batch : *record::split_batches(*bytes)) {
      CHECK(batch.crc_ok());
      auto records = record::RecordReader::open(batch);
      while (auto record = *records->next())
        if (record->offset >= log->start_offset())
          all[record->offset] = {load_be<std::uint64_t>(record->value->data()), batch.leader_epoch()};
    }
    at = data->next;
  }
  co_return all;
}

}  // namespace thalweg::replica
