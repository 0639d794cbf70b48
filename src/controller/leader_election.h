// Who leads a partition. Works out one change of a partition: replicas that leave the in-sync set or the assignment,
// and the leader that follows from it.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <vector>

#include "controller/decision.h"
#include "controller/repair.h"
#include "controller/standing.h"
#include "metadata/image.h"

namespace thalweg::controller {

inline bool contains(const std::vector<BrokerId>& ids, BrokerId id) { return std::ranges::find(ids, id) != ids.end(); }

enum class Election : std::uint8_t {
  kOnline,     // keep the leader if it can stay, else who has all that was acknowledged
  kPreferred,  // the first replica if it is in sync, else as kOnline
  kUnclean,    // as kOnline, and when nobody is left who has all, any replica that is alive: data may be lost
};

// What a topic's settings say about who may lead.
struct TopicRules {
  std::optional<std::int32_t> min_isr;  // nothing: the cluster has no eligible leader replicas
  bool unclean = false;                 // unclean.leader.election.enable
};
TopicRules rules_of(const metadata::Image& image, const Options& options, const std::string& topic);

// The leader is, in this order: whoever leads, if it may stay; the preferred replica, if asked for; in replica order
// one in sync; with nobody in sync, one that is eligible; with nobody eligible either, the last known leader (its disk
// was lost, as it said itself: it begins with what is there, recovering); where the topic allows it, any that is alive,
// recovering. Who is avoided leads only if nobody else in sync, or eligible, may.
class PartitionChange {
 public:
  // `partition` and `standing` have to outlive the change.
  PartitionChange(Uuid topic, PartitionId id, const metadata::Partition& partition, const Standing& standing,
                  TopicRules rules);
  PartitionChange(Uuid topic, PartitionId id, const metadata::Partition& partition, Standing&& standing,
                  TopicRules rules) = delete;

  PartitionChange& elect(Election election);
  // Without eligible leader replicas a set cannot lose its last member: it stays, without a leader if it is not alive.
  // With them, who leaves a set of fewer than min.insync.replicas has all that was ever acknowledged, and stays
  // eligible to lead (KIP-966).
  PartitionChange& isr(std::vector<BrokerId> isr);
  // This replica's data is gone: it leaves the in-sync set and is not eligible.
  PartitionChange& lost(BrokerId replica);
  PartitionChange& replicas(std::vector<BrokerId> replicas);
  PartitionChange& removing(std::vector<BrokerId> replicas);
  PartitionChange& adding(std::vector<BrokerId> replicas);
  PartitionChange& recovery(metadata::LeaderRecovery state);
  PartitionChange& directory(BrokerId replica, Uuid directory);

  // The record for what differs; nothing if nothing does.
  std::optional<metadata::Record> build();

 private:
  using Ids = std::vector<BrokerId>;
  bool may_lead(BrokerId id) const { return standing_.serves(id, directory_of(id)); }
  Uuid directory_of(BrokerId id) const { return moved_ && moved_->first == id ? moved_->second : now_.directory(id); }
  // The first of `among` in replica order that may lead, rather one that is not avoided.
  BrokerId first_of(const Ids& among) const;
  BrokerId elected();
  BrokerId elected_in_sync() const;
  BrokerId elected_unclean();
  Ids eligible() const;
  bool below_min() const;
  void finish_reassignment();
  void remember_leader();
  protocol::PartitionChangeRecord difference() const;

  const Uuid topic_;
  const PartitionId id_;
  const metadata::Partition& now_;
  const Standing& standing_;
  const TopicRules rules_;
  metadata::Partition next_;
  Election election_ = Election::kOnline;
  std::optional<BrokerId> lost_;
  std::optional<std::pair<BrokerId, Uuid>> moved_;
  bool unclean_ = false;  // the leader elected here may lack what was acknowledged
};

std::vector<BrokerId> without(const std::vector<BrokerId>& ids, BrokerId id);

// Some partitions that their preferred replica could lead and does not, at most kElectionsPerStep; looks on from
// `cursor` (repair.h).
inline constexpr std::size_t kElectionsPerStep = 1000;  // as Kafka
Repair preferred_elections(const Standing& standing, const Options& options, Cursor cursor);

}  // namespace thalweg::controller
