#include <fmt/format.h>

#include <algorithm>

#include "admin/groups.h"
#include "admin/topics.h"
#include "base/nearest.h"
#include "cli/command.h"
#include "cli/java_errors.h"

namespace thalweg::cli {
namespace {

Result<> check(std::string_view kind, ErrorCode code, const std::vector<std::string>& names,
               const std::vector<std::string>& known) {
  for (const auto& name : names)
    if (std::ranges::find(known, name) == known.end())
      return fail(code, fmt::format("no {} '{}'{}", kind, name,
                                    nearest(name, known) ? did_you_mean(name, known)
                                                         : fmt::format("; thalweg {} list shows them all", kind)));
  return {};
}

}  // namespace

Task<Result<>> check_topics(Session session, std::vector<std::string> names) {
  CO_TRY(const auto topics, co_await admin::list_topics(session.client));
  std::vector<std::string> known;
  for (const auto& topic : topics) known.push_back(topic.name);
  co_return check("topic", ErrorCode::kUnknownTopicOrPartition, names, known);
}

Task<Result<>> check_groups(Session session, std::vector<std::string> names) {
  CO_TRY(const auto groups, co_await admin::list_groups(session.client));
  std::vector<std::string> known;
  for (const auto& group : groups) known.push_back(group.id);
  co_return check("group", ErrorCode::kGroupIdNotFound, names, known);
}

Result<std::vector<PartitionId>> choose_partitions(const admin::TopicDescription& topic,
                                                   const std::vector<std::string>& numbers) {
  std::vector<PartitionId> chosen;
  for (const auto& p : topic.partitions)
    if (numbers.empty()) chosen.push_back(p.id);
  for (const auto& text : numbers) {
    const auto number = parse_integer(text);
    const auto is_it = [&](const auto& p) { return p.id.value == number; };
    if (std::ranges::none_of(topic.partitions, is_it))
      return fail(ErrorCode::kUnknownTopicOrPartition,
                  fmt::format("{} has no partition {}; it has {} from 0", topic.name, text, topic.partitions.size()));
    chosen.push_back(PartitionId{static_cast<std::int32_t>(*number)});
  }
  return chosen;
}

Error about(const std::string& name, const Error& error) {
  const std::string text = kafka_text(error);
  return {error.code, text.contains(name) ? text : name + ": " + text};
}

}  // namespace thalweg::cli
