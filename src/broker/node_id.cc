#include "broker/node_id.h"

#include <chrono>
#include <optional>

#include "base/log.h"
#include "config/quorum_options.h"
#include "network/channel.h"
#include "protocol/thalweg_quorum_request.h"
#include "protocol/thalweg_quorum_response.h"
#include "storage/data_directory.h"

namespace thalweg::broker {
namespace {

using protocol::ThalwegQuorumRequest;
using protocol::ThalwegQuorumResponse;

constexpr Instant kAnswerWithin = std::chrono::seconds(1), kAskAgain = std::chrono::milliseconds(200);
constexpr Instant kSayWaiting = std::chrono::seconds(10);

Result<std::optional<NodeIdentity>> identity_on_disk(Disk& disk, const config::BrokerConfig& config) {
  for (const auto& directory : config.log_dirs) {
    const std::string path = directory + "/meta.properties";
    if (!disk.exists(path)) continue;
    TRY(const SharedBytes text, disk.read_file(path));
    TRY(const auto meta, storage::parse_meta_properties(text.text()));
    // Without a cluster the process ended between the offer and the answer of who took it in.
    if (meta.node_id != kNoBroker) return NodeIdentity{.id = meta.node_id, .is_new = meta.cluster_id.empty()};
  }
  return std::nullopt;
}

Task<Result<ThalwegQuorumResponse>> ask_for_an_id(const Shard* shard, Endpoint at) {
  const Instant deadline = later(shard->clock.now(), kAnswerWithin);
  CO_TRY(const auto channel, co_await network::Channel::connect(*shard, at, deadline, {.client_id = "joining"}));
  ThalwegQuorumRequest request;
  request.node = kNoBroker;
  request.new_node = true;
  auto response = co_await channel->send<ThalwegQuorumResponse>(std::move(request), 0, deadline);
  channel->close();
  co_return response;
}

// By way of this address: who is asked there may have to say where the leader is.
Task<BrokerId> offer_by(const Shard* shard, Endpoint at) {
  auto answer = co_await ask_for_an_id(shard, at);
  if (answer && answer->free_node == kNoBroker && !answer->leader_host.empty())
    answer = co_await ask_for_an_id(shard, {answer->leader_host, answer->leader_port});
  if (!answer) log::debug("no answer", field("at", to_string(at)), field("error", answer.error()));
  co_return answer ? answer->free_node : kNoBroker;
}

}  // namespace

Task<Result<NodeIdentity>> node_identity(const Shard& shard, const config::BrokerConfig& config) {
  CO_TRY(const auto known, identity_on_disk(shard.disk, config));
  if (known) co_return *known;
  const auto servers = config::join_servers(config);
  for (Instant said = shard.clock.now();;) {
    for (const auto& server : servers) {
      const BrokerId offered = co_await offer_by(&shard, {server.host, server.port});
      if (offered == kNoBroker) continue;
      log::info("the cluster offers a node id", field("node", offered), field("by", server.host));
      co_return NodeIdentity{.id = offered, .is_new = true};
    }
    if (shard.clock.now() - said >= kSayWaiting) {
      said = shard.clock.now();
      log::info("waiting for a member of the cluster to offer a node id (or: set node.id)",
                field("asked", config.properties.at("thalweg.join")));
    }
    co_await shard.clock.sleep_for(kAskAgain);
  }
}

}  // namespace thalweg::broker
