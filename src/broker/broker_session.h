// One client connection as the broker sees it. Owner: the connection's shard.
#pragma once

#include <memory>

#include "broker/broker_shard.h"
#include "broker/context.h"
#include "network/session.h"

namespace thalweg::broker {

class BrokerSession : public network::Session {
 public:
  BrokerSession(BrokerShard& here, const network::ConnectionInfo& connection);
  Task<network::Started> start(network::Request request) override;

 private:
  static constexpr std::size_t kFollowerSessions = 4;  // one is used at a time

  BrokerShard& here_;
  std::shared_ptr<const ClientInfo> client_;
  // A follower's sessions end with its connection, and take no place from consumers.
  FetchSessionCache follower_sessions_{kFollowerSessions, 1, 1};
};

}  // namespace thalweg::broker
