// kafka-topics --describe.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "cli/columns.h"
#include "cli/kafka_topics.h"

namespace thalweg::cli {
namespace {

using admin::ConfigEntry;
using admin::PartitionDescription;

std::string overrides_of(const std::vector<ConfigEntry>& configs) {
  std::string text;
  for (const auto& entry : configs)
    if (static_cast<admin::ConfigSource>(entry.config_source) != admin::ConfigSource::kDefault && !entry.is_default)
      text += fmt::format("{}{}={}", text.empty() ? "" : ",", entry.name, entry.value.value_or("null"));
  return text;
}

std::size_t min_isr_of(const std::vector<ConfigEntry>& configs) {
  const auto at = std::ranges::find(configs, "min.insync.replicas", &ConfigEntry::name);
  const auto number = at == configs.end() ? std::nullopt : parse_integer(at->value.value_or(""));
  return static_cast<std::size_t>(number.value_or(1));
}

// The options that select partitions; one that any of them selects is shown.
class Selection {
 public:
  explicit Selection(const Options& options)
      : under_replicated_(options.has("under-replicated-partitions")),
        unavailable_(options.has("unavailable-partitions")),
        under_min_isr_(options.has("under-min-isr-partitions")),
        at_min_isr_(options.has("at-min-isr-partitions")) {}

  bool any() const { return under_replicated_ || unavailable_ || under_min_isr_ || at_min_isr_; }
  // `adding`: replicas on their way in, which are not missing yet.
  bool shows(const PartitionDescription& p, std::size_t adding, std::size_t min_isr) const {
    const bool leaderless = p.leader == kNoBroker;
    return !any() || (under_replicated_ && p.isr.size() + adding < p.replicas.size()) || (unavailable_ && leaderless) ||
           (under_min_isr_ && (leaderless || p.isr.size() < min_isr)) || (at_min_isr_ && p.isr.size() == min_isr);
  }

 private:
  const bool under_replicated_, unavailable_, under_min_isr_, at_min_isr_;
};

// Zero, which selects by name instead, when there is none.
Result<Uuid> parse_topic_id(const std::string& text) {
  if (text.empty()) return Uuid();
  const auto id = Uuid::parse(text);
  if (id) return *id;
  return invalid(fmt::format(
      "Input string `{}` decoded as {} bytes, which is not equal to the expected 16 bytes of a base64-encoded UUID",
      text, text.size() * 3 / 4));
}

}  // namespace

Task<Result<std::vector<std::string>>> TopicCommand::selected_by_id(Uuid id) {
  CO_TRY(const auto topics, co_await admin::list_topics(client_));
  std::vector<std::string> names;
  for (const auto& topic : topics)
    if (topic.id == id) names.push_back(topic.name);
  if (names.empty() && !options_.has("if-exists"))
    co_return invalid(fmt::format("TopicId '{}' does not exist as expected", *options_.value("topic-id")));
  co_return names;
}

Task<Result<>> TopicCommand::describe() {
  if (options_.has("topic") && options_.has("topic-id") && options_.has("if-exists"))
    terminal_.out(
        "Only topic id will be used when both --topic and --topic-id are specified and topicId is not "
        "Uuid.ZERO_UUID\n");
  CO_TRY(const auto id, parse_topic_id(options_.value_or("topic-id", "")));
  Result<std::vector<std::string>> names;
  if (!id.is_zero())
    names = co_await selected_by_id(id);
  else
    names = co_await selected(false);
  if (!names) co_return std::unexpected(std::move(names.error()));
  if (names->empty()) co_return Result<>();
  CO_TRY(const auto topics, co_await admin::describe_topics(client_, *names));
  std::vector<admin::ConfigResource> resources;
  for (const auto& topic : topics) resources.push_back({admin::ResourceType::kTopic, topic.name});
  CO_TRY(const auto configs, co_await admin::describe_configs(client_, std::move(resources)));
  CO_TRY(reassignments_, co_await admin::list_reassignments(client_));

  const Selection selection(options_);
  const bool only_overrides = options_.has("topics-with-overrides");
  for (const auto& topic : topics) {
    const auto at = std::ranges::find(configs, topic.name, [](const auto& c) { return c.resource.name; });
    const auto entries = at == configs.end() ? std::vector<ConfigEntry>() : at->entries;
    const std::string overrides = overrides_of(entries);
    if (!selection.any() && (!only_overrides || !overrides.empty())) print_topic(topic, overrides);
    if (only_overrides) continue;
    for (const auto& p : topic.partitions) {
      const auto* moving = reassignment_of(topic.name, p.id);
      if (selection.shows(p, moving ? moving->adding.size() : 0, min_isr_of(entries))) print_partition(topic.name, p);
    }
  }
  co_return Result<>();
}

const admin::Reassignment* TopicCommand::reassignment_of(const std::string& topic, PartitionId partition) const {
  const auto at = std::ranges::find(reassignments_, TopicPartition{topic, partition}, &admin::Reassignment::partition);
  return at == reassignments_.end() ? nullptr : &*at;
}

void TopicCommand::print_topic(const admin::TopicDescription& topic, const std::string& overrides) {
  const std::string id = topic.id.is_zero() ? "" : "\tTopicId: " + to_string(topic.id);
  terminal_.out(fmt::format("Topic: {}{}\tPartitionCount: {}\tReplicationFactor: {}\tConfigs: {}\n", topic.name, id,
                            topic.partitions.size(), topic.partitions.empty() ? 0 : topic.partitions[0].replicas.size(),
                            overrides));
}

void TopicCommand::print_partition(const std::string& topic, const PartitionDescription& p) {
  const auto* reassignment = reassignment_of(topic, p.id);
  const std::string moving = !reassignment
                                 ? ""
                                 : fmt::format("\tAdding Replicas: {}\tRemoving Replicas: {}",
                                               id_list(reassignment->adding), id_list(reassignment->removing));
  const auto eligible = [](const auto& brokers) { return brokers ? id_list(*brokers) : std::string("N/A"); };
  terminal_.out(
      fmt::format("\tTopic: {}\tPartition: {}\tLeader: {}\tReplicas: {}\tIsr: {}{}\tElr: {}\tLastKnownElr: {}\n", topic,
                  p.id.value, p.leader == kNoBroker ? "none" : to_string(p.leader), id_list(p.replicas), id_list(p.isr),
                  moving, eligible(p.eligible_leaders), eligible(p.last_known_eligible_leaders)));
}

}  // namespace thalweg::cli
