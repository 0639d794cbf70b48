#include "cli/tool.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

namespace thalweg::cli {
namespace {

constexpr NamedTool kTools[] = {
    {"kafka-cluster", kafka_cluster, kafka_cluster_options, "cluster-id unregister list-endpoints"},
    {"kafka-configs", kafka_configs, kafka_configs_options},
    {"kafka-console-consumer", kafka_console_consumer, kafka_console_consumer_options},
    {"kafka-console-producer", kafka_console_producer, kafka_console_producer_options},
    {"kafka-consumer-groups", kafka_consumer_groups, kafka_consumer_groups_options},
    {"kafka-features", kafka_features, kafka_features_options, "describe upgrade downgrade disable"},
    {"kafka-get-offsets", kafka_get_offsets, kafka_get_offsets_options},
    {"kafka-leader-election", kafka_leader_election, kafka_leader_election_options},
    {"kafka-log-dirs", kafka_log_dirs, kafka_log_dirs_options},
    {"kafka-metadata-quorum", kafka_metadata_quorum, kafka_metadata_quorum_options,
     "describe add-controller remove-controller"},
    {"kafka-reassign-partitions", kafka_reassign_partitions, kafka_reassign_partitions_options},
    {"kafka-storage", kafka_storage, kafka_storage_options, "info format random-uuid"},
    {"kafka-topics", kafka_topics, kafka_topics_options},
    {"kafka-transactions", kafka_transactions, kafka_transactions_options,
     "list describe describe-producers abort find-hanging forceTerminateTransaction"},
};

}  // namespace

std::span<const NamedTool> kafka_tools() { return kTools; }

Tool find_tool(std::string_view program) {
  if (const auto slash = program.rfind('/'); slash != program.npos) program.remove_prefix(slash + 1);
  if (program.ends_with(".sh")) program.remove_suffix(3);
  const auto at = std::ranges::find(kTools, program, &NamedTool::name);
  return at == std::end(kTools) ? nullptr : at->tool;
}

Task<int> run_to_the_end(Context context, Tool tool, std::string program, Arguments arguments) {
  const int code = co_await tool(context, std::move(arguments));
  context.terminal.flush();
  const std::string lost = context.terminal.out_failure();
  if (lost.empty()) co_return code;
  context.terminal.err(fmt::format("{}: cannot write to standard output: {}\n", program, lost));
  co_return code == 0 ? 1 : code;
}

int plain_error(Terminal& terminal, std::string_view message) {
  terminal.err(fmt::format("{}\n", message));
  return 1;
}

int usage_error(Terminal& terminal, const OptionParser& parser, std::string_view message) {
  terminal.err(fmt::format("{}\n{}", message, parser.help()));
  return 1;
}

std::optional<int> answer_at_once(Terminal& terminal, const OptionParser& parser, const Arguments& arguments,
                                  const Options& options, std::string_view purpose) {
  if (options.has("version")) {
    terminal.out(fmt::format("{}\n", kKafkaVersion));
    return 0;
  }
  if (!arguments.empty() && !options.has("help")) return {};
  return usage_error(terminal, parser, purpose);
}

Result<Properties> client_properties(Terminal& terminal, const Options& options, const std::vector<std::string>& files,
                                     const std::vector<std::string>& pairs) {
  Properties properties;
  for (const auto& option : files) {
    const auto path = options.value(option);
    if (!path) continue;
    TRY(const std::string text, terminal.read_file(*path));
    for (auto& [key, value] : config::parse_properties(text)) properties[key] = value;
  }
  for (const auto& option : pairs) {
    TRY(const auto given, parse_pairs(options.values(option)));
    for (const auto& [key, value] : given) properties[key] = value;
  }
  return properties;
}

namespace {

Result<> take_millis(const Properties& properties, const std::string& name, Millis& into) {
  const auto at = properties.find(name);
  if (at == properties.end()) return {};
  const auto number = parse_integer(at->second);
  if (!number || *number < 0)
    return invalid(
        fmt::format("Invalid value {} for configuration {}: not a number of milliseconds", at->second, name));
  into = Millis(*number);
  return {};
}

}  // namespace

Result<admin::ClientOptions> client_options(const std::string& bootstrap, const Properties& properties,
                                            std::string client_id) {
  admin::ClientOptions options;
  TRY(options.bootstrap, admin::parse_bootstrap(bootstrap));
  options.client_id = std::move(client_id);
  if (const auto at = properties.find("client.id"); at != properties.end()) options.client_id = at->second;
  TRY_VOID(take_millis(properties, "request.timeout.ms", options.request_timeout));
  TRY_VOID(take_millis(properties, "default.api.timeout.ms", options.api_timeout));
  TRY_VOID(take_millis(properties, "retry.backoff.ms", options.retry_backoff));
  TRY_VOID(take_millis(properties, "retry.backoff.max.ms", options.retry_backoff_max));
  return options;
}

Result<admin::ClientOptions> admin_options(Terminal& terminal, const Options& options, const std::string& older) {
  std::vector<std::string> files{"command-config"};
  if (!older.empty()) files.insert(files.begin(), older);
  TRY(const auto properties, client_properties(terminal, options, files));
  TRY_VOID(check_properties(terminal, ClientKind::kAdmin, properties));
  const auto given = options.value("bootstrap-server");
  return client_options(given ? *given : options.value_or("bootstrap-controller", ""), properties, "adminclient-1");
}

}  // namespace thalweg::cli
