// kafka-topics: lists, describes, creates, changes and deletes topics.
#include "cli/kafka_topics.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>

#include "cli/java_errors.h"
#include "cli/topic_filter.h"

namespace thalweg::cli {

OptionParser kafka_topics_options() {
  OptionParser p;
  p.value("bootstrap-server", "String: server to connect to",
          "REQUIRED: brokers to connect to first, host:port, separated by commas.");
  p.value("command-config", "String: command config property file", "Properties file with client settings.");
  p.flag("list", "List all topics.").flag("describe", "Show partitions, replicas and settings of topics.");
  p.flag("create", "Create a topic.").flag("alter", "Add partitions to topics, with --partitions.");
  p.flag("delete", "Delete topics.");
  p.value("topic", "String: topic", "The topic; a regular expression for every action but --create.");
  p.value("topic-id", "String: topic-id", "The id of a topic to describe.");
  p.integer("partitions", "Integer: # of partitions",
            "Number of partitions to create or to grow to. Default when creating: the broker's num.partitions.");
  p.integer("replication-factor", "Integer: replication factor",
            "Replicas of each partition. Default: the broker's default.replication.factor.");
  p.value("replica-assignment",
          "String: broker_id_for_part1_replica1 : broker_id_for_part1_replica2 , broker_id_for_part2_replica1 : "
          "broker_id_for_part2_replica2 , ...",
          "Brokers of each partition, in place of a number of partitions and replicas.");
  p.values("config", "String: name=value",
           "A setting of the new topic; may be repeated. kafka-configs changes settings later.");
  p.values("delete-config", "String: name", "Not supported any more; use kafka-configs.");
  p.flag("if-exists", "Do nothing when the topic does not exist.");
  p.flag("if-not-exists", "Do nothing when the topic exists already.");
  p.flag("exclude-internal", "Leave internal topics out when listing or describing.");
  p.flag("under-replicated-partitions", "Describe only partitions with too few replicas in sync.");
  p.flag("unavailable-partitions", "Describe only partitions without a leader.");
  p.flag("under-min-isr-partitions", "Describe only partitions with fewer in-sync replicas than min.insync.replicas.");
  p.flag("at-min-isr-partitions", "Describe only partitions with exactly min.insync.replicas in sync.");
  p.flag("topics-with-overrides", "Describe only topics with settings of their own, without partitions.");
  p.integer("partition-size-limit-per-response", "Integer: maximum number of partitions per response",
            "Partitions that the broker describes at once.");
  p.flag("help", "Print usage information.").flag("version", "Display Kafka version.");
  return p;
}

namespace {

constexpr std::array kTopicActions = {"list", "describe", "create", "alter", "delete"};

// Empty when `option` does not clash with `others`.
std::string clash(const Options& options, std::string_view option, const std::vector<std::string>& others) {
  if (!options.has(option)) return "";
  for (const auto& other : others)
    if (options.has(other)) return fmt::format("Option \"[{}]\" can't be used with option \"[{}]\"", option, other);
  return "";
}

// What is wrong with the combination of options, or empty.
std::string misuse_of_topics(const Options& o) {
  if (std::ranges::count_if(kTopicActions, [&](const char* action) { return o.has(action); }) != 1)
    return "Command must include exactly one action: --list, --describe, --create, --alter or --delete";
  if (!o.has("list") && !o.has("describe") && !o.has("topic")) return "Missing required argument \"[topic]\"";
  if (o.has("describe") && o.has("if-exists") && !o.has("topic") && !o.has("topic-id"))
    return "--topic or --topic-id is required to describe a topic";
  if (o.has("alter") && o.has("config"))
    return "Option combination \"[[bootstrap-server], [config]]\" can't be used with option \"[alter]\" (To alter "
           "topic configurations, the kafka-configs tool can be used.)";
  if (o.has("alter") && !o.has("partitions")) return "Missing required argument \"[partitions]\"";
  const std::vector<std::pair<std::string_view, std::vector<std::string>>> clashes = {
      {"config", {"delete", "describe", "list"}},
      {"partitions", {"delete", "describe", "list"}},
      {"replication-factor", {"alter", "delete", "describe", "list"}},
      {"replica-assignment", {"delete", "describe", "list"}},
      {"under-replicated-partitions", {"topics-with-overrides", "list", "create", "alter", "delete"}},
      {"under-min-isr-partitions", {"topics-with-overrides", "list", "create", "alter", "delete"}},
      {"at-min-isr-partitions", {"topics-with-overrides", "list", "create", "alter", "delete"}},
      {"unavailable-partitions", {"topics-with-overrides", "list", "create", "alter", "delete"}},
      {"topics-with-overrides", {"list", "create", "alter", "delete"}},
      {"if-exists", {"create", "list"}},
      {"if-not-exists", {"alter", "delete", "describe", "list"}},
      {"exclude-internal", {"create", "alter", "delete"}},
      {"topic-id", {"list", "create", "alter", "delete"}},
  };
  if (o.has("create") && o.has("replica-assignment"))
    if (const auto text = clash(o, "replica-assignment", {"partitions", "replication-factor"}); !text.empty())
      return text;
  for (const auto& [option, others] : clashes)
    if (const auto text = clash(o, option, others); !text.empty()) return text;
  return "";
}

// The command outlives the action: it is this coroutine's own.
Task<Result<>> run(TopicCommand command, const Options& options) {
  if (options.has("create")) co_return co_await command.create();
  if (options.has("alter")) co_return co_await command.alter();
  if (options.has("delete")) co_return co_await command.remove();
  if (options.has("list")) co_return co_await command.list();
  co_return co_await command.describe();
}

int report_topics_error(Terminal& terminal, const Error& error) {
  terminal.out(fmt::format("Error while executing topic command : {}\n", kafka_text(error)));
  return 1;
}

}  // namespace

Task<Result<std::vector<std::string>>> TopicCommand::selected(bool may_be_empty) {
  std::optional<TopicFilter> filter;
  if (const auto text = options_.value("topic")) {
    CO_TRY(filter, TopicFilter::parse(*text));
  }
  auto topics = co_await admin::list_topics(client_);
  if (!topics) {
    if (topics.error().message == admin::kNoBrokerInTime) topics.error().message += " Call: listTopics";
    co_return std::unexpected(std::move(topics.error()));
  }
  std::vector<std::string> names;
  for (const auto& topic : *topics) {
    if (options_.has("exclude-internal") && topic.is_internal) continue;
    if (!filter || filter->allows(topic.name)) names.push_back(topic.name);
  }
  if (names.empty() && filter && !may_be_empty && !options_.has("if-exists"))
    co_return invalid(fmt::format("Topic '{}' does not exist as expected", *options_.value("topic")));
  co_return names;
}

Task<Result<>> TopicCommand::list() {
  CO_TRY(const auto names, co_await selected(true));
  terminal_.out(fmt::format("{}\n", fmt::join(names, "\n")));
  co_return Result<>();
}

Task<int> kafka_topics(Context context, Arguments arguments) {
  const OptionParser known = kafka_topics_options();
  Terminal& terminal = context.terminal;
  const auto options = known.parse(arguments);
  if (!options && options.error().code == ErrorCode::kInvalidConfig)
    co_return report_topics_error(terminal, options.error());
  if (!options) {
    terminal.err(options.error().message + "\n");
    co_return 1;
  }
  if (const auto code = answer_at_once(terminal, known, arguments, *options,
                                       "This tool helps to create, delete, describe, or change a topic."))
    co_return *code;
  if (options->has("delete-config"))
    terminal.err(
        "delete-config option is no longer supported and deprecated since version 4.0. The config will be fully "
        "removed in future releases.\n");
  if (!options->has("bootstrap-server")) {
    terminal.err("--bootstrap-server must be specified\n");
    co_return 1;
  }
  if (const std::string text = misuse_of_topics(*options); !text.empty()) co_return usage_error(terminal, known, text);
  auto settings = admin_options(terminal, *options);
  if (!settings) {
    terminal.err(settings.error().message + "\n");
    co_return 1;
  }
  admin::Client client(context.shard, std::move(*settings));
  const auto done = co_await run(TopicCommand(terminal, *options, client), *options);
  co_return done ? 0 : report_topics_error(terminal, done.error());
}

}  // namespace thalweg::cli
