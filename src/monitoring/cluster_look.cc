#include "monitoring/cluster_look.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <ranges>

namespace thalweg::monitoring {
namespace {

constexpr std::size_t kNamedMax = 3;

template <class Ids>
std::string listed(const Ids& ids) {
  std::vector<std::string> names;
  for (const BrokerId id : ids) names.push_back(to_string(id));
  return fmt::format("{}", fmt::join(names, ", "));
}
template <class Ids>
std::string brokers_named(const Ids& ids) {
  return (ids.size() == 1 ? "broker " : "brokers ") + listed(ids);
}

bool has(const std::vector<BrokerId>& ids, BrokerId id) { return std::ranges::find(ids, id) != ids.end(); }

}  // namespace

void ClusterLook::Some::note(const metadata::Topic& topic, std::size_t partition) {
  if (++count <= kNamedMax) first.push_back(topic.name + "-" + std::to_string(partition));
}

std::string ClusterLook::Some::text(std::string_view what) const {
  return fmt::format("{} partition{} {}: {}{}", count, count == 1 ? "" : "s", what, fmt::join(first, ", "),
                     count > kNamedMax ? ", …" : "");
}

bool ClusterLook::is_up(BrokerId id) const {
  const auto* broker = image_->broker(id);
  return broker && !broker->fenced;
}

void ClusterLook::add(const metadata::Topic& topic, const std::function<std::size_t(const std::string&)>& min_isr) {
  std::size_t wanted = 0;  // asked once, and only where it matters
  for (std::size_t id = 0; id < topic.partitions.size(); ++id) {
    const auto& partition = topic.partitions[id];
    ++partitions_;
    if (partition.reassigning()) look_at_move(topic, id);
    // Replicas on their way in are not missing yet.
    std::vector<BrokerId> missing;
    for (const BrokerId replica : partition.replicas)
      if (!has(partition.isr, replica) && !has(partition.adding_replicas, replica)) missing.push_back(replica);
    if (partition.leader == kNoBroker) {
      leaderless_.note(topic, id);
      // Who may lead without loss.
      for (const auto* ids : {&partition.isr, &partition.eligible_leader_replicas})
        leaderless_.brokers.insert(ids->begin(), ids->end());
      continue;
    }
    if (missing.empty()) continue;
    under_replicated_.note(topic, id);
    under_replicated_.brokers.insert(missing.begin(), missing.end());
    if (wanted == 0) wanted = std::max<std::size_t>(min_isr(topic.name), 1);
    if (partition.isr.size() >= std::min(wanted, partition.replicas.size())) continue;
    under_min_isr_.note(topic, id);
    under_min_isr_.brokers.insert(missing.begin(), missing.end());
  }
}

void ClusterLook::look_at_move(const metadata::Topic& topic, std::size_t id) {
  const auto& partition = topic.partitions[id];
  std::set<BrokerId> absent;
  for (const BrokerId adding : partition.adding_replicas) {
    const auto* broker = image_->broker(adding);
    if (!broker || broker->fenced || !broker->has_online(partition.directory(adding))) absent.insert(adding);
  }
  if (absent.empty() && partition.leader != kNoBroker) return;
  stuck_.note(topic, id);
  stuck_.brokers.merge(absent);
}

std::vector<Trouble> ClusterLook::troubles() const {
  std::vector<Trouble> found;
  if (!quorum_.has_leader)
    found.push_back({"no_controller",
                     fmt::format("the metadata quorum has no leader that this node knows: of its voters {} more than "
                                 "half have to reach each other",
                                 listed(quorum_.voters)),
                     "start the controllers that are down; until then nothing is created, moved or elected"});
  if (leaderless_.count > 0)
    found.push_back({"no_leader", leaderless_.text("without a leader"),
                     leaderless_.brokers.empty()
                         ? "start the brokers that have their replicas: thalweg partition list --state leaderless"
                         : fmt::format("start {}: what was acknowledged is there. Only where that is gone for good, at "
                                       "a loss: thalweg partition elect TOPIC --partition N --unclean",
                                       brokers_named(leaderless_.brokers))});
  std::vector<BrokerId> down;
  for (const auto& [id, broker] : image_->brokers())
    if (broker.fenced) down.push_back(id);
  if (!down.empty())
    found.push_back({"broker_down",
                     fmt::format("{} {} down, or does not reach the controller", brokers_named(down),
                                 down.size() == 1 ? "is" : "are"),
                     "start it again: it catches up by itself. For good: thalweg partition move --off ID moves its "
                     "replicas"});
  if (!quorum_.silent.empty())
    found.push_back(
        {"controller_silent",
         fmt::format("of the voters {} the leader does not hear {}", listed(quorum_.voters), listed(quorum_.silent)),
         "start it again; on an empty disk it joins as a new member"});
  if (under_min_isr_.count > 0)
    found.push_back({"under_min_isr", under_min_isr_.text("with fewer replicas in sync than min.insync.replicas"),
                     fmt::format("writes with acks=all are refused there until {} catches up",
                                 brokers_named(under_min_isr_.brokers))});
  if (under_replicated_.count > 0) {
    std::set<BrokerId> behind;
    for (const BrokerId id : under_replicated_.brokers)
      if (is_up(id)) behind.insert(id);
    found.push_back({"under_replicated", under_replicated_.text("with replicas that are not in sync"),
                     behind.empty() ? fmt::format("they come back with {}", brokers_named(under_replicated_.brokers))
                                    : fmt::format("{} is up and behind: its log says what it cannot fetch or write, "
                                                  "and it may just be catching up",
                                                  brokers_named(behind))});
  }
  if (stuck_.count > 0)
    found.push_back({"move_stands_still", stuck_.text("on a move that stands still"),
                     (stuck_.brokers.empty()
                          ? "it goes on once the partition has a leader"
                          : fmt::format("it goes on once {} and its disk are there", brokers_named(stuck_.brokers))) +
                         ", or take it back: thalweg partition move --cancel"});
  return found;
}

}  // namespace thalweg::monitoring
