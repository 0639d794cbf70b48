#include "controller/batch_limit.h"

namespace thalweg::controller {
namespace {

template <class Results>
void refuse_each(Results& results, const Error& error) {
  for (auto& result : results) {
    result.error_code = error.code;
    result.error_message = error.message;
  }
}

}  // namespace

bool fits(const std::vector<Record>& records) {
  if (records.size() > kMaxRecordsPerBatch) return false;
  std::size_t bytes = 0;
  for (const auto& record : records) bytes += metadata::encoded_size(record);
  return bytes <= kMaxBytesPerBatch;
}

void refuse(protocol::CreateTopicsResponse& reply, const Error& error) {
  for (auto& topic : reply.topics) {
    protocol::CreateTopicsResponse::CreatableTopicResult refused;
    refused.name = std::move(topic.name);
    refused.configs.emplace();
    topic = std::move(refused);
  }
  refuse_each(reply.topics, error);
}
void refuse(protocol::DeleteTopicsResponse& reply, const Error& error) { refuse_each(reply.responses, error); }
void refuse(protocol::CreatePartitionsResponse& reply, const Error& error) { refuse_each(reply.results, error); }
void refuse(protocol::AlterConfigsResponse& reply, const Error& error) { refuse_each(reply.responses, error); }
void refuse(protocol::IncrementalAlterConfigsResponse& reply, const Error& error) {
  refuse_each(reply.responses, error);
}
void refuse(protocol::ElectLeadersResponse& reply, const Error& error) {
  reply.error_code = error.code;
  for (auto& topic : reply.replica_election_results) refuse_each(topic.partition_result, error);
}
void refuse(protocol::AlterPartitionReassignmentsResponse& reply, const Error& error) {
  reply.error_code = error.code;
  reply.error_message = error.message;
  for (auto& topic : reply.responses) refuse_each(topic.partitions, error);
}
void refuse(protocol::AlterPartitionResponse& reply, const Error& error) {
  reply = {};
  reply.error_code = error.code;
}
void refuse(protocol::AssignReplicasToDirsResponse& reply, const Error& error) {
  reply = {};
  reply.error_code = error.code;
}

}  // namespace thalweg::controller
