// thalweg topic …
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "admin/offsets.h"
#include "admin/topics.h"
#include "cli/columns.h"
#include "cli/command.h"
#include "cli/java_errors.h"

namespace thalweg::cli {
namespace {

constexpr std::int32_t kPartitionsAtOnce = 2'500;  // created by one request

using Offsets = std::map<TopicPartition, Result<admin::OffsetAt>>;

Task<Result<Offsets>> ends(admin::Client& client, const std::vector<admin::TopicDescription>& topics,
                           std::int64_t place) {
  std::map<TopicPartition, std::int64_t> at;
  for (const auto& topic : topics)
    for (const auto& p : topic.partitions) at[{topic.name, p.id}] = place;
  co_return co_await admin::list_offsets(client, std::move(at), false, admin::kDescribedWithin);
}

Report::Cell shown(const Offsets& offsets, const TopicPartition& tp) {
  const auto at = offsets.find(tp);
  if (at == offsets.end() || !at->second) return {};
  return to_string(at->second->offset);
}

// The broker's refusal, with the nearest known name for settings that do not exist.
Error with_nearest_settings(Error error, const std::vector<std::pair<std::string, std::string>>& configs) {
  for (const auto& [name, value] : configs)
    if (!config::topic_options().find(name) && error.message.contains(name))
      if (const auto nearest = config::topic_options().nearest(name))
        error.message += fmt::format("; did you mean {}?", *nearest);
  return error;
}

Task<Result<std::vector<admin::TopicDescription>>> named_topics(Session session) {
  CO_TRY_VOID(co_await check_topics(session, session.words()));
  co_return co_await admin::describe_topics(session.client, session.words());
}

}  // namespace

void declare_topic_list(OptionParser& parser) {
  parser.flag("all", "Also the cluster's own topics, like __consumer_offsets.").alias("a", "all");
}

Task<Result<>> topic_list(Session session) {
  CO_TRY(const auto listed, co_await admin::list_topics(session.client));
  std::vector<std::string> names;
  for (const auto& topic : listed)
    if (!topic.is_internal || session.options.has("all")) names.push_back(topic.name);
  Report report({{"name"}, {"partitions", Report::Kind::kNumber}, {"replicas", Report::Kind::kNumber}});
  if (!names.empty()) {
    CO_TRY(const auto topics, co_await admin::describe_topics(session.client, names));
    for (const auto& topic : topics)
      report.add({topic.name, std::to_string(topic.partitions.size()),
                  std::to_string(topic.partitions.empty() ? 0 : topic.partitions[0].replicas.size())});
  }
  session.show(report);
  co_return Result<>();
}

void declare_topic_create(OptionParser& parser) {
  parser.integer("partitions", "N", "How many partitions. (default: the broker's)").within("partitions", 1, INT32_MAX);
  parser.integer("replicas", "N", "How many replicas of each. (default: the broker's)")
      .within("replicas", 1, INT16_MAX);
  parser.values("config", "KEY=VALUE", "A setting; may be repeated.");
}

Task<Result<>> topic_create(Session session) {
  CO_TRY(const auto configs, session.given(parse_pairs(session.options.values("config"), false)));
  admin::NewTopic topic{.configs = configs};
  if (const auto n = session.number("partitions")) topic.partitions = static_cast<std::int32_t>(*n);
  if (const auto n = session.number("replicas")) topic.replication_factor = static_cast<std::int16_t>(*n);
  Report report({{"name"}, {"result"}});
  Result<> outcome;
  const auto& names = session.words();
  // Many topics of a few partitions are one change of the cluster; ever more partitions at once would only keep others
  // waiting.
  const auto at_once = std::size_t(std::max(1, kPartitionsAtOnce / std::max(topic.partitions, 1)));
  for (std::size_t i = 0; i < names.size() && outcome; i += at_once) {
    std::vector<admin::NewTopic> topics;
    for (std::size_t k = i; k < std::min(i + at_once, names.size()); ++k) topics.emplace_back(topic).name = names[k];
    const auto created = co_await admin::create_topics(session.client, std::move(topics));
    for (std::size_t k = 0; k < created.size(); ++k) {
      if (created[k])
        report.add({names[i + k], "created"});
      else if (outcome)
        outcome = std::unexpected(with_nearest_settings(about(names[i + k], created[k].error()), configs));
    }
  }
  if (outcome || !report.empty()) session.show(report);
  co_return outcome;
}

Task<Result<>> topic_describe(Session session) {
  CO_TRY(const auto topics, co_await named_topics(session));
  CO_TRY(const auto first, co_await ends(session.client, topics, admin::kEarliest));
  CO_TRY(const auto last, co_await ends(session.client, topics, admin::kLatest));
  using enum Report::Kind;
  Report report({{"topic"},
                 {"partition", kNumber},
                 {"leader", kNumber},
                 {"epoch", kNumber},
                 {"replicas", kList},
                 {"in_sync", kList},
                 {"begin", kNumber},
                 {"end", kNumber}});
  for (const auto& topic : topics)
    for (const auto& p : topic.partitions) {
      const TopicPartition tp{topic.name, p.id};
      report.add({topic.name, to_string(p.id), p.leader == kNoBroker ? Report::Cell() : to_string(p.leader),
                  to_string(p.leader_epoch), id_list(p.replicas), id_list(p.isr), shown(first, tp), shown(last, tp)});
    }
  session.show(report);
  co_return Result<>();
}

void declare_topic_alter(OptionParser& parser) {
  parser.integer("partitions", "N", "How many partitions it shall have.").within("partitions", 1, INT32_MAX);
}

Task<Result<>> topic_alter(Session session) {
  const std::string name = session.words()[0];
  const auto count = session.number("partitions");
  if (!count) co_return session.misuse("--partitions is missing: how many shall it have?");
  CO_TRY_VOID(co_await check_topics(session, {name}));
  const auto grown = co_await admin::create_partitions(session.client, name, static_cast<std::int32_t>(*count), {});
  if (!grown) co_return std::unexpected(about(name, grown.error()));
  Report report({{"name"}, {"partitions", Report::Kind::kNumber}});
  report.add({name, std::to_string(*count)});
  session.show(report);
  co_return Result<>();
}

Task<Result<>> topic_delete(Session session) {
  CO_TRY_VOID(co_await check_topics(session, session.words()));
  CO_TRY_VOID(co_await confirm(session, fmt::format("Delete {} with all records", fmt::join(session.words(), ", "))));
  Report report({{"name"}, {"result"}});
  for (const auto& name : session.words()) {
    const auto deleted = co_await admin::delete_topic(session.client, name);
    if (!deleted) co_return std::unexpected(about(name, deleted.error()));
    report.add({name, "deleted"});
  }
  session.show(report);
  co_return Result<>();
}

Task<Result<>> topic_offsets(Session session) {
  CO_TRY(const auto topics, co_await named_topics(session));
  CO_TRY(const auto first, co_await ends(session.client, topics, admin::kEarliest));
  CO_TRY(const auto last, co_await ends(session.client, topics, admin::kLatest));
  using enum Report::Kind;
  Report report({{"topic"}, {"partition", kNumber}, {"begin", kNumber}, {"end", kNumber}});
  for (const auto& topic : topics)
    for (const auto& p : topic.partitions) {
      const TopicPartition tp{topic.name, p.id};
      report.add({topic.name, to_string(p.id), shown(first, tp), shown(last, tp)});
    }
  session.show(report);
  co_return Result<>();
}

void declare_topic_trim(OptionParser& parser) {
  parser.integer("offset", "N", "Delete what lies before; -1 deletes all.").within("offset", -1);
  parser.values("partition", "N", "Only this partition; may be repeated.").within("partition", 0, INT32_MAX);
  declare_yes(parser);
}

Task<Result<>> topic_trim(Session session) {
  const auto offset = session.number("offset");
  if (!offset) co_return session.misuse("--offset is missing: what lies before it is deleted");
  CO_TRY(const auto topics, co_await named_topics(session));
  CO_TRY(const auto chosen, choose_partitions(topics.at(0), session.options.values("partition")));
  std::map<TopicPartition, Offset> before;
  std::string names;
  for (const PartitionId id : chosen) {
    before[{topics[0].name, id}] = Offset{*offset};
    names += fmt::format("{}{}-{}", names.empty() ? "" : ", ", topics[0].name, id.value);
  }
  const std::string which = *offset < 0 ? "all records" : fmt::format("the records before offset {}", *offset);
  CO_TRY_VOID(co_await confirm(session, fmt::format("Delete {} of {}", which, names)));
  CO_TRY(const auto trimmed, co_await admin::delete_records(session.client, std::move(before)));
  Report report({{"topic"}, {"partition", Report::Kind::kNumber}, {"begin", Report::Kind::kNumber}});
  for (const auto& [tp, begin] : trimmed) {
    if (!begin) co_return std::unexpected(about(to_string(tp), begin.error()));
    report.add({tp.topic, to_string(tp.partition), to_string(*begin)});
  }
  session.show(report);
  co_return Result<>();
}

}  // namespace thalweg::cli
