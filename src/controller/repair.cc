#include "controller/repair.h"

#include <algorithm>
#include <utility>

#include "controller/leader_election.h"

namespace thalweg::controller {
namespace {

bool stands(const metadata::Partition& partition, const Standing& standing) {
  const auto serves = [&](BrokerId id) { return standing.serves(partition, id); };
  const auto registered = [&](BrokerId id) { return standing.broker(id) != nullptr; };
  if (!std::ranges::all_of(partition.eligible_leader_replicas, registered)) return false;
  if (partition.leader == kNoBroker) return std::ranges::none_of(partition.replicas, serves);
  if (!serves(partition.leader) || !std::ranges::all_of(partition.isr, serves)) return false;
  return !standing.avoids(partition.leader) ||
         std::ranges::none_of(partition.isr, [&](BrokerId id) { return serves(id) && !standing.avoids(id); });
}

PartitionId partition_id(std::size_t index) { return PartitionId{static_cast<std::int32_t>(index)}; }

// In sync or eligible, of those that are registered.
bool others_count(const metadata::Partition& partition, BrokerId than, const Standing& standing) {
  const auto counts = [&](BrokerId id) { return id != than && standing.broker(id); };
  return std::ranges::any_of(partition.isr, counts) || std::ranges::any_of(partition.eligible_leader_replicas, counts);
}

// The rules of the topic at hand: looked up once for all its partitions.
class Rules {
 public:
  Rules(const metadata::Image& image, const Options& options) : image_(image), options_(options) {}
  const TopicRules& of(const metadata::Topic& topic) {
    if (topic_ != topic.id) {
      rules_ = rules_of(image_, options_, topic.name);
      topic_ = topic.id;
    }
    return rules_;
  }

 private:
  const metadata::Image& image_;
  const Options& options_;
  Uuid topic_{};
  TopicRules rules_;
};

std::optional<metadata::Record> repaired(const metadata::Topic& topic, std::size_t index, const Standing& standing,
                                         const TopicRules& rules) {
  const auto& partition = topic.partitions[index];
  PartitionChange change(topic.id, partition_id(index), partition, standing, rules);
  std::vector<BrokerId> isr;
  std::ranges::copy_if(partition.isr, std::back_inserter(isr),
                       [&](BrokerId id) { return standing.serves(partition, id); });
  change.isr(std::move(isr));
  if (rules.unclean) change.elect(Election::kUnclean);
  return change.build();
}

// A step's records, as far as it may go.
class Step {
 public:
  explicit Step(StepLimit limit) : limit_(limit) {}
  // False when it does not fit any more.
  bool take(metadata::Record record) {
    bytes_ += metadata::encoded_size(record);
    if (records_.size() >= limit_.records || bytes_ > limit_.bytes) return false;
    records_.push_back(std::move(record));
    return true;
  }
  std::vector<metadata::Record> records() && { return std::move(records_); }

 private:
  const StepLimit limit_;
  std::size_t bytes_ = 0;
  std::vector<metadata::Record> records_;
};

}  // namespace

Repair repair(const Standing& standing, const Options& options, Cursor from, StepLimit limit) {
  Step step(limit);
  Rules rules(standing.image(), options);
  auto rest = look_through(standing.image(), std::move(from), limit.looks,
                           [&](const metadata::Topic& topic, std::size_t index) {
                             if (stands(topic.partitions[index], standing)) return true;
                             auto record = repaired(topic, index, standing, rules.of(topic));
                             return !record || step.take(*std::move(record));
                           });
  return {std::move(step).records(), std::move(rest)};
}

Repair repair(const metadata::Image& image, const Options& options) {
  return repair(Standing(image), options, {}, kWhole);
}

Repair forget_lost(const Standing& standing, const Options& options, BrokerId lost, StepLimit limit) {
  Step step(limit);
  // Without its registration nothing is known of its directories, and nothing is astray.
  const metadata::Broker* const registered = standing.broker(lost);
  const metadata::Broker dirs = registered ? *registered : metadata::Broker();
  const metadata::Broker* const before = standing.image().broker(lost);
  const bool has_some = before && std::ranges::any_of(before->log_dirs, [&](Uuid id) {
                          return std::ranges::find(dirs.log_dirs, id) != dirs.log_dirs.end();
                        });
  Rules rules(standing.image(), options);
  auto rest = look_through(standing.image(), {}, limit.looks, [&](const metadata::Topic& topic, std::size_t index) {
    const auto& partition = topic.partitions[index];
    const bool counts = contains(partition.isr, lost) || contains(partition.eligible_leader_replicas, lost);
    const bool astray = contains(partition.replicas, lost) && !dirs.has_online(partition.directory(lost));
    if (!counts && !astray) return true;
    // One of several directories is not here, and what lies there comes back with it. Nobody else has it: a new log in
    // its place would be empty, and what is written to that one gone when the directory is back. It is offline, as in
    // Apache Kafka.
    const bool comes_back = astray && has_some && !others_count(partition, lost, standing);
    PartitionChange change(topic.id, partition_id(index), partition, standing, rules.of(topic));
    change.isr(without(partition.isr, lost));
    if (!comes_back) change.lost(lost);
    if (astray && !comes_back)
      change.directory(lost, dirs.log_dirs.size() == 1 ? dirs.log_dirs.front() : metadata::kDirectoryUnassigned);
    if (rules.of(topic).unclean) change.elect(Election::kUnclean);
    auto record = change.build();
    return !record || step.take(*std::move(record));
  });
  return {std::move(step).records(), std::move(rest)};
}

Repair forget_damaged(const Standing& standing, const Options& options,
                      const protocol::BrokerRegistrationRequest& damaged, StepLimit limit) {
  Step step(limit);
  Rules rules(standing.image(), options);
  const BrokerId lost = damaged.broker_id;
  for (const auto& [topic_id, partitions] : damaged.damaged_replicas) {
    const auto topic = standing.image().topic(topic_id);
    for (const PartitionId id : topic ? partitions : std::vector<PartitionId>()) {
      const auto* partition = topic->partition(id);
      if (!partition || !others_count(*partition, lost, standing)) continue;
      if (!contains(partition->isr, lost) && !contains(partition->eligible_leader_replicas, lost)) continue;
      PartitionChange change(topic->id, id, *partition, standing, rules.of(*topic));
      change.lost(lost).isr(without(partition->isr, lost));
      if (rules.of(*topic).unclean) change.elect(Election::kUnclean);
      if (auto record = change.build(); record && !step.take(*std::move(record)))
        return {std::move(step).records(), Cursor()};
    }
  }
  return {std::move(step).records(), std::nullopt};
}

}  // namespace thalweg::controller
