// kafka-consumer-groups: lists, describes and deletes groups, and resets or deletes their offsets.
#include "cli/kafka_consumer_groups.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <regex>

#include "admin/topics.h"
#include "cli/columns.h"
#include "cli/java_errors.h"

namespace thalweg::cli {

OptionParser kafka_consumer_groups_options() {
  OptionParser p;
  p.value("bootstrap-server", "String: server to connect to",
          "REQUIRED: brokers to connect to first, host:port, separated by commas.");
  p.value("command-config", "String: command config property file", "Properties file with client settings.");
  p.flag("list", "List all groups.").flag("describe", "Show offsets, members or the state of groups.");
  p.flag("delete", "Delete groups that have no members.");
  p.flag("reset-offsets",
         "Set the offsets of a group without members to another place. Shows the plan unless --execute is given.");
  p.flag("delete-offsets", "Delete offsets of a group for topics that it does not read.");
  p.values("group", "String: consumer group", "A group; may be repeated.").flag("all-groups", "All groups.");
  p.values("topic", "String: topic", "A topic, or topic:0,1 for some partitions; may be repeated.")
      .flag("all-topics", "All topics of the group.");
  p.flag("members", "Describe the members.").flag("offsets", "Describe the offsets; the default.");
  p.optional_value("state", "String",
                   "Describe the state; with --list also shows states, or only groups in the given ones.");
  p.optional_value("type", "String", "With --list: show types, or only groups of the given ones.");
  p.flag("verbose", "Describe in more detail.");
  p.integer("timeout", "Long: timeout (ms)", "How long to wait for an answer. (default: 5000)");
  p.flag("dry-run", "Only show what a reset would do.")
      .flag("execute", "Do the reset.")
      .flag("export", "Show the plan as CSV.");
  p.flag("to-earliest", "Reset to the earliest offset.").flag("to-latest", "Reset to the latest offset.");
  p.flag("to-current", "Reset to the current offset.").integer("to-offset", "Long: offset", "Reset to an offset.");
  p.integer("shift-by", "Long: number-of-offsets", "Move offsets by a number, also a negative one.");
  p.value("to-datetime", "String: datetime", "Reset to a time, YYYY-MM-DDThh:mm:ss.sss.");
  p.value("by-duration", "String: duration", "Reset to a time before now, PnDTnHnMnS.");
  p.value("from-file", "String: path to CSV file", "Reset to the offsets of a CSV file.");
  p.value("validate-regex", "String: regex", "Say whether a regular expression of topics is valid.");
  p.flag("help", "Print usage information.").flag("version", "Display Kafka version.");
  return p;
}

namespace {

constexpr std::array kActions = {"list", "describe", "delete", "reset-offsets", "delete-offsets", "validate-regex"};
constexpr std::array kWays = {"to-offset",   "shift-by",  "to-datetime", "by-duration",
                              "to-earliest", "to-latest", "to-current",  "from-file"};
constexpr std::array<std::string_view, 7> kStates = {
    "Dead", "Reconciling", "CompletingRebalance", "Empty", "Assigning", "PreparingRebalance", "Stable"};
constexpr std::array<std::string_view, 2> kTypes = {"Classic", "Consumer"};

template <class Names>
long count_of(const Options& o, const Names& names) {
  return std::ranges::count_if(names, [&](const char* name) { return o.has(name); });
}

std::string lower(std::string text) {
  for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return text;
}

// The names of a comma separated list in their proper spelling; nothing when one is unknown.
template <class Names>
std::optional<std::vector<std::string>> spelled(const std::string& list, const Names& names) {
  std::vector<std::string> out;
  std::string word;
  for (const char c : list + ",") {
    if (c == ' ') continue;
    if (c != ',') {
      word += c;
      continue;
    }
    const auto at =
        std::ranges::find_if(names, [&](std::string_view name) { return lower(std::string(name)) == lower(word); });
    if (at == std::end(names)) return {};
    out.emplace_back(*at);
    word.clear();
  }
  return out;
}

std::string clash(std::string_view option, std::string_view other) {
  return fmt::format("Option \"[{}]\" can't be used with option \"[{}]\"", option, other);
}

std::string misuse_of_reset(const Options& o) {
  if (o.has("dry-run") && o.has("execute")) return "Option [reset-offsets] only accepts one of [execute] and [dry-run]";
  if (!o.has("group") && !o.has("all-groups"))
    return "Option [reset-offsets] takes one of these options: [group], [all-groups]";
  std::vector<std::string> ways;
  std::ranges::copy_if(kWays, std::back_inserter(ways), [&](const char* way) { return o.has(way); });
  if (ways.size() > 1) return clash(ways[0], ways[1]);
  if (ways.empty())
    return fmt::format("Option '[reset-offsets]' requires one of the following scenarios: [[{}]]",
                       fmt::join(kWays, "], ["));
  if (!o.has("from-file") && !o.has("topic") && !o.has("all-topics"))
    return "One of the reset scopes should be defined: --all-topics, --topic.";
  return "";
}

std::string misuse_of_list(const Options& o) {
  if (const auto list = o.value("state"); list && !spelled(*list, kStates))
    return fmt::format("Invalid state list '{}'. Valid states are: {}", *list, fmt::join(kStates, ", "));
  if (const auto list = o.value("type"); list && !spelled(*list, kTypes))
    return fmt::format("Invalid types list '{}'. Valid types are: {}", *list, fmt::join(kTypes, ", "));
  for (const char* other : {"group", "all-groups", "topic", "all-topics"})
    if (o.has(other)) return clash(other, "list");
  return "";
}

std::string misuse_of_describe(const Options& o) {
  if (!o.has("group") && !o.has("all-groups"))
    return "Option [describe] takes one of these options: [group], [all-groups]";
  if (count_of(o, std::array{"members", "offsets", "state"}) > 1)
    return "Option [describe] takes at most one of these options: [members], [offsets], [state]";
  if (o.has_value("state")) return "Option [describe] does not take a value for [state]";
  for (const char* other : {"topic", "all-topics"})
    if (o.has(other)) return clash(other, "describe");
  return "";
}

// Options that Kafka's tool knows only beside some action.
std::string unavailable(const Options& o) {
  for (const char* option : {"members", "offsets", "verbose"})
    if (o.has(option) && !o.has("describe"))
      return fmt::format("Option(s) [{}] are unavailable given other options on the command line", option);
  if (o.has("state") && !o.has("describe") && !o.has("list"))
    return "Option(s) [state] are unavailable given other options on the command line";
  return "";
}

// What is wrong with the combination of options, or empty.
std::string misuse_of_groups(const Options& o) {
  if (count_of(o, kActions) != 1)
    return "Command must include exactly one action: --list, --describe, --delete, --reset-offsets, "
           "--delete-offsets, --validate-regex";
  if (o.has("validate-regex")) return "";
  if (!o.has("bootstrap-server")) return "Missing required argument \"[bootstrap-server]\"";
  std::string text;
  if (o.has("list")) text = misuse_of_list(o);
  if (o.has("describe")) text = misuse_of_describe(o);
  if (o.has("delete") && !o.has("group") && !o.has("all-groups"))
    text = "Option [delete] takes one of these options: [group], [all-groups]";
  if (o.has("delete") && o.has("topic"))
    text = "The consumer does not support topic-specific offset deletion from a consumer group.";
  if (o.has("reset-offsets")) text = misuse_of_reset(o);
  if (o.has("delete-offsets") && !(o.has("group") && o.has("topic")))
    text = "Option [delete-offsets] takes the following options: [group], [topic]";
  for (const auto& argument : o.values("topic"))
    if (const auto parsed = parse_topic_argument(argument); text.empty() && !parsed) text = parsed.error().message;
  if (text.empty() && o.has("group") && o.has("all-groups")) text = clash("group", "all-groups");
  return text;
}

std::string capitalised(std::string text) {
  if (!text.empty()) text[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(text[0])));
  return text;
}

constexpr std::string_view kNoAction =
    "WARN: No action will be performed as the --execute option is missing. In version 5.0, this command will require "
    "either --dry-run or --execute to be specified. You should add the --dry-run option explicitly if you are "
    "scripting this command and want to keep the current default behavior without prompting.\n";

int validate(Terminal& terminal, const std::string& pattern) {
  std::string verdict = "valid";
  try {
    const std::regex compiled(pattern, std::regex::ECMAScript);
  } catch (const std::regex_error& error) {
    verdict = fmt::format("invalid: {}", error.what());
  }
  terminal.out(fmt::format("The regular expression `{}` is {}.\n", pattern, verdict));
  return 0;
}

Task<Result<>> run(GroupCommand& command, const Options& options) {
  if (options.has("list")) return command.list();
  if (options.has("describe")) return command.describe();
  if (options.has("delete")) return command.remove();
  if (options.has("reset-offsets")) return command.reset();
  return command.delete_offsets();
}

// Kafka's tool ends with 0 also then.
int report(Terminal& terminal, const Error& error) {
  terminal.out(fmt::format("\nError: Executing consumer group command failed due to {}\n", kafka_text(error)));
  return 0;
}

}  // namespace

Task<Result<std::vector<std::string>>> GroupCommand::chosen_groups() {
  if (!options_.has("all-groups")) co_return options_.values("group");
  CO_TRY(const auto listed, co_await admin::list_groups(client_));
  std::vector<std::string> ids;
  for (const auto& group : listed)
    if (group.protocol_type == "consumer" || group.protocol_type.empty()) ids.push_back(group.id);
  co_return ids;
}

Task<Result<std::vector<TopicPartition>>> GroupCommand::partitions_of(std::string argument) {
  CO_TRY(const auto named, parse_topic_argument(argument));
  const auto& [topic, ids] = named;
  std::vector<TopicPartition> partitions;
  for (const auto id : ids) partitions.push_back({topic, id});
  if (!ids.empty()) co_return partitions;
  CO_TRY(const auto described, co_await admin::describe_topics(client_, {topic}));
  for (const auto& t : described)
    for (const auto& p : t.partitions) partitions.push_back({t.name, p.id});
  co_return partitions;
}

Task<Result<>> GroupCommand::list() {
  std::vector<std::string> states, types;
  if (options_.has_value("state")) states = *spelled(*options_.value("state"), kStates);
  if (options_.has_value("type")) types = *spelled(*options_.value("type"), kTypes);
  auto listed = co_await admin::list_groups(client_, states, types);
  if (!listed && listed.error().message == admin::kNoBrokerInTime)
    co_return invalid(
        "java.util.concurrent.ExecutionException: org.apache.kafka.common.KafkaException: Failed to find "
        "brokers to send ListGroups");
  if (!listed) co_return std::unexpected(listed.error());
  std::erase_if(*listed, [](const auto& g) { return g.protocol_type != "consumer" && !g.protocol_type.empty(); });
  if (!options_.has("state") && !options_.has("type")) {
    for (const auto& group : *listed) terminal_.out(group.id + "\n");
    co_return Result<>();
  }
  constexpr std::size_t kGroupWidthMin = 15, kGap = 10, kWidth = 20;
  std::size_t longest = kGroupWidthMin;
  for (const auto& group : *listed) longest = std::max(longest, group.id.size());
  std::vector<Columns::Column> columns{{"GROUP", longest + kGap}};
  if (options_.has("type")) columns.push_back({"TYPE", kWidth, false});
  if (options_.has("state")) columns.push_back({"STATE", kWidth, false});
  Columns table(std::move(columns));
  for (const auto& group : *listed) {
    std::vector<std::string> row{group.id};
    if (options_.has("type")) row.push_back(capitalised(lower(group.type)));
    if (options_.has("state")) row.push_back(group.state);
    table.add(std::move(row));
  }
  terminal_.out(table.text());
  co_return Result<>();
}

Task<int> kafka_consumer_groups(Context context, Arguments arguments) {
  const OptionParser known = kafka_consumer_groups_options();
  Terminal& terminal = context.terminal;
  const auto options = known.parse(arguments);
  if (!options && options.error().code == ErrorCode::kInvalidConfig) co_return report(terminal, options.error());
  if (!options) {
    terminal.err(options.error().message + "\n");
    co_return 1;
  }
  if (const auto code = answer_at_once(terminal, known, arguments, *options,
                                       "This tool helps to list all consumer groups, describe a consumer group, delete "
                                       "consumer group info, or reset consumer group offsets."))
    co_return *code;
  if (const std::string text = unavailable(*options); !text.empty()) {
    terminal.err(text + "\n");
    co_return 1;
  }
  if (options->has("reset-offsets") && count_of(*options, std::array{"execute", "dry-run", "export"}) == 0)
    terminal.err(kNoAction);
  if (const std::string text = misuse_of_groups(*options); !text.empty()) co_return usage_error(terminal, known, text);
  if (const auto pattern = options->value("validate-regex")) co_return validate(terminal, *pattern);
  auto settings = admin_options(terminal, *options);
  if (!settings) co_return report(terminal, settings.error());
  if (const auto timeout = options->value("timeout")) settings->api_timeout = Millis(*parse_integer(*timeout));
  admin::Client client(context.shard, std::move(*settings));
  GroupCommand command(context, *options, client);
  const auto done = co_await run(command, *options);
  if (!command.misuse().empty()) co_return usage_error(terminal, known, command.misuse());
  co_return done ? 0 : report(terminal, done.error());
}

}  // namespace thalweg::cli
