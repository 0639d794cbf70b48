#include "voter_admin.h"

#include <fmt/format.h>

namespace thalweg::simulation {
namespace {
using namespace std::chrono_literals;

constexpr int kTopicsEach = 3;
constexpr std::int16_t kCreateVersion = 7, kDeleteVersion = 5, kConfigsVersion = 1;
constexpr std::string_view kNever = "never.";  // configs that are refused

protocol::IncrementalAlterConfigsRequest set_config(metadata::ResourceType type, std::string resource, std::string name,
                                                    std::string value) {
  protocol::IncrementalAlterConfigsRequest request;
  auto& entry = request.resources.emplace_back();
  entry.resource_type = static_cast<std::int8_t>(type);
  entry.resource_name = std::move(resource);
  entry.configs.push_back({std::move(name), 0, std::move(value)});
  return request;
}

}  // namespace

VoterAdmin::VoterAdmin(Voters& voters, const Shard& shard, int number, int changes)
    : voters_(voters), shard_(shard), number_(number), changes_(changes), link_(voters, shard, -1 - number, [this] {
        return whom();
      }) {}

// Mostly the one that leads, now and then one that does not, or believes that it still does.
int VoterAdmin::whom() {
  const int leader = voters_.leader();
  return leader >= 0 && below(6) > 0 ? leader : static_cast<int>(below(std::uint64_t(voters_.count())));
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

Task<> VoterAdmin::pause() {
  co_await shard_.clock.sleep_for(below(5) == 0 ? Instant(below(400'000'000)) : Instant(below(4'000'000)));
}

Task<> VoterAdmin::change() {
  if (below(60) == 0) co_return co_await oversize();
  if (below(8) == 0) co_return co_await meddle();
  const auto name = fmt::format("a{}-t{}", number_, below(kTopicsEach));
  if (!topics_.contains(name)) co_return co_await create(name);
  if (below(2) == 0) co_return co_await remove(name);
  co_await configure(name);
}

template <class Response, class Asked>
Task<Response> VoterAdmin::ask(Asked request, std::int16_t version, bool* unsure) {
  for (;;) {
    auto answer = co_await link_.forward<Response>(request, version, shard_.clock.now() + 2s);
    if (answer) {
      ++acknowledged_;
      co_return std::move(*answer);
    }
    // Also a controller that has stepped down may have left the change in the log.
    *unsure = true;
    last_error_ = fmt::format("{} {}", thalweg::name(answer.error().code), answer.error().message);
    co_await pause();
  }
}

Task<> VoterAdmin::create(std::string name) {
  protocol::CreateTopicsRequest request;
  auto& topic = request.topics.emplace_back();
  topic.name = name;
  topic.num_partitions = static_cast<std::int32_t>(1 + below(3));
  topic.replication_factor = static_cast<std::int16_t>(1 + below(4));  // 4 is too many, always
  const bool possible = topic.replication_factor < 4;
  bool unsure = false;
  const auto answer = co_await ask<protocol::CreateTopicsResponse>(request, kCreateVersion, &unsure);
  const auto code = answer.topics.front().error_code;
  if (code == ErrorCode::kNone || (code == ErrorCode::kTopicAlreadyExists && unsure))
    topics_[name] = "";
  else if (code == ErrorCode::kTopicAlreadyExists)
    complain(name + " exists, although it was deleted or never created");
  else
    ++refused_;
  if (!possible && topics_.contains(name)) complain(name + " was created with four replicas on three brokers");
}

Task<> VoterAdmin::remove(std::string name) {
  protocol::DeleteTopicsRequest request;
  request.topic_names.push_back(name);
  bool unsure = false;
  const auto answer = co_await ask<protocol::DeleteTopicsResponse>(request, kDeleteVersion, &unsure);
  const auto code = answer.responses.front().error_code;
  if (code == ErrorCode::kUnknownTopicOrPartition && !unsure)
    complain(name + " is gone, although its creation was acknowledged");
  else if (code != ErrorCode::kNone && code != ErrorCode::kUnknownTopicOrPartition)
    complain(fmt::format("deleting {} gave {}", name, thalweg::name(code)));
  topics_.erase(name);
}

Task<> VoterAdmin::configure(std::string name) {
  const auto value = std::to_string(1000 * number_ + next_value_++);
  bool unsure = false;
  const auto answer = co_await ask<protocol::IncrementalAlterConfigsResponse>(
      set_config(metadata::ResourceType::kTopic, name, "retention.ms", value), kConfigsVersion, &unsure);
  const auto code = answer.responses.front().error_code;
  if (code == ErrorCode::kNone)
    topics_[name] = value;
  else
    complain(fmt::format("configuring {} gave {}", name, thalweg::name(code)));
}

// More than one entry of the log can hold. Nobody else may notice.
Task<> VoterAdmin::oversize() {
  protocol::IncrementalAlterConfigsRequest request =
      set_config(metadata::ResourceType::kBroker, "", std::string(kNever) + "0", std::string(32'000, 'x'));
  auto& configs = request.resources.front().configs;
  while (configs.size() < 270)
    configs.push_back({std::string(kNever) + std::to_string(configs.size()), 0, std::string(32'000, 'x')});
  bool unsure = false;
  const auto answer = co_await ask<protocol::IncrementalAlterConfigsResponse>(request, kConfigsVersion, &unsure);
  if (answer.responses.front().error_code == ErrorCode::kNone)
    complain("a change of 8 MB was accepted");
  else
    ++refused_;
}

// What all administrators touch: whoever comes first creates it, and somebody deletes it.
Task<> VoterAdmin::meddle() {
  bool unsure = false;
  const auto name = fmt::format("shared-{}", below(2));
  switch (below(4)) {
    case 0: {
      protocol::DeleteTopicsRequest request;
      request.topic_names.push_back(name);
      co_await ask<protocol::DeleteTopicsResponse>(request, kDeleteVersion, &unsure);
      break;
    }
    case 1:
      co_await ask<protocol::IncrementalAlterConfigsResponse>(
          set_config(metadata::ResourceType::kTopic, name, "unclean.leader.election.enable",
                     below(2) ? "true" : "false"),
          kConfigsVersion, &unsure);
      break;
    case 2:
      co_await ask<protocol::IncrementalAlterConfigsResponse>(
          set_config(metadata::ResourceType::kBroker, "", "min.insync.replicas", std::to_string(1 + below(2))),
          kConfigsVersion, &unsure);
      break;
    default: {
      protocol::CreateTopicsRequest request;
      auto& topic = request.topics.emplace_back();
      topic.name = name;
      topic.num_partitions = 4;
      topic.replication_factor = static_cast<std::int16_t>(1 + below(3));
      co_await ask<protocol::CreateTopicsResponse>(request, kCreateVersion, &unsure);
    }
  }
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
  for (const auto& [name, value] : image.configs({metadata::ResourceType::kBroker, ""}))
    if (name.starts_with(kNever)) return "a refused change is there";
  return {};
}

}  // namespace thalweg::simulation
