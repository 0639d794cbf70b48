#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <utility>

#include "config/describe.h"
#include "controller/assignment.h"
#include "controller/configs.h"
#include "controller/topics.h"

namespace thalweg::controller {
namespace {

using protocol::CreateTopicsRequest;
using protocol::CreateTopicsResponse;

// A topic on its way: what would be appended for it.
struct NewTopic {
  Uuid id;
  std::vector<Record> records;
  std::int32_t partitions = 0;
  std::int16_t replicas = 0;
  config::Properties configs;
};

// Metric names have no dots, so two topics may want the same one.
std::string in_metrics(std::string name) {
  std::ranges::replace(name, '.', '_');
  return name;
}
bool may_collide(std::string_view name) { return name.find_first_of("._") != name.npos; }

// Who has the names in metrics that the topics of a request would get: topics that exist, and those that it makes. One
// look at the cluster for the whole request.
class NamesInMetrics {
 public:
  NamesInMetrics(const metadata::Image& image, const CreateTopicsRequest& request) {
    for (const auto& topic : request.topics)
      if (may_collide(topic.name)) owners_.try_emplace(in_metrics(topic.name));
    if (owners_.empty()) return;
    for (const auto& [name, topic] : image.topics())
      if (may_collide(name)) take(name);
  }
  void take(const std::string& topic) {
    if (const auto wanted = owners_.find(in_metrics(topic)); wanted != owners_.end() && wanted->second.empty())
      wanted->second = topic;
  }
  Result<> check(const std::string& topic) const {
    const auto wanted = owners_.find(in_metrics(topic));
    if (wanted == owners_.end() || wanted->second.empty()) return {};
    return fail(ErrorCode::kInvalidTopicException,
                fmt::format("Topic '{}' collides with existing topic: {}", topic, wanted->second));
  }

 private:
  std::map<std::string, std::string> owners_;  // by the name in metrics; an empty owner: nobody yet
};

Result<config::Properties> configs_of(const CreateTopicsRequest::CreatableTopic& topic) {
  config::Properties configs;
  for (const auto& entry : topic.configs) {
    if (!entry.value)
      return fail(ErrorCode::kInvalidConfig, fmt::format("Null value not supported for topic configs: {}", entry.name));
    configs[entry.name] = *entry.value;
  }
  TRY_VOID(config::validate_topic_config(configs));
  return configs;
}

Result<std::vector<Assignment>> given_assignments(const metadata::Image& image,
                                                  const CreateTopicsRequest::CreatableTopic& topic) {
  if (topic.replication_factor != -1)
    return fail(ErrorCode::kInvalidRequest,
                "A manual assignment and a replication factor exclude each other: leave the factor at -1.");
  if (topic.num_partitions != -1)
    return fail(ErrorCode::kInvalidRequest,
                "A manual assignment and a partition count exclude each other: leave the count at -1.");
  const auto replicas = topic.assignments.front().broker_ids.size();
  std::map<PartitionId, Assignment> by_id;
  for (const auto& entry : topic.assignments) {
    TRY_VOID(validate_assignment(image, entry.broker_ids, replicas));
    if (!by_id.emplace(entry.partition_index, entry.broker_ids).second)
      return fail(ErrorCode::kInvalidReplicaAssignment,
                  fmt::format("The manual assignment names partition {} twice.", entry.partition_index.value));
  }
  std::vector<Assignment> assignments;
  for (auto& [id, assignment] : by_id) {
    if (id.value != static_cast<std::int32_t>(assignments.size()))
      return fail(ErrorCode::kInvalidReplicaAssignment,
                  "Partitions of a manual assignment are numbered from 0 without a gap.");
    assignments.push_back(std::move(assignment));
  }
  return assignments;
}

Result<std::vector<Assignment>> chosen_assignments(const metadata::Image& image, const Options& options, Random& random,
                                                   const CreateTopicsRequest::CreatableTopic& topic) {
  if (topic.replication_factor < -1 || topic.replication_factor == 0)
    return fail(ErrorCode::kInvalidReplicationFactor,
                "Replication factor must be larger than 0, or -1 to use the default value.");
  if (topic.num_partitions < -1 || topic.num_partitions == 0)
    return fail(ErrorCode::kInvalidPartitions,
                "Number of partitions must be larger than 0, or -1 to use the default value.");
  const auto partitions = topic.num_partitions == -1 ? options.num_partitions : topic.num_partitions;
  const auto replicas = topic.replication_factor == -1 ? options.default_replication_factor : topic.replication_factor;
  return place_replicas(image.brokers(), partitions, replicas, random);
}

std::int64_t partitions_wanted(const CreateTopicsRequest& request, const Options& options) {
  std::int64_t sum = 0;
  for (const auto& topic : request.topics) {
    if (!topic.assignments.empty())
      sum += static_cast<std::int64_t>(topic.assignments.size());
    else
      sum += topic.num_partitions == -1 ? options.num_partitions : std::max(topic.num_partitions, 0);
  }
  return sum;
}

Result<> check_name(const metadata::Image& image, const std::string& name, const NamesInMetrics& in_metrics) {
  TRY_VOID(validate_topic_name(name));
  if (name == "__cluster_metadata") return fail(ErrorCode::kInvalidRequest, "The name __cluster_metadata is reserved.");
  if (image.topic(name)) return fail(ErrorCode::kTopicAlreadyExists, fmt::format("Topic '{}' already exists.", name));
  return in_metrics.check(name);
}

Result<NewTopic> make_topic(const metadata::Image& image, const Options& options, Random& random,
                            const CreateTopicsRequest::CreatableTopic& topic) {
  NewTopic made;
  TRY(made.configs, configs_of(topic));
  TRY(const auto assignments,
      topic.assignments.empty() ? chosen_assignments(image, options, random, topic) : given_assignments(image, topic));
  do made.id = random.uuid();
  while (image.topic(made.id));
  made.partitions = static_cast<std::int32_t>(assignments.size());
  made.replicas = static_cast<std::int16_t>(assignments.front().size());
  protocol::TopicRecord record;
  record.name = topic.name;
  record.topic_id = made.id;
  made.records.emplace_back(record);
  for (const auto& [name, value] : made.configs) {
    protocol::ConfigRecord config;
    config.resource_type = static_cast<std::int8_t>(metadata::ResourceType::kTopic);
    config.resource_name = topic.name;
    config.name = name;
    config.value = value;
    TRY_VOID(check_config_size(config));
    made.records.emplace_back(std::move(config));
  }
  for (std::size_t p = 0; p < assignments.size(); ++p) {
    TRY(auto partition, new_partition(image, made.id, PartitionId{static_cast<std::int32_t>(p)}, assignments[p]));
    made.records.emplace_back(std::move(partition));
  }
  return made;
}

std::vector<CreateTopicsResponse::CreatableTopicConfigs> configs_shown(const config::Properties& set,
                                                                       const config::BrokerLayers& layers) {
  std::vector<CreateTopicsResponse::CreatableTopicConfigs> configs;
  for (auto& row : config::describe_topic(set, layers)) {
    CreateTopicsResponse::CreatableTopicConfigs entry;
    entry.name = std::move(row.name);
    entry.value = std::move(row.value);
    entry.read_only = row.read_only;
    entry.config_source = static_cast<std::int8_t>(row.source);
    entry.is_sensitive = row.sensitive;
    configs.push_back(std::move(entry));
  }
  return configs;
}

// Most topics of a large request have no settings of their own: what those inherit is looked up once.
class Description {
 public:
  explicit Description(config::BrokerLayers layers) : layers_(layers) {}
  void add_to(CreateTopicsResponse::CreatableTopicResult& result, const NewTopic& made) {
    result.error_message.reset();
    result.topic_id = made.id;
    result.num_partitions = made.partitions;
    result.replication_factor = made.replicas;
    if (!made.configs.empty())
      result.configs = configs_shown(made.configs, layers_);
    else if (inherited_)
      result.configs = *inherited_;
    else
      result.configs = inherited_.emplace(configs_shown({}, layers_));
  }

 private:
  const config::BrokerLayers layers_;
  std::optional<std::vector<CreateTopicsResponse::CreatableTopicConfigs>> inherited_;
};

CreateTopicsResponse::CreatableTopicResult failed(const std::string& name, const Error& error) {
  CreateTopicsResponse::CreatableTopicResult result;
  result.name = name;
  result.error_code = error.code;
  result.error_message = error.message;
  result.configs.emplace();
  return result;
}

// Without a look at any of them: there may be millions.
Decision<CreateTopicsResponse> all_refused(const CreateTopicsRequest& request) {
  Decision<CreateTopicsResponse> decision;
  for (const auto& topic : request.topics)
    decision.reply.topics.push_back(failed(topic.name, {ErrorCode::kPolicyViolation, std::string(kTooManyPartitions)}));
  return decision;
}

}  // namespace

Result<> validate_topic_name(std::string_view name) {
  const auto invalid = [&](std::string_view why) {
    return fail(ErrorCode::kInvalidTopicException, fmt::format("Topic name is invalid: {}", why));
  };
  if (name.empty()) return invalid("the empty string is not allowed");
  if (name == "." || name == "..") return invalid(fmt::format("'{}' is not allowed", name));
  if (name.size() > 249)
    return invalid(fmt::format("the length of '{}' is longer than the max allowed length 249", name));
  const auto legal = [](unsigned char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' ||
           c == '-';
  };
  if (!std::ranges::all_of(name, legal))
    return invalid(
        fmt::format("'{}' contains one or more characters other than ASCII alphanumerics, '.', '_' and '-'", name));
  return {};
}

Decision<CreateTopicsResponse> create_topics(const metadata::Image& image, const Options& options, Random& random,
                                             const CreateTopicsRequest& request) {
  Decision<CreateTopicsResponse> decision;
  // A request for too much is refused whole: which of its topics would still fit is chance.
  const bool excessive = request.topics.size() > kMaxRecordsPerBatch ||
                         partitions_wanted(request, options) > static_cast<std::int64_t>(kMaxRecordsPerBatch);
  if (excessive) return all_refused(request);
  std::map<std::string, int> times;
  for (const auto& topic : request.topics) ++times[topic.name];
  std::size_t records = 0;
  std::set<std::string> answered;
  NamesInMetrics in_metrics(image, request);
  Description description(layers(image, options));
  for (const auto& topic : request.topics) {
    if (!answered.insert(topic.name).second) continue;
    const auto create = [&]() -> Result<NewTopic> {
      if (times[topic.name] > 1) return fail(ErrorCode::kInvalidRequest, "Duplicate topic name.");
      TRY_VOID(check_name(image, topic.name, in_metrics));
      TRY(auto made, make_topic(image, options, random, topic));
      if (records + made.records.size() > kMaxRecordsPerBatch)
        return fail(ErrorCode::kPolicyViolation, std::string(kTooManyPartitions));
      records += made.records.size();
      return made;
    };
    auto made = create();
    if (!made) {
      decision.reply.topics.push_back(failed(topic.name, made.error()));
      continue;
    }
    in_metrics.take(topic.name);
    CreateTopicsResponse::CreatableTopicResult result;
    result.name = topic.name;
    description.add_to(result, *made);
    decision.reply.topics.push_back(std::move(result));
    if (!request.validate_only) std::ranges::move(made->records, std::back_inserter(decision.records));
  }
  // A topic that would exist has no id yet.
  if (request.validate_only)
    for (auto& result : decision.reply.topics) result.topic_id = Uuid();
  return decision;
}

}  // namespace thalweg::controller
