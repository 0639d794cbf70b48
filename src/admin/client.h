// A cluster as a client sees it: connections to its brokers, who leads, coordinates and controls, and how often to try
// again. The typed calls (topics.h, configs.h, groups.h, offsets.h), Producer and Consumer stand on it.
//
// Owner: one shard. Objects that use a Client must not outlive it. Connections are opened when first needed and again
// after they broke; what is under way on a broken one fails with a retriable error.
#pragma once

#include <algorithm>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "network/channel.h"
#include "protocol/metadata_response.h"
#include "runtime/shard.h"

namespace thalweg::admin {

struct ClientOptions {
  std::vector<Endpoint> bootstrap;
  std::string client_id = "thalweg";
  Millis request_timeout{30'000};  // one request
  Millis api_timeout{60'000};      // one call with all its attempts
  Millis retry_backoff{100};
  Millis retry_backoff_max{1'000};
};

// "a:9092,b" -> endpoints; the port may be left out when `port` is given, and PLAINTEXT:// may stand before the host,
// as in Kafka. kInvalidRequest names what is wrong.
Result<std::vector<Endpoint>> parse_bootstrap(std::string_view list, std::optional<std::uint16_t> port = {});

using ChannelPtr = std::shared_ptr<network::Channel>;
using protocol::MetadataResponse;

// Requests of one connection are answered in order, so what may wait long (a fetch) and what must not (a heartbeat)
// travel in different lanes, each its own connection.
enum class Lane { kData, kCoordination };

// The message of the error when no broker of the cluster answered within the deadline.
inline constexpr std::string_view kNoBrokerInTime = "Timed out waiting for a node assignment.";

class Client {
 public:
  Client(const Shard& shard, ClientOptions options) : shard_(shard), options_(std::move(options)) {}
  Client(const Client&) = delete;
  ~Client() { close(); }

  const Shard& shard() const { return shard_; }
  const ClientOptions& options() const { return options_; }
  // When a call that begins now has to end.
  Instant api_deadline() const { return std::min(limit_, later(shard_.clock.now(), options_.api_timeout)); }
  // No call from now on ends later: for a command that consists of many.
  void limit(Instant deadline) { limit_ = deadline; }
  Instant request_deadline(Instant deadline) const {
    return std::min(deadline, later(shard_.clock.now(), options_.request_timeout));
  }

  // Some broker that answers, among those known and the bootstrap list; tries until the deadline.
  Task<Result<ChannelPtr>> any(Instant deadline);
  // One attempt. The broker's address comes from metadata, which is asked for if the id is new.
  Task<Result<ChannelPtr>> to(BrokerId id, Instant deadline, Lane lane = Lane::kData);
  // One attempt. KRaft brokers pass requests on to the controller themselves, so for those this is any broker.
  Task<Result<ChannelPtr>> controller(Instant deadline);

  // Nothing: all topics. One attempt; errors of single topics stay in the response.
  Task<Result<MetadataResponse>> metadata(std::optional<std::vector<std::string>> topics, bool create,
                                          Instant deadline);

  // The broker that coordinates a group, from memory or asked for. Forget it after kNotCoordinator.
  Task<Result<BrokerId>> coordinator(std::string group, Instant deadline);
  void forget_coordinator(const std::string& group) { coordinators_.erase(group); }

  // Is told of each attempt to reach a broker: why it failed, or null when it answers.
  using Watcher = std::function<void(const Endpoint&, const Error*)>;
  void watch(Watcher watcher) { watcher_ = std::move(watcher); }

  const std::map<BrokerId, Endpoint>& brokers() const { return brokers_; }
  void close();

  // Makes what is under way fail soon, for a user who wants to stop; nothing is tried again until resume().
  void interrupt() {
    interrupted_ = true;
    close();
  }
  void resume() { interrupted_ = false; }
  bool interrupted() const { return interrupted_; }

 private:
  Task<Result<ChannelPtr>> open(Endpoint endpoint, Instant deadline);
  Task<Result<ChannelPtr>> open_unwatched(Endpoint endpoint, Instant deadline);
  Task<Result<ChannelPtr>> any_once(Instant deadline);
  Task<Result<MetadataResponse>> ask_metadata(
      std::optional<std::vector<protocol::MetadataResponse::MetadataResponseTopic>> topics, bool create,
      Instant deadline);

  const Shard& shard_;
  const ClientOptions options_;
  std::map<BrokerId, Endpoint> brokers_;
  BrokerId controller_ = kNoBroker;
  std::map<std::string, BrokerId> coordinators_;
  std::map<std::pair<BrokerId, Lane>, ChannelPtr> channels_;
  ChannelPtr any_;
  Instant limit_ = Instant::max();
  Watcher watcher_;
  bool interrupted_ = false;
};

// The pauses between attempts of one call:  for (Retry retry(client, deadline);;) { …; if (!co_await
// retry.again(error)) … }
class Retry {
 public:
  Retry(Client& client, Instant deadline)
      : client_(client), deadline_(deadline), pause_(client.options().retry_backoff) {}
  // True, after a pause, when the error may pass and there is time left. Pauses double up to the maximum.
  Task<bool> again(const Error& error);

 private:
  Client& client_;
  const Instant deadline_;
  Millis pause_;
};

// Sends in the newest version that both know, at most `version_max`.
template <class Response, class Request>
Task<Result<Response>> send_up_to(ChannelPtr channel, Request request, std::int16_t version_max, Instant deadline) {
  CO_TRY(const std::int16_t version, channel->version_of(Request::kKey, Request::kMinVersion, version_max));
  CO_TRY_VOID(request.representable(version));
  co_return co_await channel->send<Response>(std::move(request), version, deadline);
}
template <class Response, class Request>
Task<Result<Response>> send(ChannelPtr channel, Request request, Instant deadline) {
  co_return co_await send_up_to<Response>(std::move(channel), std::move(request), Request::kMaxVersion, deadline);
}

// The broker's code and message as an Error; describe(code) where it sent no message.
Error error_of(ErrorCode code, const std::optional<std::string>& message = {});

}  // namespace thalweg::admin
