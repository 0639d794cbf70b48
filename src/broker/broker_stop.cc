// The end of a Broker: what it leads moves away, who waits is answered, and all that is written is on the disk.
#include <algorithm>

#include "base/log.h"
#include "broker/broker.h"
#include "broker/broker_lifecycle.h"
#include "broker/broker_membership.h"
#include "broker/broker_shard.h"
#include "broker/controller_service.h"
#include "broker/directory_assignments.h"
#include "broker/directory_moves.h"
#include "broker/forwarding.h"
#include "broker/group_coordinator.h"
#include "broker/last_voters.h"
#include "broker/metadata_publisher.h"
#include "broker/peer_channels.h"
#include "broker/replication.h"
#include "broker/transaction_verifier.h"
#include "network/server.h"
#include "raft/quorum.h"
#include "runtime/gather.h"
#include "storage/log_manager.h"

namespace thalweg::broker {
namespace {

constexpr Instant kStopWithin = std::chrono::seconds(10), kStopAloneWithin = std::chrono::milliseconds(200);
constexpr Instant kHandOverWithin = std::chrono::seconds(10);
constexpr Instant kControllerOverWithin = std::chrono::milliseconds(500);

}  // namespace

// All at once, or clients of the first would come back to the second.
Task<> Broker::stop_servers() {
  const Instant now = shard0().clock.now();
  member_->servers_stop = true;
  std::vector<Task<bool>> stopping;
  for (std::size_t i = 0; i < servers_.size(); ++i)
    if (servers_[i])
      stopping.push_back(shards_[i]->shard.call(*servers_[i], &network::Server::stop,
                                                now + (member_->deserted ? kStopAloneWithin : kStopWithin)));
  const auto stopped = co_await gather(std::move(stopping));
  member_->servers_stop = false;
  if (std::ranges::count(stopped, false) > 0) log::warn("requests are left unanswered: the time to stop is over");
}

// Too few voters are left for anything to be decided: there will be no controller, and no in-sync replica leaves or
// comes. Whoever waits for that waits in vain: who asked for acks=all as well as this broker itself.
void Broker::deserted() {
  member_->deserted = true;
  if (lifecycle_) lifecycle_->give_up_leaving();
  if (!member_->servers_stop) return;
  const Instant deadline = shard0().clock.now() + kStopAloneWithin;
  for (std::size_t i = 0; i < servers_.size(); ++i)
    if (servers_[i]) shards_[i]->shard.post([server = servers_[i].get(), deadline] { server->end_stop_by(deadline); });
}

// What this broker leads moves away, as long as there can be a controller to decide it.
Task<> Broker::leave() {
  if (!co_await lifecycle_->leave(shard0().clock.now() + kHandOverWithin))
    log::warn("leaderships are not handed over: the time to stop is over, or too few controllers are left");
  lifecycle_->stop();
}

Task<> Broker::stop() {
  std::optional<LastVoters> voters;
  if (quorum_) {
    voters.emplace(shard0(), *quorum_,
                   [this](raft::MemberId member) { return member_->participant->address_of(member); });
    voters->watch([this] { deserted(); });
  }
  if (lifecycle_) co_await leave();
  if (member_ && member_->watch) member_->watch->stop();
  // A controller that still leads, and takes no connections any more, would be waited for.
  if (quorum_) co_await quorum_->hand_over(later(shard0().clock.now(), kControllerOverWithin));
  // Where nobody took over, nothing is decided any more: who waits for that is told so, or the servers could not
  // finish.
  if (controller_) controller_->stop();
  if (forwarding_) forwarding_->stop();
  if (transaction_verifier_) transaction_verifier_->stop();
  co_await groups_->stop();  // who waits in a rebalance is answered, or the servers could not finish
  for (auto& shard : shards_) co_await shard->shard.call(*shard, &BrokerShard::begin_stop);
  if (member_) co_await stop_servers();
  voters.reset();
  if (replication_) replication_->stop();
  if (directory_moves_) co_await directory_moves_->stop();
  if (directory_assignments_) directory_assignments_->stop();
  if (peers_) peers_->close();
  if (publisher_) co_await publisher_->stop();
  for (auto& shard : shards_) co_await shard->shard.call(shard->partitions, &replica::Partitions::stop_all);
  if (member_) member_->participant->stop();
  if (quorum_) co_await quorum_->stop();
  if (auto stopped = co_await logs_->stop(); !stopped)
    log::error("logs were not closed cleanly; the next start recovers them", field("error", stopped.error()));
  log::info("broker stopped", field("node", config_.node_id));
}

}  // namespace thalweg::broker
