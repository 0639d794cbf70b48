// One change has to fit into one entry of the metadata log. Whoever asks for more in one request is refused whole, with
// the error that Kafka gives; nobody else notices.
#pragma once

#include "controller/decision.h"
#include "protocol/alter_configs_response.h"
#include "protocol/alter_partition_reassignments_response.h"
#include "protocol/alter_partition_response.h"
#include "protocol/assign_replicas_to_dirs_response.h"
#include "protocol/create_partitions_response.h"
#include "protocol/create_topics_response.h"
#include "protocol/delete_topics_response.h"
#include "protocol/elect_leaders_response.h"
#include "protocol/incremental_alter_configs_response.h"

namespace thalweg::controller {

// Whether the records fit: kMaxRecordsPerBatch of them, kMaxBytesPerBatch together.
bool fits(const std::vector<Record>& records);

// Every part of the answer becomes this error.
void refuse(protocol::CreateTopicsResponse& reply, const Error& error);
void refuse(protocol::DeleteTopicsResponse& reply, const Error& error);
void refuse(protocol::CreatePartitionsResponse& reply, const Error& error);
void refuse(protocol::AlterConfigsResponse& reply, const Error& error);
void refuse(protocol::IncrementalAlterConfigsResponse& reply, const Error& error);
void refuse(protocol::ElectLeadersResponse& reply, const Error& error);
void refuse(protocol::AlterPartitionReassignmentsResponse& reply, const Error& error);
void refuse(protocol::AlterPartitionResponse& reply, const Error& error);
void refuse(protocol::AssignReplicasToDirsResponse& reply, const Error& error);

template <class Response>
Decision<Response> bounded(Decision<Response> decision) {
  if (fits(decision.records)) return decision;
  decision.records.clear();
  refuse(decision.reply, {ErrorCode::kPolicyViolation, std::string(kTooLargeABatch)});
  return decision;
}

}  // namespace thalweg::controller
