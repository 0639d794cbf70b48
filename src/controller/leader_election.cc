#include "controller/leader_election.h"

#include <algorithm>
#include <charconv>
#include <string>
#include <utility>

#include "controller/features.h"

namespace thalweg::controller {
namespace {}  // namespace

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

TopicRules rules_of(const metadata::Image& image, const Options& options, const std::string& topic) {
  TopicRules rules;
  if (image.feature(kElrFeature) > 0) {
    std::int32_t min_isr = 1;
    if (const auto* value = topic_value(image, options, topic, "min.insync.replicas"))
      std::from_chars(value->data(), value->data() + value->size(), min_isr);
    rules.min_isr = min_isr;
  }
  const auto* unclean = topic_value(image, options, topic, "unclean.leader.election.enable");
  rules.unclean = unclean && *unclean == "true";
  return rules;
}

std::vector<BrokerId> without(const std::vector<BrokerId>& ids, BrokerId id) {
  std::vector<BrokerId> rest;
  std::ranges::remove_copy(ids, std::back_inserter(rest), id);
  return rest;
}

PartitionChange::PartitionChange(Uuid topic, PartitionId id, const metadata::Partition& partition,
                                 const Standing& standing, TopicRules rules)
    : topic_(topic), id_(id), now_(partition), standing_(standing), rules_(rules), next_(partition) {}

PartitionChange& PartitionChange::elect(Election election) {
  election_ = election;
  return *this;
}
PartitionChange& PartitionChange::isr(Ids isr) {
  next_.isr = std::move(isr);
  return *this;
}
PartitionChange& PartitionChange::lost(BrokerId replica) {
  lost_ = replica;
  return *this;
}
PartitionChange& PartitionChange::replicas(Ids replicas) {
  next_.replicas = std::move(replicas);
  return *this;
}
PartitionChange& PartitionChange::removing(Ids replicas) {
  next_.removing_replicas = std::move(replicas);
  return *this;
}
PartitionChange& PartitionChange::adding(Ids replicas) {
  next_.adding_replicas = std::move(replicas);
  return *this;
}
PartitionChange& PartitionChange::recovery(metadata::LeaderRecovery state) {
  next_.leader_recovery = state;
  return *this;
}
PartitionChange& PartitionChange::directory(BrokerId replica, Uuid directory) {
  moved_.emplace(replica, directory);
  return *this;
}

BrokerId PartitionChange::first_of(const Ids& among) const {
  BrokerId avoided = kNoBroker;
  for (const auto id : next_.replicas) {
    if (!contains(among, id) || !may_lead(id)) continue;
    if (!standing_.avoids(id)) return id;
    if (avoided == kNoBroker) avoided = id;
  }
  return avoided;
}

BrokerId PartitionChange::elected_in_sync() const {
  const BrokerId best = first_of(next_.isr);
  const auto stays = [&](BrokerId id) {
    return contains(next_.replicas, id) && contains(next_.isr, id) && may_lead(id) &&
           (!standing_.avoids(id) || standing_.avoids(best));
  };
  if (election_ == Election::kPreferred && !next_.replicas.empty() && stays(next_.replicas.front()))
    return next_.replicas.front();
  return stays(next_.leader) ? next_.leader : best;
}

BrokerId PartitionChange::elected() {
  if (const BrokerId id = elected_in_sync(); id != kNoBroker) return id;
  if (rules_.min_isr && next_.isr.empty()) {
    const Ids complete = eligible();
    if (const BrokerId id = first_of(complete); id != kNoBroker) {
      next_.isr = {id};
      return id;
    }
    const auto& last = now_.last_known_elr;
    const bool known = complete.empty() && last.size() == 1 && contains(next_.replicas, last.front());
    if (known && may_lead(last.front())) {
      unclean_ = true;
      return last.front();
    }
  }
  return elected_unclean();
}

BrokerId PartitionChange::elected_unclean() {
  if (election_ != Election::kUnclean) return kNoBroker;
  const BrokerId alive = first_of(next_.replicas);
  unclean_ = alive != kNoBroker;
  return alive;
}

bool PartitionChange::below_min() const {
  return next_.isr.size() < std::min(std::size_t(std::max(*rules_.min_isr, 1)), next_.replicas.size());
}

// Who has all that was acknowledged and is not in sync: at first nobody, then who leaves a set that is too small to
// acknowledge anything. With enough in sync again, others may fall behind.
std::vector<BrokerId> PartitionChange::eligible() const {
  if (!below_min()) return {};
  Ids ids;
  for (const auto id : next_.replicas)
    if (!contains(next_.isr, id) && id != lost_ && standing_.broker(id) &&
        (contains(now_.isr, id) || contains(now_.eligible_leader_replicas, id)))
      ids.push_back(id);
  return ids;
}

// Apache Kafka 4.3.1's rule (KAFKA-19975): those that come are all in sync, and one of those that stay; where more
// leave than come, all that stay, or the partition would be left with fewer in sync than before.
void PartitionChange::finish_reassignment() {
  if (!next_.reassigning()) return;
  const auto leaves = [&](BrokerId id) { return contains(next_.removing_replicas, id); };
  auto replicas = next_.replicas, isr = next_.isr;
  std::erase_if(replicas, leaves);
  std::erase_if(isr, leaves);
  const auto in_sync = [&](BrokerId id) { return contains(isr, id); };
  if (isr.empty() || replicas.empty() || !std::ranges::all_of(next_.adding_replicas, in_sync)) return;
  const bool shrinks = next_.adding_replicas.size() < next_.removing_replicas.size();
  if (shrinks && !std::ranges::all_of(replicas, in_sync)) return;
  next_.replicas = std::move(replicas);
  next_.isr = std::move(isr);
  next_.removing_replicas.clear();
  next_.adding_replicas.clear();
}

// The leader that was last when nobody is in sync any more; nobody while somebody leads.
void PartitionChange::remember_leader() {
  if (next_.leader != kNoBroker)
    next_.last_known_elr.clear();
  else if (next_.isr.empty() && now_.leader != kNoBroker)
    next_.last_known_elr = {now_.leader};
}

std::optional<metadata::Record> PartitionChange::build() {
  finish_reassignment();
  // The last in-sync replica holds what was acknowledged: the set stays, and nobody leads until it is back.
  if (next_.isr.empty() && !rules_.min_isr) next_.isr = now_.isr;
  next_.leader = elected();
  if (unclean_) {
    // What it has becomes the truth; it says so by recovering first.
    next_.isr = {next_.leader};
    next_.leader_recovery = metadata::LeaderRecovery::kRecovering;
  }
  if (rules_.min_isr) {
    next_.eligible_leader_replicas = unclean_ ? Ids() : eligible();
    remember_leader();
  }
  auto record = difference();
  if (record == protocol::PartitionChangeRecord{.partition_id = id_, .topic_id = topic_}) return std::nullopt;
  return metadata::Record(std::move(record));
}

protocol::PartitionChangeRecord PartitionChange::difference() const {
  protocol::PartitionChangeRecord record;
  record.partition_id = id_;
  record.topic_id = topic_;
  const auto set = [](auto& field, const auto& from, const auto& to) {
    if (from != to) field = to;
  };
  set(record.isr, now_.isr, next_.isr);
  set(record.replicas, now_.replicas, next_.replicas);
  set(record.removing_replicas, now_.removing_replicas, next_.removing_replicas);
  set(record.adding_replicas, now_.adding_replicas, next_.adding_replicas);
  set(record.eligible_leader_replicas, now_.eligible_leader_replicas, next_.eligible_leader_replicas);
  set(record.last_known_elr, now_.last_known_elr, next_.last_known_elr);
  if (now_.leader_recovery != next_.leader_recovery)
    record.leader_recovery_state = static_cast<std::int8_t>(next_.leader_recovery);
  // A replica that leaves the assignment may still think that it leads or follows: a new leader epoch tells it
  // otherwise.
  const bool lost_replica =
      std::ranges::any_of(now_.replicas, [&](BrokerId id) { return !contains(next_.replicas, id); });
  if (next_.leader != now_.leader || lost_replica) record.leader = next_.leader;
  if (record.replicas || moved_) {
    // One directory for each replica; Kafka's id for "not known yet" until the broker says.
    std::vector<Uuid> directories;
    for (const auto id : next_.replicas) directories.push_back(directory_of(id));
    if (record.replicas || directories != now_.directories) record.directories = std::move(directories);
  }
  return record;
}

Repair preferred_elections(const Standing& standing, const Options& options, Cursor cursor) {
  Repair out;
  out.rest = look_through(standing.image(), std::move(cursor), StepLimit().looks,
                          [&](const metadata::Topic& topic, std::size_t index) {
                            const auto& partition = topic.partitions[index];
                            const BrokerId first = partition.replicas.empty() ? kNoBroker : partition.replicas.front();
                            if (first == kNoBroker || partition.leader == first || standing.avoids(first) ||
                                !standing.serves(partition, first) || !contains(partition.isr, first))
                              return true;
                            if (out.records.size() == kElectionsPerStep) return false;
                            PartitionChange change(topic.id, PartitionId{static_cast<std::int32_t>(index)}, partition,
                                                   standing, rules_of(standing.image(), options, topic.name));
                            if (auto record = change.elect(Election::kPreferred).build())
                              out.records.push_back(*std::move(record));
                            return true;
                          });
  return out;
}

}  // namespace thalweg::controller
