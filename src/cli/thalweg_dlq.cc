// thalweg dlq list, show.
#include <fmt/format.h>

#include <algorithm>
#include <tuple>

#include "admin/offsets.h"
#include "base/number.h"
#include "base/utf8.h"
#include "cli/dead_letter.h"
#include "cli/json.h"
#include "cli/progress.h"

namespace thalweg::cli {
namespace {

// Dead letters that have origin and error in common.
struct Heap {
  std::int64_t records = 0, waiting = 0;
  Timestamp oldest = INT64_MAX, newest = kNoTimestamp;
};
using Heaps = std::map<std::tuple<std::string, std::string, std::string, std::string>, Heap>;

// For people how long ago, for programs when.
Report::Cell age(const Session& session, Timestamp when) {
  if (session.format == OutputFormat::kJson) return utc_text(when);
  const std::int64_t seconds = std::max<std::int64_t>(session.context.shard.clock.wall() - when, 0) / 1000;
  constexpr std::int64_t kMinute = 60, kHour = 60 * kMinute, kDay = 24 * kHour;
  for (const auto& [span, letter] : {std::pair(kDay, 'd'), std::pair(kHour, 'h'), std::pair(kMinute, 'm')})
    if (seconds >= 2 * span) return fmt::format("{}{}", seconds / span, letter);
  return fmt::format("{}s", seconds);
}

Result<Place> place_of(const Session& session) {
  auto place = parse_place(session.options.value_or("from", "start"), session.context.shard.clock.wall());
  if (!place) return session.misuse("--from " + place.error().message);
  return *place;
}

Task<Result<std::vector<std::string>>> queues_of(Session session) {
  auto queues = session.options.values("topic");
  if (!queues.empty()) co_return queues;
  CO_TRY(const auto topics, co_await admin::list_topics(session.client));
  for (const auto& topic : topics)
    if (letters::is_queue_name(topic.name)) queues.push_back(topic.name);
  co_return queues;
}

void count(Heaps& heaps, const admin::ConsumedRecord& record, const Replayed& replayed) {
  const DeadLetter letter = dead_letter_in(record);
  Heap& heap = heaps[{record.partition.topic, letter.topic.value_or(""), letter.partition.value_or(""),
                      letter.error.value_or("")}];
  ++heap.records;
  const auto at = replayed.find(record.partition);
  if (at == replayed.end() || !at->second.has(record.offset)) ++heap.waiting;
  heap.oldest = std::min(heap.oldest, record.timestamp);
  heap.newest = std::max(heap.newest, record.timestamp);
}

Report report_of(const Session& session, const Heaps& heaps) {
  using enum Report::Kind;
  Report report({{"queue"},
                 {"origin"},
                 {"partition", kNumber},
                 {"error"},
                 {"records", kNumber},
                 {"waiting", kNumber},
                 {"oldest"},
                 {"newest"}});
  const auto cell = [](const std::string& text) { return text.empty() ? Report::Cell() : Report::Cell(text); };
  for (const auto& [key, heap] : heaps) {
    const auto& [queue, origin, partition, error] = key;
    // A stranger's partition may be no number, and JSON would not be JSON.
    const bool numbered = parse_number<std::int32_t>(partition).has_value();
    report.add({queue, cell(origin), numbered ? cell(partition) : Report::Cell(), cell(error),
                std::to_string(heap.records), std::to_string(heap.waiting), age(session, heap.oldest),
                age(session, heap.newest)});
  }
  return report;
}

// On one line, without what a terminal would obey.
std::string one_line(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const CodePoint point = first_code_point(text);
    if (text.front() == '\n')
      out += "\\n";
    else if (text.front() == '\t')
      out += "\\t";
    else if (point.size == 0 || is_invisible(point.value))
      out += fmt::format("\\u{:04x}", point.size == 0 ? 0xfffdu : static_cast<unsigned>(point.value));
    else
      out += text.substr(0, point.size);
    text.remove_prefix(std::max<std::size_t>(point.size, 1));
  }
  return out;
}

std::string text_of_bytes(const std::optional<std::string>& bytes) {
  if (!bytes) return "null";
  return is_utf8(*bytes) ? one_line(*bytes) : base64(*bytes) + " (base64)";
}

std::string shown(const std::optional<std::string>& text) { return text ? one_line(*text) : "?"; }

std::string as_text(const admin::ConsumedRecord& record) {
  const DeadLetter letter = dead_letter_in(record);
  const auto when = parse_number<std::int64_t>(letter.timestamp.value_or(""));
  std::string out = fmt::format(
      "{}@{} from {}-{}@{} of {}\n  error   {}: {} (group {}, attempts: {}, {})\n  key     {}\n  value   {}\n",
      to_string(record.partition), record.offset.value, shown(letter.topic), shown(letter.partition),
      shown(letter.offset), when ? utc_text(*when).value_or("?") : "?", shown(letter.error), shown(letter.message),
      shown(letter.group), shown(letter.attempts), shown(letter.time), text_of_bytes(record.key),
      text_of_bytes(record.value));
  for (const auto& [name, value] : own_headers(record))
    out += fmt::format("  header  {}={}\n", one_line(name), text_of_bytes(value));
  return out;
}

std::string number_field(std::string_view key, const std::optional<std::string>& text) {
  const auto number = parse_number<std::int64_t>(text.value_or(""));
  return fmt::format("\"{}\":{}", key, number ? std::to_string(*number) : "null");
}

std::string letter_as_json(const admin::ConsumedRecord& record) {
  const DeadLetter letter = dead_letter_in(record);
  std::string headers;
  for (const auto& [name, value] : own_headers(record))
    headers +=
        fmt::format("{}{{{},{}}}", headers.empty() ? "" : ",", json_field("key", name), json_field("value", value));
  return fmt::format(
      "{{{},\"partition\":{},\"offset\":{},\"timestamp\":{},\"origin\":{{{},{},{},{}}},{},{},{},{},{},{},{},"
      "\"headers\":[{}]}}\n",
      json_field("topic", record.partition.topic), record.partition.partition.value, record.offset.value,
      record.timestamp == kNoTimestamp ? "null" : std::to_string(record.timestamp), json_field("topic", letter.topic),
      number_field("partition", letter.partition), number_field("offset", letter.offset),
      number_field("timestamp", letter.timestamp), json_field("error", letter.error),
      json_field("message", letter.message), json_field("group", letter.group),
      number_field("attempts", letter.attempts), json_field("time", letter.time), json_field("key", record.key),
      json_field("value", record.value), headers);
}

Task<Result<>> count_all(Session session, LetterReader& reader, const Replayed& replayed, Heaps& heaps) {
  Progress progress(session, true);
  std::int64_t seen = 0;
  for (;;) {
    CO_TRY(const auto records, co_await reader.next());
    if (records.empty()) break;
    for (const auto& record : records) count(heaps, record, replayed);
    seen += static_cast<std::int64_t>(records.size());
    progress.show(seen);
  }
  progress.finish(seen);
  co_return Result<>();
}

Task<Result<>> show_all(Session session, LetterReader& reader, const LetterFilter& filter) {
  std::int64_t left = session.number("count").value_or(INT64_MAX);
  while (left > 0) {
    CO_TRY(const auto records, co_await reader.next());
    if (records.empty()) break;
    for (const auto& record : records) {
      if (!filter.takes(dead_letter_in(record))) continue;
      session.terminal().out(session.format == OutputFormat::kJson ? letter_as_json(record) : as_text(record));
      if (--left == 0) break;
    }
    if (!session.terminal().flush()) break;
  }
  co_return Result<>();
}

}  // namespace

void declare_dlq_list(OptionParser& parser) {
  parser.values("topic", "TOPIC",
                "A topic of dead letters; may be repeated. (default: those called like dlq.*, *.dlq, *-dlt.)");
  parser.value("from", "start|-N|TIME", "Where to begin, as with consume. (default: start)");
  parser.value("group", "ID", "Whose offsets say what was replayed. (default: thalweg-dlq-replay)");
}

Task<Result<>> dlq_list(Session session) {
  CO_TRY(const auto from, place_of(session));
  CO_TRY(const auto queues, co_await queues_of(session));
  CO_TRY(const auto replayed,
         co_await fetch_replayed(session, session.options.value_or("group", std::string(kReplayGroup))));
  CO_TRY(auto range, co_await letter_range(session, queues, from));
  LetterReader reader(session, std::move(range));
  Heaps heaps;
  const auto done = co_await count_all(session, reader, replayed, heaps);
  co_await reader.close();
  if (!done) co_return done;
  session.show(report_of(session, heaps));
  co_return Result<>();
}

void declare_dlq_show(OptionParser& parser) {
  parser.value("from", "start|OFFSET|-N|TIME", "Where to begin, as with consume. (default: start)");
  parser.integer("count", "N", "End after so many letters.").within("count", 1);
  LetterFilter::declare(parser);
}

Task<Result<>> dlq_show(Session session) {
  CO_TRY(const auto from, place_of(session));
  CO_TRY(const auto filter, LetterFilter::of(session));
  CO_TRY(auto range, co_await letter_range(session, session.words(), from));
  LetterReader reader(session, std::move(range));
  const auto done = co_await show_all(session, reader, filter);
  co_await reader.close();
  co_return done;
}

}  // namespace thalweg::cli
