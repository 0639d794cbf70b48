// What the brokers themselves hold of kTopic, looked at from outside: who leads, and what is in the logs.
#pragma once

#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "cluster_node.h"
#include "history.h"
#include "metadata/image.h"
#include "storage/log.h"

namespace thalweg::simulation {

class ReplicaWatch {
 public:
  ReplicaWatch(sim::World& world, History& history) : world_(world), history_(history) {}

  // Who leads now: nobody else has, and will, in the same epoch.
  void note_leaders(BrokerId id, broker::Broker& here, const metadata::Image& image);
  std::size_t leaderships() const { return leaders_.size(); }
  // Below it a start does not look. REQUIRES: the broker has the partition
  static Offset recovery_point(const broker::Broker& broker, const metadata::Image& image, PartitionId partition);
  // Empty if all replicas are in sync and equally long.
  std::string unsettled(const metadata::Image& image, const std::vector<broker::Broker*>& brokers) const;
  // Replicas are equal from where all of them begin up to their end, and no one begins beyond what somebody wanted to
  // be deleted. REQUIRES: unsettled() is empty
  void compare(const metadata::Image& image, const std::vector<std::pair<sim::Node*, broker::Broker*>>& nodes);

 private:
  using Contents = std::map<Offset, std::pair<std::string, LeaderEpoch>>;
  struct Replica {
    Offset start{0};
    Contents contents;
    std::string error;
  };
  std::string unsettled(const metadata::Topic& topic, const std::vector<broker::Broker*>& brokers) const;
  void compare(const metadata::Topic& topic, const std::vector<std::pair<sim::Node*, broker::Broker*>>& nodes);
  static Task<> read(storage::LogPtr log, std::shared_ptr<std::optional<Replica>> into);
  static Task<Result<Contents>> contents_of(storage::LogPtr log);
  std::optional<Replica> read_at(sim::Node& node, broker::Broker& broker, const replica::PartitionKey& key);

  sim::World& world_;
  History& history_;
  std::map<std::pair<PartitionId, LeaderEpoch>, std::pair<BrokerId, std::int64_t>> leaders_;  // with the broker's epoch
};

}  // namespace thalweg::simulation
