#include <fmt/format.h>
#include <fmt/ranges.h>

#include "admin/cluster.h"
#include "cli/kafka_metadata_quorum.h"
#include "config/broker_config.h"

namespace thalweg::cli {
namespace {

using Listeners = std::vector<protocol::AddRaftVoterRequest::Listener>;

struct NewController {
  BrokerId id;
  Uuid directory;
  Listeners listeners;
};

constexpr std::string_view kIsItValid = "Is this a valid controller configuration file?";

std::string property_in(const config::Properties& properties, const std::string& name) {
  const auto at = properties.find(name);
  return at == properties.end() ? "" : at->second;
}

Result<> check_controller_file(const config::Properties& properties) {
  if (property_in(properties, "node.id").empty())
    return invalid(fmt::format("node.id not found in configuration file. {}", kIsItValid));
  if (!property_in(properties, "process.roles").contains("controller"))
    return invalid(fmt::format("process.roles did not contain 'controller' in configuration file. {}", kIsItValid));
  if (property_in(properties, "metadata.log.dir").empty() && property_in(properties, "log.dirs").empty())
    return invalid(fmt::format("Neither metadata.log.dir nor log.dirs were found. {}", kIsItValid));
  if (property_in(properties, "controller.listener.names").empty())
    return invalid(fmt::format("controller.listener.names was not found. {}", kIsItValid));
  return {};
}

// The id is written when the node first starts, or by kafka-storage format.
Result<Uuid> directory_id_in(Disk& disk, const std::string& directory) {
  const auto text = disk.read_file(directory + "/meta.properties");
  if (!text) return invalid(fmt::format("Unable to read meta.properties from {}", directory));
  const auto id = Uuid::parse(property_in(config::parse_properties(std::string(text->text())), "directory.id"));
  if (!id) return invalid(fmt::format("No directory id found in {}", directory));
  return *id;
}

Result<NewController> controller_of(Disk& disk, const std::string& text) {
  const auto properties = config::parse_properties(text);
  TRY_VOID(check_controller_file(properties));
  const auto loaded = config::load_broker_config(properties);
  if (!loaded) return invalid(loaded.error().message);
  const auto& config = loaded->config;
  NewController controller{.id = config.node_id, .directory = {}, .listeners = {}};
  TRY(controller.directory, directory_id_in(disk, config.metadata_log_dir));
  for (const auto& told : config.advertised_controllers)
    controller.listeners.push_back({told.name, told.host.empty() ? "localhost" : told.host, told.port});
  return controller;
}

std::string endpoints_text(const Listeners& listeners) {
  std::vector<std::string> all;
  for (const auto& one : listeners) all.push_back(fmt::format("{}://{}:{}", one.name, bracketed(one.host), one.port));
  return fmt::format("{}", fmt::join(all, ", "));
}

}  // namespace

Task<Result<>> add_controller(Errand errand) {
  const auto file = errand.options.value("command-config");
  if (!file)
    co_return invalid(
        "You must supply the configuration file of the controller you are adding when using add-controller.");
  CO_TRY(const std::string text, errand.terminal().read_file(*file));
  CO_TRY(const auto controller, controller_of(errand.context.shard.disk, text));
  const bool dry = errand.options.has("dry-run");
  if (!dry)
    CO_TRY_VOID(
        co_await admin::add_raft_voter(errand.client, controller.id, controller.directory, controller.listeners));
  errand.terminal().out(fmt::format("{} controller {} with directory id {} and endpoints: {}\n",
                                    dry ? "DRY RUN of adding" : "Added", controller.id.value,
                                    to_string(controller.directory), endpoints_text(controller.listeners)));
  co_return Result<>();
}

Task<Result<>> remove_controller(Errand errand) {
  const std::int64_t id = parse_integer(*errand.options.value("controller-id")).value_or(-1);
  if (id < 0) co_return invalid(fmt::format("Invalid negative --controller-id: {}", id));
  const std::string given = *errand.options.value("controller-directory-id");
  const auto directory = Uuid::parse(given);
  if (!directory)
    co_return invalid(fmt::format("Failed to parse --controller-directory-id: \"{}\" is no id of a directory", given));
  const bool dry = errand.options.has("dry-run");
  if (!dry) CO_TRY_VOID(co_await admin::remove_raft_voter(errand.client, BrokerId{std::int32_t(id)}, *directory));
  // Two blanks in a dry run, as Kafka prints it.
  errand.terminal().out(fmt::format("{} KRaft controller {} with directory id {}\n",
                                    dry ? "DRY RUN of removing " : "Removed ", id, to_string(*directory)));
  co_return Result<>();
}

}  // namespace thalweg::cli
