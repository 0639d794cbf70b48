// Who leads a partition. Works out one change of a partition: replicas that leave the in-sync set or the assignment,
// and the leader that follows from it.
#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "controller/decision.h"
#include "metadata/image.h"

namespace thalweg::controller {

enum class Election {
  kOnline,     // keep the leader if it can stay, else any in-sync replica
  kPreferred,  // the first replica if it is in sync, else as kOnline
  kUnclean,    // as kOnline, and when no in-sync replica is left any replica that is alive: data may be lost
};

class PartitionChange {
 public:
  using IsActive = std::function<bool(BrokerId)>;

  // `partition` has to outlive the change.
  PartitionChange(Uuid topic, PartitionId id, const metadata::Partition& partition, IsActive is_active);

  PartitionChange& elect(Election election);
  // An in-sync set without members is not possible: the last one stays, without a leader if it is not alive.
  PartitionChange& isr(std::vector<BrokerId> isr);
  PartitionChange& replicas(std::vector<BrokerId> replicas);
  PartitionChange& removing(std::vector<BrokerId> replicas);
  PartitionChange& adding(std::vector<BrokerId> replicas);
  PartitionChange& recovery(metadata::LeaderRecovery state);

  // The record for what differs; nothing if nothing does.
  std::optional<metadata::Record> build();

 private:
  bool can_lead(BrokerId id) const;
  BrokerId elected();
  void finish_reassignment();

  const Uuid topic_;
  const PartitionId id_;
  const metadata::Partition& now_;
  const IsActive is_active_;
  metadata::Partition next_;
  Election election_ = Election::kOnline;
};

// Whether a topic may lose data to have a leader again: unclean.leader.election.enable.
bool unclean_election_allowed(const metadata::Image& image, const Options& options, const std::string& topic);

std::vector<BrokerId> without(const std::vector<BrokerId>& ids, BrokerId id);

// Everything that follows when `broker` can no longer lead: it leaves every in-sync set that has another member, and
// its partitions get another leader or none. The image may still call it active.
std::vector<metadata::Record> records_without_broker(const metadata::Image& image, BrokerId broker);
// Partitions without a leader for which `broker`, about to be active, may lead.
std::vector<metadata::Record> records_for_returning_broker(
    const metadata::Image& image, BrokerId broker, const std::function<bool(const std::string&)>& unclean_allowed);
// Partitions that their preferred replica could lead and does not.
std::vector<metadata::Record> records_for_preferred_leaders(const metadata::Image& image);

}  // namespace thalweg::controller
