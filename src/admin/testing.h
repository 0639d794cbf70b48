// A broker that answers what a test tells it to, over a real connection on the test's shard.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "admin/client.h"
#include "network/server.h"
#include "protocol/api_versions_response.h"
#include "protocol/metadata_request.h"
#include "protocol/metadata_response.h"

namespace thalweg::admin {

class FakeBroker {
 public:
  explicit FakeBroker(const Shard& shard)
      : shard_(shard),
        server_(shard, {}, memory_, [this](const auto&) { return std::make_unique<FakeSession>(*this); }) {
    auto listener = shard.network.listen({"127.0.0.1", 0});
    CHECK(listener);
    endpoint = (*listener)->local();
    server_.serve(std::move(*listener), "PLAINTEXT");
    on<protocol::MetadataRequest, protocol::MetadataResponse>(
        [this](const auto& request) { return metadata(request); });
  }
  Task<> stop() {
    co_await server_.stop(shard_.clock.now() + std::chrono::seconds(5));
    while (sessions_ > 0) co_await shard_.clock.sleep_for(std::chrono::milliseconds(1));
  }

  // How requests of one kind are answered; offers that API from then on.
  template <class Request, class Response>
  void on(std::function<Response(const Request&)> answer) {
    handlers_[Request::kKey] = [answer = std::move(answer)](const network::Request& request) {
      const auto message = request.decode<Request>();
      CHECK(message);
      return network::reply_to(request, answer(*message));
    };
  }
  int count(protocol::ApiKey key) const { return seen_.contains(key) ? seen_.at(key) : 0; }

  Endpoint endpoint;
  std::map<std::string, int> topics;  // with their number of partitions, all led by broker 1
  struct Levels {
    std::int16_t min, max, finalized;
  };
  std::map<std::string, Levels> features;

 private:
  class FakeSession : public network::Session {
   public:
    explicit FakeSession(FakeBroker& broker) : broker_(broker) { ++broker_.sessions_; }
    ~FakeSession() override { --broker_.sessions_; }
    Task<network::Started> start(network::Request request) override { co_return broker_.answer(request); }

   private:
    FakeBroker& broker_;
  };

  network::Reply answer(const network::Request& request) {
    ++seen_[request.key()];
    if (request.key() == protocol::ApiKey::kApiVersions) return versions(request);
    const auto handler = handlers_.find(request.key());
    return handler == handlers_.end() ? network::close_connection() : handler->second(request);
  }
  network::Reply versions(const network::Request& request) const {
    protocol::ApiVersionsResponse response;
    for (const auto& [key, handler] : handlers_) {
      const auto* api = protocol::find_api(static_cast<std::int16_t>(key));
      response.api_keys.push_back({static_cast<std::int16_t>(key), api->advertised_min, api->advertised_max});
    }
    constexpr auto kOwn = static_cast<std::int16_t>(protocol::ApiKey::kApiVersions);
    const auto* own = protocol::find_api(kOwn);
    response.api_keys.push_back({kOwn, own->advertised_min, own->advertised_max});
    for (const auto& [name, levels] : features) {
      response.supported_features.push_back({name, levels.min, levels.max});
      if (levels.finalized > 0) response.finalized_features.push_back({name, levels.finalized, levels.finalized});
    }
    if (!features.empty()) response.finalized_features_epoch = 7;
    return network::reply_to(request, response);
  }
  protocol::MetadataResponse metadata(const protocol::MetadataRequest& request) const {
    protocol::MetadataResponse response;
    response.brokers.push_back({.node_id = {1}, .host = endpoint.host, .port = endpoint.port, .rack = {}});
    response.controller_id = {1};
    const auto add = [&](const std::string& name) {
      auto& topic = response.topics.emplace_back();
      topic.name = name;
      const auto at = topics.find(name);
      if (at == topics.end()) topic.error_code = ErrorCode::kUnknownTopicOrPartition;
      topic.topic_id = {7, std::hash<std::string>()(name)};
      for (int i = 0; at != topics.end() && i < at->second; ++i) {
        auto& partition = topic.partitions.emplace_back();
        partition.partition_index = {i};
        partition.leader_id = {1};
      }
    };
    if (request.topics)
      for (const auto& topic : *request.topics) add(topic.name.value_or(""));
    else
      for (const auto& [name, partitions] : topics) add(name);
    return response;
  }

  const Shard& shard_;
  std::map<protocol::ApiKey, std::function<network::Reply(const network::Request&)>> handlers_;
  std::map<protocol::ApiKey, int> seen_;
  int sessions_ = 0;
  Budget memory_{64u << 20};
  network::Server server_;
};

}  // namespace thalweg::admin
