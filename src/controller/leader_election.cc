#include "controller/leader_election.h"

#include <algorithm>
#include <charconv>
#include <string>
#include <utility>

#include "controller/features.h"

namespace thalweg::controller {
namespace {

bool contains(const std::vector<BrokerId>& ids, BrokerId id) { return std::ranges::find(ids, id) != ids.end(); }

PartitionId partition_id(std::size_t index) { return PartitionId{static_cast<std::int32_t>(index)}; }

}  // namespace

const std::string* topic_value(const metadata::Image& image, const Options& options, std::string_view topic,
                               std::string_view option) {
  const std::string name(option);
  const auto find = [&](const config::Properties& set) {
    const auto it = set.find(name);
    return it == set.end() ? nullptr : &it->second;
  };
  if (const auto* value = find(image.topic_configs(topic))) return value;
  if (const auto* value = find(image.configs({metadata::ResourceType::kBroker, ""}))) return value;
  return find(options.static_configs);
}

std::optional<std::int32_t> min_isr_for_elr(const metadata::Image& image, const Options& options,
                                            std::string_view topic) {
  if (image.feature(kElrFeature) == 0) return std::nullopt;
  std::int32_t min_isr = 1;
  if (const auto* value = topic_value(image, options, topic, "min.insync.replicas"))
    std::from_chars(value->data(), value->data() + value->size(), min_isr);
  return min_isr;
}

bool unclean_election_allowed(const metadata::Image& image, const Options& options, const std::string& topic) {
  const auto* value = topic_value(image, options, topic, "unclean.leader.election.enable");
  return value && *value == "true";
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
PartitionChange& PartitionChange::min_isr(std::optional<std::int32_t> min_isr) {
  min_isr_ = min_isr;
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
  if (min_isr_ && next_.isr.empty()) {
    const auto complete = eligible();
    const auto eligible_one = first([&](BrokerId id) { return contains(complete, id) && is_active_(id); });
    if (eligible_one != kNoBroker) {
      next_.isr = {eligible_one};
      return eligible_one;
    }
  }
  if (election_ != Election::kUnclean) return kNoBroker;
  const auto alive = first(is_active_);
  if (alive != kNoBroker) {
    // What it has becomes the truth; it says so by recovering first.
    next_.isr = {alive};
    next_.leader_recovery = metadata::LeaderRecovery::kRecovering;
  }
  return alive;
}

// Who has all that was acknowledged and is not in sync: at first nobody, then who leaves a set that is too small to
// acknowledge anything. With enough in sync again, others may fall behind.
std::vector<BrokerId> PartitionChange::eligible() const {
  if (next_.isr.size() >= std::min(std::size_t(std::max(*min_isr_, 1)), next_.replicas.size())) return {};
  std::vector<BrokerId> ids;
  for (const auto id : next_.replicas)
    if (!contains(next_.isr, id) && (contains(now_.isr, id) || contains(now_.eligible_leader_replicas, id)))
      ids.push_back(id);
  return ids;
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
  if (next_.isr.empty() && !min_isr_) next_.isr = now_.isr;
  next_.leader = elected();
  if (min_isr_) next_.eligible_leader_replicas = eligible();
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
  set(record.eligible_leader_replicas, now_.eligible_leader_replicas, next_.eligible_leader_replicas);
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

namespace {

using IsActive = PartitionChange::IsActive;

bool stands(const metadata::Partition& partition, const IsActive& is_active) {
  if (partition.leader == kNoBroker) return std::ranges::none_of(partition.replicas, is_active);
  return is_active(partition.leader) && std::ranges::all_of(partition.isr, is_active);
}

std::optional<metadata::Record> repaired(const metadata::Image& image, const Options& options,
                                         const metadata::Topic& topic, std::size_t index, const IsActive& is_active) {
  const auto& partition = topic.partitions[index];
  const auto clean = [&](const std::vector<BrokerId>& ids) { return std::ranges::any_of(ids, is_active); };
  const auto min_isr = min_isr_for_elr(image, options, topic.name);
  PartitionChange change(topic.id, partition_id(index), partition, is_active);
  std::vector<BrokerId> isr;
  std::ranges::copy_if(partition.isr, std::back_inserter(isr), is_active);
  change.min_isr(min_isr).isr(std::move(isr));
  if (!clean(partition.isr) && !(min_isr && clean(partition.eligible_leader_replicas)) &&
      unclean_election_allowed(image, options, topic.name))
    change.elect(Election::kUnclean);
  return change.build();
}

}  // namespace

Repair repair(const metadata::Image& image, const Options& options, const IsActive& is_active, BatchLimit limit) {
  Repair out;
  std::size_t bytes = 0;
  for (const auto& [name, topic] : image.topics())
    for (std::size_t i = 0; i < topic->partitions.size(); ++i) {
      if (stands(topic->partitions[i], is_active)) continue;
      auto record = repaired(image, options, *topic, i, is_active);
      if (!record) continue;
      bytes += metadata::encoded_size(*record);
      if (out.records.size() >= limit.records || bytes > limit.bytes) {
        out.more = true;
        return out;
      }
      out.records.push_back(*std::move(record));
    }
  return out;
}

Repair repair(const metadata::Image& image, const Options& options, BatchLimit limit) {
  return repair(image, options, [&image](BrokerId id) { return is_active(image, id); }, limit);
}

bool counted_on(const metadata::Image& image, BrokerId broker) {
  for (const auto& [name, topic] : image.topics())
    for (const auto& partition : topic->partitions)
      if (partition.leader == broker || (partition.leader != kNoBroker && contains(partition.isr, broker))) return true;
  return false;
}

std::vector<metadata::Record> records_for_preferred_leaders(const metadata::Image& image, const Options& options,
                                                            std::size_t limit) {
  std::vector<metadata::Record> records;
  const auto may_lead = [&](BrokerId id) { return is_active(image, id); };
  for (const auto& [name, topic] : image.topics())
    for (std::size_t i = 0; i < topic->partitions.size(); ++i) {
      const auto& partition = topic->partitions[i];
      if (partition.replicas.empty() || partition.leader == partition.replicas.front()) continue;
      if (!may_lead(partition.replicas.front()) || !contains(partition.isr, partition.replicas.front())) continue;
      PartitionChange change(topic->id, partition_id(i), partition, may_lead);
      change.min_isr(min_isr_for_elr(image, options, topic->name)).elect(Election::kPreferred);
      if (auto record = change.build()) records.push_back(*std::move(record));
      if (records.size() == limit) return records;
    }
  return records;
}

}  // namespace thalweg::controller
