// One request to the API as an operation sees it: who asks, the image of this moment, and what operations share.
//
// Operations are free functions, one file for each resource under api/:
//
//   Task<Outcome<TopicPage>> topics(const Call& call, GetTopics asked);
//
// They run on shard 0, and ask the rest of the broker as its clients do: ask.h.
#pragma once

#include <memory>
#include <string>

#include "broker/broker.h"
#include "broker/context.h"
#include "console/access.h"
#include "console/rollup.h"
#include "console/topic_table.h"
#include "metadata/image.h"

namespace thalweg::console {

struct About {
  std::string version;  // of Thalweg
  std::string kafka;    // the release of Kafka whose options and protocol it speaks
};

// Owner: shard 0.
struct Shared {
  broker::Broker& broker;
  About about;
  Timestamp started_at = kNoTimestamp;
  Access access;
  TopicTables topics;
  Rollups rollups;
};

struct Call {
  Shared& shared;
  std::shared_ptr<const broker::ClientInfo> client;
  metadata::ImagePtr image;
  Timestamp now = kNoTimestamp;

  broker::Broker& broker() const { return shared.broker; }
  BrokerId self() const { return shared.broker.config().node_id; }
  bool allows(broker::Operation operation, const broker::Resource& resource) const {
    return broker::is_allowed(*client, operation, resource);
  }
};

}  // namespace thalweg::console
