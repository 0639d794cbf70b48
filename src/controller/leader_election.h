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
  // Without eligible leader replicas a set cannot lose its last member: it stays, without a leader if it is not alive.
  PartitionChange& isr(std::vector<BrokerId> isr);
  // Eligible leader replicas are kept (KIP-966): who leaves a set of fewer than `min_isr` has all that was ever
  // acknowledged, and may lead without loss when nobody is in sync.
  PartitionChange& min_isr(std::optional<std::int32_t> min_isr);
  PartitionChange& replicas(std::vector<BrokerId> replicas);
  PartitionChange& removing(std::vector<BrokerId> replicas);
  PartitionChange& adding(std::vector<BrokerId> replicas);
  PartitionChange& recovery(metadata::LeaderRecovery state);

  // The record for what differs; nothing if nothing does.
  std::optional<metadata::Record> build();

 private:
  bool can_lead(BrokerId id) const;
  BrokerId elected();
  std::vector<BrokerId> eligible() const;
  void finish_reassignment();

  const Uuid topic_;
  const PartitionId id_;
  const metadata::Partition& now_;
  const IsActive is_active_;
  metadata::Partition next_;
  Election election_ = Election::kOnline;
  std::optional<std::int32_t> min_isr_;  // nothing: no eligible leader replicas
};

// Whether a topic may lose data to have a leader again: unclean.leader.election.enable.
bool unclean_election_allowed(const metadata::Image& image, const Options& options, const std::string& topic);

std::vector<BrokerId> without(const std::vector<BrokerId>& ids, BrokerId id);

// Partitions that do not stand as they should with the brokers that are active: led by one that is not, with one in
// sync that is not beside others, or without a leader though a replica may lead. `is_active` may be ahead of the image:
// the broker that comes or goes in this very batch.
//
// A batch has its limits, so there may be more to do: whoever gets `more` asks again once these are applied. Nothing
// has to be remembered for that, nor by the controller that comes next: what is left to do shows in the image.
struct Repair {
  std::vector<metadata::Record> records;
  bool more = false;
};
struct BatchLimit {
  std::size_t records = kMaxRecordsPerBatch - 1;  // beside the broker's own record
  std::size_t bytes = 1 << 20;                    // one message of the quorum; other changes pass between two
};
Repair repair(const metadata::Image& image, const Options& options, const PartitionChange::IsActive& is_active,
              BatchLimit limit = {});
// As the image says that the brokers are.
Repair repair(const metadata::Image& image, const Options& options, BatchLimit limit = {});

// Whether a partition still counts on the broker: it leads it, or is in sync beside a leader.
bool counted_on(const metadata::Image& image, BrokerId broker);

// Partitions that their preferred replica could lead and does not; at most `limit`.
std::vector<metadata::Record> records_for_preferred_leaders(const metadata::Image& image, const Options& options,
                                                            std::size_t limit);

}  // namespace thalweg::controller
