// kafka-topics: lists, describes, creates, changes and deletes topics.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>

#include "admin/configs.h"
#include "admin/topics.h"
#include "cli/tool.h"

namespace thalweg::cli {
namespace {

using admin::PartitionDescription;
using admin::TopicDescription;

OptionParser parser() {
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

constexpr std::array kActions = {"list", "describe", "create", "alter", "delete"};

// Empty when `option` does not clash with `others`.
std::string clash(const Options& options, std::string_view option, const std::vector<std::string>& others) {
  if (!options.has(option)) return "";
  for (const auto& other : others)
    if (options.has(other)) return fmt::format("Option \"[{}]\" can't be used with option \"[{}]\"", option, other);
  return "";
}

// What is wrong with the combination of options, or empty.
std::string misuse(const Options& o) {
  if (std::ranges::count_if(kActions, [&](const char* action) { return o.has(action); }) != 1)
    return "Command must include exactly one action: --list, --describe, --create, --alter or --delete";
  if (!o.has("list") && !o.has("describe") && !o.has("topic")) return "Missing required argument \"[topic]\"";
  if (o.has("alter") && o.has("config"))
    return "Option combination \"[[bootstrap-server], [config]]\" can't be used with option \"[alter]\" (To alter "
           "topic "
           "configurations, the kafka-configs tool can be used.)";
  if (o.has("alter") && !o.has("partitions")) return "Missing required argument \"[partitions]\"";
  const std::vector<std::pair<std::string_view, std::vector<std::string>>> clashes = {
      {"config", {"delete", "describe", "list"}},
      {"delete-config", {"create", "delete", "describe", "list", "alter"}},
      {"partitions", {"delete", "describe", "list"}},
      {"replication-factor", {"alter", "delete", "describe", "list"}},
      {"replica-assignment", {"delete", "describe", "list"}},
      {"under-replicated-partitions",
       {"under-min-isr-partitions", "at-min-isr-partitions", "unavailable-partitions", "topics-with-overrides", "list",
        "create", "alter", "delete"}},
      {"under-min-isr-partitions",
       {"at-min-isr-partitions", "unavailable-partitions", "topics-with-overrides", "list", "create", "alter",
        "delete"}},
      {"at-min-isr-partitions",
       {"unavailable-partitions", "topics-with-overrides", "list", "create", "alter", "delete"}},
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

Error invalid(std::string message) { return {ErrorCode::kInvalidRequest, std::move(message)}; }

// "0:1,1:2" -> the brokers of each partition.
Result<std::vector<std::vector<BrokerId>>> parse_assignment(const std::string& text) {
  std::vector<std::vector<BrokerId>> partitions(1);
  std::string digits;
  const auto finish = [&]() -> bool {
    const auto id = parse_integer(digits);
    digits.clear();
    if (id) partitions.back().push_back(BrokerId{static_cast<std::int32_t>(*id)});
    return id.has_value();
  };
  for (const char c : text + ",") {
    if (c == ' ') continue;
    if (c != ':' && c != ',') {
      digits += c;
      continue;
    }
    const std::string shown = digits;
    if (!finish()) return std::unexpected(invalid("For input string: \"" + shown + "\""));
    if (c == ',') partitions.emplace_back();
  }
  partitions.pop_back();
  for (std::size_t i = 0; i < partitions.size(); ++i) {
    auto ids = partitions[i];
    std::ranges::sort(ids);
    if (std::ranges::adjacent_find(ids) != ids.end())
      return std::unexpected(
          invalid("Partition replica lists may not contain duplicate entries: " + to_string(ids.front())));
    if (partitions[i].size() != partitions[0].size())
      return std::unexpected(invalid(fmt::format("Partition {} has different replication factor: [{}]", i, text)));
  }
  return partitions;
}

std::string ids(const std::vector<BrokerId>& brokers) {
  std::string text;
  for (const BrokerId id : brokers) text += (text.empty() ? "" : ",") + to_string(id);
  return text;
}

// One run of the tool, after the command line was understood.
class TopicCommand {
 public:
  TopicCommand(Context context, const Options& options, admin::Client& client)
      : terminal_(context.terminal), options_(options), client_(client) {}

  Task<Result<>> run() {
    if (options_.has("create")) co_return co_await create();
    if (options_.has("alter")) co_return co_await alter();
    if (options_.has("delete")) co_return co_await remove();
    if (options_.has("list")) co_return co_await list();
    co_return co_await describe();
  }

 private:
  Task<Result<>> create();
  Task<Result<>> alter();
  Task<Result<>> remove();
  Task<Result<>> list();
  Task<Result<>> describe();
  // Names that --topic selects, sorted; an error when it selects nothing and that is not allowed.
  Task<Result<std::vector<std::string>>> selected(bool may_be_empty);
  Task<Result<std::vector<std::string>>> selected_by_id();
  Task<Result<>> print(const TopicDescription& topic, const std::vector<admin::ConfigEntry>& configs);
  bool shown(const PartitionDescription& partition, const std::vector<admin::ConfigEntry>& configs) const;

  Terminal& terminal_;
  const Options& options_;
  admin::Client& client_;
  std::vector<admin::Reassignment> reassignments_;
};

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
    co_return std::unexpected(invalid(fmt::format("Topic '{}' does not exist as expected", *options_.value("topic"))));
  co_return names;
}

Task<Result<std::vector<std::string>>> TopicCommand::selected_by_id() {
  const std::string text = *options_.value("topic-id");
  const auto id = Uuid::parse(text);
  if (!id)
    co_return std::unexpected(invalid(fmt::format(
        "Input string `{}` decoded as {} bytes, which is not equal to the expected 16 bytes of a base64-encoded UUID",
        text, text.size() * 3 / 4)));
  CO_TRY(const auto topics, co_await admin::list_topics(client_));
  std::vector<std::string> names;
  for (const auto& topic : topics)
    if (topic.id == *id) names.push_back(topic.name);
  if (names.empty() && !options_.has("if-exists"))
    co_return std::unexpected(invalid(fmt::format("TopicId '{}' does not exist as expected", text)));
  co_return names;
}

Task<Result<>> TopicCommand::list() {
  CO_TRY(const auto names, co_await selected(true));
  terminal_.out(fmt::format("{}\n", fmt::join(names, "\n")));
  co_return Result<>();
}

Task<Result<>> TopicCommand::create() {
  admin::NewTopic topic;
  topic.name = *options_.value("topic");
  if (topic.name.find_first_of("._") != topic.name.npos)
    terminal_.out(
        "WARNING: Due to limitations in metric names, topics with a period ('.') or underscore ('_') could collide. To "
        "avoid issues it is best to use either, but not both.\n");
  if (const auto text = options_.value("partitions")) {
    const auto count = *parse_integer(*text);
    if (count < 1) co_return std::unexpected(invalid("The partitions must be greater than 0"));
    topic.partitions = static_cast<std::int32_t>(count);
  }
  if (const auto text = options_.value("replication-factor")) {
    const auto count = *parse_integer(*text);
    if (count < 1 || count > 32767)
      co_return std::unexpected(invalid("The replication factor must be between 1 and 32767 inclusive"));
    topic.replication_factor = static_cast<std::int16_t>(count);
  }
  if (const auto text = options_.value("replica-assignment")) {
    CO_TRY(topic.assignment, parse_assignment(*text));
  }
  for (const auto& pair : options_.values("config")) {
    const auto equals = pair.find('=');
    if (equals == pair.npos)
      co_return std::unexpected(invalid(
          "requirement failed: Invalid topic config: all configs to be added must be in the format \"key=val\"."));
    topic.configs.emplace_back(pair.substr(0, equals), pair.substr(equals + 1));
  }
  const std::string name = topic.name;
  auto created = co_await admin::create_topic(client_, std::move(topic));
  if (!created && created.error().code == ErrorCode::kTopicAlreadyExists && options_.has("if-not-exists"))
    co_return Result<>();
  if (!created && created.error().message == admin::kNoBrokerInTime) created.error().message += " Call: createTopics";
  if (created) terminal_.out(fmt::format("Created topic {}.\n", name));
  co_return created;
}

Task<Result<>> TopicCommand::alter() {
  CO_TRY(const auto names, co_await selected(false));
  const auto count = static_cast<std::int32_t>(*parse_integer(*options_.value("partitions")));
  std::vector<std::vector<BrokerId>> assignment;
  if (const auto text = options_.value("replica-assignment")) {
    CO_TRY(assignment, parse_assignment(*text));
  }
  CO_TRY(const auto topics, co_await admin::describe_topics(client_, names));
  for (const auto& topic : topics) {
    // The option lists all partitions, the request only those that are new.
    auto added = assignment;
    if (!added.empty())
      added.erase(added.begin(),
                  added.begin() + static_cast<std::ptrdiff_t>(std::min(added.size(), topic.partitions.size())));
    CO_TRY_VOID(co_await admin::create_partitions(client_, topic.name, count, std::move(added)));
  }
  co_return Result<>();
}

Task<Result<>> TopicCommand::remove() {
  CO_TRY(const auto names, co_await selected(false));
  for (const auto& name : names) CO_TRY_VOID(co_await admin::delete_topic(client_, name));
  co_return Result<>();
}

Task<Result<>> TopicCommand::describe() {
  Result<std::vector<std::string>> names;
  if (options_.has("topic-id"))
    names = co_await selected_by_id();
  else
    names = co_await selected(false);
  if (!names) co_return std::unexpected(std::move(names.error()));
  if (names->empty()) co_return Result<>();
  CO_TRY(const auto topics, co_await admin::describe_topics(client_, *names));
  std::vector<admin::ConfigResource> resources;
  for (const auto& topic : topics) resources.push_back({admin::ResourceType::kTopic, topic.name});
  CO_TRY(const auto configs, co_await admin::describe_configs(client_, std::move(resources)));
  CO_TRY(reassignments_, co_await admin::list_reassignments(client_));
  for (const auto& topic : topics) {
    const auto at = std::ranges::find(configs, topic.name, [](const auto& c) { return c.resource.name; });
    const std::vector<admin::ConfigEntry> none;
    CO_TRY_VOID(co_await print(topic, at == configs.end() ? none : at->entries));
  }
  co_return Result<>();
}

bool TopicCommand::shown(const PartitionDescription& p, const std::vector<admin::ConfigEntry>& configs) const {
  const auto min_isr = [&]() -> std::size_t {
    const auto at = std::ranges::find(configs, "min.insync.replicas", &admin::ConfigEntry::name);
    const auto number = at == configs.end() ? std::nullopt : parse_integer(at->value.value_or(""));
    return static_cast<std::size_t>(number.value_or(1));
  };
  if (options_.has("under-replicated-partitions")) return p.isr.size() < p.replicas.size();
  if (options_.has("unavailable-partitions")) return p.leader == kNoBroker;
  if (options_.has("under-min-isr-partitions")) return p.isr.size() < min_isr();
  if (options_.has("at-min-isr-partitions")) return p.isr.size() == min_isr();
  return true;
}

Task<Result<>> TopicCommand::print(const TopicDescription& topic, const std::vector<admin::ConfigEntry>& configs) {
  std::vector<std::string> overrides;
  for (const auto& entry : configs)
    if (static_cast<admin::ConfigSource>(entry.config_source) != admin::ConfigSource::kDefault && !entry.is_default)
      overrides.push_back(entry.name + "=" + entry.value.value_or("null"));
  const bool only_overrides = options_.has("topics-with-overrides");
  const bool selecting = options_.has("under-replicated-partitions") || options_.has("unavailable-partitions") ||
                         options_.has("under-min-isr-partitions") || options_.has("at-min-isr-partitions");
  if (!selecting && (!only_overrides || !overrides.empty())) {
    std::string id = topic.id.is_zero() ? "" : "\tTopicId: " + to_string(topic.id);
    terminal_.out(fmt::format("Topic: {}{}\tPartitionCount: {}\tReplicationFactor: {}\tConfigs: {}\n", topic.name, id,
                              topic.partitions.size(),
                              topic.partitions.empty() ? 0 : topic.partitions[0].replicas.size(),
                              fmt::join(overrides, ",")));
  }
  if (only_overrides) co_return Result<>();
  for (const auto& p : topic.partitions) {
    if (!shown(p, configs)) continue;
    std::string moving;
    for (const auto& r : reassignments_)
      if (r.partition == TopicPartition{topic.name, p.id})
        moving = fmt::format("\tAdding Replicas: {}\tRemoving Replicas: {}", ids(r.adding), ids(r.removing));
    const auto eligible = [](const auto& brokers) { return brokers ? ids(*brokers) : std::string("N/A"); };
    terminal_.out(
        fmt::format("\tTopic: {}\tPartition: {}\tLeader: {}\tReplicas: {}\tIsr: {}{}\tElr: {}\tLastKnownElr: {}\n",
                    topic.name, p.id.value, p.leader == kNoBroker ? "none" : to_string(p.leader), ids(p.replicas),
                    ids(p.isr), moving, eligible(p.eligible_leaders), eligible(p.last_known_eligible_leaders)));
  }
  co_return Result<>();
}

int report(Terminal& terminal, const Error& error) {
  terminal.out(fmt::format("Error while executing topic command : {}\n", kafka_text(error)));
  return 1;
}

}  // namespace

Task<int> kafka_topics(Context context, Arguments arguments) {
  const OptionParser options_known = parser();
  const auto options = options_known.parse(arguments);
  Terminal& terminal = context.terminal;
  if (!options && options.error().code == ErrorCode::kInvalidConfig) co_return report(terminal, options.error());
  if (!options) {
    terminal.err(options.error().message + "\n");
    co_return 1;
  }
  if (options->has("version")) {
    terminal.out(fmt::format("{}\n", kKafkaVersion));
    co_return 0;
  }
  if (arguments.empty() || options->has("help"))
    co_return usage_error(terminal, options_known, "This tool helps to create, delete, describe, or change a topic.");
  if (!options->has("bootstrap-server")) {
    terminal.err("--bootstrap-server must be specified\n");
    co_return 1;
  }
  if (const std::string text = misuse(*options); !text.empty()) co_return usage_error(terminal, options_known, text);
  const auto properties = client_properties(terminal, *options, {"command-config"});
  if (!properties) co_return report(terminal, properties.error());
  auto client_settings = client_options(*options->value("bootstrap-server"), *properties, "adminclient-1");
  if (!client_settings) co_return report(terminal, client_settings.error());
  admin::Client client(context.shard, std::move(*client_settings));
  TopicCommand command(context, *options, client);
  const auto done = co_await command.run();
  co_return done ? 0 : report(terminal, done.error());
}

}  // namespace thalweg::cli
