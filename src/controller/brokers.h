// Brokers coming, reporting and going. What is soft about a broker (when it was last heard) is the machine's.
#pragma once

#include <cstdint>

#include "controller/decision.h"
#include "controller/leader_election.h"
#include "protocol/allocate_producer_ids_request.h"
#include "protocol/allocate_producer_ids_response.h"
#include "protocol/broker_heartbeat_request.h"
#include "protocol/broker_heartbeat_response.h"
#include "protocol/broker_registration_request.h"
#include "protocol/broker_registration_response.h"
#include "protocol/unregister_broker_request.h"
#include "protocol/unregister_broker_response.h"

namespace thalweg::controller {

// What one step decides about a broker: its own record first, then what follows for its partitions, as much as fits.
// `more`: the rest is left to repair(). In between nobody elects the broker that goes.
template <class Response>
struct BrokerDecision : Decision<Response> {
  bool more = false;
};

// `alive`: the broker registered under this id was heard within its session. A new process with the id of a live broker
// is refused, unless it is the controller's own node: then the old process is known to be gone.
BrokerDecision<protocol::BrokerRegistrationResponse> register_broker(const metadata::Image& image,
                                                                     const Options& options,
                                                                     const protocol::BrokerRegistrationRequest& request,
                                                                     bool alive, std::int64_t new_epoch);
BrokerDecision<protocol::BrokerHeartbeatResponse> heartbeat(const metadata::Image& image, const Options& options,
                                                            const protocol::BrokerHeartbeatRequest& request);
BrokerDecision<protocol::UnregisterBrokerResponse> unregister_broker(const metadata::Image& image,
                                                                     const Options& options,
                                                                     const protocol::UnregisterBrokerRequest& request);
Decision<protocol::AllocateProducerIdsResponse> allocate_producer_ids(
    const metadata::Image& image, const protocol::AllocateProducerIdsRequest& request);

// Takes leadership away and says so: what follows when a broker's session ends.
Repair fence(const metadata::Image& image, const Options& options, const metadata::Broker& broker);

}  // namespace thalweg::controller
