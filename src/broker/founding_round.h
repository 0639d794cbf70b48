// The asking around decide() (founding.h): asks everybody until the table says that this node takes part, and does on
// the way what the table says: writes a cluster id down, writes down that all are ready, joins. Owner: shard 0.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "broker/founding.h"
#include "broker/quorum_note.h"
#include "broker/quorum_self.h"
#include "config/broker_config.h"
#include "protocol/thalweg_quorum_response.h"
#include "runtime/shard.h"

namespace thalweg::broker {

// Of a cluster that this node founds: the one that was asked for, or a random one.
std::string new_cluster_id(const Shard& shard, const config::BrokerConfig& config);

class FoundingRound {
 public:
  static constexpr Instant kAskEach = std::chrono::milliseconds(200), kSayEach = std::chrono::seconds(10);
  static constexpr Instant kAnsweredWithin = std::chrono::seconds(1), kWaitedLong = std::chrono::seconds(10);

  // With what the metadata log begins, where it is new.
  struct Outcome {
    std::vector<BrokerId> voters;             // empty for who joins
    raft::MemberId member = raft::kNoMember;  // set for who joins
    std::map<BrokerId, Endpoint> addresses;   // of those that have answered
  };

  // Makes the cluster's id durable in every log directory.
  using WriteClusterId = std::function<Task<Result<>>(std::string)>;
  // `self` and `note` are kept up to date, and those who ask are told so; the note is durable before `self` says what
  // is in it. All outlive the round.
  FoundingRound(const Shard& shard, const config::BrokerConfig& config, QuorumSelf& self, QuorumNote& note,
                WriteClusterId write_cluster_id);

  // Until this node may open its metadata log; as long as it takes. kInconsistentClusterId or kInvalidConfig when only
  // an operator can say how to go on, kDuplicateBrokerRegistration when the id that it was offered is somebody else's
  // by now, kRequestTimedOut after stop().
  Task<Result<Outcome>> run();
  void stop() { stopping_ = true; }

 private:
  using Response = protocol::ThalwegQuorumResponse;
  struct Peer {
    BrokerId node = kNoBroker;  // of controller.quorum.voters; else not known before it answers
    Endpoint endpoint;
  };
  struct Round {
    std::vector<std::optional<Seen>> asked;
    std::vector<Endpoint> silent;
    std::string silent_nodes;
    std::optional<Endpoint> leader;
    bool heard_itself = false;  // at one of the addresses
  };

  bool is_listed(const Round& round) const;
  Task<Round> ask_all();
  Task<Result<Response>> ask(Peer peer, bool join);
  Task<Result<bool>> carry_out(Decision decision, const Round& round);
  Task<Result<>> belong_to(std::string cluster_id, Own founding);
  Task<Result<bool>> join(std::string cluster_id, const Round& round);
  Task<Result<>> set_copy_aside();
  void say(const Decision& decision, const Round& round);
  std::vector<BrokerId> founders() const;

  const Shard& shard_;
  const config::BrokerConfig& config_;
  QuorumSelf& self_;
  QuorumNote& note_;
  const WriteClusterId write_cluster_id_;
  const Uuid another_;  // the directory id with which a copy joins
  std::vector<Peer> peers_;
  std::map<BrokerId, Endpoint> addresses_;
  std::optional<Instant> said_;
  // What was said last, so that it is not said with each round.
  std::optional<Decision> decided_;
  std::string refused_with_;
  bool stopping_ = false;
};

}  // namespace thalweg::broker
