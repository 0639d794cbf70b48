#include "coordinator/errors.h"

namespace thalweg::coordinator {

Error as_coordinator_error(Error error) {
  switch (error.code) {
    case ErrorCode::kUnknownTopicOrPartition:
    case ErrorCode::kNotEnoughReplicas:
    case ErrorCode::kNotEnoughReplicasAfterAppend:
    case ErrorCode::kRequestTimedOut:
      error.code = ErrorCode::kCoordinatorNotAvailable;
      break;
    case ErrorCode::kNotLeaderOrFollower:
    case ErrorCode::kKafkaStorageError:
      error.code = ErrorCode::kNotCoordinator;
      break;
    case ErrorCode::kMessageTooLarge:
    case ErrorCode::kRecordListTooLarge:
      error.code = ErrorCode::kUnknownServerError;
      break;
    default:
      break;
  }
  return error;
}

}  // namespace thalweg::coordinator
