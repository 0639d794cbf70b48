#include "base/error_code.h"

#include <iterator>

namespace thalweg {
namespace {

struct Row {
  std::int16_t code;
  std::string_view name;
  bool retriable;
  std::string_view text;
};

// Dense from -1, so that the index is code + 1 (asserted below).
constexpr Row kRows[] = {
    {-1, "UNKNOWN_SERVER_ERROR", false, "the server met an unexpected error"},
    {0, "NONE", false, ""},
    {1, "OFFSET_OUT_OF_RANGE", false, "the offset lies outside what the server keeps for this partition"},
    {2, "CORRUPT_MESSAGE", false, "the record batch failed its checksum or is otherwise malformed"},
    {3, "UNKNOWN_TOPIC_OR_PARTITION", true, "this server does not host the topic or partition"},
    {4, "INVALID_FETCH_SIZE", false, "the fetch size is invalid"},
    {5, "LEADER_NOT_AVAILABLE", true, "the partition has no leader at the moment"},
    {6, "NOT_LEADER_OR_FOLLOWER", true, "this broker is not the leader, or not a replica, of the partition"},
    {7, "REQUEST_TIMED_OUT", true, "the request was not completed in time"},
    {8, "BROKER_NOT_AVAILABLE", false, "the broker is not available"},
    {9, "REPLICA_NOT_AVAILABLE", true, "the replica is not available for the partition"},
    {10, "MESSAGE_TOO_LARGE", false, "the record batch is larger than max.message.bytes allows"},
    {11, "STALE_CONTROLLER_EPOCH", false, "the controller moved to another broker"},
    {12, "OFFSET_METADATA_TOO_LARGE", false, "the metadata of the committed offset is too long"},
    {13, "NETWORK_EXCEPTION", true, "the connection ended before a response arrived"},
    {14, "COORDINATOR_LOAD_IN_PROGRESS", true, "the coordinator is loading its state"},
    {15, "COORDINATOR_NOT_AVAILABLE", true, "the coordinator is not available"},
    {16, "NOT_COORDINATOR", true, "this broker is not the coordinator"},
    {17, "INVALID_TOPIC_EXCEPTION", false, "the topic name is not valid or the topic may not be used this way"},
    {18, "RECORD_LIST_TOO_LARGE", false, "the batch is larger than a segment"},
    {19, "NOT_ENOUGH_REPLICAS", true, "fewer replicas are in sync than min.insync.replicas asks for"},
    {20, "NOT_ENOUGH_REPLICAS_AFTER_APPEND", true, "written, but to fewer in-sync replicas than required"},
    {21, "INVALID_REQUIRED_ACKS", false, "acks must be -1, 0 or 1"},
    {22, "ILLEGAL_GENERATION", false, "the generation of the group is not the current one"},
    {23, "INCONSISTENT_GROUP_PROTOCOL", false, "the protocols do not fit those of the group"},
    {24, "INVALID_GROUP_ID", false, "the group id is not valid"},
    {25, "UNKNOWN_MEMBER_ID", false, "the coordinator does not know this member"},
    {26, "INVALID_SESSION_TIMEOUT", false,
     "the session timeout is outside group.min.session.timeout.ms and group.max.session.timeout.ms"},
    {27, "REBALANCE_IN_PROGRESS", false, "the group is rebalancing, so rejoin"},
    {28, "INVALID_COMMIT_OFFSET_SIZE", false, "the offset commit is too large"},
    {29, "TOPIC_AUTHORIZATION_FAILED", false, "not authorised for the topic"},
    {30, "GROUP_AUTHORIZATION_FAILED", false, "not authorised for the group"},
    {31, "CLUSTER_AUTHORIZATION_FAILED", false, "not authorised for the cluster"},
    {32, "INVALID_TIMESTAMP", false, "the timestamp is outside the accepted range"},
    {33, "UNSUPPORTED_SASL_MECHANISM", false, "the SASL mechanism is not enabled"},
    {34, "ILLEGAL_SASL_STATE", false, "the request does not fit the state of the SASL exchange"},
    {35, "UNSUPPORTED_VERSION", false, "the version of the API is not supported"},
    {36, "TOPIC_ALREADY_EXISTS", false, "a topic with this name exists"},
    {37, "INVALID_PARTITIONS", false, "the number of partitions is not valid"},
    {38, "INVALID_REPLICATION_FACTOR", false, "the replication factor is not valid"},
    {39, "INVALID_REPLICA_ASSIGNMENT", false, "the replica assignment is not valid"},
    {40, "INVALID_CONFIG", false, "the configuration is not valid"},
    {41, "NOT_CONTROLLER", true, "this is not the active controller"},
    {42, "INVALID_REQUEST", false, "the request is malformed or contradicts itself"},
    {43, "UNSUPPORTED_FOR_MESSAGE_FORMAT", false, "the message format does not support this"},
    {44, "POLICY_VIOLATION", false, "the request violates a policy"},
    {45, "OUT_OF_ORDER_SEQUENCE_NUMBER", false, "the sequence number does not follow the last one"},
    {46, "DUPLICATE_SEQUENCE_NUMBER", false, "the sequence number was seen before"},
    {47, "INVALID_PRODUCER_EPOCH", false, "the producer epoch is older than the current one"},
    {48, "INVALID_TXN_STATE", false, "the transaction is in a state that does not allow this"},
    {49, "INVALID_PRODUCER_ID_MAPPING", false, "the producer id does not belong to the transactional id"},
    {50, "INVALID_TRANSACTION_TIMEOUT", false, "the transaction timeout is larger than transaction.max.timeout.ms"},
    {51, "CONCURRENT_TRANSACTIONS", true, "another transaction of this producer is not finished"},
    {52, "TRANSACTION_COORDINATOR_FENCED", false, "the transaction coordinator was replaced"},
    {53, "TRANSACTIONAL_ID_AUTHORIZATION_FAILED", false, "not authorised for the transactional id"},
    {54, "SECURITY_DISABLED", false, "security features are disabled"},
    {55, "OPERATION_NOT_ATTEMPTED", false, "not attempted, since another part of the request failed"},
    {56, "KAFKA_STORAGE_ERROR", true, "the disk failed"},
    {57, "LOG_DIR_NOT_FOUND", false, "the log directory was not found"},
    {58, "SASL_AUTHENTICATION_FAILED", false, "authentication failed"},
    {59, "UNKNOWN_PRODUCER_ID", false, "the producer id is not known"},
    {60, "REASSIGNMENT_IN_PROGRESS", false, "a reassignment is in progress"},
    {61, "DELEGATION_TOKEN_AUTH_DISABLED", false, "delegation tokens are not enabled"},
    {62, "DELEGATION_TOKEN_NOT_FOUND", false, "the delegation token was not found"},
    {63, "DELEGATION_TOKEN_OWNER_MISMATCH", false, "the principal is neither owner nor renewer"},
    {64, "DELEGATION_TOKEN_REQUEST_NOT_ALLOWED", false, "delegation token requests are not allowed on this connection"},
    {65, "DELEGATION_TOKEN_AUTHORIZATION_FAILED", false, "not authorised for the delegation token"},
    {66, "DELEGATION_TOKEN_EXPIRED", false, "the delegation token has expired"},
    {67, "INVALID_PRINCIPAL_TYPE", false, "the principal type is not supported"},
    {68, "NON_EMPTY_GROUP", false, "the group is not empty"},
    {69, "GROUP_ID_NOT_FOUND", false, "the group does not exist"},
    {70, "FETCH_SESSION_ID_NOT_FOUND", true, "the fetch session does not exist"},
    {71, "INVALID_FETCH_SESSION_EPOCH", true, "the fetch session epoch is not the next one"},
    {72, "LISTENER_NOT_FOUND", true, "the leader has no listener of that name"},
    {73, "TOPIC_DELETION_DISABLED", false, "topic deletion is disabled"},
    {74, "FENCED_LEADER_EPOCH", true, "the leader epoch is older than the broker's"},
    {75, "UNKNOWN_LEADER_EPOCH", true, "the leader epoch is newer than the broker's"},
    {76, "UNSUPPORTED_COMPRESSION_TYPE", false, "the compression type is not supported by this version"},
    {77, "STALE_BROKER_EPOCH", false, "the broker epoch has changed"},
    {78, "OFFSET_NOT_AVAILABLE", true, "the new leader's high watermark has not caught up yet"},
    {79, "MEMBER_ID_REQUIRED", false, "join again with the member id that was given"},
    {80, "PREFERRED_LEADER_NOT_AVAILABLE", true, "the preferred leader is not available"},
    {81, "GROUP_MAX_SIZE_REACHED", false, "the group is full"},
    {82, "FENCED_INSTANCE_ID", false, "another member took this group.instance.id"},
    {83, "ELIGIBLE_LEADERS_NOT_AVAILABLE", true, "no eligible leader is available"},
    {84, "ELECTION_NOT_NEEDED", true, "the leader need not be elected"},
    {85, "NO_REASSIGNMENT_IN_PROGRESS", false, "no reassignment is in progress"},
    {86, "GROUP_SUBSCRIBED_TO_TOPIC", false, "the group is subscribed to the topic"},
    {87, "INVALID_RECORD", false, "a record failed validation"},
    {88, "UNSTABLE_OFFSET_COMMIT", true, "offsets of an open transaction are pending"},
    {89, "THROTTLING_QUOTA_EXCEEDED", true, "the quota is exceeded"},
    {90, "PRODUCER_FENCED", false, "a newer producer with the same transactional id exists"},
    {91, "RESOURCE_NOT_FOUND", false, "the resource was not found"},
    {92, "DUPLICATE_RESOURCE", false, "the resource is named twice"},
    {93, "UNACCEPTABLE_CREDENTIAL", false, "the credential does not meet the requirements"},
    {94, "INCONSISTENT_VOTER_SET", false, "the voter set is inconsistent"},
    {95, "INVALID_UPDATE_VERSION", false, "the update version is not valid"},
    {96, "FEATURE_UPDATE_FAILED", false, "the features could not be updated"},
    {97, "PRINCIPAL_DESERIALIZATION_FAILURE", false, "the forwarded principal could not be read"},
    {98, "SNAPSHOT_NOT_FOUND", false, "the snapshot was not found"},
    {99, "POSITION_OUT_OF_RANGE", false, "the position lies outside the snapshot"},
    {100, "UNKNOWN_TOPIC_ID", true, "this server does not know the topic id"},
    {101, "DUPLICATE_BROKER_REGISTRATION", false, "the broker id is in use"},
    {102, "BROKER_ID_NOT_REGISTERED", false, "the broker id is not registered"},
    {103, "INCONSISTENT_TOPIC_ID", true, "the topic id does not match the one of the log"},
    {104, "INCONSISTENT_CLUSTER_ID", false, "the cluster id does not match"},
    {105, "TRANSACTIONAL_ID_NOT_FOUND", false, "the transactional id was not found"},
    {106, "FETCH_SESSION_TOPIC_ID_ERROR", true, "the fetch session mixes topic names and ids"},
    {107, "INELIGIBLE_REPLICA", false, "the replica may not join the ISR"},
    {108, "NEW_LEADER_ELECTED", false, "a new leader was elected meanwhile"},
    {109, "OFFSET_MOVED_TO_TIERED_STORAGE", false, "the offset moved to tiered storage"},
    {110, "FENCED_MEMBER_EPOCH", false, "the member epoch is fenced, so rejoin"},
    {111, "UNRELEASED_INSTANCE_ID", false, "the instance id is still in use"},
    {112, "UNSUPPORTED_ASSIGNOR", false, "the assignor is not supported"},
    {113, "STALE_MEMBER_EPOCH", false, "the member epoch is stale"},
    {114, "MISMATCHED_ENDPOINT_TYPE", false, "the request went to the wrong kind of endpoint"},
    {115, "UNSUPPORTED_ENDPOINT_TYPE", false, "the endpoint type is not supported"},
    {116, "UNKNOWN_CONTROLLER_ID", false, "the controller id is not known"},
    {117, "UNKNOWN_SUBSCRIPTION_ID", false, "the telemetry subscription is not the current one"},
    {118, "TELEMETRY_TOO_LARGE", false, "the telemetry is too large"},
    {119, "INVALID_REGISTRATION", false, "the registration is not valid"},
    {120, "TRANSACTION_ABORTABLE", false, "abort the transaction and try again"},
    {121, "INVALID_RECORD_STATE", false, "the record is in a state that does not allow this"},
    {122, "SHARE_SESSION_NOT_FOUND", true, "the share session was not found"},
    {123, "INVALID_SHARE_SESSION_EPOCH", true, "the share session epoch is not the next one"},
    {124, "FENCED_STATE_EPOCH", false, "the share state epoch is fenced"},
    {125, "INVALID_VOTER_KEY", false, "the voter key does not match"},
    {126, "DUPLICATE_VOTER", false, "the voter exists"},
    {127, "VOTER_NOT_FOUND", false, "the voter was not found"},
    {128, "INVALID_REGULAR_EXPRESSION", false, "the regular expression is not valid"},
    {129, "REBOOTSTRAP_REQUIRED", false, "the client must bootstrap again"},
    {130, "STREAMS_INVALID_TOPOLOGY", false, "the streams topology is not valid"},
    {131, "STREAMS_INVALID_TOPOLOGY_EPOCH", false, "the streams topology epoch is not valid"},
    {132, "STREAMS_TOPOLOGY_FENCED", false, "the streams topology is fenced"},
    {133, "SHARE_SESSION_LIMIT_REACHED", true, "too many share sessions"},
    {134, "GROUP_DELETION_FAILED", false, "the group could not be deleted"},
    {135, "STREAMS_TOPOLOGY_DESCRIPTION_UPDATE_FAILED", false, "the topology description could not be updated"},
    {136, "CONTROLLER_ID_NOT_REGISTERED", false, "the controller id is not registered"},
};

constexpr bool dense() {
  for (std::size_t i = 0; i < std::size(kRows); ++i)
    if (kRows[i].code != static_cast<int>(i) - 1) return false;
  return true;
}
static_assert(dense());

const Row* find(ErrorCode code) {
  const int index = static_cast<int>(code) + 1;
  return index >= 0 && index < static_cast<int>(std::size(kRows)) ? &kRows[index] : nullptr;
}

}  // namespace

std::string_view name(ErrorCode code) {
  const Row* row = find(code);
  return row ? row->name : "UNKNOWN_ERROR_CODE";
}
std::string_view describe(ErrorCode code) {
  const Row* row = find(code);
  return row ? row->text : "an error code that this version does not know";
}
bool is_retriable(ErrorCode code) {
  const Row* row = find(code);
  return row && row->retriable;
}

}  // namespace thalweg
