// kafka-console-consumer: records of a topic become lines of standard output.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "cli/console_tool.h"
#include "cli/java_errors.h"
#include "cli/message_formatter.h"
#include "cli/topic_filter.h"

namespace thalweg::cli {

OptionParser kafka_console_consumer_options() {
  OptionParser p;
  p.value("bootstrap-server", "String: server to connect to",
          "REQUIRED: brokers to connect to first, host:port, separated by commas.");
  p.value("topic", "String: topic", "The topic to read.");
  p.value("include", "String: Java regex (String)", "Regular expression of topics to read.");
  p.alias("whitelist", "include");
  p.integer("partition", "Integer: partition",
            "The partition to read; begins at its end unless --offset says otherwise.");
  p.value("offset", "String: consume offset",
          "Where to begin: an offset, earliest or latest; only with --partition. (default: latest)");
  p.value("group", "String: consumer group id", "The consumer group to join.");
  p.flag("from-beginning", "Begin at the earliest record when the group has no offset yet.");
  p.integer("max-messages", "Integer: num_messages", "End after so many records.");
  p.integer("timeout-ms", "Long: timeout_ms", "End when no record came for so long.");
  p.value("isolation-level", "String", "read_committed leaves aborted transactions out. (default: read_uncommitted)");
  p.flag("skip-message-on-error", "Go on when a record cannot be shown.");
  p.value("key-deserializer", "String: deserializer for key", "How keys become text.");
  p.value("value-deserializer", "String: deserializer for values", "How values become text.");
  p.value("formatter", "String: class",
          "How records are shown. (default: org.apache.kafka.tools.consumer.DefaultMessageFormatter)");
  p.values("formatter-property", "String: prop",
           "Settings of the formatter, with defaults: print.timestamp=false, print.key=false, print.offset=false, "
           "print.delivery=false, print.epoch=false, print.partition=false, print.headers=false, print.value=true, "
           "key.separator=\\t, line.separator=\\n, headers.separator=',', null.literal=null, key.deserializer, "
           "value.deserializer, headers.deserializer.");
  p.values("property", "String: prop", "(DEPRECATED) The same as --formatter-property.");
  p.value("formatter-config", "String: config file",
          "Properties file for the formatter; --formatter-property goes before it.");
  p.values("command-property", "String: consumer_prop", "A setting of the consumer as key=value.");
  p.values("consumer-property", "String: consumer_prop", "(DEPRECATED) The same as --command-property.");
  p.value("command-config", "String: config file", "Properties file with settings of the consumer.");
  p.value("consumer.config", "String: config file", "(DEPRECATED) The same as --command-config.");
  p.flag("enable-systest-events", "Say shutdown_complete at the end.");
  p.flag("help", "Print usage information.").flag("version", "Display Kafka version.");
  return p;
}

namespace {

constexpr Renamed kRenamed[] = {{"property", "formatter-property"},
                                {"consumer-property", "command-property"},
                                {"consumer.config", "command-config"}};

// What is wrong with the combination of options, or empty.
std::string misuse_of_consumer(const Options& o) {
  if (o.has("topic") == o.has("include"))
    return "Exactly one of the following arguments is required: [topic], [include]";
  if (!o.has("bootstrap-server")) return "Missing required argument \"[bootstrap-server]\"";
  if (o.has("partition") && !o.has("topic")) return "The topic is required when partition is specified.";
  if (o.has("offset") && !o.has("partition")) return "The partition is required when offset is specified.";
  if (o.has("offset") && o.has("from-beginning"))
    return "Options from-beginning and offset cannot be specified together.";
  if (o.has("partition") && o.has("group")) return "Options group and partition cannot be specified together.";
  if (const auto offset = o.value("offset"); offset && *offset != "earliest" && *offset != "latest") {
    const auto number = parse_integer(*offset);
    if (!number || *number < 0)
      return fmt::format(
          "The provided offset value '{}' is incorrect. Valid values are 'earliest', 'latest', or a non-negative long.",
          *offset);
  }
  if (const std::string text = given_twice(o, kRenamed); !text.empty()) return text;
  const auto level = o.value_or("isolation-level", "read_uncommitted");
  if (level != "read_uncommitted" && level != "read_committed")
    return fmt::format(
        "Invalid value {} for configuration isolation.level: String must be one of: read_committed, read_uncommitted",
        level);
  return "";
}

Result<std::optional<std::int64_t>> reset_place(const Options& options, const Properties& properties) {
  const auto given = find(properties, "auto.offset.reset");
  if (options.has("from-beginning")) {
    if (given && *given != "earliest")
      return invalid(fmt::format(
          "Can't simultaneously specify --from-beginning and 'auto.offset.reset={}', please remove one option",
          *given));
    return admin::kEarliest;
  }
  if (!given || *given == "latest" || *given == "largest") return admin::kLatest;
  if (*given == "earliest" || *given == "smallest") return admin::kEarliest;
  if (*given == "none") return std::optional<std::int64_t>();
  return invalid_setting("auto.offset.reset", *given, "must be earliest, latest or none");
}

// What is wrong when the command line and the properties name different groups, or empty.
std::string two_groups(const Options& options, const Properties& properties) {
  const auto given = options.value("group"), configured = find(properties, "group.id");
  if (!given || !configured || *given == *configured) return "";
  return fmt::format(
      "The group ids provided in different places (directly using '--group', via '--consumer-property', or via "
      "'--consumer.config') do not match. Detected group ids: '{}', '{}'",
      *given, *configured);
}

Result<admin::ConsumerOptions> consumer_options(const Shard& shard, const Options& options,
                                                const Properties& properties) {
  admin::ConsumerOptions out;
  const auto group = options.value("group") ? options.value("group") : find(properties, "group.id");
  // A group that nobody else is in, and whose offsets nobody will ask for.
  constexpr std::uint64_t kGroups = 100'000;
  out.group = group.value_or(fmt::format("console-consumer-{}", shard.random.next() % kGroups));
  out.auto_commit = find(properties, "enable.auto.commit").value_or(group ? "true" : "false") == "true";
  TRY(out.reset, reset_place(options, properties));
  const auto isolation =
      options.value("isolation-level") ? options.value("isolation-level") : find(properties, "isolation.level");
  out.read_committed = isolation == "read_committed";
  out.create_topics = find(properties, "allow.auto.create.topics").value_or("true") == "true";
  TRY_VOID(take_number(properties, "auto.commit.interval.ms", out.auto_commit_interval));
  TRY_VOID(take_number(properties, "session.timeout.ms", out.session_timeout));
  TRY_VOID(take_number(properties, "heartbeat.interval.ms", out.heartbeat_interval));
  TRY_VOID(take_number(properties, "max.poll.interval.ms", out.rebalance_timeout));
  TRY_VOID(take_number(properties, "metadata.max.age.ms", out.metadata_age_max));
  TRY_VOID(take_number(properties, "fetch.max.wait.ms", out.fetch_wait_max));
  TRY_VOID(take_number(properties, "fetch.max.bytes", out.fetch_size_max));
  TRY_VOID(take_number(properties, "max.partition.fetch.bytes", out.partition_fetch_size_max));
  return out;
}

Result<std::unique_ptr<MessageFormatter>> formatter(Terminal& terminal, const Options& options) {
  TRY(auto properties, client_properties(terminal, options, {"formatter-config"}, {"property", "formatter-property"}));
  if (const auto name = options.value("key-deserializer")) properties["key.deserializer"] = *name;
  if (const auto name = options.value("value-deserializer")) properties["value.deserializer"] = *name;
  return make_formatter(options.value_or("formatter", "DefaultMessageFormatter"), properties);
}

Result<> choose_what_to_read(admin::Consumer& consumer, const Options& options, const Properties& properties,
                             std::optional<std::int64_t> reset) {
  if (const auto pattern = options.value("include")) {
    TRY(const auto filter, TopicFilter::parse(*pattern));
    const bool internal_too = find(properties, "exclude.internal.topics") == "false";
    consumer.subscribe_matching([filter, internal_too](const std::string& topic) {
      return (internal_too || !is_internal_topic(topic)) && filter.allows(topic);
    });
  } else if (const auto partition = options.value("partition")) {
    const std::string offset = options.value_or("offset", reset == admin::kEarliest ? "earliest" : "latest");
    const std::int64_t place = offset == "earliest" ? admin::kEarliest
                               : offset == "latest" ? admin::kLatest
                                                    : *parse_integer(offset);
    consumer.assign(
        {{{*options.value("topic"), PartitionId{static_cast<std::int32_t>(*parse_integer(*partition))}}, place}});
  } else {
    consumer.subscribe({*options.value("topic")});
  }
  return {};
}

// The loop of the tool: one poll after the other until enough was shown.
class Printer {
 public:
  Printer(Context context, const Options& options, admin::Consumer& consumer, MessageFormatter& formatter)
      : context_(context), options_(options), consumer_(consumer), formatter_(formatter) {}

  Task<int> run() {
    const auto max = parse_integer(options_.value_or("max-messages", "-1"));
    const auto timeout = parse_integer(options_.value_or("timeout-ms", "-1"));
    left_ = *max < 0 ? INT64_MAX : *max;
    while (left_ > 0 && !done_) {
      const Instant deadline = *timeout < 0 ? Instant::max() : later(context_.shard.clock.now(), Millis(*timeout));
      auto records = co_await consumer_.poll(deadline);
      if (context_.terminal.stop_wanted()) break;
      if (!records) {
        context_.terminal.err(exception_text(records.error()) + "\n");
        co_return 1;
      }
      if (records->empty()) {
        context_.terminal.err("org.apache.kafka.common.errors.TimeoutException\n");
        break;
      }
      if (!show(*records)) co_return 1;
    }
    co_return 0;
  }
  std::int64_t shown() const { return shown_; }

 private:
  // False after an error that ends the tool.
  bool show(const std::vector<admin::ConsumedRecord>& records) {
    std::size_t used = 0;
    bool good = true;
    for (; used < records.size() && left_ > 0; ++used) {
      ++shown_;
      --left_;
      const auto text = formatter_.format(records[used]);
      if (!text && !options_.has("skip-message-on-error")) {
        context_.terminal.err("Error processing message, terminating consumer process: " + text.error().message + "\n");
        good = false;
        break;
      }
      if (text) context_.terminal.out(*text);
    }
    // What nobody can read was not read.
    const bool written = context_.terminal.flush();
    if (!written) done_ = true;
    give_back(records, written ? used : 0);
    return good;
  }
  // What was not shown is not committed, so the next member of the group gets it.
  void give_back(const std::vector<admin::ConsumedRecord>& records, std::size_t from) {
    std::set<TopicPartition> seen;
    for (std::size_t i = from; i < records.size(); ++i)
      if (seen.insert(records[i].partition).second) consumer_.seek(records[i].partition, records[i].offset);
  }

  Context context_;
  const Options& options_;
  admin::Consumer& consumer_;
  MessageFormatter& formatter_;
  std::int64_t left_ = 0, shown_ = 0;
  bool done_ = false;
};

}  // namespace

Task<int> kafka_console_consumer(Context context, Arguments arguments) {
  const OptionParser known = kafka_console_consumer_options();
  Terminal& terminal = context.terminal;
  const auto options = known.parse(arguments);
  if (!options) co_return fail_to_parse(terminal, known, options.error());
  if (const auto code = answer_at_once(terminal, known, arguments, *options,
                                       "This tool helps to read data from Kafka topics and outputs it to standard "
                                       "output."))
    co_return *code;
  if (const std::string text = misuse_of_consumer(*options); !text.empty())
    co_return usage_error(terminal, known, text);
  warn_of_old_names(terminal, *options, kRenamed, "Option");

  const auto properties = client_properties(terminal, *options, {"consumer.config", "command-config"},
                                            {"consumer-property", "command-property"});
  if (!properties) co_return fail_plainly(terminal, properties.error());
  if (const auto fine = check_properties(terminal, ClientKind::kConsumer, *properties); !fine)
    co_return fail_plainly(terminal, fine.error());
  if (const std::string text = two_groups(*options, *properties); !text.empty())
    co_return usage_error(terminal, known, text);
  auto client_settings = client_options(*options->value("bootstrap-server"), *properties, "console-consumer");
  if (!client_settings) co_return fail_plainly(terminal, client_settings.error());
  const auto settings = consumer_options(context.shard, *options, *properties);
  if (!settings) co_return fail_plainly(terminal, settings.error());
  const auto format = formatter(terminal, *options);
  if (!format) co_return fail_plainly(terminal, format.error());

  admin::Client client(context.shard, std::move(*client_settings));
  const auto consumer = admin::Consumer::create(client, *settings);
  if (const auto chosen = choose_what_to_read(*consumer, *options, *properties, settings->reset); !chosen)
    co_return fail_plainly(terminal, chosen.error());
  terminal.on_stop([weak = std::weak_ptr(consumer)] {
    if (const auto alive = weak.lock()) alive->wakeup();
  });
  Printer printer(context, *options, *consumer, **format);
  const int code = co_await printer.run();
  co_await consumer->close();
  terminal.err(fmt::format("Processed a total of {} messages\n", printer.shown()));
  if (options->has("enable-systest-events")) terminal.out("shutdown_complete\n");
  co_return code;
}

}  // namespace thalweg::cli
