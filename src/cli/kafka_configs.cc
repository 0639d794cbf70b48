// kafka-configs: shows and changes dynamic settings of topics, brokers, broker loggers, client metrics and groups.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "admin/configs.h"
#include "admin/groups.h"
#include "admin/topics.h"
#include "cli/config_text.h"
#include "cli/tool.h"

namespace thalweg::cli {
namespace {

using admin::ConfigSource;
using admin::ResourceType;

OptionParser parser() {
  OptionParser p;
  p.value("bootstrap-server", "String: server to connect to",
          "Brokers to connect to first, host:port, separated by commas.");
  p.value("bootstrap-controller", "String: controller to connect to",
          "Controllers to connect to, in place of brokers.");
  p.value("command-config", "String: command config property file", "Properties file with client settings.");
  p.flag("describe", "Show settings.")
      .flag("alter", "Change settings.")
      .flag("all", "Show all settings, also those that have their default.");
  p.values("entity-type", "String", "topics, clients, users, brokers, broker-loggers, ips, client-metrics or groups.");
  p.values("entity-name", "String", "Name of the topic, id of the broker, …")
      .flag("entity-default", "The default of all of that type.");
  p.value("topic", "String", "A topic's name.")
      .value("broker", "String", "A broker's id.")
      .flag("broker-defaults", "What holds for all brokers.");
  p.value("broker-logger", "String", "A broker's id, for its logger levels.").value("group", "String", "A group's id.");
  p.value("client-metrics", "String", "Name of a client metrics subscription.");
  p.value("client", "String", "A client's id.").flag("client-defaults", "What holds for all clients.");
  p.value("user", "String", "A user's principal.").flag("user-defaults", "What holds for all users.");
  p.value("ip", "String", "An IP address.").flag("ip-defaults", "What holds for all IP addresses.");
  p.values("add-config", "String", "Settings to set: k=v,k2=[a,b].")
      .value("add-config-file", "String", "Properties file with settings to set.");
  p.values("delete-config", "String", "Settings to remove: k,k2.").flag("force", "Accepted.");
  p.flag("help", "Print usage information.").flag("version", "Display Kafka version.");
  return p;
}

struct EntityType {
  std::string_view plural, singular;
  std::string_view option;  // the short form: --topic NAME
  std::optional<ResourceType> resource;
  ConfigSource dynamic;
};
constexpr EntityType kEntityTypes[] = {
    {"topics", "topic", "topic", ResourceType::kTopic, ConfigSource::kTopic},
    {"clients", "client", "client", {}, ConfigSource::kUnknown},
    {"users", "user", "user", {}, ConfigSource::kUnknown},
    {"brokers", "broker", "broker", ResourceType::kBroker, ConfigSource::kDynamicBroker},
    {"ips", "ip", "ip", {}, ConfigSource::kUnknown},
    {"client-metrics", "client-metric", "client-metrics", ResourceType::kClientMetrics, ConfigSource::kClientMetrics},
    {"groups", "group", "group", ResourceType::kGroup, ConfigSource::kGroup},
    {"broker-loggers", "broker-logger", "broker-logger", ResourceType::kBrokerLogger,
     ConfigSource::kDynamicBrokerLogger},
};

Error invalid(std::string message) { return {ErrorCode::kInvalidRequest, std::move(message)}; }

struct Entity {
  const EntityType* type = nullptr;
  std::optional<std::string> name;  // nothing: all of the type; empty: the default
};

Result<Entity> parse_entity(const Options& options) {
  std::vector<Entity> entities;
  for (const auto& plural : options.values("entity-type")) {
    const auto at = std::ranges::find(kEntityTypes, plural, &EntityType::plural);
    if (at == std::end(kEntityTypes))
      return std::unexpected(invalid(fmt::format(
          "Invalid entity type {}, the entity type must be one of topics, clients, users, brokers, ips, "
          "client-metrics, groups, broker-loggers with a --bootstrap-server or --bootstrap-controller argument",
          plural)));
    entities.push_back({at, {}});
  }
  const auto& names = options.values("entity-name");
  if (names.size() > entities.size())
    return std::unexpected(invalid("--entity-name or --entity-default must be specified after --entity-type"));
  for (std::size_t i = 0; i < names.size(); ++i) entities[i].name = names[i];
  if (options.has("entity-default") && !entities.empty() && names.empty()) entities[0].name = "";
  for (const auto& type : kEntityTypes) {
    if (options.has(type.option)) entities.push_back({&type, options.value(type.option)});
    if (options.has(std::string(type.option) + "-defaults")) entities.push_back({&type, ""});
  }
  if (entities.empty()) return std::unexpected(invalid("At least one entity type must be specified"));
  for (const auto& entity : entities)
    if (!entity.type->resource)
      return std::unexpected(
          invalid(fmt::format("{} (quotas and credentials) are not supported yet", entity.type->plural)));
  if (entities.size() > 1) return std::unexpected(invalid("Only one entity may be given"));
  return entities[0];
}

class ConfigCommand {
 public:
  ConfigCommand(Context context, const Options& options, admin::Client& client, Entity entity)
      : terminal_(context.terminal), options_(options), client_(client), entity_(std::move(entity)) {}

  Task<Result<>> run() {
    if (options_.has("describe")) co_return co_await describe();
    co_return co_await alter();
  }

 private:
  Task<Result<>> describe();
  Task<Result<>> describe_one(const std::string& name);
  Task<Result<std::vector<std::string>>> all_names();
  Task<Result<>> alter();
  bool is_broker_default(const std::string& name) const {
    return name.empty() && entity_.type->resource == ResourceType::kBroker;
  }

  Terminal& terminal_;
  const Options& options_;
  admin::Client& client_;
  const Entity entity_;
};

Task<Result<std::vector<std::string>>> ConfigCommand::all_names() {
  std::vector<std::string> names;
  if (entity_.type->resource == ResourceType::kTopic) {
    CO_TRY(const auto topics, co_await admin::list_topics(client_));
    for (const auto& topic : topics) names.push_back(topic.name);
  } else if (entity_.type->resource == ResourceType::kGroup) {
    CO_TRY(const auto groups, co_await admin::list_groups(client_));
    for (const auto& group : groups) names.push_back(group.id);
  } else if (entity_.type->resource == ResourceType::kBroker || entity_.type->resource == ResourceType::kBrokerLogger) {
    CO_TRY_VOID(co_await client_.metadata(std::vector<std::string>(), false, client_.api_deadline()));
    for (const auto& [id, endpoint] : client_.brokers()) names.push_back(to_string(id));
    if (entity_.type->resource == ResourceType::kBroker) names.emplace_back();
  } else {
    co_return std::unexpected(invalid("an entity name is needed for " + std::string(entity_.type->plural)));
  }
  co_return names;
}

Task<Result<>> ConfigCommand::describe() {
  std::vector<std::string> names;
  if (entity_.name) {
    names.push_back(*entity_.name);
  } else {
    CO_TRY(names, co_await all_names());
  }
  if (entity_.name && !entity_.name->empty() && entity_.type->resource == ResourceType::kTopic) {
    CO_TRY(const auto topics, co_await admin::list_topics(client_));
    if (std::ranges::find(topics, *entity_.name, &admin::TopicListing::name) == topics.end()) {
      terminal_.out(fmt::format("The topic '{}' doesn't exist and doesn't have dynamic config.\n", *entity_.name));
      co_return Result<>();
    }
  }
  for (const auto& name : names) CO_TRY_VOID(co_await describe_one(name));
  co_return Result<>();
}

Task<Result<>> ConfigCommand::describe_one(const std::string& name) {
  const bool all = options_.has("all");
  CO_TRY(const auto described, co_await admin::describe_configs(client_, {{*entity_.type->resource, name}}, true));
  if (is_broker_default(name))
    terminal_.out("Default configs for brokers in the cluster are:\n");
  else
    terminal_.out(fmt::format("{} configs for {} {} are:\n", all ? "All" : "Dynamic", entity_.type->singular, name));
  for (const auto& resource : described) {
    auto entries = resource.entries;
    std::ranges::sort(entries, {}, &admin::ConfigEntry::name);
    const auto dynamic = is_broker_default(name) ? ConfigSource::kDynamicDefaultBroker : entity_.type->dynamic;
    for (const auto& entry : entries)
      if (all || static_cast<ConfigSource>(entry.config_source) == dynamic)
        terminal_.out("  " + config_line(entry) + "\n");
  }
  co_return Result<>();
}

Task<Result<>> ConfigCommand::alter() {
  std::vector<admin::ConfigChange> changes;
  if (const auto path = options_.value("add-config-file")) {
    CO_TRY(const std::string text, terminal_.read_file(*path));
    for (auto& [name, value] : parse_properties(text)) changes.push_back({name, admin::ConfigOperation::kSet, value});
  }
  for (const auto& list : options_.values("add-config")) {
    CO_TRY(const auto pairs, parse_config_list(list));
    for (const auto& [name, value] : pairs) changes.push_back({name, admin::ConfigOperation::kSet, value});
  }
  for (const auto& list : options_.values("delete-config")) {
    CO_TRY(const auto names, parse_config_list(list));
    for (const auto& [name, value] : names) changes.push_back({name, admin::ConfigOperation::kDelete, std::nullopt});
  }
  const std::string name = *entity_.name;
  CO_TRY_VOID(co_await admin::alter_configs(client_, {*entity_.type->resource, name}, std::move(changes)));
  if (name.empty())
    terminal_.out(fmt::format("Completed updating default config for {} in the cluster.\n", entity_.type->plural));
  else
    terminal_.out(fmt::format("Completed updating config for {} {}.\n", entity_.type->singular, name));
  co_return Result<>();
}

// What is wrong with the combination of options, or empty.
std::string misuse(const Options& o) {
  if (o.has("describe") == o.has("alter")) return "Command must include exactly one action: --describe, --alter";
  if (o.has("bootstrap-server") == o.has("bootstrap-controller"))
    return "Exactly one of the required --bootstrap-server or --bootstrap-controller arguments must be specified";
  return "";
}

}  // namespace

Task<int> kafka_configs(Context context, Arguments arguments) {
  const OptionParser known = parser();
  Terminal& terminal = context.terminal;
  const auto options = known.parse(arguments);
  const auto plainly = [&](const std::string& text) {
    terminal.err(text + "\n");
    return 1;
  };
  if (!options) co_return plainly(options.error().message);
  if (options->has("version")) {
    terminal.out(fmt::format("{}\n", kKafkaVersion));
    co_return 0;
  }
  if (arguments.empty() || options->has("help"))
    co_return usage_error(terminal, known,
                          "This tool helps to manipulate and describe entity config for a topic, client, user, broker, "
                          "ip, client-metrics or group");
  if (const std::string text = misuse(*options); !text.empty()) co_return usage_error(terminal, known, text);
  auto entity = parse_entity(*options);
  if (!entity) co_return plainly(entity.error().message);
  if (options->has("alter")) {
    if (!entity->name)
      co_return plainly("an --entity-name or --entity-default must be specified with --alter of " +
                        std::string(entity->type->plural));
    if (!options->has("add-config") && !options->has("add-config-file") && !options->has("delete-config"))
      co_return plainly(
          "At least one of --add-config, --add-config-file, or --delete-config must be specified with --alter");
  }
  const auto properties = client_properties(terminal, *options, {"command-config"});
  if (!properties) co_return plainly(properties.error().message);
  auto settings =
      client_options(options->value("bootstrap-server").value_or(options->value_or("bootstrap-controller", "")),
                     *properties, "adminclient-1");
  if (!settings) co_return plainly(settings.error().message);
  admin::Client client(context.shard, std::move(*settings));
  ConfigCommand command(context, *options, client, std::move(*entity));
  const auto done = co_await command.run();
  if (done) co_return 0;
  co_return plainly(fmt::format("Error while executing config command with args '{}'\n{}", fmt::join(arguments, " "),
                                exception_text(done.error())));
}

}  // namespace thalweg::cli
