#include "topic_creator.h"

#include <fmt/format.h>

#include "cluster_node.h"
#include "network/channel.h"
#include "protocol/create_topics_request.h"
#include "protocol/create_topics_response.h"

namespace thalweg::simulation {
namespace {
using namespace std::chrono_literals;
constexpr int kCreated = 8;
}  // namespace

Task<> TopicCreator::run() {
  for (int i = 0; i < kCreated; ++i) {
    const std::string topic = fmt::format("topic-{}", i);
    while (!co_await create(topic)) co_await shard_.clock.sleep_for(300ms);
    created_.push_back(topic);
    co_await shard_.clock.sleep_for(Millis(shard_.random.next() % 1000));
  }
  done_ = true;
}

Task<bool> TopicCreator::create(std::string topic) {
  const int node = int(shard_.random.next() % kClusterNodes) + 1;
  const Instant deadline = shard_.clock.now() + 8s;
  const auto channel = co_await network::Channel::connect(shard_, client_endpoint(node), deadline);
  if (!channel) co_return failed(node, channel.error());
  protocol::CreateTopicsRequest request;
  auto& wanted = request.topics.emplace_back();
  wanted.name = topic;
  wanted.num_partitions = 3;
  wanted.replication_factor = 1;
  request.timeout_ms = 5000;
  const auto response = co_await (*channel)->send<protocol::CreateTopicsResponse>(std::move(request), 7, deadline);
  (*channel)->close();
  if (!response) co_return failed(node, response.error());
  const auto& answer = response->topics.at(0);
  // An answer may have been lost with whoever had it.
  if (answer.error_code == ErrorCode::kNone || answer.error_code == ErrorCode::kTopicAlreadyExists) co_return true;
  co_return failed(node, {answer.error_code, answer.error_message.value_or("")});
}

bool TopicCreator::failed(int node, const Error& error) {
  last_error_ = fmt::format("broker {}: {} {}", node, name(error.code), error.message);
  return false;
}

}  // namespace thalweg::simulation
