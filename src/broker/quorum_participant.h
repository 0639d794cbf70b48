// This node as one of several in a metadata quorum: who it is, how it comes to take part, and how it speaks with the
// others. A node that stands alone founds alone, and can be joined by others.
//
//   take_part()   founds, adopts or joins; returns when the metadata log may be opened
//   attach()      the quorum is there: messages go both ways, and its leader looks after the voters
//   stop()        nothing more is sent or taken; before the quorum stops
//
// Owner: shard 0.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "broker/founding_round.h"
#include "broker/quorum_note.h"
#include "broker/quorum_receiver.h"
#include "broker/quorum_self.h"
#include "broker/quorum_transport.h"
#include "config/broker_config.h"
#include "raft/quorum.h"
#include "raft/voter_keeper.h"
#include "runtime/budget.h"
#include "runtime/shard.h"

namespace thalweg::broker {

class PeerWatch;

class QuorumParticipant {
 public:
  // All outlive it. `memory`: see QuorumReceiver.
  QuorumParticipant(const Shard& shard, const config::BrokerConfig& config, Budget& memory);
  ~QuorumParticipant();

  // What the log directories say, whichever of them is left.
  struct Found {
    std::string cluster_id;         // of meta.properties, or empty
    std::optional<Uuid> directory;  // the id of the metadata directory where it is one of log.dirs
    bool was_broker = false;        // this node was registered before, or has partitions
  };
  // Reads what this disk knows and counts the process. Who was a broker, or a member as the disk says, and has no
  // metadata log has lost it: it is another disk from now on, since ids given to the one before stand for what that one
  // remembered. From here on the receiver answers.
  Task<Result<>> begin(Found found);
  // See FoundingRound::run(). Afterwards cluster_id() is known, and options() has what the quorum begins with.
  Task<Result<>> take_part(FoundingRound::WriteClusterId write_cluster_id);

  const std::string& cluster_id() const { return self_.seen.cluster_id; }
  raft::QuorumOptions options() const;
  raft::Transport& transport() { return transport_; }
  QuorumReceiver& receiver() { return receiver_; }
  // Where the quorum's listener of a member is, as far as is known here.
  std::optional<Endpoint> address_of(raft::MemberId member) const;
  std::optional<Endpoint> said_address_of(raft::MemberId member) const;

  // `is_broker`: whether a node is registered, as far as this one knows. REQUIRES: the quorum has started. It outlives
  // the participant, or stop() comes first.
  void attach(raft::Quorum& quorum, std::function<bool(BrokerId)> is_broker);
  // There is a metadata log now: durable in the note, with what begin() and take_part() have learned. REQUIRES: the
  // quorum has started; before attach(), since others may rely on what the note says from their first message on
  Task<Result<>> remember_membership();
  // Who is to hear of connections to members, see QuorumTransport. It outlives the participant, or stop() comes first.
  void watch(PeerWatch& watch) { watch_ = &watch; }
  // take_part() ends, with an error.
  void abandon() {
    if (round_) round_->stop();
  }
  void stop();

 private:
  Task<Result<>> keep_note();
  void is_no_copy_any_more(raft::Leadership leadership);
  bool is_noted(Own own, const std::string& cluster_id) const;
  void note_membership(Own own, const std::string& cluster_id);
  void introduce(const Found& found);

  const Shard& shard_;
  const config::BrokerConfig& config_;
  QuorumNote note_;
  std::optional<QuorumNote> kept_;  // as it was written last
  QuorumSelf self_;
  std::map<BrokerId, Endpoint> asked_at_;       // who answered at which address while founding
  std::map<raft::MemberId, Endpoint> lost_at_;  // where a member was not reached, or no longer, the last time
  FoundingRound::Outcome outcome_;
  std::unique_ptr<FoundingRound> round_;
  raft::Quorum* quorum_ = nullptr;
  QuorumTransport transport_;
  QuorumReceiver receiver_;
  std::unique_ptr<raft::VoterKeeper> keeper_;
  PeerWatch* watch_ = nullptr;
};

}  // namespace thalweg::broker
