// thalweg consume.
#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <set>

#include "admin/consumer.h"
#include "cli/command.h"
#include "cli/json.h"
#include "cli/place.h"
#include "cli/progress.h"
#include "cli/record_format.h"
#include "cli/record_where.h"

namespace thalweg::cli {
namespace {

std::string as_json(const admin::ConsumedRecord& r) {
  std::string headers;
  for (const auto& [key, value] : r.headers)
    headers +=
        fmt::format("{}{{{},{}}}", headers.empty() ? "" : ",", json_field("key", key), json_field("value", value));
  return fmt::format("{{{},\"partition\":{},\"offset\":{},\"timestamp\":{},{},{},\"headers\":[{}]}}\n",
                     json_field("topic", r.partition.topic), r.partition.partition.value, r.offset.value,
                     r.timestamp == kNoTimestamp ? "null" : std::to_string(r.timestamp), json_field("key", r.key),
                     json_field("value", r.value), headers);
}

std::string as_line(const admin::ConsumedRecord& r) {
  return (r.key ? *r.key + "\t" : std::string()) + r.value.value_or("null") + "\n";
}

// What the command line says.
struct Wish {
  Place from;
  std::optional<RecordFormat> format;
  std::shared_ptr<RecordWhere> where;  // none: every record
  bool json = false, follow = false, in_group = false;
  std::int64_t count = INT64_MAX;
};

Result<Wish> wish_of(const Session& session) {
  const Options& options = session.options;
  Wish wish;
  wish.follow = options.has("follow");
  wish.in_group = options.has("group");
  wish.json = session.format == OutputFormat::kJson || options.value("format") == "json";
  wish.count = session.number("count").value_or(INT64_MAX);
  const std::string from = options.value_or("from", wish.follow && !wish.in_group ? "end" : "start");
  const auto place = parse_place(from, session.client.shard().clock.wall());
  if (!place) return session.misuse("--from " + place.error().message);
  wish.from = *place;
  if (const auto format = options.value("format"); format && *format != "json") {
    if (wish.json) return session.misuse("--format and --output json both say how; give one");
    TRY(wish.format, session.given(RecordFormat::parse(*format)));
  }
  if (const auto where = options.value("where")) {
    TRY(wish.where, session.given(RecordWhere::parse(*where, session.client.shard().clock.wall())));
    TRY(auto schemas, RecordSchemas::open(session));
    wish.where->read_by(std::move(schemas));
  }
  if (!wish.in_group) return wish;
  if (options.value("group")->empty()) return session.misuse("--group is empty: a group has a name");
  if (options.has("partition")) return session.misuse("a group shares out partitions itself; --partition does not fit");
  if (wish.from.kind != Place::Kind::kStart && wish.from.kind != Place::Kind::kEnd)
    return session.misuse("in a group, --from is start or end, for partitions without a committed offset");
  return wish;
}

// Where each partition is to be read from and, without --follow, up to: the end when the command began.
struct Range {
  std::map<TopicPartition, std::int64_t> from;
  std::map<TopicPartition, Offset> to;
};

Task<Result<Range>> range_of(Session session, Place from) {
  CO_TRY_VOID(co_await check_topics(session, session.words()));
  CO_TRY(const auto topics, co_await admin::describe_topics(session.client, session.words()));
  std::vector<TopicPartition> partitions;
  for (const auto& topic : topics) {
    CO_TRY(const auto chosen, choose_partitions(topic, session.options.values("partition")));
    for (const PartitionId id : chosen) partitions.push_back({topic.name, id});
  }
  CO_TRY(const auto extents, co_await find_extents(session.client, std::move(partitions)));
  CO_TRY(const auto starts, co_await find_place(session.client, extents, from));
  Range range;
  for (const auto& [tp, start] : starts) {
    const Extent extent = extents.at(tp);
    range.from[tp] = start.value;
    if (start < extent.end) range.to[tp] = extent.end;
    if (from.kind == Place::Kind::kOffset && from.number > extent.end.value)
      session.terminal().err(fmt::format("{} ends at {}; it is read from there\n", to_string(tp), extent.end.value));
  }
  co_return range;
}

// Says when a broker is gone and when it is back. Of the addresses that brokers give themselves, since the bootstrap
// addresses are others of the same.
class Watch {
 public:
  explicit Watch(Session session) : terminal_(session.terminal()), client_(session.client) {}
  void operator()(const Endpoint& endpoint, const Error* error) {
    const auto is_it = [&](const auto& broker) { return broker.second == endpoint; };
    if (!error) {
      if (gone_.erase(endpoint) > 0) terminal_.err(fmt::format("{} is back\n", to_string(endpoint)));
    } else if (std::ranges::any_of(client_.brokers(), is_it) && gone_.insert(endpoint).second) {
      terminal_.err(fmt::format("{} is gone ({}); waiting for it\n", to_string(endpoint), error->message));
    }
  }

 private:
  Terminal& terminal_;
  const admin::Client& client_;
  std::set<Endpoint> gone_;
};

class Printing {
 public:
  Printing(Session session, const Wish& wish, std::shared_ptr<admin::Consumer> consumer,
           std::map<TopicPartition, Offset> to)
      : session_(session),
        wish_(wish),
        consumer_(std::move(consumer)),
        to_(std::move(to)),
        endless_(wish.follow || wish.in_group),
        progress_(session, !session.terminal().out_is_terminal()) {}

  Task<Result<>> run() {
    const auto& clock = session_.context.shard.clock;
    Instant give_up = clock.now() + session_.client.options().api_timeout;
    while (printed_ < wish_.count && (endless_ || !to_.empty()) && !session_.terminal().stop_wanted()) {
      // Markers are never handed out, so an end may be reached without a record: looked for now and then.
      CO_TRY(const auto records, co_await consumer_->poll(endless_ ? Instant::max() : clock.now() + kSlice));
      co_await print(records);
      progress_.show(printed_);
      if (!session_.terminal().flush()) {
        give_back(records, 0);  // what nobody can read was not read
        break;
      }
      if (drop_finished() || !records.empty()) give_up = clock.now() + session_.client.options().api_timeout;
      if (!endless_ && clock.now() >= give_up) co_return incomplete();
    }
    progress_.finish(printed_);
    if (wish_.where && !wish_.where->troubles().empty()) session_.terminal().err(wish_.where->troubles() + "\n");
    if (printed_ == 0 && !wish_.where && !endless_ && session_.terminal().err_is_terminal())
      session_.terminal().err("There is nothing to read there yet; --follow waits for it.\n");
    co_return Result<>();
  }

 private:
  static constexpr Millis kSlice{1'000};

  Task<> print(const std::vector<admin::ConsumedRecord>& records) {
    for (std::size_t i = 0; i < records.size(); ++i) {
      if (printed_ == wish_.count) co_return give_back(records, i);
      if (!wanted(records[i])) continue;
      if (wish_.where && !co_await wish_.where->matches(records[i])) continue;
      ++printed_;
      session_.terminal().out(text_of(records[i]));
    }
  }
  std::string text_of(const admin::ConsumedRecord& record) const {
    if (wish_.format) return wish_.format->text_of(record, printed_);
    return wish_.json ? as_json(record) : as_line(record);
  }
  bool wanted(const admin::ConsumedRecord& record) const {
    const auto at = to_.find(record.partition);
    return endless_ || (at != to_.end() && record.offset < at->second);
  }
  // Whether there was anything new to forget.
  bool drop_finished() {
    return std::erase_if(to_, [&](const auto& end) { return consumer_->reached(end.first) >= end.second.value; }) > 0;
  }
  // So that a group does not commit what was not printed.
  void give_back(const std::vector<admin::ConsumedRecord>& records, std::size_t from) {
    std::set<TopicPartition> seen;
    for (std::size_t i = from; i < records.size(); ++i)
      if (seen.insert(records[i].partition).second) consumer_->seek(records[i].partition, records[i].offset);
  }
  std::unexpected<Error> incomplete() const {
    const auto& [tp, end] = *to_.begin();
    return fail(
        ErrorCode::kRequestTimedOut,
        fmt::format("nothing came for {} s, and {} was read to offset {} of {} only",
                    std::chrono::duration_cast<std::chrono::seconds>(session_.client.options().api_timeout).count(),
                    to_string(tp), consumer_->reached(tp), end.value));
  }

  Session session_;
  const Wish& wish_;
  std::shared_ptr<admin::Consumer> consumer_;
  std::map<TopicPartition, Offset> to_;
  const bool endless_;
  std::int64_t printed_ = 0;
  Progress progress_;
};

}  // namespace

void declare_consume(OptionParser& parser) {
  parser.value("from", "start|end|OFFSET|-N|TIME",
               "Where to begin: also -100 (the last 100 of each partition), 2026-01-31T12:00:00Z, -1h (an hour ago), "
               "@1700000000000. (default: start; end with --follow)");
  parser.integer("count", "N", "End after so many records.").within("count", 1);
  parser.flag("follow", "Wait for more records when the end is reached.").alias("f", "follow");
  parser.values("partition", "N", "Only this partition; may be repeated.").within("partition", 0, INT32_MAX);
  parser.value("group", "ID", "Read as a member of a group and remember how far; waits for more records.");
  parser.flag("read-committed", "Leave aborted transactions out.");
  parser.value(
      "where", "EXPRESSION",
      "Only records of which this holds: 'value.status == \"FAILED\" && timestamp > now - duration(\"1h\")'; words "
      "without an operator have to be in key, value or a header. What may be said: docs/filters.md.");
  parser.value("registry", "URL",
               "The schema registry that --where asks for schemas which keys and values name. (default: "
               "$SCHEMA_REGISTRY_URL, or http://localhost:8081 where one is)");
  parser.value("format", "TEXT",
               "Print this for each record: %t topic, %p partition, %o offset, %T time in ms, %k key, %s value, %h "
               "headers, %K and %S lengths, %% and \\n.");
}

Task<Result<>> consume(Session session) {
  CO_TRY(const auto wish, wish_of(session));
  admin::ConsumerOptions settings;
  settings.read_committed = session.options.has("read-committed");
  settings.create_topics = false;
  settings.group = session.options.value_or("group", "");
  settings.reset = wish.in_group && wish.from.kind == Place::Kind::kEnd ? admin::kLatest : admin::kEarliest;
  const auto consumer = admin::Consumer::create(session.client, settings);
  Range range;
  if (wish.in_group) {
    CO_TRY_VOID(co_await check_topics(session, session.words()));
    consumer->subscribe(session.words());
  } else {
    CO_TRY(range, co_await range_of(session, wish.from));
    consumer->assign(range.from);
  }
  if (wish.follow || wish.in_group) session.client.watch(Watch(session));
  session.terminal().on_stop([weak = std::weak_ptr(consumer)] {
    if (const auto alive = weak.lock()) alive->wakeup();
  });
  Printing printing(session, wish, consumer, std::move(range.to));
  const auto done = co_await printing.run();
  co_await consumer->close();
  co_return done;
}

}  // namespace thalweg::cli
