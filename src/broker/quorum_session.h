// A connection over which nodes may speak with each other. What they say to found a cluster and as members of its
// quorum (ThalwegQuorum, key 20000: ours, and so not among the APIs that are advertised) is answered here; everything
// else as on any connection, once this broker has come so far. Listeners that do not carry the quorum tell who asks
// where it is, so that a node can join by any address that clients know. Owner: the connection's shard.
#pragma once

#include <cstdint>
#include <memory>

#include "broker/broker_session.h"
#include "broker/quorum_receiver.h"
#include "network/session.h"

namespace thalweg::broker {

// What connections may ask for while the broker starts. A request for anything else ends its connection, and is tried
// again by whoever made it.
enum class Open : std::uint8_t {
  kQuorum,       // founding, and the messages of the quorum
  kControllers,  // and what nodes ask of a controller
  kAll,
};

class QuorumSession : public network::Session {
 public:
  // `open` and `receiver` outlive the session; `open` is of its shard. `carries_quorum`: else it only tells.
  QuorumSession(BrokerShard& here, const network::ConnectionInfo& connection, bool carries_quorum, const Open& open,
                QuorumReceiver& receiver);
  Task<network::Started> start(network::Request request) override;

 private:
  bool is_open_for(protocol::ApiKey key) const;
  Task<network::Started> answer(network::Request request);
  static Task<network::Started> refuse(network::Request request);

  BrokerShard& here_;
  const bool carries_quorum_;
  const Open& open_;
  QuorumReceiver& receiver_;
  BrokerSession everything_else_;
};

}  // namespace thalweg::broker
