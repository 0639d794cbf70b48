// thalweg produce.
#include <fmt/format.h>

#include <memory>

#include "admin/producer.h"
#include "cli/command.h"
#include "cli/java_errors.h"
#include "cli/json.h"
#include "cli/line_reader.h"
#include "cli/progress.h"

namespace thalweg::cli {
namespace {

// What all records of one run have in common.
struct Plan {
  LineReader reader;
  std::vector<std::pair<std::string, std::string>> headers;
  std::optional<std::string> key, null_value;
  std::optional<PartitionId> partition;
  bool tombstones = false;
};

Result<Plan> plan_of(const Session& session) {
  const Options& options = session.options;
  Properties reading;
  if (const auto separator = options.value("key-separator")) {
    if (separator->empty()) return session.misuse("--key-separator is empty: what lies between key and value?");
    if (options.has("key")) return session.misuse("--key and --key-separator both say what the key is; give one");
    reading = {{"parse.key", "true"}, {"key.separator", *separator}};
  }
  if (options.has("tombstone") && (options.has("key") || options.has("key-separator") || options.has("null-value")))
    return session.misuse("with --tombstone a line is a key; --key, --key-separator and --null-value do not fit");
  TRY(auto reader, LineReader::create(reading));
  Plan plan{.reader = std::move(reader), .headers = {}, .key = {}, .null_value = {}, .partition = {}};
  TRY(plan.headers, session.given(parse_pairs(options.values("header"), false)));
  plan.key = options.value("key");
  plan.null_value = options.value("null-value");
  plan.tombstones = options.has("tombstone");
  if (const auto n = session.number("partition")) plan.partition = PartitionId{static_cast<std::int32_t>(*n)};
  return plan;
}

Result<admin::Message> message_of(Plan& plan, const std::string& topic, const std::string& line) {
  TRY(auto message, plan.reader.read(line));
  message.topic = topic;
  message.partition = plan.partition;
  if (plan.key) message.key = *plan.key;
  if (plan.tombstones) message.key = std::exchange(message.value, {});
  if (plan.null_value && message.value == plan.null_value) message.value.reset();
  for (const auto& [key, value] : plan.headers) message.headers.emplace_back(key, value);
  return message;
}

// What is known of the records sent so far; the producer's callbacks share it.
struct Outcome {
  std::optional<Error> failure;
  std::int64_t count = 0;
};

void tell(const Session& session, const admin::Delivery& delivery) {
  if (session.format != OutputFormat::kJson) return;
  // With acks 0, and after an answer was lost, nobody knows the offset.
  const std::string offset = delivery.offset.value < 0 ? "null" : to_string(delivery.offset);
  session.terminal().out(fmt::format("{{{},\"partition\":{},\"offset\":{}}}\n",
                                     json_field("topic", delivery.partition.topic), delivery.partition.partition.value,
                                     offset));
}

Result<admin::ProducerOptions> settings_of(const Session& session) {
  admin::ProducerOptions settings;
  settings.codec = *record::codec_from_name(session.options.value_or("compression", "none"));
  const std::string acks = session.options.value_or("acks", "all");
  settings.acks = static_cast<std::int16_t>(acks == "all" ? -1 : *parse_integer(acks));
  settings.max_block = settings.delivery_timeout = session.client.options().api_timeout;
  return settings;
}

// Reads lines until the end or the first failure.
Task<> pump(Session session, std::shared_ptr<admin::Producer> producer, Plan& plan, std::shared_ptr<Outcome> outcome,
            Progress& progress) {
  for (;;) {
    progress.show(outcome->count);
    const auto line = co_await session.terminal().read_line();
    if (!line || outcome->failure) break;
    auto message = message_of(plan, session.words()[0], *line);
    if (!message) {
      outcome->failure = message.error();
      break;
    }
    co_await producer->send(std::move(*message), [session, outcome](Result<admin::Delivery> delivered) {
      if (delivered) {
        ++outcome->count;
        tell(session, *delivered);
      } else if (!outcome->failure) {
        outcome->failure = delivered.error();
        session.terminal().end_input();  // a line that does not come is not waited for
      }
    });
    if (session.terminal().in_is_terminal() && !session.terminal().flush()) break;
  }
}

}  // namespace

void declare_produce(OptionParser& parser) {
  parser.value("key-separator", "TEXT", "What lies between key and value on a line; without it lines are values.");
  parser.value("key", "KEY", "The key of all records.");
  parser.values("header", "KEY=VALUE", "A header of all records; may be repeated.");
  parser.value("null-value", "TEXT", "A line with this value is written without a value, as a tombstone.");
  parser.flag("tombstone", "Each line is a key, whose record has no value.");
  parser.integer("partition", "N", "The partition to write to. (default: by key)").within("partition", 0, INT32_MAX);
  parser.value("compression", "CODEC", "none, gzip, snappy, lz4 or zstd. (default: none)")
      .one_of("compression", {"none", "gzip", "snappy", "lz4", "zstd"});
  parser.value("acks", "all|1|0", "Who confirms: all in-sync replicas, the leader, nobody. (default: all)")
      .one_of("acks", {"all", "-1", "1", "0"});
}

Task<Result<>> produce(Session session) {
  CO_TRY(auto plan, plan_of(session));
  CO_TRY(const auto settings, settings_of(session));
  const auto producer = admin::Producer::create(session.client, settings);
  const auto outcome = std::make_shared<Outcome>();
  const bool typed = session.terminal().in_is_terminal();
  if (typed) session.terminal().err("Each line becomes a record; Ctrl-D ends.\n");
  Progress progress(session, !typed && session.format == OutputFormat::kTable);
  co_await pump(session, producer, plan, outcome, progress);
  co_await producer->close();
  progress.finish(outcome->count);
  if (typed) session.terminal().err(fmt::format("{} records\n", outcome->count));
  if (!outcome->failure) co_return Result<>();
  const Error failure = *outcome->failure;
  // Where topics are not created by writing to them, the name may be mistyped.
  if (failure.code == ErrorCode::kUnknownTopicOrPartition)
    CO_TRY_VOID(co_await check_topics(session, {session.words()[0]}));
  co_return fail(failure.code, fmt::format("{} ({} records were written)", kafka_text(failure), outcome->count));
}

}  // namespace thalweg::cli
