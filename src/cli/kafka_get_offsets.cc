// kafka-get-offsets: where partitions begin or end, or are at a time.
#include <fmt/format.h>

#include <map>
#include <optional>
#include <set>

#include "admin/offsets.h"
#include "admin/topics.h"
#include "cli/java_errors.h"
#include "cli/tool.h"
#include "cli/topic_filter.h"

namespace thalweg::cli {

OptionParser kafka_get_offsets_options() {
  OptionParser p;
  p.value("bootstrap-server", "String: HOST1:PORT1,...,HOST3:PORT3", "REQUIRED. Brokers to connect to first.");
  p.alias("broker-list", "bootstrap-server");
  p.value("command-config", "String: config file", "Properties file with client settings.");
  p.value("topic", "String: topic", "Regular expression of topics to show. Not with --topic-partitions.");
  p.value("partitions", "String: partition ids",
          "Comma separated partitions to show; all when missing. Not with --topic-partitions.");
  p.value("topic-partitions", "String: topic1:1,topic2:0-3,topic3,topic4:5-,topic5:-3",
          "Patterns TOPIC[:PARTITION], where a partition is a number N, N-M (without M), N- or -M.");
  p.value("time",
          "String: <timestamp> / -1 or latest / -2 or earliest / -3 or max-timestamp / -4 or earliest-local / -5 or "
          "latest-tiered / -6 or earliest-pending-upload",
          "The point in time, in milliseconds since 1970. (default: latest)");
  p.flag("exclude-internal-topics", "Leave internal topics out.");
  p.flag("help", "Print usage information.").flag("version", "Display Kafka version.");
  return p;
}

namespace {

// One of the patterns that select partitions: topics by expression, partitions by range. A partition may be left out.
struct Selector {
  std::optional<TopicFilter> topics;
  std::int64_t from = 0;
  std::int64_t to = INT64_MAX;  // exclusive

  bool allows(const TopicPartition& tp) const {
    return (!topics || topics->allows(tp.topic)) && tp.partition.value >= from && tp.partition.value < to;
  }
};

Result<Selector> parse_selector(const std::string& text) {
  Selector selector;
  const auto colon = text.find(':');
  const std::string topic = text.substr(0, colon);
  if (!topic.empty()) {
    TRY(selector.topics, TopicFilter::parse(topic));
  }
  if (colon == text.npos) return selector;
  const auto bad = [&] {
    return invalid("org.apache.kafka.tools.TerseException: Invalid rule specification: " + text);
  };
  const std::string range = text.substr(colon + 1);
  const auto dash = range.find('-');
  const auto number = [](const std::string& digits, std::int64_t& into) {
    const auto value = digits.empty() ? std::optional<std::int64_t>(into) : parse_integer(digits);
    if (value) into = *value;
    return value.has_value();
  };
  if (dash == range.npos) {
    if (!number(range, selector.from)) return bad();
    if (!range.empty()) selector.to = selector.from + 1;
    return selector;
  }
  if (!number(range.substr(0, dash), selector.from) || !number(range.substr(dash + 1), selector.to)) return bad();
  return selector;
}

std::vector<std::string> split(const std::string& text) {
  std::vector<std::string> parts(1);
  for (const char c : text) c == ',' ? void(parts.emplace_back()) : void(parts.back() += c);
  return parts;
}

Result<std::vector<Selector>> selectors(const Options& options) {
  std::vector<Selector> all;
  if (const auto patterns = options.value("topic-partitions")) {
    for (const auto& pattern : split(*patterns)) {
      TRY(auto selector, parse_selector(pattern));
      all.push_back(std::move(selector));
    }
    return all;
  }
  Selector any;
  if (const auto topic = options.value("topic")) {
    TRY(any.topics, TopicFilter::parse(*topic));
  }
  if (options.value_or("partitions", "").empty()) return std::vector{any};
  for (const auto& digits : split(*options.value("partitions"))) {
    const auto number = parse_integer(digits);
    if (!number)
      return invalid(
          fmt::format("--partitions expects a comma separated list of numeric partition ids, but received: {}",
                      *options.value("partitions")));
    any.from = *number;
    any.to = *number + 1;
    all.push_back(any);
  }
  return all;
}

Result<std::int64_t> parse_time(const std::string& text) {
  static constexpr std::pair<std::string_view, std::int64_t> kNames[] = {
      {"latest", admin::kLatest},
      {"earliest", admin::kEarliest},
      {"max-timestamp", admin::kMaxTimestamp},
      {"earliest-local", admin::kEarliestLocal},
      {"latest-tiered", admin::kLatestTiered},
      {"earliest-pending-upload", admin::kEarliestPendingUpload}};
  for (const auto& [name, value] : kNames)
    if (text == name) return value;
  if (const auto number = parse_integer(text)) return *number;
  return invalid(
      fmt::format("Malformed time argument {}. Please use -1 or latest / -2 or earliest / -3 or max-timestamp "
                  "/ -4 or earliest-local "
                  "/ -5 or latest-tiered / -6 or earliest-pending-upload, or a specified long format timestamp",
                  text));
}

Task<Result<>> run(Context context, const Options& options) {
  if (options.has("topic-partitions") && (options.has("topic") || options.has("partitions")))
    co_return invalid("--topic-partitions cannot be used with --topic or --partitions");
  CO_TRY(const auto wanted, selectors(options));
  CO_TRY(const auto time, parse_time(options.value_or("time", "latest")));
  CO_TRY(auto settings, admin_options(context.terminal, options));
  admin::Client client(context.shard, std::move(settings));
  CO_TRY(const auto listed, co_await admin::list_topics(client));
  std::vector<std::string> names;
  for (const auto& topic : listed)
    if (!(topic.is_internal && options.has("exclude-internal-topics"))) names.push_back(topic.name);
  CO_TRY(const auto metadata, co_await client.metadata(names, false, client.api_deadline()));
  std::map<TopicPartition, std::int64_t> at;
  for (const auto& topic : metadata.topics)
    for (const auto& p : topic.partitions) {
      const TopicPartition tp{topic.name.value_or(""), p.partition_index};
      if (std::ranges::any_of(wanted, [&](const Selector& s) { return s.allows(tp); })) at[tp] = time;
    }
  if (at.empty()) co_return invalid("Could not match any topic-partitions with the specified filters");
  CO_TRY(const auto offsets, co_await admin::list_offsets(client, at));
  // Kafka's tool orders partitions as text: 1, 10, 2.
  std::map<std::pair<std::string, std::string>, TopicPartition> order;
  for (const auto& [tp, found] : offsets) order[{tp.topic, to_string(tp.partition)}] = tp;
  for (const auto& [text, tp] : order) {
    const auto& found = offsets.at(tp);
    if (found && found->offset.value >= 0)
      context.terminal.out(fmt::format("{}:{}:{}\n", tp.topic, tp.partition.value, found->offset.value));
    else if (!found)
      context.terminal.err(fmt::format("Skip getting offsets for topic-partition {} due to error: {}\n", to_string(tp),
                                       kafka_text(found.error())));
  }
  co_return Result<>();
}

}  // namespace

Task<int> kafka_get_offsets(Context context, Arguments arguments) {
  const OptionParser known = kafka_get_offsets_options();
  Terminal& terminal = context.terminal;
  const auto options = known.parse(arguments);
  const auto failed = [&](const Error& error) {
    terminal.err(fmt::format("Error occurred: {}\n", kafka_text(error)));
    return 1;
  };
  if (!options) co_return failed(options.error());
  if (const auto code = answer_at_once(terminal, known, arguments, *options,
                                       "An interactive shell for getting topic-partition offsets."))
    co_return *code;
  if (!options->has("bootstrap-server"))
    co_return usage_error(terminal, known, "Missing required argument \"[bootstrap-server]\"");
  const auto done = co_await run(context, *options);
  co_return done ? 0 : failed(done.error());
}

}  // namespace thalweg::cli
