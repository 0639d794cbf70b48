#include "config/broker_config.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "base/check.h"
#include "config/broker_checks.h"
#include "config/broker_fields.h"
#include "config/not_served.h"

namespace thalweg::config {
namespace {

// Reads typed values, and gathers every mistake instead of stopping at the first.
class Reader {
 public:
  explicit Reader(const Properties& given) : given_(given) {}

  bool has(std::string_view name) const { return given_.contains(name); }
  void report(std::string problem) { problems_.push_back(std::move(problem)); }
  const std::vector<std::string>& problems() const { return problems_; }

  // The value given, else the default; nothing when there is neither, or when it is not valid (which load() reports).
  std::optional<Value> value(std::string_view name) const {
    const Option* option = broker_options().find(name);
    CHECK(option);
    const auto it = given_.find(name);
    if (it == given_.end() && option->default_value == kNull) return std::nullopt;
    auto parsed = parse(*option, it == given_.end() ? option->default_value : it->second);
    return parsed ? std::optional(*std::move(parsed)) : std::nullopt;
  }
  std::string text(std::string_view name) const {
    const auto v = value(name);
    return v ? to_string(*v) : std::string();
  }

  // A value with a syntax of its own; a mistake is reported under the option's name.
  template <class T>
  std::optional<T> take(std::string_view name, Result<T> parsed) {
    if (parsed) return *std::move(parsed);
    report(fmt::format("{}: {}", name, parsed.error().message));
    return std::nullopt;
  }

 private:
  const Properties& given_;
  std::vector<std::string> problems_;
};

// Fills every field that a row is bound to. What is not valid leaves the default; load() reports it.
void read_fields(Reader& in, const Properties& given, BrokerConfig& config) {
  for (const Option* option : broker_options().options()) {
    if (!option->set || !given.contains(option->name)) continue;
    const auto value = in.value(option->name);
    if (!value) continue;
    if (const auto done = option->set(config, *value); !done)
      in.report(fmt::format("{}: {}", option->name, done.error().message));
  }
}

void settle_identity(Reader& in, BrokerConfig& config) {
  if (const auto old = in.value("broker.id"); old && in.has("broker.id")) {
    if (!in.has("node.id")) config.node_id = to_field<BrokerId>(*old);
    if (config.node_id != to_field<BrokerId>(*old))
      in.report("node.id and broker.id contradict each other: they are two names of one setting");
  }
  if (config.node_id.value < 0) in.report("node.id: must be 0 or greater");
  if (config.log_dirs.empty())
    in.report("log.dirs: at least one directory is needed");
  else if (config.metadata_log_dir.empty())
    config.metadata_log_dir = config.log_dirs.front();
}

ProtocolMap protocol_map(Reader& in, const std::vector<std::string>& controller_listeners) {
  auto map = in.take("listener.security.protocol.map", parse_protocol_map(in.text("listener.security.protocol.map")))
                 .value_or(ProtocolMap());
  // Controller listeners speak plaintext unless something else is said.
  if (!in.has("listener.security.protocol.map"))
    for (const auto& name : controller_listeners) map.try_emplace(name, SecurityProtocol::kPlaintext);
  return map;
}

bool is_controller_listener(const BrokerConfig& config, std::string_view name) {
  return std::ranges::find(config.controller_listeners, name) != config.controller_listeners.end();
}

void read_advertised(Reader& in, BrokerConfig& config, const ProtocolMap& map) {
  config.advertised_listeners = config.listeners;
  if (in.has("advertised.listeners"))
    config.advertised_listeners = in.take("advertised.listeners", parse_listeners(in.text("advertised.listeners"), map))
                                      .value_or(config.listeners);
  for (const auto& listener : config.advertised_listeners) {
    const bool bound = std::ranges::find(config.listeners, listener.name, &Listener::name) != config.listeners.end();
    if (!bound) in.report(fmt::format("advertised.listeners: {} is not one of listeners", listener.name));
    if (in.has("advertised.listeners") && listener.host == "0.0.0.0")
      in.report("advertised.listeners: 0.0.0.0 is no address that a client can reach");
  }
  for (const auto& listener : config.listeners) {
    if (!is_controller_listener(config, listener.name)) continue;
    const auto told = std::ranges::find(config.advertised_listeners, listener.name, &Listener::name);
    config.advertised_controllers.push_back(told == config.advertised_listeners.end() ? listener : *told);
  }
  std::erase_if(config.advertised_listeners, [&](const auto& l) { return is_controller_listener(config, l.name); });
}

void check_inter_broker(Reader& in, const BrokerConfig& config) {
  if (in.has("inter.broker.listener.name") && in.has("security.inter.broker.protocol"))
    in.report("inter.broker.listener.name and security.inter.broker.protocol contradict each other: set one of them");
  const auto& advertised = config.advertised_listeners;
  if (!config.is_broker || advertised.empty()) return;
  for (const std::string_view option : {"inter.broker.listener.name", "security.inter.broker.protocol"})
    if (in.has(option) && std::ranges::find(advertised, in.text(option), &Listener::name) == advertised.end())
      in.report(fmt::format("{}: {} is not one of the advertised listeners", option, in.text(option)));
}

void read_listeners(Reader& in, BrokerConfig& config) {
  const auto map = protocol_map(in, config.controller_listeners);
  config.listeners = in.take("listeners", parse_listeners(in.text("listeners"), map)).value_or(std::vector<Listener>());
  if (const auto ports = check_distinct_ports(config.listeners); !ports)
    in.report("listeners: " + ports.error().message);
  if (config.is_controller)
    for (const auto& name : config.controller_listeners)
      if (std::ranges::find(config.listeners, name, &Listener::name) == config.listeners.end())
        in.report(fmt::format("controller.listener.names: {} is not one of listeners", name));
  read_advertised(in, config, map);
  check_inter_broker(in, config);
}

void check_values(Reader& in, const Properties& given) {
  for (const auto& [name, text] : given) {
    const Option* option = broker_options().find(name);
    if (!option) continue;
    if (const auto parsed = parse(*option, text); !parsed) in.report(parsed.error().message);
  }
}

// Not options of the broker's own table, and yet no mistakes: of the authoriser, of plug-ins, of one listener.
bool known_elsewhere(std::string_view name) {
  if (name == "super.users" || name == "allow.everyone.if.no.acl.found") return true;
  if (name.starts_with("rlmm.config.") || name.starts_with("rsm.config.") || name.starts_with("config.providers."))
    return true;
  if (!name.starts_with("listener.name.")) return false;
  for (auto dot = name.find('.', 14); dot != name.npos; dot = name.find('.', dot + 1))
    if (broker_options().find(name.substr(dot + 1))) return true;
  return false;
}

std::vector<std::string> warnings_about(const Properties& given) {
  std::vector<std::string> warnings, zookeeper;
  for (const auto& [name, text] : given) {
    if (broker_options().find(name) || known_elsewhere(name)) continue;
    if (name.starts_with("zookeeper.")) {
      zookeeper.push_back(name);
      continue;
    }
    const auto nearest = broker_options().nearest(name);
    warnings.push_back(nearest ? fmt::format("unknown option {}; did you mean {}?", name, *nearest)
                               : fmt::format("unknown option {}", name));
  }
  if (!zookeeper.empty())
    warnings.push_back(fmt::format("ignored, there is no ZooKeeper here: {}", fmt::join(zookeeper, ", ")));
  return warnings;
}

Properties normalised(const Properties& given, const BrokerConfig& config) {
  Properties properties;
  for (const auto& [name, text] : given) {
    const Option* option = broker_options().find(name);
    properties.emplace(name, option ? canonical(*option, text) : text);
  }
  // Two names of one setting, shown under both.
  if (properties.contains("node.id") || properties.contains("broker.id"))
    properties["node.id"] = properties["broker.id"] = to_string(config.node_id);
  return properties;
}

}  // namespace

BrokerConfig::BrokerConfig() {
  for (const Option* option : broker_options().options())
    if (option->set && option->default_value != kNull) {
      const auto value = parse(*option, option->default_value);
      CHECK(value && option->set(*this, *value));
    }
}

Result<> set_roles(BrokerConfig& config, const Value& value) {
  const auto& roles = std::get<std::vector<std::string>>(value);
  if (roles.empty()) return {};  // as in Kafka's files of old
  config.is_broker = std::ranges::find(roles, "broker") != roles.end();
  config.is_controller = std::ranges::find(roles, "controller") != roles.end();
  return {};
}

Result<> set_controller_listeners(BrokerConfig& config, const Value& value) {
  config.controller_listeners = std::get<std::vector<std::string>>(value);
  for (auto& name : config.controller_listeners)
    for (char& c : name) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return {};
}

Result<> set_replica_selector(BrokerConfig& config, const Value& value) {
  constexpr std::string_view kPackage = "org.apache.kafka.common.replica.";
  const auto& name = std::get<std::string>(value);
  const bool rack_aware = name == std::string(kPackage) + "RackAwareReplicaSelector";
  if (!rack_aware && !name.empty() && name != std::string(kPackage) + "LeaderSelector")
    return fail(ErrorCode::kInvalidConfig,
                fmt::format("there is no class {} here; {}RackAwareReplicaSelector and {}LeaderSelector are built in",
                            name, kPackage, kPackage));
  config.replica_selector = rack_aware ? ReplicaSelector::kRackAware : ReplicaSelector::kLeader;
  return {};
}

Result<> set_durability(BrokerConfig& config, const Value& value) {
  config.durability = std::get<std::string>(value) == "memory" ? Durability::kMemory : Durability::kFsync;
  return {};
}

BrokerConfig in_force(const BrokerConfig& started, const Properties& dynamic_broker,
                      const Properties& dynamic_default) {
  BrokerConfig config = started;
  for (const Option* option : broker_options().options()) {
    if (!option->set || option->update == Update::kReadOnly) continue;
    for (const Properties* layer : {&dynamic_broker, &dynamic_default}) {
      const auto it = layer->find(option->name);
      if (it == layer->end()) continue;
      const auto value = parse(*option, it->second);
      if (value && option->set(config, *value)) break;
    }
  }
  return config;
}

Result<Loaded> load_broker_config(const Properties& given) {
  Reader in(given);
  Loaded loaded;
  BrokerConfig& config = loaded.config;
  check_values(in, given);
  read_fields(in, given, config);
  settle_identity(in, config);
  read_listeners(in, config);
  config.properties = normalised(given, config);
  for (auto& problem : contradictions(config, given)) in.report(std::move(problem));
  for (auto& problem : not_served(config, given)) in.report(std::move(problem));
  loaded.warnings = warnings_about(given);
  std::ranges::move(oddities(given), std::back_inserter(loaded.warnings));
  if (!in.problems().empty()) {
    auto lines = in.problems();
    for (const auto& warning : loaded.warnings) lines.push_back("(also) " + warning);
    return fail(ErrorCode::kInvalidConfig, fmt::format("{}", fmt::join(lines, "\n")));
  }
  return loaded;
}

}  // namespace thalweg::config
