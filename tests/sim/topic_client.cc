#include "topic_client.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "clients.h"
#include "protocol/create_topics_request.h"
#include "protocol/create_topics_response.h"
#include "protocol/delete_topics_request.h"
#include "protocol/delete_topics_response.h"
#include "protocol/metadata_request.h"
#include "protocol/metadata_response.h"

namespace thalweg::simulation {
namespace {
const std::string kPrefix = "short-lived-";
}

Task<> TopicAdministrator::run() {
  for (int i = 0; i < topics_; ++i) {
    const std::string topic = kPrefix + std::to_string(i);
    co_await insist(&TopicAdministrator::create, topic);
    expected_.insert(topic);
    co_await pause(&shard_, std::chrono::milliseconds(500));
    if (shard_.random.next() % 3 == 0) continue;
    const auto victim = expected_.begin();
    co_await insist(&TopicAdministrator::remove, *victim);
    expected_.erase(victim);
  }
  done_ = true;
}

Task<> TopicAdministrator::insist(Task<Result<>> (TopicAdministrator::*step)(std::string), std::string topic) {
  for (;;) {
    const auto done = co_await (this->*step)(topic);
    if (done) co_return;
    last_error_ = std::string(name(done.error().code)) + " " + done.error().message;
    co_await pause(&shard_, std::chrono::milliseconds(300));
  }
}

Task<Result<>> TopicAdministrator::connect() {
  if (channel_ && channel_->is_open()) co_return Result<>();
  CO_TRY(channel_, co_await open_channel(&shard_));
  co_return Result<>();
}

Task<Result<>> TopicAdministrator::create(std::string topic) {
  CO_TRY_VOID(co_await connect());
  protocol::CreateTopicsRequest request;
  protocol::CreateTopicsRequest::CreatableTopic wanted;
  wanted.name = topic;
  wanted.num_partitions = 2;
  wanted.replication_factor = 1;
  request.topics.push_back(wanted);
  const auto response = co_await channel_->send<protocol::CreateTopicsResponse>(std::move(request), std::int16_t{5},
                                                                                shard_.clock.now() + kPatience);
  const ErrorCode code = response ? response->topics.at(0).error_code : response.error().code;
  if (code == ErrorCode::kNone || code == ErrorCode::kTopicAlreadyExists) co_return Result<>();
  channel_->close();
  co_return fail(code, "CreateTopics");
}

Task<Result<>> TopicAdministrator::remove(std::string topic) {
  CO_TRY_VOID(co_await connect());
  protocol::DeleteTopicsRequest request;
  request.topic_names.push_back(topic);
  request.timeout_ms = 5000;
  const auto response = co_await channel_->send<protocol::DeleteTopicsResponse>(std::move(request), std::int16_t{5},
                                                                                shard_.clock.now() + kPatience);
  const ErrorCode code = response ? response->responses.at(0).error_code : response.error().code;
  if (code == ErrorCode::kNone || code == ErrorCode::kUnknownTopicOrPartition) co_return Result<>();
  channel_->close();
  co_return fail(code, "DeleteTopics");
}

Task<Result<>> TopicAdministrator::check() {
  CO_TRY_VOID(co_await connect());
  protocol::MetadataRequest request;
  request.topics.reset();  // all
  CO_TRY(const auto response, co_await channel_->send<protocol::MetadataResponse>(std::move(request), std::int16_t{9},
                                                                                  shard_.clock.now() + kPatience));
  std::set<std::string> present;
  for (const auto& topic : response.topics) {
    if (topic.name && topic.name->starts_with(kPrefix)) present.insert(*topic.name);
    if (topic.error_code != ErrorCode::kNone)
      co_return fail(topic.error_code, "Metadata of " + topic.name.value_or(""));
  }
  if (present != expected_)
    history_.loss(fmt::format("topics: expected {}, there are {}", fmt::join(expected_, " "), fmt::join(present, " ")));
  co_return Result<>();
}

}  // namespace thalweg::simulation
