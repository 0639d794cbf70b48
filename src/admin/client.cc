#include "admin/client.h"

#include "base/number.h"
#include "protocol/find_coordinator_request.h"
#include "protocol/find_coordinator_response.h"
#include "protocol/metadata_request.h"

namespace thalweg::admin {
namespace {

constexpr Millis kConnectMax{10'000};

bool may_be_in_host(char c) {
  const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
  return letter || (c >= '0' && c <= '9') || std::string_view("-.:%_").contains(c);
}

Result<Endpoint> parse_endpoint(std::string_view text, std::optional<std::uint16_t> default_port) {
  const auto bad = [&] {
    return fail(ErrorCode::kInvalidRequest, "Invalid url in bootstrap.servers: " + std::string(text));
  };
  std::string_view host = text, port;
  if (const auto scheme = host.find("://"); scheme != host.npos) host.remove_prefix(scheme + 3);
  const auto colon = host.rfind(':');
  // The address of an IPv6 host alone, without brackets, has colons of its own.
  const bool bare_v6 = default_port && !host.starts_with('[') && host.find(':') != colon;
  if (colon != host.npos && host.find(']', colon) == host.npos && !bare_v6) {
    port = host.substr(colon + 1);
    host = host.substr(0, colon);
    if (port.empty()) return bad();
  }
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  if (host.empty() || !std::ranges::all_of(host, may_be_in_host)) return bad();
  Endpoint endpoint{std::string(host), default_port.value_or(0)};
  if (port.empty()) {
    if (!default_port) return bad();
    return endpoint;
  }
  const auto number = parse_number<std::uint16_t>(port);
  if (!number || *number == 0) return bad();
  endpoint.port = *number;
  return endpoint;
}

}  // namespace

Result<std::vector<Endpoint>> parse_bootstrap(std::string_view list, std::optional<std::uint16_t> port) {
  std::vector<Endpoint> endpoints;
  while (!list.empty()) {
    const auto comma = std::min(list.find(','), list.size());
    std::string_view one = list.substr(0, comma);
    list.remove_prefix(std::min(comma + 1, list.size()));
    while (one.starts_with(' ')) one.remove_prefix(1);
    while (one.ends_with(' ')) one.remove_suffix(1);
    if (one.empty()) continue;
    TRY(auto endpoint, parse_endpoint(one, port));
    endpoints.push_back(std::move(endpoint));
  }
  if (endpoints.empty())
    return fail(ErrorCode::kInvalidRequest, "No resolvable bootstrap urls given in bootstrap.servers");
  return endpoints;
}

Error error_of(ErrorCode code, const std::optional<std::string>& message) {
  return {code, message && !message->empty() ? *message : std::string(describe(code))};
}

Task<bool> Retry::again(const Error& error) {
  if (!is_retriable(error.code) || client_.interrupted()) co_return false;
  const Clock& clock = client_.shard().clock;
  if (clock.now() + pause_ >= deadline_) co_return false;
  co_await client_.shard().clock.sleep_for(pause_);
  if (client_.interrupted()) co_return false;
  pause_ = std::min(pause_ * 2, client_.options().retry_backoff_max);
  co_return true;
}

// What takes the connection but does not answer leaves time for others.
Task<Result<ChannelPtr>> Client::open_unwatched(Endpoint endpoint, Instant deadline) {
  const Instant connect_deadline = std::min(deadline, shard_.clock.now() + kConnectMax);
  CO_TRY(auto channel, co_await network::Channel::connect(shard_, std::move(endpoint), connect_deadline,
                                                          {.client_id = options_.client_id}));
  CO_TRY_VOID(co_await channel->negotiate(connect_deadline));
  co_return channel;
}

Task<Result<ChannelPtr>> Client::open(Endpoint endpoint, Instant deadline) {
  auto channel = co_await open_unwatched(endpoint, deadline);
  if (watcher_ && !interrupted_) watcher_(endpoint, channel ? nullptr : &channel.error());
  co_return channel;
}

Task<Result<ChannelPtr>> Client::any_once(Instant deadline) {
  std::vector<Endpoint> candidates;
  for (const auto& [id, endpoint] : brokers_) candidates.push_back(endpoint);
  candidates.insert(candidates.end(), options_.bootstrap.begin(), options_.bootstrap.end());
  Error last{ErrorCode::kNetworkException, "no bootstrap broker"};
  for (const auto& endpoint : candidates) {
    auto channel = co_await open(endpoint, deadline);
    if (channel) co_return channel;
    last = channel.error();
  }
  co_return std::unexpected(last);
}

Task<Result<ChannelPtr>> Client::any(Instant deadline) {
  if (any_ && any_->is_open()) co_return any_;
  for (Retry retry(*this, deadline);;) {
    auto channel = co_await any_once(deadline);
    if (channel) {
      any_ = *channel;
      co_return any_;
    }
    const bool passing = is_retriable(channel.error().code);
    if (!co_await retry.again(channel.error()))
      co_return passing ? fail(ErrorCode::kRequestTimedOut, std::string(kNoBrokerInTime))
                        : std::unexpected(std::move(channel.error()));
  }
}

Task<Result<ChannelPtr>> Client::to(BrokerId id, Instant deadline, Lane lane) {
  const auto key = std::pair(id, lane);
  if (const auto at = channels_.find(key); at != channels_.end() && at->second->is_open()) co_return at->second;
  if (!brokers_.contains(id)) CO_TRY_VOID(co_await metadata(std::vector<std::string>(), false, deadline));
  const auto broker = brokers_.find(id);
  if (broker == brokers_.end())
    co_return fail(ErrorCode::kLeaderNotAvailable, "broker " + to_string(id) + " is not in the cluster at the moment");
  CO_TRY(auto channel, co_await open(broker->second, deadline));
  channels_[key] = channel;
  co_return channel;
}

Task<Result<ChannelPtr>> Client::controller(Instant deadline) {
  CO_TRY_VOID(co_await metadata(std::vector<std::string>(), false, deadline));
  if (controller_ != kNoBroker) {
    // Who was told of it may not know yet that it is gone. Of a node that stands alone, its address is wrong.
    auto named = co_await to(controller_, deadline);
    if (named || !is_retriable(named.error().code) || brokers_.size() < 2) co_return named;
  }
  co_return co_await any(deadline);
}

Task<Result<MetadataResponse>> Client::metadata(std::optional<std::vector<std::string>> topics, bool create,
                                                Instant deadline) {
  std::optional<std::vector<MetadataResponse::MetadataResponseTopic>> wanted;
  if (topics) {
    wanted.emplace();
    for (auto& name : *topics) wanted->emplace_back().name = std::move(name);
  }
  co_return co_await ask_metadata(std::move(wanted), create, deadline);
}

Task<Result<MetadataResponse>> Client::ask_metadata(
    std::optional<std::vector<MetadataResponse::MetadataResponseTopic>> topics, bool create, Instant deadline) {
  protocol::MetadataRequest request;
  request.topics.reset();
  request.allow_auto_topic_creation = create;
  if (topics) {
    request.topics.emplace();
    for (auto& topic : *topics) request.topics->push_back({.topic_id = topic.topic_id, .name = std::move(topic.name)});
  }
  CO_TRY(const auto channel, co_await any(deadline));
  CO_TRY(auto response, co_await send<MetadataResponse>(channel, std::move(request), request_deadline(deadline)));
  brokers_.clear();
  for (const auto& broker : response.brokers)
    brokers_[broker.node_id] = {broker.host, static_cast<std::uint16_t>(broker.port)};
  controller_ = response.controller_id;
  co_return response;
}

Task<Result<BrokerId>> Client::coordinator(std::string group, Instant deadline) {
  if (const auto at = coordinators_.find(group); at != coordinators_.end()) co_return at->second;
  CO_TRY(const auto channel, co_await any(deadline));
  protocol::FindCoordinatorRequest request;
  CO_TRY(const auto version, channel->version_of(request.kKey, request.kMinVersion, request.kMaxVersion));
  constexpr std::int16_t kManyAtOnce = 4;
  if (version >= kManyAtOnce)
    request.coordinator_keys.push_back(group);
  else
    request.key = group;
  CO_TRY(const auto response, co_await channel->send<protocol::FindCoordinatorResponse>(std::move(request), version,
                                                                                        request_deadline(deadline)));
  protocol::FindCoordinatorResponse::Coordinator found;
  if (version < kManyAtOnce) {
    found.error_code = response.error_code;
    found.error_message = response.error_message;
    found.node_id = response.node_id;
    found.host = response.host;
    found.port = response.port;
  } else if (response.coordinators.size() == 1) {
    found = response.coordinators[0];
  } else {
    co_return fail(ErrorCode::kCoordinatorNotAvailable, "FindCoordinator answered for another number of groups");
  }
  if (found.error_code != ErrorCode::kNone) co_return std::unexpected(error_of(found.error_code, found.error_message));
  brokers_[found.node_id] = {found.host, static_cast<std::uint16_t>(found.port)};
  coordinators_[group] = found.node_id;
  co_return found.node_id;
}

void Client::close() {
  for (auto& [key, channel] : channels_) channel->close();
  channels_.clear();
  if (any_) any_->close();
  any_.reset();
}

}  // namespace thalweg::admin
