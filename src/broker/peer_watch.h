// What this node makes of a connection to another member of the quorum that ended, or cannot be made: it asks whether
// that member's process is gone, and tells who waits for it.
//
//   the leader that this node follows   Quorum::leader_gone: voters ask for votes before the election timeout
//   a broker, while this node leads     ControllerService::broker_gone: its leaderships move before it is missed
//
// Every node is a member of the quorum, and each speaks with its leader all the time, so that nobody else has to watch
// anybody. A new leader looks at all members once: whoever died with the leader before was not watched by anybody.
//
// A broker's epoch is the one known before the first knock. The process of that registration listened from before it
// registered until its end, so a port that refuses afterwards is not its any more; a newer process, which has not bound
// its port yet, has another epoch.
//
// Owner: shard 0.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>

#include "broker/liveness_probe.h"
#include "raft/quorum.h"

namespace thalweg::broker {

class ControllerService;
class MetadataPublisher;

class PeerWatch {
 public:
  // Where a member listens for the quorum.
  using Find = std::function<std::optional<Endpoint>(raft::MemberId)>;

  // All outlive the watch, or stop() comes first.
  PeerWatch(const Shard& shard, raft::Quorum& quorum, MetadataPublisher& publisher, ControllerService& controller,
            Find find);

  // There is no connection to the member at this address.
  void lost(raft::MemberId member, Endpoint at);
  // There is one: somebody lives there.
  void connected(raft::MemberId member) { probe_.forget(member); }
  // The quorum has another leader, or none.
  void leader_changed();
  void stop() { probe_.stop(); }

 private:
  // Of a broker that would be missed.
  std::optional<std::int64_t> epoch_of(BrokerId node) const;

  raft::Quorum& quorum_;
  MetadataPublisher& publisher_;
  ControllerService& controller_;
  const Find find_;
  LivenessProbe probe_;
};

}  // namespace thalweg::broker
