#include "broker/replication.h"

#include <algorithm>

#include "broker/broker.h"
#include "broker/broker_shard.h"
#include "broker/controller_link.h"
#include "broker/listener_role.h"
#include "controller/features.h"
#include "network/channel.h"

namespace thalweg::broker {
namespace {

using ChannelPtr = replica::FetchLinks::ChannelPtr;

constexpr std::int16_t kAlterPartitionVersion = 3;
constexpr Instant kAlterPartitionWithin = std::chrono::seconds(2);

// Clients ask any shard who leads.
void tell_all(Broker& broker, auto what) {
  for (const auto& shard : broker.shards()) shard->shard.post([shard = shard.get(), what] { what(*shard); });
}

// By name, at each connect: an address behind it may have moved.
Task<Result<ChannelPtr>> connect(BrokerShard* here, std::string listener, std::string client_id, BrokerId leader,
                                 Instant deadline) {
  // By an older image it would fetch from who led then, and cut what it has from later epochs.
  if (!here->image_has_this_process())
    co_return fail(ErrorCode::kBrokerNotAvailable, "this broker is not registered yet");
  const auto image = here->image();
  const auto* broker = image ? image->broker(leader) : nullptr;
  const auto* endpoint = broker ? broker->endpoint(listener) : nullptr;
  if (!endpoint)
    co_return fail(ErrorCode::kBrokerNotAvailable,
                   "broker " + to_string(leader) + " is not registered with a listener " + listener);
  CO_TRY(const ChannelPtr channel, co_await network::Channel::connect(here->shard, {endpoint->host, endpoint->port},
                                                                      deadline, {.client_id = client_id}));
  if (auto negotiated = co_await channel->negotiate(deadline); !negotiated) {
    channel->close();
    co_return std::unexpected(negotiated.error());
  }
  tell_all(here->broker, [leader](BrokerShard& shard) { shard.lost_leaders.found(leader); });
  co_return channel;
}

std::int64_t epoch_in(const metadata::ImagePtr& image, BrokerId id) {
  const auto* broker = image ? image->broker(id) : nullptr;
  return broker ? broker->epoch : -1;
}

// What an operator set; the rest is the fetcher's own.
replica::FetcherOptions fetcher_options(const config::BrokerConfig& config) {
  replica::FetcherOptions options;
  // A follower that asks for nothing for two seconds is silent to its leader.
  options.wait_max = std::clamp(config.replica_fetch_wait_max, Millis(0), Millis(1000));
  options.bytes_min = config.replica_fetch_min_bytes;
  options.partition_bytes = config.replica_fetch_max_bytes;
  options.response_bytes = config.replica_fetch_response_max_bytes;
  return options;
}

// Brokers that clients reach, by the listener between brokers: who is not registered with it is not there.
replica::RackOf rack_of(BrokerShard& here) {
  if (here.broker.config().replica_selector != config::ReplicaSelector::kRackAware) return nullptr;
  return [&here](BrokerId id) -> std::optional<std::string> {
    const auto* broker = here.image() ? here.image()->broker(id) : nullptr;
    if (!broker || !broker->active()) return std::nullopt;
    return broker->rack.value_or("");
  };
}

std::shared_ptr<replica::ReplicationThrottle> throttle_of(const Broker& broker, std::chrono::seconds window) {
  std::vector<const Shard*> shards;
  for (const auto& shard : broker.shards()) shards.push_back(&shard->shard);
  return std::make_shared<replica::ReplicationThrottle>(shards, to_instant(window));
}

}  // namespace

Speaker speaker_of(const metadata::Image& image, BrokerId id, std::int64_t broker_epoch) {
  const auto* broker = image.broker(id);
  if (!broker || broker_epoch == broker->epoch) return Speaker::kRegistered;
  if (broker_epoch != -1) return broker_epoch < broker->epoch ? Speaker::kGone : Speaker::kUnknown;
  const bool of_our_kind = broker->features.contains(std::string(controller::kThalwegFeature));
  return of_our_kind ? Speaker::kUnknown : Speaker::kRegistered;
}

bool may_be_in_sync(const metadata::Image& image, BrokerId id, std::int64_t broker_epoch) {
  const auto* broker = image.broker(id);
  return broker && broker->active() && (broker_epoch == -1 || broker->epoch == broker_epoch);
}

Replication::Replication(Broker& broker)
    : broker_(broker),
      queue_(std::make_unique<replica::AlterPartitionQueue>(
          broker.shard0(), replica::AlterPartitionQueue::Links{
                               .self = broker.config().node_id,
                               .broker_epoch = [&broker] { return broker.broker_epoch(); },
                               .ask =
                                   [&broker](protocol::AlterPartitionRequest request) {
                                     const Instant deadline = broker.shard0().clock.now() + kAlterPartitionWithin;
                                     return broker.controller().forward<protocol::AlterPartitionResponse>(
                                         std::move(request), kAlterPartitionVersion, deadline);
                                   },
                               .refused =
                                   [&broker](replica::PartitionKey key, std::int32_t partition_epoch) {
                                     auto& owner = broker.owner_of(key);
                                     owner.shard.post([&owner, key, partition_epoch] {
                                       owner.partitions.isr_refused(key, partition_epoch);
                                     });
                                   }})),
      leader_throttle_(throttle_of(broker, broker.config().replication_quota_window)),
      follower_throttle_(throttle_of(broker, broker.config().replication_quota_window)),
      directory_throttle_(throttle_of(broker, broker.config().directory_quota_window)) {}

void Replication::follow(const config::BrokerConfig& in_force) {
  leader_throttle_->set_rate(in_force.leader_replication_throttled_rate);
  follower_throttle_->set_rate(in_force.follower_replication_throttled_rate);
  directory_throttle_->set_rate(in_force.directory_copy_rate);
}

replica::ReplicationLinks Replication::links_of(BrokerShard& here) {
  const auto& config = broker_.config();
  const BrokerId self = config.node_id;
  const std::string client_id = "broker-" + to_string(self) + "-fetcher";
  return {.fetch = {.self = self,
                    .connect = [&here, listener = inter_broker_listener(config), client_id](
                                   BrokerId leader, replica::Lane,
                                   Instant deadline) { return connect(&here, listener, client_id, leader, deadline); },
                    .lost =
                        [this](BrokerId leader) {
                          tell_all(broker_, [leader](BrokerShard& shard) {
                            if (shard.image()) shard.lost_leaders.lost(leader, *shard.image());
                          });
                        },
                    .broker_epoch = [&here, self] { return epoch_in(here.image(), self); },
                    .throttle = follower_throttle_},
          .options = fetcher_options(config),
          .times = {.lag_max = config.replica_lag_time_max},
          .eligible = [&here](BrokerId id,
                              std::int64_t epoch) { return here.image() && may_be_in_sync(*here.image(), id, epoch); },
          .propose = [this](replica::IsrProposal proposal) { propose(std::move(proposal)); },
          .leader_throttle = leader_throttle_,
          .rack_of = rack_of(here)};
}

void Replication::propose(replica::IsrProposal proposal) {
  broker_.shard0().post(
      [queue = queue_.get(), proposal = std::move(proposal)]() mutable { queue->propose(std::move(proposal)); });
}

Task<> Replication::start() {
  for (const auto& shard : broker_.shards())
    co_await shard->shard.call(shard->partitions, &replica::Partitions::start_replication, links_of(*shard));
}

}  // namespace thalweg::broker
