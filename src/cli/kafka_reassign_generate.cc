// kafka-reassign-partitions --generate: a proposal, spread evenly over the brokers and their racks.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>

#include "cli/kafka_reassign_partitions.h"

namespace thalweg::cli {
namespace {

struct Target {
  BrokerId id;
  std::string rack;
};

Result<std::vector<BrokerId>> parse_targets(const std::string& text) {
  std::vector<BrokerId> listed;
  std::set<std::int64_t> twice;
  for (std::size_t at = 0; at <= text.size();) {
    const auto comma = std::min(text.find(',', at), text.size());
    const std::string part = text.substr(at, comma - at);
    at = comma + 1;
    const auto id = parse_integer(part);
    if (!id || *id < INT32_MIN || *id > INT32_MAX) return invalid(fmt::format("For input string: \"{}\"", part));
    const BrokerId broker{static_cast<std::int32_t>(*id)};
    if (std::ranges::find(listed, broker) != listed.end()) twice.insert(*id);
    listed.push_back(broker);
  }
  if (!twice.empty())
    return invalid(fmt::format("Broker list contains duplicate entries: [{}]", fmt::join(twice, ", ")));
  return listed;
}

Result<std::vector<Target>> targets_of(const admin::ClusterDescription& cluster, const std::vector<BrokerId>& listed,
                                       bool racks_count) {
  std::vector<Target> targets;
  std::size_t without_rack = 0;
  for (const auto& broker : cluster.brokers) {
    if (std::ranges::find(listed, broker.id) == listed.end()) continue;
    targets.push_back({broker.id, racks_count ? broker.rack.value_or("") : ""});
    if (targets.back().rack.empty()) ++without_rack;
  }
  if (racks_count && without_rack != 0 && without_rack != targets.size())
    return invalid(
        "Not all brokers have rack information. Add --disable-rack-aware in command line to make replica assignment "
        "without rack information.");
  return targets;
}

// One of each rack in turn, so that neighbours are in different ones.
std::vector<Target> by_racks_in_turn(std::vector<Target> targets) {
  std::map<std::string, std::vector<Target>> racks;
  for (auto& target : targets) racks[target.rack].push_back(std::move(target));
  std::vector<Target> turned;
  for (std::size_t round = 0; turned.size() < targets.size(); ++round)
    for (const auto& [rack, its] : racks)
      if (round < its.size()) turned.push_back(its[round]);
  return turned;
}

// Leaders go round; followers begin further on after each round, so that the load of one that fails is spread.
std::vector<BrokerId> replicas_for(const std::vector<Target>& targets, std::size_t partition, std::size_t count) {
  const std::size_t n = targets.size();
  std::vector<Target> chosen{targets[partition % n]};
  std::size_t racks = 0;
  std::set<std::string> seen;
  for (const auto& target : targets)
    if (seen.insert(target.rack).second) ++racks;
  const std::size_t shift = n > 1 ? 1 + (partition / n) % (n - 1) : 0;
  while (chosen.size() < count) {
    const auto taken = [&](const Target& target, bool rack_too) {
      return std::ranges::any_of(chosen, [&](const Target& one) {
        return one.id == target.id || (rack_too && chosen.size() < racks && one.rack == target.rack);
      });
    };
    for (std::size_t step = 0; step < n; ++step) {
      const auto& target = targets[(partition + shift + step) % n];
      if (taken(target, true)) continue;
      chosen.push_back(target);
      break;
    }
  }
  std::vector<BrokerId> ids;
  for (const auto& one : chosen) ids.push_back(one.id);
  return ids;
}

}  // namespace

Task<Result<>> ReassignCommand::generate() {
  CO_TRY(const auto listed, parse_targets(*options_.value("broker-list")));
  CO_TRY(const std::string text, file("topics-to-move-json-file"));
  CO_TRY(const auto topics, parse_topics_to_move(text));
  for (const auto& topic : topics)
    if (std::ranges::count(topics, topic) > 1)
      co_return invalid(fmt::format("List of topics to reassign contains duplicate entries: [{}]", topic));
  CO_TRY(const auto all, co_await described(topics));
  CO_TRY(const auto cluster, co_await admin::describe_cluster(client_));
  CO_TRY(auto found, targets_of(cluster, listed, !options_.has("disable-rack-aware")));
  const auto targets = by_racks_in_turn(std::move(found));
  ReplicaMap now, proposed;
  for (const auto& topic : all) {
    const std::size_t count = topic.partitions.empty() ? 0 : topic.partitions.front().replicas.size();
    if (count > targets.size())
      co_return fail(ErrorCode::kInvalidReplicationFactor,
                     fmt::format("Replication factor: {} larger than available brokers: {}.", count, targets.size()));
    for (const auto& p : topic.partitions) {
      now[{topic.name, p.id}] = p.replicas;
      proposed[{topic.name, p.id}] = replicas_for(targets, static_cast<std::size_t>(p.id.value), count);
    }
  }
  terminal_.out(
      fmt::format("Current partition replica assignment\n{}\n\nProposed partition reassignment configuration\n{}\n",
                  reassignment_json(now, co_await directories_now(now)), reassignment_json(proposed, {})));
  co_return Result<>();
}

}  // namespace thalweg::cli
