// kafka-topics --create, --alter and --delete.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "cli/kafka_topics.h"

namespace thalweg::cli {
namespace {

std::vector<std::string> shown(const std::vector<BrokerId>& brokers) {
  std::vector<std::string> ids;
  for (const BrokerId id : brokers) ids.push_back(to_string(id));
  return ids;
}

// "0:1,1:2" -> the brokers of each partition.
Result<std::vector<std::vector<BrokerId>>> parse_assignment(const std::string& text) {
  std::vector<std::vector<BrokerId>> partitions(1);
  std::string digits;
  const auto finish = [&]() -> bool {
    const auto id = parse_integer(digits);
    digits.clear();
    if (id) partitions.back().push_back(BrokerId{static_cast<std::int32_t>(*id)});
    return id.has_value();
  };
  for (const char c : text + ",") {
    if (c == ' ') continue;
    if (c != ':' && c != ',') {
      digits += c;
      continue;
    }
    const std::string shown = digits;
    if (!finish()) return invalid("For input string: \"" + shown + "\"");
    if (c == ',') partitions.emplace_back();
  }
  partitions.pop_back();
  for (std::size_t i = 0; i < partitions.size(); ++i) {
    auto ids = partitions[i];
    std::ranges::sort(ids);
    if (std::ranges::adjacent_find(ids) != ids.end())
      return invalid("Partition replica lists may not contain duplicate entries: " + to_string(ids.front()));
    if (partitions[i].size() != partitions[0].size())
      return invalid(
          fmt::format("Partition {} has different replication factor: [{}]", i, fmt::join(shown(partitions[i]), ", ")));
  }
  return partitions;
}

// Exactly one '=' and something on both sides, as Kafka's tool wants it.
Result<std::vector<std::pair<std::string, std::string>>> parse_topic_configs(const std::vector<std::string>& pairs) {
  std::vector<std::pair<std::string, std::string>> configs;
  for (const auto& pair : pairs) {
    const auto equals = pair.find('=');
    if (equals == pair.npos || equals + 1 == pair.size() || pair.find('=', equals + 1) != pair.npos)
      return invalid(
          "requirement failed: Invalid topic config: all configs to be added must be in the format \"key=val\".");
    configs.emplace_back(pair.substr(0, equals), pair.substr(equals + 1));
  }
  return configs;
}

}  // namespace

Task<Result<>> TopicCommand::create() {
  admin::NewTopic topic;
  topic.name = *options_.value("topic");
  if (const auto text = options_.value("replica-assignment"); text && !text->empty()) {
    CO_TRY(topic.assignment, parse_assignment(*text));
  }
  CO_TRY(topic.configs, parse_topic_configs(options_.values("config")));
  if (topic.name.find_first_of("._") != topic.name.npos)
    terminal_.out(
        "WARNING: Due to limitations in metric names, topics with a period ('.') or underscore ('_') could collide. To "
        "avoid issues it is best to use either, but not both.\n");
  if (const auto text = options_.value("partitions")) {
    const auto count = *parse_integer(*text);
    if (count < 1) co_return invalid("The partitions must be greater than 0");
    topic.partitions = static_cast<std::int32_t>(count);
  }
  if (const auto text = options_.value("replication-factor")) {
    const auto count = *parse_integer(*text);
    if (count < 1 || count > 32767) co_return invalid("The replication factor must be between 1 and 32767 inclusive");
    topic.replication_factor = static_cast<std::int16_t>(count);
  }
  if (topic.name.empty()) co_return invalid("The given topic name '' cannot be represented in a request.");
  const std::string name = topic.name;
  auto created = co_await admin::create_topic(client_, std::move(topic));
  if (!created && created.error().code == ErrorCode::kTopicAlreadyExists && options_.has("if-not-exists"))
    co_return Result<>();
  if (!created && created.error().message == admin::kNoBrokerInTime) created.error().message += " Call: createTopics";
  if (created) terminal_.out(fmt::format("Created topic {}.\n", name));
  co_return created;
}

Task<Result<>> TopicCommand::alter() {
  CO_TRY(const auto names, co_await selected(false));
  const auto count = static_cast<std::int32_t>(*parse_integer(*options_.value("partitions")));
  std::vector<std::vector<BrokerId>> assignment;
  if (const auto text = options_.value("replica-assignment")) {
    CO_TRY(assignment, parse_assignment(*text));
  }
  CO_TRY(const auto topics, co_await admin::describe_topics(client_, names));
  for (const auto& topic : topics) {
    // The option lists all partitions, the request only those that are new.
    auto added = assignment;
    if (!added.empty())
      added.erase(added.begin(),
                  added.begin() + static_cast<std::ptrdiff_t>(std::min(added.size(), topic.partitions.size())));
    CO_TRY_VOID(co_await admin::create_partitions(client_, topic.name, count, std::move(added)));
  }
  co_return Result<>();
}

Task<Result<>> TopicCommand::remove() {
  CO_TRY(const auto names, co_await selected(false));
  for (const auto& name : names) CO_TRY_VOID(co_await admin::delete_topic(client_, name));
  co_return Result<>();
}

}  // namespace thalweg::cli
