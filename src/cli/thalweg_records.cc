// thalweg produce and thalweg consume.
#include <fmt/format.h>

#include <memory>

#include "admin/consumer.h"
#include "admin/offsets.h"
#include "admin/producer.h"
#include "admin/topics.h"
#include "cli/command.h"
#include "cli/java_errors.h"
#include "cli/line_reader.h"

namespace thalweg::cli {
namespace {

std::string json_or_null(const std::optional<std::string>& bytes) { return bytes ? json_string(*bytes) : "null"; }

std::string as_json(const admin::ConsumedRecord& r) {
  std::string headers;
  for (const auto& [key, value] : r.headers)
    headers +=
        fmt::format("{}{{\"key\":{},\"value\":{}}}", headers.empty() ? "" : ",", json_string(key), json_or_null(value));
  return fmt::format(
      "{{\"topic\":{},\"partition\":{},\"offset\":{},\"timestamp\":{},\"key\":{},\"value\":{},\"headers\":[{}]}}\n",
      json_string(r.partition.topic), r.partition.partition.value, r.offset.value, r.timestamp, json_or_null(r.key),
      json_or_null(r.value), headers);
}

std::string as_line(const admin::ConsumedRecord& r) {
  return (r.key ? *r.key + "\t" : std::string()) + r.value.value_or("null") + "\n";
}

// Says how far it is while records flow between a pipe or a file and the cluster, to somebody who looks on.
class Progress {
 public:
  // `visible`: whether the records themselves are not to be seen on the same screen.
  Progress(Session session, bool visible)
      : terminal_(session.terminal()),
        clock_(session.context.shard.clock),
        visible_(visible && terminal_.err_is_terminal()) {}

  void show(std::int64_t count) {
    if (!visible_ || clock_.now() < next_) return;
    next_ = clock_.now() + kPause;
    terminal_.err(fmt::format("\r{} records", count));
  }
  void finish(std::int64_t count) {
    if (visible_) terminal_.err(fmt::format("\r{} records\n", count));
  }

 private:
  static constexpr Millis kPause{200};
  Terminal& terminal_;
  const Clock& clock_;
  const bool visible_;
  Instant next_{};
};

// Where each partition is to be read from and, without --follow, up to: the end when the command began.
struct Range {
  std::map<TopicPartition, std::int64_t> from;
  std::map<TopicPartition, Offset> to;
};

Result<std::int64_t> parse_from(const Options& options) {
  const std::string text = options.value_or("from", options.has("follow") ? "end" : "start");
  if (text == "start") return admin::kEarliest;
  if (text == "end") return admin::kLatest;
  const auto number = parse_integer(text);
  if (!number || *number < 0) return invalid("--from is start, end or an offset");
  return *number;
}

Task<Result<Range>> range_of(Session session) {
  CO_TRY(const auto from, parse_from(session.options));
  CO_TRY_VOID(co_await check_topics(session, session.words()));
  CO_TRY(const auto topics, co_await admin::describe_topics(session.client, session.words()));
  Range range;
  std::map<TopicPartition, std::int64_t> latest, earliest;
  const auto only = session.options.value("partition");
  for (const auto& topic : topics)
    for (const auto& p : topic.partitions) {
      const TopicPartition tp{topic.name, p.id};
      if (only && *only != to_string(p.id)) continue;
      range.from[tp] = from;
      latest[tp] = admin::kLatest;
      earliest[tp] = admin::kEarliest;
    }
  if (range.from.empty())
    co_return invalid(
        fmt::format("there is no partition {}; {} has {}", *only, topics[0].name, topics[0].partitions.size()));
  CO_TRY(const auto ends, co_await admin::list_offsets(session.client, latest));
  CO_TRY(const auto begins, co_await admin::list_offsets(session.client, earliest));
  for (const auto& [tp, end] : ends) {
    if (!end) co_return std::unexpected(end.error());
    // An empty partition, or one that is to be read from its end, gives nothing.
    const auto& begin = begins.at(tp);
    const std::int64_t start =
        from == admin::kLatest ? end->offset.value : std::max(from, begin ? begin->offset.value : 0);
    if (start < end->offset.value) range.to[tp] = end->offset;
  }
  co_return range;
}

std::int64_t count_of(const Options& options) {
  return options.has("count") ? *parse_integer(*options.value("count")) : INT64_MAX;
}

class Printing {
 public:
  Printing(Session session, std::shared_ptr<admin::Consumer> consumer, std::map<TopicPartition, Offset> to, bool follow)
      : session_(session),
        consumer_(std::move(consumer)),
        to_(std::move(to)),
        follow_(follow),
        progress_(session, !session.terminal().out_is_terminal()) {}

  Task<Result<>> run() {
    const std::int64_t most = count_of(session_.options);
    std::int64_t left = most;
    while (left > 0 && (follow_ || !to_.empty()) && !session_.terminal().stop_wanted()) {
      // Markers and compacted records are never handed out, so an end may be passed without a record at it.
      const Instant deadline = follow_ ? Instant::max() : session_.context.shard.clock.now() + kQuiet;
      CO_TRY(const auto records, co_await consumer_->poll(deadline));
      if (records.empty() && !follow_) break;
      for (const auto& record : records) {
        if (left == 0 || !wanted(record)) {
          consumer_->seek(record.partition, record.offset);
          continue;
        }
        --left;
        session_.terminal().out(session_.format == OutputFormat::kJson ? as_json(record) : as_line(record));
      }
      progress_.show(most - left);
      if (!session_.terminal().flush()) break;
    }
    progress_.finish(most - left);
    if (left == most && !follow_ && session_.terminal().err_is_terminal())
      session_.terminal().err("There is nothing to read there yet; --follow waits for it.\n");
    co_return Result<>();
  }

 private:
  static constexpr Millis kQuiet{3'000};
  bool wanted(const admin::ConsumedRecord& record) {
    if (follow_) return true;
    const auto at = to_.find(record.partition);
    if (at == to_.end()) return false;
    const bool inside = record.offset < at->second;
    if (record.offset + 1 >= at->second) to_.erase(at);
    return inside;
  }

  Session session_;
  std::shared_ptr<admin::Consumer> consumer_;
  std::map<TopicPartition, Offset> to_;
  const bool follow_;
  Progress progress_;
};

}  // namespace

void declare_produce(OptionParser& parser) {
  parser.value("key-separator", "TEXT", "What lies between key and value on a line; without it lines are values.");
  parser.value("key", "KEY", "The key of all records.");
  parser.values("header", "KEY=VALUE", "A header of all records; may be repeated.");
  parser.integer("partition", "N", "The partition to write to. (default: by key)");
  parser.value("compression", "CODEC", "none, gzip, snappy, lz4 or zstd. (default: none)");
  parser.integer("acks", "-1|0|1", "Who confirms: all in-sync replicas (-1), nobody, the leader. (default: -1)");
}

Task<Result<>> produce(Session session) {
  const std::string topic = session.words()[0];
  const Options& options = session.options;
  Properties reading;
  if (const auto separator = options.value("key-separator"))
    reading = {{"parse.key", "true"}, {"key.separator", *separator}};
  CO_TRY(auto reader, LineReader::create(reading));
  CO_TRY(const auto headers, parse_pairs(options.values("header"), false));
  admin::ProducerOptions settings;
  const auto codec = record::codec_from_name(options.value_or("compression", "none"));
  if (!codec)
    co_return invalid("no codec '" + *options.value("compression") + "'; there are none, gzip, snappy, lz4 and zstd");
  settings.codec = *codec;
  settings.max_block = session.client.options().api_timeout;
  if (const auto acks = options.value("acks")) settings.acks = static_cast<std::int16_t>(*parse_integer(*acks));
  const auto producer = admin::Producer::create(session.client, settings);
  // Outlives this coroutine's steps: the callbacks share it.
  const auto failure = std::make_shared<std::optional<Error>>();
  const auto count = std::make_shared<std::int64_t>(0);
  const bool typed = session.terminal().in_is_terminal();
  if (typed) session.terminal().err("Each line becomes a record; Ctrl-D ends.\n");
  Progress progress(session, !typed);
  for (;;) {
    progress.show(*count);
    const auto line = co_await session.terminal().read_line();
    if (!line || *failure) break;
    auto message = reader.read(*line);
    if (!message) {
      *failure = message.error();
      break;
    }
    message->topic = topic;
    if (const auto key = options.value("key")) message->key = *key;
    if (const auto partition = options.value("partition"))
      message->partition = PartitionId{static_cast<std::int32_t>(*parse_integer(*partition))};
    for (const auto& [key, value] : headers) message->headers.emplace_back(key, value);
    co_await producer->send(std::move(*message), [failure, count](Result<admin::Delivery> outcome) {
      if (outcome)
        ++*count;
      else if (!*failure)
        *failure = outcome.error();
    });
  }
  co_await producer->close();
  progress.finish(*count);
  if (typed) session.terminal().err(fmt::format("{} records\n", *count));
  // Where topics are not created by writing to them, the name may be mistyped.
  if (*failure && (*failure)->code == ErrorCode::kUnknownTopicOrPartition)
    CO_TRY_VOID(co_await check_topics(session, {topic}));
  if (*failure)
    co_return fail((*failure)->code, fmt::format("{} ({} records were written)", kafka_text(**failure), *count));
  co_return Result<>();
}

void declare_consume(OptionParser& parser) {
  parser.value("from", "start|end|OFFSET", "Where to begin. (default: start; end with --follow)");
  parser.integer("count", "N", "End after so many records.");
  parser.flag("follow", "Wait for more records when the end is reached.").alias("f", "follow");
  parser.integer("partition", "N", "Only this partition.");
  parser.value("group", "ID", "Read as a member of a group and remember how far; waits for more records.");
  parser.flag("read-committed", "Leave aborted transactions out.");
}

Task<Result<>> consume(Session session) {
  const Options& options = session.options;
  admin::ConsumerOptions settings;
  settings.read_committed = options.has("read-committed");
  settings.create_topics = false;
  CO_TRY(settings.reset, parse_from(options));
  Range range;
  if (!options.has("group")) {
    CO_TRY(range, co_await range_of(session));
  } else if (*settings.reset >= 0) {
    co_return invalid("in a group, --from is start or end, for partitions without a committed offset");
  }
  settings.group = options.value_or("group", "");
  if (!options.has("group")) settings.reset = admin::kEarliest;
  const auto consumer = admin::Consumer::create(session.client, settings);
  if (options.has("group")) {
    CO_TRY_VOID(co_await check_topics(session, session.words()));
    consumer->subscribe(session.words());
  } else {
    consumer->assign(range.from);
  }
  session.terminal().on_stop([weak = std::weak_ptr(consumer)] {
    if (const auto alive = weak.lock()) alive->wakeup();
  });
  Printing printing(session, consumer, std::move(range.to), options.has("follow") || options.has("group"));
  const auto done = co_await printing.run();
  co_await consumer->close();
  co_return done;
}

}  // namespace thalweg::cli
