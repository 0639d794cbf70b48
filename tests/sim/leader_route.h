// The way to whoever leads a partition of a topic in a cluster: asked of any broker (Metadata), and asked anew when it
// was missed.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <utility>

#include "clients.h"

namespace thalweg::simulation {

class ToTheLeader : public Route {
 public:
  explicit ToTheLeader(const Shard& shard, std::string topic = kTopic) : shard_(shard), topic_(std::move(topic)) {}

  // kLeaderNotAvailable, or what the broker says that was asked.
  Task<Result<std::shared_ptr<network::Channel>>> to(PartitionId partition) override;
  void missed(PartitionId partition) override { leaders_.erase(partition); }
  // To one of the brokers, whichever.
  Task<Result<std::shared_ptr<network::Channel>>> to_any();
  Task<Result<std::shared_ptr<network::Channel>>> to_broker(BrokerId id);
  // After that the broker has more to give, without asking the controller.
  Task<> take_a_producer_id(BrokerId of);

 private:
  Task<Result<>> look();

  const Shard& shard_;
  const std::string topic_;
  std::map<PartitionId, BrokerId> leaders_;
  std::map<BrokerId, std::shared_ptr<network::Channel>> channels_;
};

// Creates the topic with a replica on each broker, two of which acknowledge; tries until it is there. After a while it
// is the last that the metadata log says for some time, as every broker has ids for producers by then.
Task<> create_replicated_topic(const Shard* shard, std::string name, bool* done, Instant after);

}  // namespace thalweg::simulation
