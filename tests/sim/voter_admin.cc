#include "voter_admin.h"

#include <fmt/format.h>

#include "voter_changes.h"

namespace thalweg::simulation {
namespace {
using namespace std::chrono_literals;

constexpr int kTopicsEach = 3;

}  // namespace

VoterAdmin::VoterAdmin(Voters& voters, const Shard& shard, SharedTopics& shared, AdminCounts& counts, int number,
                       int changes)
    : voters_(voters),
      shard_(shard),
      shared_(shared),
      counts_(counts),
      number_(number),
      address_(-number),
      changes_(changes),
      link_(voters, shard, address_, [this] { return whom(); }) {}

// Mostly one that believes that it leads, and more than one may.
int VoterAdmin::whom() {
  const auto believers = voters_.who_believe(address_);
  if (believers.empty() || below(10) == 0) return static_cast<int>(below(std::uint64_t(voters_.count())));
  return believers[below(believers.size())];
}

void VoterAdmin::complain(const std::string& what) {
  voters_.violation(fmt::format("administrator {}: {}", number_, what));
}

Task<> VoterAdmin::run() {
  for (int i = 0; i < changes_; ++i) {
    co_await change();
    co_await pause();
  }
  done_ = true;
}

// While more than one believes to lead, there is no time to lose.
Task<> VoterAdmin::pause() {
  const bool long_one = below(10) < voters_.long_pause_in_10 && !voters_.contested();
  co_await shard_.clock.sleep_for(Instant(below(long_one ? 1'000'000'000 : 4'000'000)));
}

Task<> VoterAdmin::change() {
  if (below(2) == 0) co_return co_await meddle();
  const auto name = fmt::format("a{}-t{}", number_, below(kTopicsEach));
  if (!topics_.contains(name)) co_return co_await create(name);
  if (below(2) == 0) co_return co_await remove(name);
  co_await configure(name);
}

Task<> VoterAdmin::create(std::string name) {
  const auto replicas = static_cast<std::int16_t>(1 + below(4));  // 4 is too many, always
  Attempts attempts;
  const auto answer = co_await ask<protocol::CreateTopicsResponse>(
      creation(name, static_cast<std::int32_t>(1 + below(3)), replicas), kCreateVersion, &attempts);
  const auto code = answer.topics.front().error_code;
  if (code == ErrorCode::kNone || (code == ErrorCode::kTopicAlreadyExists && attempts.unsure > 0))
    topics_[name] = "";
  else if (code == ErrorCode::kTopicAlreadyExists)
    complain(name + " exists, although it was deleted or never created");
  else
    ++counts_.refused;
  if (replicas == 4 && topics_.contains(name)) complain(name + " was created with four replicas on three brokers");
}

Task<> VoterAdmin::remove(std::string name) {
  Attempts attempts;
  const auto answer = co_await ask<protocol::DeleteTopicsResponse>(deletion(name), kDeleteVersion, &attempts);
  const auto code = answer.responses.front().error_code;
  if (code == ErrorCode::kUnknownTopicOrPartition && attempts.unsure == 0)
    complain(name + " is gone, although its creation was acknowledged");
  else if (code != ErrorCode::kNone && code != ErrorCode::kUnknownTopicOrPartition)
    complain(fmt::format("deleting {} gave {}", name, thalweg::name(code)));
  topics_.erase(name);
}

Task<> VoterAdmin::configure(std::string name) {
  const auto value = std::to_string(1000 * number_ + next_value_++);
  Attempts attempts;
  const auto answer = co_await ask<protocol::IncrementalAlterConfigsResponse>(
      set_config(metadata::ResourceType::kTopic, name, "retention.ms", value), kConfigsVersion, &attempts);
  const auto code = answer.responses.front().error_code;
  if (code == ErrorCode::kNone)
    topics_[name] = value;
  else
    complain(fmt::format("configuring {} gave {}", name, thalweg::name(code)));
}

std::string VoterAdmin::contradiction(const metadata::Image& image) const {
  for (int i = 0; i < kTopicsEach; ++i) {
    const auto name = fmt::format("a{}-t{}", number_, i);
    const auto known = topics_.find(name);
    if ((known != topics_.end()) != (image.topic(name) != nullptr))
      return name + (known == topics_.end() ? " is there, although it was deleted or refused" : " is gone");
    if (known == topics_.end() || known->second.empty()) continue;
    const auto& set = image.topic_configs(name);
    const auto value = set.find("retention.ms");
    if (value == set.end() || value->second != known->second) return name + " has lost its configuration";
  }
  return {};
}

}  // namespace thalweg::simulation
