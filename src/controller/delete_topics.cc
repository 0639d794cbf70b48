#include <fmt/format.h>

#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "controller/batch_limit.h"
#include "controller/topics.h"

namespace thalweg::controller {
namespace {

using protocol::DeleteTopicsRequest;
using protocol::DeleteTopicsResponse;

// How a request names a topic: by one of the two.
struct Named {
  std::optional<std::string> name;
  Uuid id;
  friend auto operator<=>(const Named&, const Named&) = default;
};

std::vector<Named> topics_named(const DeleteTopicsRequest& request, std::int16_t version) {
  std::vector<Named> named;
  if (version >= 6)
    for (const auto& topic : request.topics) named.push_back({topic.name, topic.topic_id});
  else
    for (const auto& name : request.topic_names) named.push_back({name, Uuid()});
  return named;
}

Result<metadata::TopicPtr> find(const metadata::Image& image, const Options& options, const Named& named,
                                std::int16_t version) {
  if (named.name && !named.id.is_zero())
    return fail(ErrorCode::kInvalidRequest, "A topic is named either by its name or by its id, not by both.");
  if (!named.name && named.id.is_zero())
    return fail(ErrorCode::kInvalidRequest, "Neither a topic name nor an id was given.");
  if (!options.delete_topic_enable)
    return version >= 3 ? fail(ErrorCode::kTopicDeletionDisabled, "delete.topic.enable is false")
                        : fail(ErrorCode::kInvalidRequest, "Topic deletion is disabled.");
  auto topic = named.name ? image.topic(*named.name) : image.topic(named.id);
  if (topic) return topic;
  if (named.name) return fail(ErrorCode::kUnknownTopicOrPartition, "This server does not host this topic-partition.");
  return fail(ErrorCode::kUnknownTopicId, "This server does not host this topic ID.");
}

// Without a look at any of them: there may be millions.
Decision<DeleteTopicsResponse> all_refused(const std::vector<Named>& named) {
  Decision<DeleteTopicsResponse> decision;
  for (const auto& topic : named) {
    auto& result = decision.reply.responses.emplace_back();
    result.name = topic.name;
    result.topic_id = topic.id;
  }
  refuse(decision.reply, {ErrorCode::kPolicyViolation, std::string(kTooLargeABatch)});
  return decision;
}

}  // namespace

Decision<DeleteTopicsResponse> delete_topics(const metadata::Image& image, const Options& options,
                                             const DeleteTopicsRequest& request, std::int16_t version) {
  Decision<DeleteTopicsResponse> decision;
  const auto named = topics_named(request, version);
  if (named.size() > kMaxRecordsPerBatch) return all_refused(named);
  // Once by its name and once by its id is twice, too.
  std::map<Named, int> times;
  std::map<Uuid, int> times_by_id;
  for (const auto& topic : named) {
    ++times[topic];
    if (const auto found = find(image, options, topic, version)) ++times_by_id[(*found)->id];
  }
  std::set<Named> answered;
  std::set<Uuid> answered_by_id;
  for (const auto& topic : named) {
    auto found = find(image, options, topic, version);
    if (!answered.insert(topic).second || (found && !answered_by_id.insert((*found)->id).second)) continue;
    DeleteTopicsResponse::DeletableTopicResult result;
    result.name = found ? (*found)->name : topic.name;
    result.topic_id = found ? (*found)->id : topic.id;
    if (times[topic] > 1 || (found && times_by_id[(*found)->id] > 1))
      found = fail(ErrorCode::kInvalidRequest, "The topic is named twice in the request.");
    if (found) {
      protocol::RemoveTopicRecord record;
      record.topic_id = (*found)->id;
      decision.records.emplace_back(record);
    } else {
      result.error_code = found.error().code;
      result.error_message = found.error().message;
    }
    decision.reply.responses.push_back(std::move(result));
  }
  return decision;
}

}  // namespace thalweg::controller
