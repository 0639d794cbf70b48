#include "broker/peer_channels.h"

#include <algorithm>
#include <vector>

#include "base/log.h"
#include "protocol/api_versions_request.h"
#include "protocol/api_versions_response.h"

namespace thalweg::broker {
namespace {

using ChannelPtr = PeerChannels::ChannelPtr;

constexpr std::int16_t kIdentityVersion = 5;  // of ApiVersions: says whom it is meant for (KIP-1242)

std::string named(const PeerKey& peer, const Endpoint& endpoint) {
  return "node " + to_string(peer.node) + " at " + to_string(endpoint);
}

// Addresses are given to other nodes, and lists are mistyped: asks the peer whether it is who was meant.
Task<Result<>> prove_identity(ChannelPtr channel, PeerKey peer, std::string cluster_id, Instant deadline) {
  const auto offered = channel->versions().find(static_cast<std::int16_t>(protocol::ApiKey::kApiVersions));
  if (offered == channel->versions().end() || offered->second.max < kIdentityVersion) co_return Result<>();
  protocol::ApiVersionsRequest request;
  request.client_software_name = "thalweg";
  request.client_software_version = "0.1.0";
  if (!cluster_id.empty()) request.cluster_id = cluster_id;
  request.node_id = peer.node;
  CO_TRY(const auto response,
         co_await channel->send<protocol::ApiVersionsResponse>(request, kIdentityVersion, deadline));
  if (response.error_code == ErrorCode::kRebootstrapRequired)
    co_return fail(ErrorCode::kInconsistentClusterId,
                   to_string(channel->peer()) + " is not node " + to_string(peer.node) +
                       (cluster_id.empty() ? "" : " of cluster " + cluster_id) +
                       ": look at controller.quorum.voters and advertised.listeners");
  if (response.error_code != ErrorCode::kNone)
    co_return fail(response.error_code, named(peer, channel->peer()) + ": ApiVersions");
  co_return Result<>();
}

Task<Result<ChannelPtr>> open(const Shard* shard, PeerKey peer, Endpoint endpoint, const PeerChannelsOptions* options) {
  const Instant deadline = later(shard->clock.now(), options->connect_within);
  CO_TRY(const ChannelPtr channel,
         co_await network::Channel::connect(
             *shard, endpoint, deadline,
             {.client_id = options->client_id, .response_size_max = options->response_size_max}));
  CO_TRY_VOID(co_await channel->negotiate(deadline));
  CO_TRY_VOID(co_await prove_identity(channel, peer, options->cluster_id, deadline));
  co_return channel;
}

std::unexpected<Error> closed() { return fail(ErrorCode::kNetworkException, "this broker's channels are closed"); }

}  // namespace

std::string_view name(Purpose purpose) {
  switch (purpose) {
    case Purpose::kLiveness:
      return "liveness";
    case Purpose::kController:
      return "controller";
    case Purpose::kForwarding:
      return "forwarding";
    case Purpose::kFetch:
      return "fetch";
    case Purpose::kRegistry:
      return "registry";
    case Purpose::kConsole:
      return "console";
    case Purpose::kVerification:
      return "verification";
  }
  return "?";
}

// One channel and the attempts to have it; outlives its PeerChannels where an attempt is under way.
struct PeerChannels::Lane {
  PeerKey key;
  Endpoint endpoint;
  ChannelPtr channel;
  Instant opened{0};
  Instant backoff{0}, not_before{0};
  bool connecting = false, ended = false;
  std::uint64_t failures = 0;  // in a row
  std::vector<OneShot<Result<ChannelPtr>>> waiting;

  bool has_open_channel() const { return channel && channel->is_open(); }
  void pause(Instant from, const PeerChannelsOptions& options) {
    backoff = backoff == Instant{0} ? options.backoff_first : std::min(2 * backoff, options.backoff_last);
    not_before = later(from, backoff);
  }
  // A channel that broke is forgotten. One that broke early is as good as none.
  void forget_broken(const PeerChannelsOptions& options, Instant now) {
    if (!channel || channel->is_open()) return;
    channel.reset();
    if (now - opened < options.good_after)
      pause(now, options);
    else
      backoff = Instant{0};
  }
  void answer(const Result<ChannelPtr>& outcome) {
    for (const auto& waiter : std::exchange(waiting, {})) waiter.set(outcome);
  }
};

PeerChannels::PeerChannels(const Shard& shard, PeerChannelsOptions options)
    : shard_(shard), options_(std::make_shared<const PeerChannelsOptions>(std::move(options))) {}

PeerChannels::~PeerChannels() { close(); }

Task<Result<ChannelPtr>> PeerChannels::to(PeerKey peer, Endpoint endpoint, Instant deadline) {
  if (closed_) co_return closed();
  auto& known = lanes_[peer];
  if (known && known->endpoint != endpoint) abandon(*std::exchange(known, nullptr));
  if (!known) known = std::make_shared<Lane>(Lane{.key = peer, .endpoint = std::move(endpoint)});
  const LanePtr lane = known;
  if (lane->has_open_channel()) co_return lane->channel;
  const OneShot<Result<ChannelPtr>> answer;
  lane->waiting.push_back(answer);
  if (!std::exchange(lane->connecting, true)) spawn(shard_, connect(&shard_, options_, lane));
  const auto timer = shard_.clock.call_at(deadline, [answer, who = named(peer, lane->endpoint)] {
    answer.set(fail(ErrorCode::kRequestTimedOut, who + " is not reached in time"));
  });
  co_return co_await answer.wait();
}

Task<> PeerChannels::connect(const Shard* shard, std::shared_ptr<const PeerChannelsOptions> options, LanePtr lane) {
  lane->forget_broken(*options, shard->clock.now());
  if (shard->clock.now() < lane->not_before) co_await shard->clock.sleep_until(lane->not_before);
  if (lane->ended) co_return;  // who waited has been answered
  auto outcome = co_await open(shard, lane->key, lane->endpoint, options.get());
  lane->connecting = false;
  if (lane->ended) {
    if (outcome) (*outcome)->close();
    co_return;
  }
  const auto what = [&] { return std::string(name(lane->key.purpose)); };
  if (outcome) {
    if (lane->failures > 0)
      log::info("node reached again", field("node", lane->key.node), field("endpoint", to_string(lane->endpoint)),
                field("for", what()), field("attempts", lane->failures + 1));
    lane->failures = 0;
    lane->channel = *outcome;
    lane->opened = shard->clock.now();
  } else {
    if (lane->failures++ == 0)
      log::info("node not reached, trying again", field("node", lane->key.node),
                field("endpoint", to_string(lane->endpoint)), field("for", what()), field("error", outcome.error()));
    lane->pause(shard->clock.now(), *options);
  }
  lane->answer(outcome);
}

Result<std::int16_t> PeerChannels::spoken_version(const network::Channel& channel, protocol::ApiKey key,
                                                  std::int16_t min, std::int16_t wanted) {
  if (!channel.versions().contains(static_cast<std::int16_t>(key))) return wanted;
  return channel.version_of(key, min, wanted);
}

void PeerChannels::abandon(Lane& lane) {
  lane.ended = true;
  if (lane.channel) lane.channel->close();
  lane.answer(fail(ErrorCode::kNetworkException, named(lane.key, lane.endpoint) + ": given up"));
}

void PeerChannels::drop(PeerKey peer) {
  const auto at = lanes_.find(peer);
  if (at == lanes_.end()) return;
  abandon(*at->second);
  lanes_.erase(at);
}

void PeerChannels::drop(BrokerId node) {
  const auto first = lanes_.lower_bound(PeerKey{.node = node, .purpose = Purpose{}});
  auto last = first;
  for (; last != lanes_.end() && last->first.node == node; ++last) abandon(*last->second);
  lanes_.erase(first, last);
}

void PeerChannels::drop_silent(BrokerId node, Instant since) {
  for (auto at = lanes_.lower_bound(PeerKey{.node = node, .purpose = Purpose{}});
       at != lanes_.end() && at->first.node == node;) {
    const auto& channel = at->second->channel;
    const auto next = std::next(at);
    if (channel && channel->last_heard() <= since) drop(at->first);
    at = next;
  }
}

void PeerChannels::close() {
  closed_ = true;
  for (auto& [peer, lane] : lanes_) abandon(*lane);
  lanes_.clear();
}

}  // namespace thalweg::broker
