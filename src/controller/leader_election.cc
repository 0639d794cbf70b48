#include "controller/leader_election.h"

#include <algorithm>
#include <string>
#include <utility>

namespace thalweg::controller {
namespace {

bool contains(const std::vector<BrokerId>& ids, BrokerId id) { return std::ranges::find(ids, id) != ids.end(); }

PartitionId partition_id(std::size_t index) { return PartitionId{static_cast<std::int32_t>(index)}; }

}  // namespace

bool unclean_election_allowed(const metadata::Image& image, const Options& options, const std::string& topic) {
  const auto effective = config::effective_topic_config(image.topic_configs(topic), layers(image, options));
  const auto it = effective.find("unclean.leader.election.enable");
  return it != effective.end() && it->second == "true";
}

std::vector<BrokerId> without(const std::vector<BrokerId>& ids, BrokerId id) {
  std::vector<BrokerId> rest;
  std::ranges::remove_copy(ids, std::back_inserter(rest), id);
  return rest;
}

PartitionChange::PartitionChange(Uuid topic, PartitionId id, const metadata::Partition& partition, IsActive is_active)
    : topic_(topic), id_(id), now_(partition), is_active_(std::move(is_active)), next_(partition) {}

PartitionChange& PartitionChange::elect(Election election) {
  election_ = election;
  return *this;
}
PartitionChange& PartitionChange::isr(std::vector<BrokerId> isr) {
  next_.isr = std::move(isr);
  return *this;
}
PartitionChange& PartitionChange::replicas(std::vector<BrokerId> replicas) {
  next_.replicas = std::move(replicas);
  return *this;
}
PartitionChange& PartitionChange::removing(std::vector<BrokerId> replicas) {
  next_.removing_replicas = std::move(replicas);
  return *this;
}
PartitionChange& PartitionChange::adding(std::vector<BrokerId> replicas) {
  next_.adding_replicas = std::move(replicas);
  return *this;
}
PartitionChange& PartitionChange::recovery(metadata::LeaderRecovery state) {
  next_.leader_recovery = state;
  return *this;
}

bool PartitionChange::can_lead(BrokerId id) const { return contains(next_.isr, id) && is_active_(id); }

BrokerId PartitionChange::elected() {
  const auto& replicas = next_.replicas;
  const auto first = [&](const auto& suits) {
    const auto it = std::ranges::find_if(replicas, suits);
    return it == replicas.end() ? kNoBroker : *it;
  };
  if (election_ == Election::kPreferred && !replicas.empty() && can_lead(replicas.front())) return replicas.front();
  if (contains(replicas, next_.leader) && can_lead(next_.leader)) return next_.leader;
  if (const auto in_sync = first([&](BrokerId id) { return can_lead(id); }); in_sync != kNoBroker) return in_sync;
  if (election_ != Election::kUnclean) return kNoBroker;
  const auto alive = first(is_active_);
  if (alive != kNoBroker) {
    // What it has becomes the truth; it says so by recovering first.
    next_.isr = {alive};
    next_.leader_recovery = metadata::LeaderRecovery::kRecovering;
  }
  return alive;
}

// Once every replica that shall stay is in sync, those that shall leave do.
void PartitionChange::finish_reassignment() {
  if (!next_.reassigning()) return;
  const auto leaves = [&](BrokerId id) { return contains(next_.removing_replicas, id); };
  auto replicas = next_.replicas, isr = next_.isr;
  std::erase_if(replicas, leaves);
  std::erase_if(isr, leaves);
  const bool all_added = std::ranges::all_of(next_.adding_replicas, [&](BrokerId id) { return contains(isr, id); });
  if (!all_added || isr.empty() || replicas.empty()) return;
  next_.replicas = std::move(replicas);
  next_.isr = std::move(isr);
  next_.removing_replicas.clear();
  next_.adding_replicas.clear();
}

std::optional<metadata::Record> PartitionChange::build() {
  finish_reassignment();
  // The last in-sync replica holds what was acknowledged: the set stays, and nobody leads until it is back.
  if (next_.isr.empty()) next_.isr = now_.isr;
  next_.leader = elected();
  protocol::PartitionChangeRecord record;
  record.partition_id = id_;
  record.topic_id = topic_;
  bool changed = false;
  const auto set = [&](auto& field, const auto& from, const auto& to) {
    if (from == to) return;
    field = to;
    changed = true;
  };
  set(record.isr, now_.isr, next_.isr);
  set(record.replicas, now_.replicas, next_.replicas);
  set(record.removing_replicas, now_.removing_replicas, next_.removing_replicas);
  set(record.adding_replicas, now_.adding_replicas, next_.adding_replicas);
  if (now_.leader_recovery != next_.leader_recovery) {
    record.leader_recovery_state = static_cast<std::int8_t>(next_.leader_recovery);
    changed = true;
  }
  // A replica that leaves the assignment may still think that it leads or follows: a new leader epoch tells it
  // otherwise.
  const bool lost_replica =
      std::ranges::any_of(now_.replicas, [&](BrokerId id) { return !contains(next_.replicas, id); });
  if (next_.leader != now_.leader || lost_replica) {
    record.leader = next_.leader;
    changed = true;
  }
  if (record.replicas) {
    // One directory for each replica; Kafka's id for "not known yet" until the broker says.
    std::vector<Uuid> directories;
    for (const auto id : next_.replicas) {
      const auto at = static_cast<std::size_t>(std::ranges::find(now_.replicas, id) - now_.replicas.begin());
      directories.push_back(at < now_.directories.size() ? now_.directories[at] : metadata::kDirectoryUnassigned);
    }
    record.directories = std::move(directories);
  }
  if (!changed) return std::nullopt;
  return metadata::Record(std::move(record));
}

std::vector<metadata::Record> records_without_broker(const metadata::Image& image, BrokerId broker) {
  std::vector<metadata::Record> records;
  const auto is_active = [&](BrokerId id) {
    const auto* other = image.broker(id);
    return id != broker && other && other->active();
  };
  for (const auto& [name, topic] : image.topics())
    for (std::size_t i = 0; i < topic->partitions.size(); ++i) {
      const auto& partition = topic->partitions[i];
      if (!contains(partition.isr, broker) && partition.leader != broker) continue;
      PartitionChange change(topic->id, partition_id(i), partition, is_active);
      change.isr(without(partition.isr, broker));
      if (auto record = change.build()) records.push_back(*std::move(record));
    }
  return records;
}

std::vector<metadata::Record> records_for_returning_broker(
    const metadata::Image& image, BrokerId broker, const std::function<bool(const std::string&)>& unclean_allowed) {
  std::vector<metadata::Record> records;
  const auto is_active = [&](BrokerId id) {
    const auto* other = image.broker(id);
    return id == broker || (other && other->active());
  };
  for (const auto& [name, topic] : image.topics())
    for (std::size_t i = 0; i < topic->partitions.size(); ++i) {
      const auto& partition = topic->partitions[i];
      if (partition.leader != kNoBroker || !contains(partition.replicas, broker)) continue;
      PartitionChange change(topic->id, partition_id(i), partition, is_active);
      change.elect(unclean_allowed(name) ? Election::kUnclean : Election::kOnline);
      if (auto record = change.build()) records.push_back(*std::move(record));
    }
  return records;
}

std::vector<metadata::Record> records_for_preferred_leaders(const metadata::Image& image) {
  std::vector<metadata::Record> records;
  const auto is_active = [&](BrokerId id) {
    const auto* broker = image.broker(id);
    return broker && broker->active();
  };
  for (const auto& [name, topic] : image.topics())
    for (std::size_t i = 0; i < topic->partitions.size(); ++i) {
      const auto& partition = topic->partitions[i];
      if (partition.replicas.empty() || partition.leader == partition.replicas.front()) continue;
      if (!is_active(partition.replicas.front()) || !contains(partition.isr, partition.replicas.front())) continue;
      PartitionChange change(topic->id, partition_id(i), partition, is_active);
      if (auto record = change.elect(Election::kPreferred).build()) records.push_back(*std::move(record));
    }
  return records;
}

}  // namespace thalweg::controller
