// How quorum members reach each other. Messages may be lost, doubled and reordered; they may not be changed, and the
// receiver must know who sent them.
#pragma once

#include "base/bytes.h"
#include "base/types.h"

namespace thalweg::raft {

struct PeerMessage {
  BrokerId to;
  SharedBytes body;
  // Only with a snapshot: the image, which goes beside the message and in chunks, so that heartbeats pass it. The other
  // side calls Quorum::receive when both have arrived; this side reports the outcome with Quorum::snapshot_sent.
  Pieces image;
};

class Transport {
 public:
  virtual ~Transport() = default;
  // Queues or drops; never waits and never calls the quorum back inside the call.
  virtual void send(PeerMessage message) = 0;
};

}  // namespace thalweg::raft
