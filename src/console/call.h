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
#include "console/changes.h"
#include "console/kept_answers.h"
#include "console/registry_schemas.h"
#include "console/rollup.h"
#include "console/searches.h"
#include "console/topic_table.h"
#include "metadata/image.h"
#include "runtime/turn.h"
#include "runtime/workers.h"

namespace thalweg::console {

struct About {
  std::string version;  // of Thalweg
  std::string kafka;    // the release of Kafka whose options and protocol it speaks
};

// Owner: shard 0.
struct Shared {
  broker::Broker& broker;
  Workers& workers;
  About about;
  Timestamp started_at = kNoTimestamp;
  Access access;
  TopicTables topics;
  Rollups rollups;
  Changes changes;
  Searches searches;
  RegistrySchemas schemas;
  KeptAnswers kept_answers;
  // Dead letters go back one replay at a time.
  Turn replaying;
  // What is fetched for people is in memory and unpacked, so one fetch at a time; those of other brokers, which may be
  // slow, in a queue of their own.
  Turn reading_here, reading_elsewhere;

  Turn& reading(bool is_here) { return is_here ? reading_here : reading_elsewhere; }
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
