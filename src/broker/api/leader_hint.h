// Where the leader is: errors of Produce and Fetch tell it, so that a client that came to the wrong broker need not ask
// for metadata (KIP-951).
#pragma once

#include <algorithm>
#include <string>

#include "metadata/image.h"

namespace thalweg::broker {

// Into the answer for one partition, and the broker's address for clients of this listener, once, into the response.
template <class Response, class PartitionAnswer>
void add_leader_hint(const std::string& listener, const metadata::Image& image, const metadata::Partition& state,
                     PartitionAnswer& answer, Response& response) {
  answer.current_leader.leader_id = state.leader;
  answer.current_leader.leader_epoch = state.leader_epoch;
  const auto* broker = image.broker(state.leader);
  const auto* endpoint = broker ? broker->endpoint(listener) : nullptr;
  if (!endpoint) return;
  if (std::ranges::any_of(response.node_endpoints, [&](const auto& node) { return node.node_id == broker->id; }))
    return;
  auto& node = response.node_endpoints.emplace_back();
  node.node_id = broker->id;
  node.host = endpoint->host;
  node.port = endpoint->port;
  node.rack = broker->rack;
}

}  // namespace thalweg::broker
