#include "console/problem.h"

#include <algorithm>

namespace thalweg::console {
namespace {

// "/problems/unknown-topic-or-partition"
std::string type_of(std::string_view code) {
  std::string type = "/problems/";
  for (const char c : code) type += c == '_' ? '-' : c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return type;
}

std::string_view type_of_status(int status) {
  switch (status) {
    case 404:
      return "not-found";
    case 405:
      return "method-not-allowed";
    case 413:
      return "too-large";
    case 421:
      return "unknown-host";
    default:
      return status >= 500 ? "unavailable" : "invalid-request";
  }
}

}  // namespace

int status_of(ErrorCode code) {
  switch (code) {
    case ErrorCode::kUnknownTopicOrPartition:
    case ErrorCode::kUnknownTopicId:
    case ErrorCode::kGroupIdNotFound:
    case ErrorCode::kBrokerIdNotRegistered:
    case ErrorCode::kResourceNotFound:
      return 404;
    case ErrorCode::kInvalidRequest:
    case ErrorCode::kInvalidTopicException:
    case ErrorCode::kInvalidGroupId:
    case ErrorCode::kInvalidRegularExpression:
      return 400;
    case ErrorCode::kTopicAuthorizationFailed:
    case ErrorCode::kGroupAuthorizationFailed:
    case ErrorCode::kClusterAuthorizationFailed:
    case ErrorCode::kTransactionalIdAuthorizationFailed:
      return 403;
    case ErrorCode::kNonEmptyGroup:
    case ErrorCode::kTopicAlreadyExists:
    case ErrorCode::kGroupSubscribedToTopic:
      return 409;
    case ErrorCode::kThrottlingQuotaExceeded:
      return 429;
    case ErrorCode::kInvalidConfig:
    case ErrorCode::kInvalidPartitions:
    case ErrorCode::kInvalidReplicationFactor:
    case ErrorCode::kPolicyViolation:
    case ErrorCode::kTopicDeletionDisabled:
      return 422;
    default:
      return is_retriable(code) ? 503 : 500;
  }
}

Problem problem_of(ErrorCode code, std::string title, std::string hint) {
  Problem problem{.type = type_of(name(code)), .title = std::move(title), .status = status_of(code)};
  if (problem.title.empty()) problem.title = describe(code);
  problem.code = std::string(name(code));
  if (!hint.empty()) problem.hint = std::move(hint);
  return problem;
}

Problem invalid(std::string path, const std::string& expected) {
  Problem problem = problem_of(ErrorCode::kInvalidRequest, path + " has to be " + expected);
  problem.fields = {{std::move(path), "has to be " + expected}};
  return problem;
}

http::Response response_of(const Problem& problem) {
  std::string text;
  append_json(text, problem);
  text += '\n';
  auto response = http::text_response(problem.status, std::move(text), "application/problem+json");
  if (problem.status == 503) response.headers.add("Retry-After", "1");
  if (problem.sign_in == SignInWay::kToken) response.headers.add("WWW-Authenticate", "Bearer");
  return response;
}

http::Response refusal(int status, std::string message) {
  return response_of(
      {.type = "/problems/" + std::string(type_of_status(status)), .title = std::move(message), .status = status});
}

}  // namespace thalweg::console
