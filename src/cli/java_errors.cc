#include "cli/java_errors.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

namespace thalweg::cli {
namespace {

// How Java's clients name an error and what they say when the broker sent only the code.
struct JavaError {
  ErrorCode code;
  std::string_view name;
  std::string_view text;
};
constexpr JavaError kJavaErrors[] = {
    {ErrorCode::kUnknownServerError, "UnknownServerException",
     "The server experienced an unexpected error when processing the request."},
    {ErrorCode::kOffsetOutOfRange, "OffsetOutOfRangeException",
     "The requested offset is not within the range of offsets maintained by the server."},
    {ErrorCode::kUnknownTopicOrPartition, "UnknownTopicOrPartitionException",
     "This server does not host this topic-partition."},
    {ErrorCode::kLeaderNotAvailable, "LeaderNotAvailableException",
     "There is no leader for this topic-partition as we are in the middle of a leadership election."},
    {ErrorCode::kRequestTimedOut, "TimeoutException", "The request timed out."},
    {ErrorCode::kMessageTooLarge, "RecordTooLargeException",
     "The request included a message larger than the max message size the server will accept."},
    {ErrorCode::kCoordinatorNotAvailable, "CoordinatorNotAvailableException", "The coordinator is not available."},
    {ErrorCode::kInvalidTopicException, "InvalidTopicException",
     "The request attempted to perform an operation on an invalid topic."},
    {ErrorCode::kNotEnoughReplicas, "NotEnoughReplicasException",
     "Messages are rejected since there are fewer in-sync replicas than required."},
    {ErrorCode::kInvalidGroupId, "InvalidGroupIdException", "The group id is invalid."},
    {ErrorCode::kUnsupportedVersion, "UnsupportedVersionException", "The version of API is not supported."},
    {ErrorCode::kTopicAlreadyExists, "TopicExistsException", "Topic with this name already exists."},
    {ErrorCode::kInvalidPartitions, "InvalidPartitionsException", "Number of partitions is below 1."},
    {ErrorCode::kInvalidReplicationFactor, "InvalidReplicationFactorException",
     "Replication factor is below 1 or larger than the number of available brokers."},
    {ErrorCode::kInvalidReplicaAssignment, "InvalidReplicaAssignmentException", "Replica assignment is invalid."},
    {ErrorCode::kInvalidConfig, "InvalidConfigurationException", "Configuration is invalid."},
    {ErrorCode::kInvalidRequest, "InvalidRequestException",
     "This most likely occurs because of a request being malformed by the client library or the message was sent to an "
     "incompatible broker. See the broker logs for more details."},
    {ErrorCode::kPolicyViolation, "PolicyViolationException",
     "Request parameters do not satisfy the configured policy."},
    {ErrorCode::kNonEmptyGroup, "GroupNotEmptyException", "The group is not empty."},
    {ErrorCode::kGroupIdNotFound, "GroupIdNotFoundException", "The group id does not exist."},
    {ErrorCode::kTopicAuthorizationFailed, "TopicAuthorizationException", "Topic authorization failed."},
    {ErrorCode::kGroupAuthorizationFailed, "GroupAuthorizationException", "Group authorization failed."},
    {ErrorCode::kClusterAuthorizationFailed, "ClusterAuthorizationException", "Cluster authorization failed."},
    {ErrorCode::kUnknownTopicId, "UnknownTopicIdException", "This server does not host this topic ID."},
    {ErrorCode::kGroupSubscribedToTopic, "GroupSubscribedToTopicException",
     "Deleting offsets of a topic is forbidden while the consumer group is actively subscribed to it."},
    {ErrorCode::kUnknownMemberId, "UnknownMemberIdException", "The coordinator is not aware of this member."},
    {ErrorCode::kKafkaStorageError, "KafkaStorageException", "Disk error when trying to access log file on the disk."},
    {ErrorCode::kReassignmentInProgress, "ReassignmentInProgressException", "A partition reassignment is in progress."},
    {ErrorCode::kNoReassignmentInProgress, "NoReassignmentInProgressException",
     "No partition reassignment is in progress."},
    {ErrorCode::kPreferredLeaderNotAvailable, "PreferredLeaderNotAvailableException",
     "The preferred leader was not available."},
    {ErrorCode::kEligibleLeadersNotAvailable, "EligibleLeadersNotAvailableException",
     "Eligible topic partition leaders are not available."},
    {ErrorCode::kElectionNotNeeded, "ElectionNotNeededException", "Leader election not needed for topic partition."},
    {ErrorCode::kInvalidUpdateVersion, "InvalidUpdateVersionException", "The given update version was invalid."},
    {ErrorCode::kFeatureUpdateFailed, "FeatureUpdateFailedException",
     "Unable to update finalized features due to an unexpected server error."},
    {ErrorCode::kBrokerIdNotRegistered, "BrokerIdNotRegisteredException", "The given broker ID was not registered."},
    {ErrorCode::kDuplicateVoter, "DuplicateVoterException", "The voter ID is already part of the set of voters."},
    {ErrorCode::kVoterNotFound, "VoterNotFoundException", "The voter ID is not part of the set of voters."},
    {ErrorCode::kInconsistentClusterId, "InconsistentClusterIdException",
     "The clusterId in the request does not match that found on the server."},
    {ErrorCode::kInvalidRecord, "InvalidRecordException",
     "This record has failed the validation on broker and hence will be rejected."},
};

const JavaError* java_error(ErrorCode code) {
  const auto at = std::ranges::find(kJavaErrors, code, &JavaError::code);
  return at == std::end(kJavaErrors) ? nullptr : at;
}

}  // namespace

std::string exception_name(ErrorCode code) {
  const auto* java = java_error(code);
  if (!java) return std::string(name(code));
  return fmt::format("org.apache.kafka.common.errors.{}", java->name);
}

std::string kafka_text(const Error& error) {
  const auto* java = java_error(error.code);
  const bool only_the_code = error.message.empty() || error.message == describe(error.code);
  if (!only_the_code) return error.message;
  return std::string(java ? java->text : describe(error.code));
}

std::string exception_text(const Error& error) { return exception_name(error.code) + ": " + kafka_text(error); }

}  // namespace thalweg::cli
