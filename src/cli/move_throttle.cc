#include "cli/move_throttle.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "admin/configs.h"

namespace thalweg::cli {
namespace {

constexpr const char* kLeaderRate = "leader.replication.throttled.rate";
constexpr const char* kFollowerRate = "follower.replication.throttled.rate";
constexpr const char* kDirectoryRate = "replica.alter.log.dirs.io.max.bytes.per.second";
constexpr const char* kLeaderReplicas = "leader.replication.throttled.replicas";
constexpr const char* kFollowerReplicas = "follower.replication.throttled.replicas";

admin::ConfigChange set(const char* option, std::string value) {
  return {option, admin::ConfigOperation::kSet, std::move(value)};
}
admin::ConfigChange removed(const char* option) { return {option, admin::ConfigOperation::kDelete, std::nullopt}; }

admin::ConfigResource resource_of(BrokerId id) { return {admin::ResourceType::kBroker, to_string(id)}; }
admin::ConfigResource resource_of(std::string topic) { return {admin::ResourceType::kTopic, std::move(topic)}; }

std::map<std::string, std::string> joined(const std::map<std::string, std::set<std::string>>& of_topics) {
  std::map<std::string, std::string> texts;
  for (const auto& [topic, pairs] : of_topics) texts[topic] = fmt::format("{}", fmt::join(pairs, ","));
  return texts;
}

}  // namespace

MoveMap moves_of(const std::vector<admin::Reassignment>& under_way, const ReplicaMap& proposed, const ReplicaMap& now) {
  MoveMap moves;
  for (const auto& one : under_way) {
    auto& ends = moves[one.partition];
    ends.sources = {one.replicas.begin(), one.replicas.end()};
    ends.destinations = {one.adding.begin(), one.adding.end()};
    for (const BrokerId id : one.adding) ends.sources.erase(id);
  }
  for (const auto& [tp, replicas] : proposed) {
    auto& ends = moves[tp];
    if (const auto at = now.find(tp); ends.sources.empty() && at != now.end())
      ends.sources = {at->second.begin(), at->second.end()};
    ends.destinations = {replicas.begin(), replicas.end()};
    for (const BrokerId id : ends.sources) ends.destinations.erase(id);
  }
  return moves;
}

ThrottledReplicas throttled_replicas(const MoveMap& moves) {
  std::map<std::string, std::set<std::string>> leaders, followers;
  for (const auto& [tp, ends] : moves) {
    const auto pair = [&](BrokerId id) { return fmt::format("{}:{}", tp.partition.value, id.value); };
    auto& sending = leaders[tp.topic];
    auto& fetching = followers[tp.topic];
    for (const BrokerId id : ends.sources) sending.insert(pair(id));
    for (const BrokerId id : ends.destinations) fetching.insert(pair(id));
  }
  return {joined(leaders), joined(followers)};
}

Task<Result<>> throttle_moves(admin::Client& client, MoveMap moves, std::int64_t bytes_per_second) {
  const auto replicas = throttled_replicas(moves);
  for (const auto& [topic, leaders] : replicas.leaders)
    CO_TRY_VOID(co_await admin::alter_configs(
        client, resource_of(topic),
        {set(kLeaderReplicas, leaders), set(kFollowerReplicas, replicas.followers.at(topic))}));
  std::set<BrokerId> brokers;
  for (const auto& [tp, ends] : moves) {
    brokers.insert(ends.sources.begin(), ends.sources.end());
    brokers.insert(ends.destinations.begin(), ends.destinations.end());
  }
  const std::string rate = std::to_string(bytes_per_second);
  for (const BrokerId id : brokers)
    CO_TRY_VOID(
        co_await admin::alter_configs(client, resource_of(id), {set(kLeaderRate, rate), set(kFollowerRate, rate)}));
  co_return Result<>();
}

Task<Result<>> throttle_directories(admin::Client& client, std::set<BrokerId> brokers, std::int64_t bytes_per_second) {
  for (const BrokerId id : brokers)
    CO_TRY_VOID(co_await admin::alter_configs(client, resource_of(id),
                                              {set(kDirectoryRate, std::to_string(bytes_per_second))}));
  co_return Result<>();
}

Task<Result<>> unthrottle_brokers(admin::Client& client, std::set<BrokerId> brokers) {
  for (const BrokerId id : brokers)
    CO_TRY_VOID(co_await admin::alter_configs(client, resource_of(id),
                                              {removed(kLeaderRate), removed(kFollowerRate), removed(kDirectoryRate)}));
  co_return Result<>();
}

Task<Result<>> unthrottle_topics(admin::Client& client, std::set<std::string> topics) {
  for (const auto& topic : topics)
    CO_TRY_VOID(co_await admin::alter_configs(client, resource_of(topic),
                                              {removed(kLeaderReplicas), removed(kFollowerReplicas)}));
  co_return Result<>();
}

Task<Result<std::set<std::string>>> throttled_among(admin::Client& client, std::set<std::string> topics) {
  std::vector<admin::ConfigResource> resources;
  for (const auto& topic : topics) resources.push_back(resource_of(topic));
  std::set<std::string> throttled;
  if (resources.empty()) co_return throttled;
  CO_TRY(const auto described,
         co_await admin::describe_configs(client, std::move(resources), false, {kLeaderReplicas, kFollowerReplicas}));
  for (const auto& topic : described)
    for (const auto& entry : topic.entries)
      if (const auto value = entry.value.value_or(""); !value.empty() && value != "*")
        throttled.insert(topic.resource.name);
  co_return throttled;
}

}  // namespace thalweg::cli
