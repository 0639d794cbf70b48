// PATCH of the options of topics, groups and brokers: what holds before and after, and who says it.
#include <fmt/format.h>

#include "console/ask.h"
#include "console/configuration.h"
#include "console/option_plan.h"
#include "console/plan.h"
#include "console/routes.h"
#include "console/topic_rows.h"
#include "protocol/incremental_alter_configs_request.h"
#include "protocol/incremental_alter_configs_response.h"

namespace thalweg::console {
namespace {

using metadata::ResourceType;
using protocol::IncrementalAlterConfigsRequest;
using protocol::IncrementalAlterConfigsResponse;

constexpr std::int8_t kSet = 0, kDelete = 1;  // of KIP-339
constexpr std::size_t kOptionsMax = 200;

// Whose options they are.
struct OptionOwner {
  ResourceType type;
  std::string name;                 // Kafka's; of all brokers empty
  std::string described;            // whose values are looked at: those of this broker stand for all of them
  ConfigLayer own;                  // the layer that is changed
  std::string identity;             // a topic that is made again under its name is another one
  std::string words;                // in a sentence
  std::vector<std::string> entity;  // in kafka-configs
};

std::vector<OptionValue> set_in(const ChangeOptions& wanted) { return wanted.set.value_or(std::vector<OptionValue>()); }
std::vector<std::string> unset_in(const ChangeOptions& wanted) {
  return wanted.unset.value_or(std::vector<std::string>());
}

Task<Outcome<>> alter_options(const Call& call, const OptionOwner& owner, const ChangeOptions& wanted,
                              bool validate_only) {
  IncrementalAlterConfigsRequest request;
  request.validate_only = validate_only;
  auto& resource = request.resources.emplace_back();
  resource.resource_type = std::int8_t(owner.type);
  resource.resource_name = owner.name;
  for (const auto& [name, value] : set_in(wanted)) resource.configs.push_back({name, kSet, value});
  for (const auto& name : unset_in(wanted)) resource.configs.push_back({name, kDelete, std::nullopt});
  CO_TRY(const auto response, told(co_await ask<IncrementalAlterConfigsResponse>(call, std::move(request))));
  if (response.responses.size() != 1) co_return std::unexpected(problem_of(ErrorCode::kUnknownServerError));
  const auto& result = response.responses.front();
  if (result.error_code == ErrorCode::kNone) co_return Outcome<>();
  co_return std::unexpected(problem_of(result.error_code, result.error_message.value_or("")));
}

// Values with commas stand in brackets there.
std::string for_tool(const std::string& value) { return value.contains(',') ? "[" + value + "]" : value; }

std::string options_command(const Call& call, const OptionOwner& owner, const ChangeOptions& wanted) {
  std::string add, remove;
  for (const auto& [name, value] : set_in(wanted)) add += (add.empty() ? "" : ",") + name + "=" + for_tool(value);
  for (const auto& name : unset_in(wanted)) remove += (remove.empty() ? "" : ",") + name;
  auto words = owner.entity;
  words.emplace_back("--alter");
  if (!add.empty()) words.insert(words.end(), {"--add-config", add});
  if (!remove.empty()) words.insert(words.end(), {"--delete-config", remove});
  return tool_line(call, "kafka-configs", words);
}

std::string_view words_of_layer(ConfigLayer layer) {
  switch (layer) {
    case ConfigLayer::kTopic:
      return "the topic";
    case ConfigLayer::kGroup:
      return "the group";
    case ConfigLayer::kBroker:
      return "this broker";
    case ConfigLayer::kBrokers:
      return "all brokers";
    case ConfigLayer::kFile:
      return "the server's file";
    case ConfigLayer::kDefault:
      return "Kafka's default";
    case ConfigLayer::kLogger:
      return "the logger";
  }
  return "";
}

void add_option(Planned& planned, const Configuration& now, const OptionOwner& owner, const std::string& name,
                const std::optional<std::string>& value) {
  const auto at = std::ranges::find(now.items, name, &ConfigOption::name);
  auto change = option_change(at == now.items.end() ? nullptr : &*at, name, owner.own, value);
  planned.facts.add(name).add_optional(value).add_optional(change.from).add(std::int64_t(change.from_layer));
  planned.facts.add_optional(change.to).add(std::int64_t(change.to_layer));
  if (value && change.to_layer != owner.own)
    planned.plan.warnings.push_back(fmt::format("{} is passed over: {} says {}, which wins", name,
                                                words_of_layer(change.to_layer), change.to.value_or("")));
  planned.plan.options.push_back(std::move(change));
}

// Without the value, which may be secret: the title goes to the log.
std::string options_title(const OptionOwner& owner, const ChangeOptions& wanted) {
  const auto set = set_in(wanted);
  const auto unset = unset_in(wanted);
  if (set.size() + unset.size() > 1)
    return fmt::format("Change {} options of {}", set.size() + unset.size(), owner.words);
  if (!set.empty()) return fmt::format("Set {} of {}", set.front().name, owner.words);
  return fmt::format("Take {} of {} back", unset.front(), owner.words);
}

Task<Outcome<Planned>> plan_of_options(const Call& call, const OptionOwner& owner, const ChangeOptions& wanted) {
  const auto set = set_in(wanted);
  const auto unset = unset_in(wanted);
  if (set.empty() && unset.empty()) co_return std::unexpected(invalid("/set", "there, or unset"));
  if (set.size() + unset.size() > kOptionsMax)
    co_return std::unexpected(invalid("/set", fmt::format("no longer than {}, with unset", kOptionsMax)));
  CO_TRY_VOID(co_await alter_options(call, owner, wanted, true));
  CO_TRY(const auto now, co_await configuration_of(call, owner.type, owner.described));
  Planned planned{new_plan(call, options_title(owner, wanted)), {}};
  planned.facts.add("options").add(std::int64_t(owner.type)).add(owner.name).add(owner.identity);
  for (const auto& [name, value] : set) add_option(planned, now, owner, name, value);
  for (const auto& name : unset) add_option(planned, now, owner, name, std::nullopt);
  planned.plan.command = options_command(call, owner, wanted);
  if (std::ranges::all_of(planned.plan.options, changes_nothing) && planned.plan.warnings.empty())
    planned.plan.warnings.emplace_back("nothing would be different: these values hold already");
  co_return planned;
}

template <class Asked>
Task<Outcome<Plan>> change_options(const Call& call, OptionOwner owner, Asked asked) {
  CO_TRY(auto planned, co_await plan_of_options(call, owner, asked.body));
  CO_TRY(const bool is_act, is_act_of(asked, planned));
  if (!is_act) co_return std::move(planned.plan);
  auto done = co_await alter_options(call, owner, asked.body, false);
  co_return settled(call, std::move(planned.plan), std::move(done));
}

Task<Outcome<Plan>> change_topic(const Call& call, PatchTopicConfig asked) {
  CO_TRY(const auto topic, find_topic(call, asked.topic));
  OptionOwner owner{.type = ResourceType::kTopic,
                    .name = topic->name,
                    .described = topic->name,
                    .own = ConfigLayer::kTopic,
                    .identity = to_string(topic->id),
                    .words = topic->name,
                    .entity = {"--entity-type", "topics", "--entity-name", topic->name}};
  co_return co_await change_options(call, std::move(owner), std::move(asked));
}

Task<Outcome<Plan>> change_group(const Call& call, PatchGroupConfig asked) {
  OptionOwner owner{.type = ResourceType::kGroup,
                    .name = asked.group,
                    .described = asked.group,
                    .own = ConfigLayer::kGroup,
                    .identity = {},
                    .words = "the group " + asked.group,
                    .entity = {"--entity-type", "groups", "--entity-name", asked.group}};
  co_return co_await change_options(call, std::move(owner), std::move(asked));
}

Task<Outcome<Plan>> change_broker(const Call& call, PatchBrokerConfig asked) {
  CO_TRY(auto name, broker_with_options(call, asked.id));
  const bool is_all = name.empty();
  OptionOwner owner{.type = ResourceType::kBroker,
                    .name = name,
                    .described = std::to_string(call.self().value),
                    .own = is_all ? ConfigLayer::kBrokers : ConfigLayer::kBroker,
                    .identity = {},
                    .words = is_all ? "all brokers" : "broker " + name,
                    .entity = {"--entity-type", "brokers"}};
  if (is_all)
    owner.entity.emplace_back("--entity-default");
  else
    owner.entity.insert(owner.entity.end(), {"--entity-name", name});
  co_return co_await change_options(call, std::move(owner), std::move(asked));
}

}  // namespace

void add_option_changes(Routes& routes) {
  routes.add<PatchTopicConfig, change_topic>();
  routes.add<PatchGroupConfig, change_group>();
  routes.add<PatchBrokerConfig, change_broker>();
}

}  // namespace thalweg::console
