// Channels to other nodes of the cluster, kept open: one for each node, purpose and lane, because requests of one
// connection are answered in their order and what must not wait would wait for what may. A channel is connected when it
// is first asked for, by name, so that an address that moved is found at the next connect; negotiated; proven to be the
// node that was meant, where the peer can tell; and dropped when it is broken or the node has another endpoint.
//
// Attempts that fail, and channels that break soon after they were opened, put pauses between attempts: 5 ms, doubled
// up to 100 ms. Whoever asks in a pause waits for it; all who ask for the same channel share one attempt.
//
// Owner: one shard; a shard that speaks with other nodes has its own. What is under way when it is closed or destroyed
// fails with kNetworkException.
#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "base/types.h"
#include "network/channel.h"
#include "runtime/shard.h"

namespace thalweg::broker {

enum class Purpose : std::uint8_t {
  kLiveness,      // registration and heartbeats
  kController,    // a broker's other business with the controller
  kForwarding,    // what clients ask of the controller
  kFetch,         // followers; a lane for each fetcher
  kRegistry,      // what clients ask of the schema registry; a few lanes
  kConsole,       // what people look at
  kVerification,  // whether a transaction includes a partition
};
std::string_view name(Purpose purpose);

struct PeerKey {
  BrokerId node;
  Purpose purpose;
  std::uint32_t lane = 0;
  friend auto operator<=>(const PeerKey&, const PeerKey&) = default;
};

struct PeerChannelsOptions {
  std::string client_id = "thalweg";  // what peers write to their logs
  std::string cluster_id;             // what peers must belong to; empty: any
  Instant connect_within = std::chrono::seconds(3);
  Instant backoff_first = std::chrono::milliseconds(5), backoff_last = std::chrono::milliseconds(100);
  // A channel that lived this long was a good one: the next attempt after it waits for nothing.
  Instant good_after = std::chrono::seconds(1);
  std::size_t response_size_max = 100u << 20;
};

class PeerChannels {
 public:
  using ChannelPtr = std::shared_ptr<network::Channel>;

  PeerChannels(const Shard& shard, PeerChannelsOptions options);
  ~PeerChannels();
  PeerChannels(const PeerChannels&) = delete;

  // An open, negotiated channel. One attempt, which may begin with a pause; errors:
  //   kNetworkException        not reached, or it hung up
  //   kRequestTimedOut         neither reached nor refused by the deadline
  //   kInconsistentClusterId   somebody else answers there: another node or another cluster
  // A channel to another endpoint of the same key is closed first.
  Task<Result<ChannelPtr>> to(PeerKey peer, Endpoint endpoint, Instant deadline);

  // Sends in `version`, or in the newest that the peer offers when that is older.
  template <class Response, class Request>
  Task<Result<Response>> send(PeerKey peer, Endpoint endpoint, Request request, std::int16_t version,
                              Instant deadline) {
    CO_TRY(const ChannelPtr channel, co_await to(peer, std::move(endpoint), deadline));
    CO_TRY(const std::int16_t spoken, spoken_version(*channel, Request::kKey, Request::kMinVersion, version));
    co_return co_await channel->template send<Response>(std::move(request), spoken, deadline);
  }
  // What a peer does not list it may serve all the same: APIs between nodes are not advertised to clients.
  static Result<std::int16_t> spoken_version(const network::Channel& channel, protocol::ApiKey key, std::int16_t min,
                                             std::int16_t wanted);

  // Fails what is under way with the node; the next attempt waits for nothing.
  void drop(BrokerId node);
  void drop(PeerKey peer);
  // The same with those of the node over which nothing has come since then: a connection may be dead without a sign,
  // and who waits on it would wait in vain.
  void drop_silent(BrokerId node, Instant since);
  // The same with all of them, for good: later attempts fail at once.
  void close();

 private:
  struct Lane;
  using LanePtr = std::shared_ptr<Lane>;
  static Task<> connect(const Shard* shard, std::shared_ptr<const PeerChannelsOptions> options, LanePtr lane);
  void abandon(Lane& lane);

  const Shard& shard_;
  const std::shared_ptr<const PeerChannelsOptions> options_;
  std::map<PeerKey, LanePtr> lanes_;
  bool closed_ = false;
};

}  // namespace thalweg::broker
