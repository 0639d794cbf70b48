#include "broker/second_attempt.h"

#include <algorithm>
#include <map>
#include <optional>
#include <string>

namespace thalweg::broker {
namespace {

using protocol::CreateTopicsRequest;

bool same_assignment(const CreateTopicsRequest::CreatableTopic& asked, const metadata::Topic& there) {
  if (asked.assignments.size() != there.partitions.size()) return false;
  return std::ranges::all_of(asked.assignments, [&](const auto& assignment) {
    const auto* partition = there.partition(assignment.partition_index);
    return partition && partition->replicas == assignment.broker_ids;
  });
}

bool same_configs(const CreateTopicsRequest::CreatableTopic& asked, const config::Properties& there) {
  config::Properties wanted;
  for (const auto& config : asked.configs)
    if (config.value) wanted[config.name] = *config.value;
  return wanted == there;
}

// As it was asked for; -1 leaves the number to the controller.
bool is_what_was_asked(const CreateTopicsRequest::CreatableTopic& asked, const metadata::Topic& there,
                       const metadata::Image& image) {
  if (!same_configs(asked, image.topic_configs(there.name))) return false;
  if (!asked.assignments.empty()) return same_assignment(asked, there);
  const bool partitions = asked.num_partitions == -1 || std::size_t(asked.num_partitions) == there.partitions.size();
  const bool replicas = asked.replication_factor == -1 ||
                        std::size_t(asked.replication_factor) == there.partitions.front().replicas.size();
  return partitions && replicas;
}

// Which topic of `before` an answer is about.
std::optional<Uuid> known_before(const metadata::Image& before, const std::optional<std::string>& name, Uuid id) {
  if (!id.is_zero()) return before.topic(id) ? std::optional(id) : std::nullopt;
  const auto topic = name ? before.topic(*name) : nullptr;
  return topic ? std::optional(topic->id) : std::nullopt;
}

template <class Result>
void clear_error(Result& result) {
  result.error_code = ErrorCode::kNone;
  result.error_message.reset();
}

}  // namespace

bool settle_second(const CreateTopicsRequest& asked, const metadata::Image& before, const metadata::Image& now,
                   protocol::CreateTopicsResponse& answer) {
  if (asked.validate_only) return true;
  bool settled = true;
  for (auto& result : answer.topics) {
    if (result.error_code != ErrorCode::kTopicAlreadyExists || before.topic(result.name)) continue;
    const auto wanted = std::ranges::find(asked.topics, result.name, &CreateTopicsRequest::CreatableTopic::name);
    const auto there = now.topic(result.name);
    settled = settled && there;
    if (!there || wanted == asked.topics.end() || !is_what_was_asked(*wanted, *there, now)) continue;
    clear_error(result);
    result.topic_id = there->id;
    result.num_partitions = std::int32_t(there->partitions.size());
    result.replication_factor = std::int16_t(there->partitions.front().replicas.size());
    result.configs.reset();  // what the first answer listed; a client that wants to know asks for them
  }
  return settled;
}

void prepare_second(protocol::DeleteTopicsRequest& request, std::int16_t& version, const metadata::Image& before) {
  constexpr std::int16_t kById = 6;
  if (version < kById) {
    for (auto& name : request.topic_names) request.topics.push_back({std::move(name), Uuid()});
    request.topic_names.clear();
    version = kById;
  }
  for (auto& topic : request.topics) {
    const auto known = topic.name ? before.topic(*topic.name) : nullptr;
    if (!known) continue;
    topic.name.reset();
    topic.topic_id = known->id;
  }
}

bool settle_second(const protocol::DeleteTopicsRequest&, const metadata::Image& before, const metadata::Image& now,
                   protocol::DeleteTopicsResponse& answer) {
  bool settled = true;
  for (auto& result : answer.responses) {
    const auto known = known_before(before, result.name, result.topic_id);
    if (!known) continue;
    if (!result.name) result.name = before.topic(*known)->name;  // it may have been asked for by name
    if (result.error_code != ErrorCode::kUnknownTopicId && result.error_code != ErrorCode::kUnknownTopicOrPartition)
      continue;
    if (now.topic(*known))
      settled = false;
    else
      clear_error(result);
  }
  return settled;
}

bool settle_second(const protocol::CreatePartitionsRequest& asked, const metadata::Image& before,
                   const metadata::Image& now, protocol::CreatePartitionsResponse& answer) {
  if (asked.validate_only) return true;
  bool settled = true;
  for (auto& result : answer.results) {
    if (result.error_code != ErrorCode::kInvalidPartitions) continue;
    const auto wanted = std::ranges::find(asked.topics, result.name, [](const auto& topic) { return topic.name; });
    const auto was = before.topic(result.name), is = now.topic(result.name);
    if (wanted == asked.topics.end() || !was || !is || wanted->count < 0) continue;
    const std::size_t count = std::size_t(wanted->count);
    if (was->partitions.size() >= count) continue;  // it was refused for what it asked
    if (is->partitions.size() < count)
      settled = false;
    else if (is->partitions.size() == count)
      clear_error(result);
  }
  return settled;
}

bool settle_second(const protocol::UnregisterBrokerRequest& asked, const metadata::Image& before,
                   const metadata::Image& now, protocol::UnregisterBrokerResponse& answer) {
  if (answer.error_code != ErrorCode::kBrokerIdNotRegistered || !before.broker(asked.broker_id)) return true;
  if (now.broker(asked.broker_id)) return false;
  clear_error(answer);
  return true;
}

}  // namespace thalweg::broker
