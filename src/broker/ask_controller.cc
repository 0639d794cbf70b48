#include "broker/ask_controller.h"

#include <utility>

#include "broker/broker.h"
#include "broker/controller_link.h"
#include "broker/forwarding.h"
#include "protocol/add_raft_voter_request.h"
#include "protocol/add_raft_voter_response.h"
#include "protocol/allocate_producer_ids_request.h"
#include "protocol/allocate_producer_ids_response.h"
#include "protocol/alter_configs_request.h"
#include "protocol/alter_configs_response.h"
#include "protocol/alter_partition_reassignments_request.h"
#include "protocol/alter_partition_reassignments_response.h"
#include "protocol/alter_partition_request.h"
#include "protocol/alter_partition_response.h"
#include "protocol/broker_heartbeat_request.h"
#include "protocol/broker_heartbeat_response.h"
#include "protocol/broker_registration_request.h"
#include "protocol/broker_registration_response.h"
#include "protocol/create_partitions_request.h"
#include "protocol/create_partitions_response.h"
#include "protocol/create_topics_request.h"
#include "protocol/create_topics_response.h"
#include "protocol/delete_topics_request.h"
#include "protocol/delete_topics_response.h"
#include "protocol/describe_quorum_request.h"
#include "protocol/describe_quorum_response.h"
#include "protocol/elect_leaders_request.h"
#include "protocol/elect_leaders_response.h"
#include "protocol/incremental_alter_configs_request.h"
#include "protocol/incremental_alter_configs_response.h"
#include "protocol/remove_raft_voter_request.h"
#include "protocol/remove_raft_voter_response.h"
#include "protocol/unregister_broker_request.h"
#include "protocol/unregister_broker_response.h"
#include "protocol/update_features_request.h"
#include "protocol/update_features_response.h"
#include "protocol/update_raft_voter_request.h"
#include "protocol/update_raft_voter_response.h"

namespace thalweg::broker {

template <class Response, class Request>
Task<Result<Response>> ask_controller(Broker& broker, Request request, std::int16_t version, Instant within) {
  co_return co_await broker.shard0().call(broker.controller(), &ControllerLink::ask_within<Response, Request>,
                                          std::move(request), version, within);
}

template <class Response, class Request>
Task<Result<Response>> ask_this_controller(Broker& broker, Request request, std::int16_t version, Instant within) {
  co_return co_await broker.shard0().call(broker.controller_here(), &ControllerLink::forward_within<Response, Request>,
                                          std::move(request), version, within);
}

template <class Response, class Request>
Task<Result<Response>> forward_to_controller(Broker& broker, Request request, std::int16_t version,
                                             ForwardedFrom from) {
  co_return co_await broker.shard0().call(broker.forwarding(), &Forwarding::pass_on<Response, Request>,
                                          std::move(request), version, std::move(from), kControllerWithin);
}

// All that is asked; a new request adds its line.
using namespace protocol;
using Version = std::int16_t;

template Task<Result<AllocateProducerIdsResponse>> ask_controller(Broker&, AllocateProducerIdsRequest, Version,
                                                                  Instant);

// In their own name, brokers; in an envelope, clients.
template Task<Result<CreateTopicsResponse>> ask_this_controller(Broker&, CreateTopicsRequest, Version, Instant);
template Task<Result<DeleteTopicsResponse>> ask_this_controller(Broker&, DeleteTopicsRequest, Version, Instant);
template Task<Result<CreatePartitionsResponse>> ask_this_controller(Broker&, CreatePartitionsRequest, Version, Instant);
template Task<Result<AlterConfigsResponse>> ask_this_controller(Broker&, AlterConfigsRequest, Version, Instant);
template Task<Result<IncrementalAlterConfigsResponse>> ask_this_controller(Broker&, IncrementalAlterConfigsRequest,
                                                                           Version, Instant);
template Task<Result<ElectLeadersResponse>> ask_this_controller(Broker&, ElectLeadersRequest, Version, Instant);
template Task<Result<AlterPartitionReassignmentsResponse>> ask_this_controller(Broker&,
                                                                               AlterPartitionReassignmentsRequest,
                                                                               Version, Instant);
template Task<Result<UnregisterBrokerResponse>> ask_this_controller(Broker&, UnregisterBrokerRequest, Version, Instant);
template Task<Result<UpdateFeaturesResponse>> ask_this_controller(Broker&, UpdateFeaturesRequest, Version, Instant);
template Task<Result<DescribeQuorumResponse>> ask_this_controller(Broker&, DescribeQuorumRequest, Version, Instant);
template Task<Result<AddRaftVoterResponse>> ask_this_controller(Broker&, AddRaftVoterRequest, Version, Instant);
template Task<Result<RemoveRaftVoterResponse>> ask_this_controller(Broker&, RemoveRaftVoterRequest, Version, Instant);
template Task<Result<UpdateRaftVoterResponse>> ask_this_controller(Broker&, UpdateRaftVoterRequest, Version, Instant);
template Task<Result<AlterPartitionResponse>> ask_this_controller(Broker&, AlterPartitionRequest, Version, Instant);
template Task<Result<BrokerRegistrationResponse>> ask_this_controller(Broker&, BrokerRegistrationRequest, Version,
                                                                      Instant);
template Task<Result<BrokerHeartbeatResponse>> ask_this_controller(Broker&, BrokerHeartbeatRequest, Version, Instant);
template Task<Result<AllocateProducerIdsResponse>> ask_this_controller(Broker&, AllocateProducerIdsRequest, Version,
                                                                       Instant);
template Task<Result<AssignReplicasToDirsResponse>> ask_this_controller(Broker&, AssignReplicasToDirsRequest, Version,
                                                                        Instant);

template Task<Result<CreateTopicsResponse>> forward_to_controller(Broker&, CreateTopicsRequest, Version, ForwardedFrom);
template Task<Result<DeleteTopicsResponse>> forward_to_controller(Broker&, DeleteTopicsRequest, Version, ForwardedFrom);
template Task<Result<CreatePartitionsResponse>> forward_to_controller(Broker&, CreatePartitionsRequest, Version,
                                                                      ForwardedFrom);
template Task<Result<AlterConfigsResponse>> forward_to_controller(Broker&, AlterConfigsRequest, Version, ForwardedFrom);
template Task<Result<IncrementalAlterConfigsResponse>> forward_to_controller(Broker&, IncrementalAlterConfigsRequest,
                                                                             Version, ForwardedFrom);
template Task<Result<ElectLeadersResponse>> forward_to_controller(Broker&, ElectLeadersRequest, Version, ForwardedFrom);
template Task<Result<AlterPartitionReassignmentsResponse>> forward_to_controller(Broker&,
                                                                                 AlterPartitionReassignmentsRequest,
                                                                                 Version, ForwardedFrom);
template Task<Result<UnregisterBrokerResponse>> forward_to_controller(Broker&, UnregisterBrokerRequest, Version,
                                                                      ForwardedFrom);
template Task<Result<UpdateFeaturesResponse>> forward_to_controller(Broker&, UpdateFeaturesRequest, Version,
                                                                    ForwardedFrom);
template Task<Result<DescribeQuorumResponse>> forward_to_controller(Broker&, DescribeQuorumRequest, Version,
                                                                    ForwardedFrom);
template Task<Result<AddRaftVoterResponse>> forward_to_controller(Broker&, AddRaftVoterRequest, Version, ForwardedFrom);
template Task<Result<RemoveRaftVoterResponse>> forward_to_controller(Broker&, RemoveRaftVoterRequest, Version,
                                                                     ForwardedFrom);

}  // namespace thalweg::broker
