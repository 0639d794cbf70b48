// kafka-log-dirs: what lies in the data directories of brokers, as a line of JSON.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>

#include "admin/cluster.h"
#include "cli/java_errors.h"
#include "cli/tool.h"
#include "json/writer.h"

namespace thalweg::cli {

OptionParser kafka_log_dirs_options() {
  OptionParser p;
  p.value("bootstrap-server", "The server(s) to use for bootstrapping", "REQUIRED: brokers to connect to first.");
  p.value("command-config", "Admin client property file", "Properties file with client settings.");
  p.flag("describe", "REQUIRED: show the directories of the brokers.");
  p.value("topic-list", "Topic list", "Only these topics, separated by commas. Default: all.");
  p.value("broker-list", "Broker list", "Only these brokers, like 0,1,2. Default: all.");
  p.flag("help", "Print usage information.").flag("version", "Display Kafka version.");
  return p;
}

namespace {

std::vector<std::string> parts_of(const std::string& text) {
  std::vector<std::string> parts;
  for (std::size_t at = 0; at <= text.size();) {
    const auto comma = std::min(text.find(',', at), text.size());
    if (comma > at) parts.push_back(text.substr(at, comma - at));
    at = comma + 1;
  }
  return parts;
}

Result<std::set<BrokerId>> parse_broker_list(const std::string& text) {
  std::set<BrokerId> ids;
  for (const auto& part : parts_of(text)) {
    const auto id = parse_integer(part);
    if (!id || *id < INT32_MIN || *id > INT32_MAX) return invalid(fmt::format("For input string: \"{}\"", part));
    ids.insert(BrokerId{static_cast<std::int32_t>(*id)});
  }
  return ids;
}

std::string comma_list(const std::set<BrokerId>& ids) {
  std::string text;
  for (const BrokerId id : ids) text += (text.empty() ? "" : ",") + to_string(id);
  return text;
}

// Members in the order of Kafka's hash map, which scripts may have come to rely on.
std::string directory_json(const admin::LogDirDescription& directory, const std::set<std::string>& topics) {
  std::string replicas;
  for (const auto& replica : directory.replicas) {
    if (!topics.empty() && !topics.contains(replica.partition.topic)) continue;
    replicas +=
        fmt::format("{}{{\"partition\":{},\"size\":{},\"offsetLag\":{},\"isFuture\":{}}}", replicas.empty() ? "" : ",",
                    json::quoted(to_string(replica.partition)), replica.size, replica.offset_lag, replica.is_future);
  }
  const std::string error =
      directory.error == ErrorCode::kNone ? "null" : json::quoted(exception_name(directory.error));
  return fmt::format("{{\"partitions\":[{}],\"error\":{},\"logDir\":{}}}", replicas, error,
                     json::quoted(directory.path));
}

Task<Result<>> describe_dirs(Terminal& terminal, const Options& options, admin::Client& client) {
  CO_TRY(const auto wanted, parse_broker_list(options.value_or("broker-list", "")));
  CO_TRY(const auto cluster, co_await admin::describe_cluster(client));
  std::set<BrokerId> known, unknown;
  for (const auto& broker : cluster.brokers) known.insert(broker.id);
  for (const BrokerId id : wanted)
    if (!known.contains(id)) unknown.insert(id);
  if (!unknown.empty())
    co_return invalid(
        fmt::format("ERROR: The given brokers do not exist from --broker-list: {}. Current existent brokers: {}",
                    comma_list(unknown), comma_list(known)));
  const auto listed = parts_of(options.value_or("topic-list", ""));
  const std::set<std::string> topics(listed.begin(), listed.end());
  const auto& asked = wanted.empty() ? known : wanted;
  terminal.out("Querying brokers for log directories information\n");
  std::vector<std::string> brokers;
  for (const BrokerId id : asked) {
    CO_TRY(const auto directories, co_await admin::describe_log_dirs(client, id));
    std::vector<std::string> shown_dirs;
    for (const auto& directory : directories) shown_dirs.push_back(directory_json(directory, topics));
    brokers.push_back(fmt::format("{{\"broker\":{},\"logDirs\":[{}]}}", id.value, fmt::join(shown_dirs, ",")));
  }
  terminal.out(fmt::format("Received log directory information from brokers {}\n{{\"brokers\":[{}],\"version\":1}}\n",
                           comma_list(asked), fmt::join(brokers, ",")));
  co_return Result<>();
}

}  // namespace

Task<int> kafka_log_dirs(Context context, Arguments arguments) {
  const OptionParser known = kafka_log_dirs_options();
  Terminal& terminal = context.terminal;
  const auto options = known.parse(arguments);
  if (!options) co_return plain_error(terminal, options.error().message);
  if (const auto code = answer_at_once(terminal, known, arguments, *options,
                                       "This tool helps to query log directory usage on the specified brokers."))
    co_return *code;
  for (const char* needed : {"bootstrap-server", "describe"})
    if (!options->has(needed))
      co_return usage_error(terminal, known, fmt::format("Missing required argument \"[{}]\"", needed));
  auto settings = admin_options(terminal, *options);
  if (!settings) co_return plain_error(terminal, settings.error().message);
  admin::Client client(context.shard, std::move(*settings));
  const auto done = co_await describe_dirs(terminal, *options, client);
  if (done) co_return 0;
  co_return plain_error(
      terminal, done.error().code == ErrorCode::kInvalidRequest ? done.error().message : exception_text(done.error()));
}

}  // namespace thalweg::cli
