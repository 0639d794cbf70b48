#include "cli/tool.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <regex>

namespace thalweg::cli {
namespace {

struct NamedTool {
  std::string_view name;
  Tool tool;
};
constexpr NamedTool kTools[] = {
    {"kafka-configs", kafka_configs},
    {"kafka-console-consumer", kafka_console_consumer},
    {"kafka-console-producer", kafka_console_producer},
    {"kafka-consumer-groups", kafka_consumer_groups},
    {"kafka-get-offsets", kafka_get_offsets},
    {"kafka-topics", kafka_topics},
};

// How Java's clients name an error and what they say when the broker sent only the code; scripts grep for both.
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
    {ErrorCode::kInvalidRecord, "InvalidRecordException",
     "This record has failed the validation on broker and hence will be rejected."},
};

const JavaError* java_error(ErrorCode code) {
  const auto at = std::ranges::find(kJavaErrors, code, &JavaError::code);
  return at == std::end(kJavaErrors) ? nullptr : at;
}

}  // namespace

Tool find_tool(std::string_view program) {
  if (const auto slash = program.rfind('/'); slash != program.npos) program.remove_prefix(slash + 1);
  if (program.ends_with(".sh")) program.remove_suffix(3);
  const auto at = std::ranges::find(kTools, program, &NamedTool::name);
  return at == std::end(kTools) ? nullptr : at->tool;
}

int usage_error(Terminal& terminal, const OptionParser& parser, std::string_view message) {
  terminal.err(fmt::format("{}\n{}", message, parser.help()));
  return 1;
}

Result<Properties> client_properties(Terminal& terminal, const Options& options, const std::vector<std::string>& files,
                                     const std::vector<std::string>& pairs) {
  Properties properties;
  for (const auto& option : files) {
    const auto path = options.value(option);
    if (!path) continue;
    TRY(const std::string text, terminal.read_file(*path));
    for (auto& [key, value] : parse_properties(text)) properties[key] = value;
  }
  for (const auto& option : pairs) {
    TRY(const auto given, parse_pairs(options.values(option)));
    for (const auto& [key, value] : given) properties[key] = value;
  }
  return properties;
}

namespace {

Result<> take_millis(const Properties& properties, const std::string& name, Millis& into) {
  const auto at = properties.find(name);
  if (at == properties.end()) return {};
  const auto number = parse_integer(at->second);
  if (!number || *number < 0)
    return fail(ErrorCode::kInvalidRequest,
                fmt::format("Invalid value {} for configuration {}: not a number of milliseconds", at->second, name));
  into = Millis(*number);
  return {};
}

}  // namespace

Result<admin::ClientOptions> client_options(const std::string& bootstrap, const Properties& properties,
                                            std::string client_id) {
  admin::ClientOptions options;
  TRY(options.bootstrap, admin::parse_bootstrap(bootstrap));
  options.client_id = std::move(client_id);
  if (const auto at = properties.find("client.id"); at != properties.end()) options.client_id = at->second;
  TRY_VOID(take_millis(properties, "request.timeout.ms", options.request_timeout));
  TRY_VOID(take_millis(properties, "default.api.timeout.ms", options.api_timeout));
  TRY_VOID(take_millis(properties, "retry.backoff.ms", options.retry_backoff));
  TRY_VOID(take_millis(properties, "retry.backoff.max.ms", options.retry_backoff_max));
  if (const auto at = properties.find("security.protocol"); at != properties.end() && at->second != "PLAINTEXT")
    return fail(ErrorCode::kInvalidRequest,
                fmt::format("security.protocol={} is not supported by these tools: they speak PLAINTEXT", at->second));
  return options;
}

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

Result<TopicFilter> TopicFilter::parse(const std::string& text) {
  std::string pattern;
  for (const char c : text)
    if (c != ' ' && c != '"' && c != '\'') pattern += c == ',' ? '|' : c;
  try {
    const std::regex compiled(pattern, std::regex::ECMAScript);
  } catch (const std::regex_error&) {
    return fail(ErrorCode::kInvalidRequest, pattern + " is an invalid regex.");
  }
  return TopicFilter(std::move(pattern));
}

bool TopicFilter::allows(const std::string& topic) const {
  return std::regex_match(topic, std::regex(pattern_, std::regex::ECMAScript));
}

}  // namespace thalweg::cli
