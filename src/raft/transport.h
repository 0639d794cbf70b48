// How quorum members reach each other. Messages may be lost, doubled and reordered; they may not be changed, and the
// receiver must know who sent them: (node, directory, member id), held against Quorum::members()
// (MemberTable::standing).
//
// Snapshots. A message with `snapshot` set comes with an image that may be large. The transport owes it four things:
//   1. It sends body and image in chunks of its choice between other messages, so that heartbeats pass them, and calls
//      Quorum::receive on the other side when both are whole there. Until then the receiving quorum knows nothing of
//      it: half an image may be dropped at any time.
//   2. It calls Quorum::snapshot_sent exactly once for each: true when the other side has taken it, false when it was
//      given up (connection ended, other side refused or does not move on). Until that call the leader sends that
//      member nothing but heartbeats, and no second snapshot: there is at most one under way to a member. After false
//      it is sent what it needs as soon as it answers a heartbeat: the same snapshot again, or a newer one.
//   3. `image` stays readable however long that takes: it holds its file open, also when a newer checkpoint has taken
//      the place of that file. It is a range of a file; no memory is held for it.
//   4. Nothing of it survives a change of leader that matters: what arrives late is of an old epoch, and the core drops
//      it. A newer snapshot for the same member (other index, or other epoch) replaces what has arrived of an older
//      one.
// Progress of a transfer is the transport's to know (`size`); Quorum::progress() shows the member as one that lags.
#pragma once

#include <cstdint>
#include <optional>

#include "base/bytes.h"
#include "base/types.h"
#include "raft/membership.h"

namespace thalweg::raft {

// Which image; unique within a quorum.
struct SnapshotId {
  Offset index;
  LeaderEpoch epoch;
  friend bool operator==(const SnapshotId&, const SnapshotId&) = default;
};

struct PeerMessage {
  MemberId to;
  SharedBytes body;
  Pieces image;                        // only with a snapshot; may be empty even then
  std::optional<SnapshotId> snapshot;  // the message carries one: see above
};

class Transport {
 public:
  virtual ~Transport() = default;
  // Queues or drops; never waits and never calls the quorum back inside the call.
  virtual void send(PeerMessage message) = 0;
};

}  // namespace thalweg::raft
