// Carries the quorum's messages to its other members: one connection to each, on which requests (ThalwegQuorum) follow
// one another without waiting for their responses. The other end is QuorumReceiver.
//
//   Bounds      kInFlightMax bytes a member that are sent and not answered; kQueuedMax that wait. What comes beyond is
//               dropped: the core sends it again. Of heartbeats the newest waits alone, and goes before what waits.
//   Snapshots   chunks of kChunk bytes, one under way at a time, other messages between them; the image is read from
//               its file chunk by chunk.
//   Connecting  by name at each attempt, with pauses of 5 ms doubled to 100 ms, and of a second for a peer that refuses
//               us. What waits when an attempt fails is dropped, and the quorum is told (peer_unreachable).
//   Losing      a connection that the other end has ended, and an attempt that failed, are told at once (lost), also
//               while nothing is under way: what follows from that is PeerWatch's matter.
//
// Owner: shard 0. Events come between calls, never inside send(), and not after stop().
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>

#include "base/uuid.h"
#include "broker/quorum_self.h"
#include "protocol/thalweg_quorum_request.h"
#include "raft/transport.h"
#include "runtime/shard.h"

namespace thalweg::broker {

class QuorumTransport final : public raft::Transport {
 public:
  static constexpr std::size_t kInFlightMax = 4 << 20, kQueuedMax = 16 << 20, kChunk = 256 << 10;
  // A peer that answers nothing for so long has its connection closed.
  static constexpr Instant kAnsweredWithin = std::chrono::seconds(10);

  // Where a member is now, asked at each connect; nothing: not known yet.
  using Find = std::function<std::optional<Endpoint>(raft::MemberId)>;
  // What the quorum has to hear.
  struct Events {
    std::function<void(raft::MemberId)> unreachable = [](raft::MemberId) {};
    std::function<void(raft::MemberId, bool)> snapshot_sent = [](raft::MemberId, bool) {};
    // The address that was connected, or asked for.
    std::function<void(raft::MemberId, Endpoint)> lost = [](raft::MemberId, Endpoint) {};
    std::function<void(raft::MemberId)> connected = [](raft::MemberId) {};
  };

  // `self` outlives the transport.
  QuorumTransport(const Shard& shard, const QuorumSelf& self, Find find);
  ~QuorumTransport() override;
  QuorumTransport(const QuorumTransport&) = delete;

  // What was to be sent waits until here: an end of this node that may speak, and hears what comes of it.
  void tell(Events events);
  void send(raft::PeerMessage message) override;
  // Drops what waits and closes the connections. Nothing is sent afterwards.
  void stop();
  // Who is no member any more: its connection is closed.
  void forget(raft::MemberId peer);

 private:
  struct Shared;
  struct Lane;
  using LanePtr = std::shared_ptr<Lane>;

  LanePtr lane_to(raft::MemberId peer);

  const std::shared_ptr<Shared> shared_;
  std::map<raft::MemberId, LanePtr> lanes_;
};

}  // namespace thalweg::broker
