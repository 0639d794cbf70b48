// thalweg config …
#include <fmt/format.h>

#include <algorithm>

#include "admin/configs.h"
#include "base/nearest.h"
#include "cli/command.h"

namespace thalweg::cli {
namespace {

using admin::ResourceType;

Result<admin::ConfigResource> target(const Session& session) {
  const Options& options = session.options;
  std::vector<admin::ConfigResource> targets;
  if (const auto name = options.value("topic")) targets.push_back({ResourceType::kTopic, *name});
  if (const auto id = options.value("broker")) targets.push_back({ResourceType::kBroker, *id});
  if (const auto id = options.value("group")) targets.push_back({ResourceType::kGroup, *id});
  if (options.has("brokers-default")) targets.push_back({ResourceType::kBroker, ""});
  if (targets.size() == 1) return targets[0];
  return session.misuse("give one of --topic, --broker, --group and --brokers-default");
}

const config::Table& options_of(ResourceType type) {
  if (type == ResourceType::kTopic) return config::topic_options();
  if (type == ResourceType::kGroup) return config::group_options();
  return config::broker_options();
}

// The broker's refusal, with the nearest known name for settings that do not exist.
Error with_nearest_names(Error error, ResourceType type, const std::vector<admin::ConfigChange>& changes) {
  for (const auto& change : changes)
    if (!options_of(type).find(change.name) && error.message.contains(change.name))
      if (const auto nearest = options_of(type).nearest(change.name))
        error.message += fmt::format("; did you mean {}?", *nearest);
  return error;
}

Task<Result<>> check_target(Session session, admin::ConfigResource resource) {
  if (resource.type == ResourceType::kTopic) co_return co_await check_topics(session, {resource.name});
  co_return Result<>();
}

Result<std::vector<admin::ConfigChange>> changes_of(const Session& session, bool set) {
  std::vector<admin::ConfigChange> changes;
  for (const auto& word : session.words()) {
    const auto equals = word.find('=');
    if (set && (equals == word.npos || equals == 0)) return session.misuse(fmt::format("'{}' is not KEY=VALUE", word));
    if (!set && equals != word.npos)
      return session.misuse(fmt::format("'{}' has a value; config unset takes names alone", word));
    if (set)
      changes.push_back({word.substr(0, equals), admin::ConfigOperation::kSet, word.substr(equals + 1)});
    else
      changes.push_back({word, admin::ConfigOperation::kDelete, std::nullopt});
  }
  return changes;
}

// A broker lets settings be removed that never were; a name that it does not show is mistyped.
Task<Result<>> check_names(Session session, admin::ConfigResource resource,
                           const std::vector<admin::ConfigChange>& changes) {
  CO_TRY(const auto described, co_await admin::describe_configs(session.client, {resource}));
  std::vector<std::string> known;
  for (const auto& one : described)
    for (const auto& entry : one.entries) known.push_back(entry.name);
  for (const auto* option : options_of(resource.type).options()) known.emplace_back(option->name);
  for (const auto& change : changes)
    if (std::ranges::find(known, change.name) == known.end())
      co_return session.misuse(fmt::format("no setting '{}'{}", change.name,
                                           nearest(change.name, known) ? did_you_mean(change.name, known)
                                                                       : "; thalweg config get --all shows them all"));
  co_return Result<>();
}

Task<Result<>> change(Session session, bool set) {
  CO_TRY(const auto resource, target(session));
  CO_TRY(const auto changes, changes_of(session, set));
  CO_TRY_VOID(co_await check_target(session, resource));
  if (!set) CO_TRY_VOID(co_await check_names(session, resource, changes));
  Report report({{"key"}, {"value"}});
  for (const auto& one : changes) report.add({one.name, one.value});
  const auto altered = co_await admin::alter_configs(session.client, resource, changes);
  if (!altered) co_return std::unexpected(with_nearest_names(altered.error(), resource.type, changes));
  session.show(report);
  co_return Result<>();
}

}  // namespace

void declare_config_target(OptionParser& parser) {
  parser.value("topic", "TOPIC", "Settings of a topic.").integer("broker", "ID", "Settings of a broker.");
  parser.within("broker", 0, INT32_MAX);
  parser.value("group", "ID", "Settings of a group.").flag("brokers-default", "Settings of all brokers.");
}

void declare_config_get(OptionParser& parser) {
  declare_config_target(parser);
  parser.flag("all", "Also what has its default.");
}

Task<Result<>> config_get(Session session) {
  CO_TRY(const auto resource, target(session));
  CO_TRY_VOID(co_await check_target(session, resource));
  CO_TRY(const auto described, co_await admin::describe_configs(session.client, {resource}));
  Report report({{"key"}, {"value"}, {"source"}});
  for (const auto& one : described)
    for (const auto& entry : one.entries) {
      const auto source = static_cast<admin::ConfigSource>(entry.config_source);
      const bool unchanged = entry.is_default || source == admin::ConfigSource::kDefault;
      if (unchanged && !session.options.has("all")) continue;
      const Report::Cell value = entry.is_sensitive ? "[hidden]" : entry.value;
      report.add({entry.name, value, std::string(admin::name(source))});
    }
  session.show(report);
  co_return Result<>();
}

Task<Result<>> config_set(Session session) { co_return co_await change(session, true); }
Task<Result<>> config_unset(Session session) { co_return co_await change(session, false); }

}  // namespace thalweg::cli
