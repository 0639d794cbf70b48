// Brokers coming, reporting and going: what a request of theirs changes. What is soft about a broker (when it was last
// heard, how far it has applied the log) is the machine's, and comes with the call.
#pragma once

#include <cstdint>

#include "controller/decision.h"
#include "controller/repair.h"
#include "controller/standing.h"
#include "protocol/allocate_producer_ids_request.h"
#include "protocol/allocate_producer_ids_response.h"
#include "protocol/broker_heartbeat_request.h"
#include "protocol/broker_heartbeat_response.h"
#include "protocol/broker_registration_request.h"
#include "protocol/broker_registration_response.h"
#include "protocol/controller_registration_request.h"
#include "protocol/controller_registration_response.h"
#include "protocol/unregister_broker_request.h"
#include "protocol/unregister_broker_response.h"

namespace thalweg::controller {

// What one step decides about a broker: its own record first, then what follows for its partitions, as much as fits. In
// between nobody elects the broker that goes.
template <class Response>
struct BrokerDecision : Decision<Response> {
  std::optional<Cursor> rest;  // partitions that are left to repair()
};

// `alive`: the broker registered under this id was heard within its session. A new process under the id of a live
// broker is refused (DUPLICATE_BROKER_REGISTRATION; it tries again), unless the old one is known to be gone: it is this
// very node, whose broker asks without a connection (api/62_broker_registration.cc refuses others), or they have a log
// directory in common, whose lock only one process can hold. Its leaderships end in the same batch, so that it never
// goes on under an old leader epoch.
//
// PreviousBrokerEpoch is the registration since which the broker has lost nothing. With thalweg.version 1 any other
// than the last one takes it out of all in-sync and eligible sets, before it is registered: as long as that takes more
// than one step, the answer is DUPLICATE_BROKER_REGISTRATION. Below that level a broker that does not speak it is
// believed, unless a directory that it had is missing.
BrokerDecision<protocol::BrokerRegistrationResponse> register_broker(const Standing& standing, const Options& options,
                                                                     const protocol::BrokerRegistrationRequest& request,
                                                                     bool alive, std::int64_t new_epoch);

// What the machine knows of the broker that reports.
struct Reported {
  bool caught_up = true;    // it has applied its own registration
  bool counted_on = false;  // a partition is led by it, or has it in sync beside a leader
  bool leads = false;
  bool in_force = true;  // the others know since when it leads nothing
};
BrokerDecision<protocol::BrokerHeartbeatResponse> heartbeat(const Standing& standing, const Options& options,
                                                            const protocol::BrokerHeartbeatRequest& request,
                                                            const Reported& reported);
// `reports`: the broker was heard just now. With replicas on it, it is not forgotten (INVALID_REQUEST): it would run
// on, as Apache Kafka's does, with replicas that nobody counts, until somebody starts it again.
BrokerDecision<protocol::UnregisterBrokerResponse> unregister_broker(const Standing& standing, const Options& options,
                                                                     const protocol::UnregisterBrokerRequest& request,
                                                                     bool reports);
Decision<protocol::AllocateProducerIdsResponse> allocate_producer_ids(
    const metadata::Image& image, const protocol::AllocateProducerIdsRequest& request);

// A node that may lead the quorum says where it is reached and what it speaks. Once more, it changes nothing.
Decision<protocol::ControllerRegistrationResponse> register_controller(
    const metadata::Image& image, const protocol::ControllerRegistrationRequest& request);

// Takes leadership away and says so: what follows when a broker's session ends.
Repair fence(const Standing& standing, const Options& options, const metadata::Broker& broker);

// STALE_BROKER_EPOCH, as Kafka also says to a broker that is not registered.
ErrorCode check_broker_epoch(const metadata::Image& image, BrokerId id, std::int64_t epoch);

}  // namespace thalweg::controller
