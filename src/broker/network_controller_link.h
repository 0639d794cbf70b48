// Asks the controller of another node over its controller endpoint: what a broker says in its own name goes as Kafka's
// request (BrokerRegistration, BrokerHeartbeat, AllocateProducerIds, AlterPartition), what clients ask goes in an
// Envelope with who asked (envelope.h).
//
// Errors: kNotController when nobody leads, when the leader cannot be reached, or when whoever was reached says so;
// kRequestTimedOut when no answer came. A request that may be made twice is given up on after kOwnWithin, since what is
// lost gives no sign; a client's waits for its deadline, or until the quorum has another leader (leader_changed()).
// When nothing at all has come meanwhile over the connection, it and the others to that node that are as silent are
// closed: what waits on them is told so, and the next attempt makes another one.
//
// Owner: shard 0.
#pragma once

#include <functional>
#include <optional>
#include <type_traits>

#include "broker/controller_link.h"
#include "broker/peer_channels.h"

namespace thalweg::broker {

class NetworkControllerLink : public ControllerLink {
 public:
  struct Target {
    BrokerId node;
    Endpoint endpoint;  // of its controller listener; a name is looked up at each connect
    friend bool operator==(const Target&, const Target&) = default;
  };
  // The quorum's leader as far as this node knows; asked at each attempt.
  using Find = std::function<std::optional<Target>()>;

  // `channels` outlives the link.
  NetworkControllerLink(const Shard& shard, PeerChannels& channels, Find find)
      : shard_(shard), channels_(channels), find_(std::move(find)) {}

  Task<Result<Reply>> ask_once(Request request, std::int16_t version, Instant deadline) override;
  Task<Result<Reply>> forward_once(Request request, std::int16_t version, ForwardedFrom from,
                                   Instant deadline) override;

  // Whoever waits for an answer of the leader before is told to ask again. Called on the quorum's changes of
  // leadership.
  void leader_changed();

  static constexpr Instant kOwnWithin = std::chrono::seconds(2);

 protected:
  Clock& clock() override { return shard_.clock; }

 private:
  std::optional<Target> target();
  void forget_connections();
  template <class Asked>
  Task<Result<Reply>> send(Target to, Asked request, std::int16_t version, ForwardedFrom from, Instant deadline);
  template <class Asked>
  Task<Result<Reply>> send_own(Target to, Asked request, std::int16_t version, Instant deadline);
  template <class Asked>
  Task<Result<Reply>> send_enveloped(Target to, Asked request, std::int16_t version, ForwardedFrom from,
                                     Instant deadline);

  const Shard& shard_;
  PeerChannels& channels_;
  const Find find_;
  BrokerId asked_last_ = kNoBroker;
};

}  // namespace thalweg::broker
