// kafka-leader-election: gives partitions another leader, the preferred one or, at a loss, any.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "admin/replicas.h"
#include "cli/java_errors.h"
#include "cli/tool.h"
#include "json/parser.h"

namespace thalweg::cli {

OptionParser kafka_leader_election_options() {
  OptionParser p;
  p.value("bootstrap-server", "host:port", "REQUIRED: brokers to connect to first, separated by commas.");
  p.value("command-config", "Config file", "Properties file with client settings.");
  p.value("admin.config", "config file", "Deprecated; use --command-config.");
  p.value(
      "election-type", "election type",
      "REQUIRED: preferred gives partitions to the first of their replicas; unclean lets a replica lead that is not "
      "in sync, where nobody else can, and may lose records.");
  p.value("topic", "topic name", "The topic. Not with --all-topic-partitions or --path-to-json-file.");
  p.integer("partition", "partition id", "The partition; REQUIRED with --topic.");
  p.flag("all-topic-partitions", "All partitions that need it. Not with --topic or --path-to-json-file.");
  p.value("path-to-json-file", "Path to JSON file",
          "Partitions as {\"partitions\": [{\"topic\": \"foo\", \"partition\": 1}]}.");
  p.flag("help", "Print usage information.").flag("version", "Display Kafka version.");
  return p;
}

namespace {

struct ElectionOrder {
  admin::Election type = admin::Election::kPreferred;
  std::optional<std::vector<TopicPartition>> partitions;  // nothing: all

  std::string_view name() const { return type == admin::Election::kPreferred ? "PREFERRED" : "UNCLEAN"; }
};

std::string misuse_of_election(const Options& o) {
  std::vector<std::string> missing, scopes;
  for (const char* needed : {"bootstrap-server", "election-type"})
    if (!o.has(needed)) missing.emplace_back(needed);
  if (!missing.empty()) return fmt::format("Missing required option(s): {}", fmt::join(missing, ", "));
  for (const char* scope : {"topic", "all-topic-partitions", "path-to-json-file"})
    if (o.has(scope)) scopes.emplace_back(scope);
  if (scopes.size() != 1)
    return "One and only one of the following options is required: topic, all-topic-partitions, path-to-json-file";
  if (o.has("topic") && !o.has("partition")) return "Missing required option(s): partition";
  if (!o.has("topic") && o.has("partition")) return "Option partition is only allowed if topic is used";
  return "";
}

Result<admin::Election> parse_election_type(std::string text) {
  std::ranges::transform(text, text.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? char(c - 'A' + 'a') : c; });
  if (text == "preferred") return admin::Election::kPreferred;
  if (text == "unclean") return admin::Election::kUnclean;
  return invalid(fmt::format("Cannot parse argument '{}' of option election-type", text));
}

Result<std::vector<TopicPartition>> parse_election_file(const std::string& text) {
  TRY(const auto parsed, json::parse(text));
  const auto* listed = parsed.find("partitions");
  if (!listed) return invalid("Replica election data is missing \"partitions\" field");
  const auto* array = listed->if_array();
  if (!array) return invalid("\"partitions\" is no array");
  std::vector<TopicPartition> partitions;
  for (const auto& one : *array) {
    const auto* topic = one.find("topic");
    const auto* number = one.find("partition");
    const auto id = number && number->if_number() ? number->if_number()->as_int64() : std::nullopt;
    if (!topic || !topic->if_string() || !id || *id < 0 || *id > INT32_MAX)
      return invalid("each of \"partitions\" has a \"topic\" (text) and a \"partition\" (number)");
    TopicPartition tp{*topic->if_string(), PartitionId{static_cast<std::int32_t>(*id)}};
    if (std::ranges::find(partitions, tp) != partitions.end())
      return invalid(fmt::format("Replica election data contains duplicate partitions: [{}]", to_string(tp)));
    partitions.push_back(std::move(tp));
  }
  return partitions;
}

Result<ElectionOrder> election_order(Terminal& terminal, const Options& options) {
  ElectionOrder order;
  TRY(order.type, parse_election_type(*options.value("election-type")));
  if (const auto path = options.value("path-to-json-file")) {
    TRY(const std::string text, terminal.read_file(*path));
    TRY(order.partitions, parse_election_file(text));
  } else if (const auto topic = options.value("topic")) {
    const auto id = parse_integer(*options.value("partition")).value_or(-1);
    order.partitions.emplace();
    order.partitions->push_back({*topic, PartitionId{static_cast<std::int32_t>(id)}});
  }
  return order;
}

std::string joined(const std::vector<TopicPartition>& partitions) {
  std::string text;
  for (const auto& tp : partitions) text += (text.empty() ? "" : ", ") + to_string(tp);
  return text;
}

Task<Result<>> elect(Terminal& terminal, admin::Client& client, ElectionOrder order) {
  auto results = co_await admin::elect_leaders(client, order.type, order.partitions);
  if (!results && results.error().code == ErrorCode::kRequestTimedOut) {
    terminal.out("Timeout waiting for election results\n");
    co_return invalid("Timeout waiting for election results");
  }
  if (!results) co_return std::unexpected(std::move(results.error()));
  std::vector<TopicPartition> elected, needless;
  std::string failed;
  std::size_t failures = 0;
  for (const auto& [tp, result] : *results) {
    if (result) {
      elected.push_back(tp);
    } else if (result.error().code == ErrorCode::kElectionNotNeeded) {
      needless.push_back(tp);
    } else {
      ++failures;
      failed += fmt::format("Error completing leader election ({}) for partition: {}: {}\n", order.name(),
                            to_string(tp), exception_text(result.error()));
    }
  }
  if (!elected.empty())
    terminal.out(
        fmt::format("Successfully completed leader election ({}) for partitions {}\n", order.name(), joined(elected)));
  if (!needless.empty())
    terminal.out(fmt::format("Valid replica already elected for partitions {}\n", joined(needless)));
  terminal.out(failed);
  if (failures > 0) co_return invalid(fmt::format("{} replica(s) could not be elected", failures));
  co_return Result<>();
}

// Kafka's defaults for this tool.
Result<admin::ClientOptions> election_settings(Terminal& terminal, const Options& options) {
  TRY(const auto properties, client_properties(terminal, options, {"admin.config", "command-config"}));
  TRY_VOID(check_properties(terminal, ClientKind::kAdmin, properties));
  TRY(auto settings, client_options(*options.value("bootstrap-server"), properties, "adminclient-1"));
  constexpr Millis kApi{30'000}, kRequest{15'000};
  if (!properties.contains("default.api.timeout.ms")) settings.api_timeout = kApi;
  if (!properties.contains("request.timeout.ms")) settings.request_timeout = kRequest;
  return settings;
}

}  // namespace

Task<int> kafka_leader_election(Context context, Arguments arguments) {
  const OptionParser known = kafka_leader_election_options();
  Terminal& terminal = context.terminal;
  const auto options = known.parse(arguments);
  if (!options) co_return plain_error(terminal, options.error().message);
  if (const auto code =
          answer_at_once(terminal, known, arguments, *options,
                         "This tool attempts to elect a new leader for a set of topic partitions. The type "
                         "of elections supported are preferred replicas and unclean replicas."))
    co_return *code;
  if (const std::string text = misuse_of_election(*options); !text.empty()) co_return plain_error(terminal, text);
  auto order = election_order(terminal, *options);
  if (!order) co_return plain_error(terminal, order.error().message);
  if (options->has("admin.config"))
    terminal.out(
        "Option --admin.config has been deprecated and will be removed in a future version. Use --command-config "
        "instead.\n");
  auto settings = election_settings(terminal, *options);
  if (!settings) co_return plain_error(terminal, settings.error().message);
  admin::Client client(context.shard, std::move(*settings));
  const auto done = co_await elect(terminal, client, *std::move(order));
  if (done) co_return 0;
  co_return plain_error(
      terminal, done.error().code == ErrorCode::kInvalidRequest ? done.error().message : exception_text(done.error()));
}

}  // namespace thalweg::cli
