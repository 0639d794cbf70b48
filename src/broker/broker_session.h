// One client connection as the broker sees it. Owner: the connection's shard.
#pragma once

#include <memory>

#include "broker/broker_shard.h"
#include "broker/connection_memory.h"
#include "broker/context.h"
#include "network/session.h"

namespace thalweg::broker {

class BrokerSession : public network::Session {
 public:
  BrokerSession(BrokerShard& here, const network::ConnectionInfo& connection);
  Task<network::Started> start(network::Request request) override;

 private:
  BrokerShard& here_;
  std::shared_ptr<const ClientInfo> client_;
  ConnectionMemory memory_;
};

}  // namespace thalweg::broker
