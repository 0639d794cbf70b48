#include "broker/peer_watch.h"

#include <utility>

#include "broker/controller_service.h"
#include "broker/metadata_publisher.h"

namespace thalweg::broker {

using raft::MemberId;

PeerWatch::PeerWatch(const Shard& shard, raft::Quorum& quorum, MetadataPublisher& publisher,
                     ControllerService& controller, Find find)
    : quorum_(quorum), publisher_(publisher), controller_(controller), find_(std::move(find)), probe_(shard) {}

std::optional<std::int64_t> PeerWatch::epoch_of(BrokerId node) const {
  const auto* broker = publisher_.published_image()->broker(node);
  return broker && !broker->fenced ? std::optional(broker->epoch) : std::nullopt;
}

void PeerWatch::lost(MemberId member, Endpoint at) {
  if (!quorum_.is_leader()) {
    if (quorum_.leader().member == member)
      probe_.look(member, std::move(at), [this, member] { quorum_.leader_gone(member); });
    return;
  }
  const BrokerId node = raft::broker_of(member);
  if (const auto epoch = epoch_of(node))
    probe_.look(member, std::move(at), [this, node, epoch] { controller_.broker_gone(node, *epoch); });
}

void PeerWatch::leader_changed() {
  probe_.begin_anew();
  if (!quorum_.is_leader()) return;
  for (const auto& [id, member] : quorum_.members().members()) {
    if (id == quorum_.self()) continue;
    if (const auto at = find_(id)) lost(id, *at);
  }
}

}  // namespace thalweg::broker
