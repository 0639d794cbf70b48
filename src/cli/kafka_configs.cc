// kafka-configs: shows and changes dynamic settings of topics, brokers, broker loggers, client metrics and groups.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "admin/configs.h"
#include "admin/groups.h"
#include "admin/topics.h"
#include "cli/config_text.h"
#include "cli/java_errors.h"
#include "cli/tool.h"

namespace thalweg::cli {

OptionParser kafka_configs_options() {
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

namespace {

using admin::ConfigSource;
using admin::ResourceType;

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

struct Entity {
  const EntityType* type = nullptr;
  std::optional<std::string> name;  // nothing: all of the type; empty: the default

  bool is(ResourceType resource) const { return type->resource == resource; }
  bool is_named() const { return name && !name->empty(); }
};

Result<Entity> parse_entity(const Options& options) {
  std::vector<Entity> entities;
  for (const auto& plural : options.values("entity-type")) {
    const auto at = std::ranges::find(kEntityTypes, plural, &EntityType::plural);
    if (at == std::end(kEntityTypes))
      return invalid(fmt::format(
          "Invalid entity type {}, the entity type must be one of topics, clients, users, brokers, ips, "
          "client-metrics, groups, broker-loggers with a --bootstrap-server or --bootstrap-controller argument",
          plural));
    entities.push_back({at, {}});
  }
  const auto& names = options.values("entity-name");
  for (std::size_t i = 0; i < std::min(names.size(), entities.size()); ++i) entities[i].name = names[i];
  if (options.has("entity-default") && !entities.empty() && names.empty()) entities[0].name = "";
  for (const auto& type : kEntityTypes) {
    if (options.has(type.option)) entities.push_back({&type, options.value(type.option)});
    if (options.has(std::string(type.option) + "-defaults")) entities.push_back({&type, ""});
  }
  if (entities.empty()) return invalid("At least one entity type must be specified");
  if (entities.size() > 1 && entities[0].type == entities[1].type)
    return invalid(fmt::format("Duplicate entity type(s) specified: {}", entities[0].type->plural));
  const auto has_quotas = [](const Entity& entity) {
    return entity.type->plural == "users" || entity.type->plural == "clients";
  };
  if (entities.size() > 1 && !std::ranges::all_of(entities, has_quotas))
    return invalid("Only 'users' and 'clients' entity types may be specified together");
  for (const auto& entity : entities)
    if (!entity.type->resource)
      return invalid(fmt::format("{} (quotas and credentials) are not supported yet", entity.type->plural));
  return entities[0];
}

// What does not fit the entity, or nothing.
Result<> check(const Options& options, const Entity& entity) {
  const auto plural = entity.type->plural;
  const bool of_brokers = entity.is(ResourceType::kBroker), of_loggers = entity.is(ResourceType::kBrokerLogger);
  if ((of_brokers || of_loggers) && entity.is_named() && !parse_integer(*entity.name))
    return invalid(
        fmt::format("The entity name for {} must be a valid integer broker id, but it is: {}", plural, *entity.name));
  if (options.has("describe") && options.has("entity-default") && !of_brokers)
    return invalid(fmt::format("--entity-default must not be specified with --describe of {}", plural));
  if (options.has("describe"))
    return of_loggers && !entity.is_named()
               ? invalid(fmt::format("An entity name must be specified with --describe of {}", plural))
               : Result<>();
  if (of_brokers && !entity.name)
    return invalid("An entity-name or default entity must be specified with --alter of users, clients, brokers or ips");
  if (!of_brokers && !entity.is_named())
    return invalid(fmt::format("An entity name must be specified with --alter of {}", plural));
  if (options.has("add-config") && options.has("add-config-file"))
    return invalid("Only one of --add-config or --add-config-file must be specified");
  if (!options.has("add-config") && !options.has("add-config-file") && !options.has("delete-config"))
    return invalid(
        "At least one of --add-config, --add-config-file, or --delete-config must be specified with --alter");
  return {};
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
  Task<Result<>> describe_one(std::string name);
  Task<Result<bool>> exists(std::string name);
  Task<Result<std::vector<std::string>>> all_names();
  Task<Result<>> alter();
  bool is_broker_default(const std::string& name) const { return name.empty() && entity_.is(ResourceType::kBroker); }

  Terminal& terminal_;
  const Options& options_;
  admin::Client& client_;
  const Entity entity_;
};

Task<Result<std::vector<std::string>>> ConfigCommand::all_names() {
  std::vector<std::string> names;
  if (entity_.is(ResourceType::kTopic)) {
    CO_TRY(const auto topics, co_await admin::list_topics(client_));
    for (const auto& topic : topics) names.push_back(topic.name);
  } else if (entity_.is(ResourceType::kGroup)) {
    CO_TRY(const auto groups, co_await admin::list_groups(client_));
    for (const auto& group : groups) names.push_back(group.id);
  } else if (entity_.is(ResourceType::kBroker) || entity_.is(ResourceType::kBrokerLogger)) {
    CO_TRY_VOID(co_await client_.metadata(std::vector<std::string>(), false, client_.api_deadline()));
    for (const auto& [id, endpoint] : client_.brokers()) names.push_back(to_string(id));
    if (entity_.is(ResourceType::kBroker)) names.emplace_back();
  } else {
    co_return invalid("an entity name is needed for " + std::string(entity_.type->plural));
  }
  co_return names;
}

// Whether there is something to describe. A group or a subscription need not exist to have settings.
Task<Result<bool>> ConfigCommand::exists(std::string name) {
  if (entity_.is(ResourceType::kTopic) || entity_.is(ResourceType::kBroker)) {
    CO_TRY(const auto names, co_await all_names());
    co_return std::ranges::find(names, name) != names.end();
  }
  if (entity_.is(ResourceType::kBrokerLogger)) co_return true;
  CO_TRY(const auto described, co_await admin::describe_configs(client_, {{*entity_.type->resource, name}}));
  for (const auto& resource : described)
    for (const auto& entry : resource.entries)
      if (static_cast<ConfigSource>(entry.config_source) == entity_.type->dynamic) co_return true;
  if (!entity_.is(ResourceType::kGroup)) co_return false;
  CO_TRY(const auto names, co_await all_names());
  co_return std::ranges::find(names, name) != names.end();
}

Task<Result<>> ConfigCommand::describe() {
  if (!entity_.name) {
    CO_TRY(const auto names, co_await all_names());
    for (const auto& name : names) CO_TRY_VOID(co_await describe_one(name));
    co_return Result<>();
  }
  if (entity_.is_named()) {
    CO_TRY(const bool known, co_await exists(*entity_.name));
    if (!known) {
      terminal_.out(fmt::format("The {} '{}' doesn't exist and doesn't have dynamic config.\n", entity_.type->singular,
                                *entity_.name));
      co_return Result<>();
    }
  }
  co_return co_await describe_one(*entity_.name);
}

Task<Result<>> ConfigCommand::describe_one(std::string name) {
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
    for (auto& [name, value] : config::parse_properties(text))
      changes.push_back({name, admin::ConfigOperation::kSet, value});
  }
  for (const auto& list : options_.values("add-config")) {
    CO_TRY(const auto pairs, parse_config_list(list, true));
    for (const auto& [name, value] : pairs) changes.push_back({name, admin::ConfigOperation::kSet, value});
  }
  for (const auto& list : options_.values("delete-config")) {
    CO_TRY(const auto names, parse_config_list(list, false));
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
std::string misuse_of_configs(const Options& o) {
  if (o.has("describe") == o.has("alter")) return "Command must include exactly one action: --describe, --alter";
  if (o.has("describe"))
    for (const char* other : {"add-config", "delete-config"})
      if (o.has(other)) return fmt::format("Option \"[describe]\" can't be used with option \"[{}]\"", other);
  if (o.has("bootstrap-server") == o.has("bootstrap-controller"))
    return "Exactly one of the required --bootstrap-server or --bootstrap-controller arguments must be specified";
  return "";
}

}  // namespace

Task<int> kafka_configs(Context context, Arguments arguments) {
  const OptionParser known = kafka_configs_options();
  Terminal& terminal = context.terminal;
  const auto options = known.parse(arguments);
  if (!options) co_return plain_error(terminal, options.error().message);
  if (const auto code = answer_at_once(terminal, known, arguments, *options,
                                       "This tool helps to manipulate and describe entity config for a topic, client, "
                                       "user, broker, ip, client-metrics or group"))
    co_return *code;
  if (const std::string text = misuse_of_configs(*options); !text.empty()) co_return usage_error(terminal, known, text);
  auto entity = parse_entity(*options);
  if (!entity) co_return plain_error(terminal, entity.error().message);
  if (const auto fits = check(*options, *entity); !fits) co_return plain_error(terminal, fits.error().message);
  auto settings = admin_options(terminal, *options);
  if (!settings) co_return plain_error(terminal, settings.error().message);
  admin::Client client(context.shard, std::move(*settings));
  ConfigCommand command(context, *options, client, std::move(*entity));
  const auto done = co_await command.run();
  if (done) co_return 0;
  if (done.error().message.starts_with("requirement failed")) co_return plain_error(terminal, done.error().message);
  co_return plain_error(terminal, fmt::format("Error while executing config command with args '{}'\n{}",
                                              fmt::join(arguments, " "), exception_text(done.error())));
}

}  // namespace thalweg::cli
