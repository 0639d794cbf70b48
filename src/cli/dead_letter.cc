#include "cli/dead_letter.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "admin/offsets.h"
#include "filter/time_text.h"

namespace thalweg::cli {
namespace {

Task<Result<std::map<TopicPartition, Extent>>> committed_extents(admin::Client& client,
                                                                 std::vector<TopicPartition> partitions) {
  std::map<TopicPartition, std::int64_t> latest;
  for (const auto& tp : partitions) latest[tp] = admin::kLatest;
  CO_TRY(const auto ends, co_await admin::list_offsets(client, std::move(latest), true));
  CO_TRY(auto extents, co_await find_extents(client, std::move(partitions)));
  for (auto& [tp, extent] : extents) {
    CO_TRY(const auto end, ends.at(tp));
    extent.end = std::max(extent.begin, end.offset);
  }
  co_return extents;
}

// They refer to the record.
std::vector<letters::HeaderBytes> views_of(const admin::ConsumedRecord& record) {
  std::vector<letters::HeaderBytes> headers;
  for (const auto& [name, value] : record.headers) headers.emplace_back(name, value);
  return headers;
}

}  // namespace

DeadLetter dead_letter_in(const admin::ConsumedRecord& record) { return letters::dead_letter_in(views_of(record)); }

std::vector<admin::Header> own_headers(const admin::ConsumedRecord& record) {
  std::vector<admin::Header> own;
  for (const auto& header : record.headers)
    if (!letters::is_of_family(header.first)) own.push_back(header);
  return own;
}

admin::Message sent_back(const admin::ConsumedRecord& record, std::string topic) {
  const letters::LetterPlace place{record.partition.topic, record.partition.partition, record.offset};
  return {.topic = std::move(topic),
          .partition = {},
          .key = record.key,
          .value = record.value,
          .headers = letters::headers_back(views_of(record), place),
          .timestamp = {}};
}

Task<Result<Replayed>> fetch_replayed(Session session, std::string group) {
  CO_TRY(const auto committed, co_await admin::fetch_offsets(session.client, std::move(group)));
  Replayed replayed;
  for (const auto& [tp, at] : committed) replayed.emplace(tp, letters::ReplayMarks::of(at.offset, at.metadata));
  co_return replayed;
}

void LetterFilter::declare(OptionParser& parser) {
  parser.values("where", "error=NAME|origin=TOPIC[:N]",
                "Only letters that died of this error, or come from this topic or partition; if repeated, of one of "
                "the errors and from one of the origins.");
}

Result<LetterFilter> LetterFilter::of(const Session& session) {
  LetterFilter filter;
  for (const auto& text : session.options.values("where")) {
    constexpr std::string_view kError = "error=", kOrigin = "origin=";
    const bool is_error = text.starts_with(kError), is_origin = text.starts_with(kOrigin);
    const std::string rest = text.substr(std::min(text.size(), (is_error ? kError : kOrigin).size()));
    const auto colon = rest.find(':');
    const bool numbered = colon != rest.npos;
    if (!(is_error || is_origin) || rest.empty() || (is_origin && colon == 0) ||
        (is_origin && numbered && parse_integer(rest.substr(colon + 1)).value_or(-1) < 0))
      return session.misuse(
          fmt::format("--where is error=NAME, origin=TOPIC or origin=TOPIC:PARTITION, not '{}'", text));
    if (is_error)
      filter.errors_.push_back(rest);
    else
      filter.origins_.emplace_back(rest.substr(0, colon), numbered ? rest.substr(colon + 1) : "");
  }
  return filter;
}

bool LetterFilter::takes(const DeadLetter& letter) const {
  const bool of_error =
      errors_.empty() || std::ranges::any_of(errors_, [&](const auto& e) { return letter.error == e; });
  return of_error && (origins_.empty() || std::ranges::any_of(origins_, [&](const auto& origin) {
                        return letter.topic == origin.first &&
                               (origin.second.empty() || letter.partition == origin.second);
                      }));
}

std::optional<std::string> utc_text(Timestamp when) {
  return when < 0 ? std::nullopt : std::optional(filter::timestamp_text(when - when % 1000));
}

Task<Result<LetterRange>> letter_range(Session session, std::vector<std::string> queues, Place from) {
  CO_TRY_VOID(co_await check_topics(session, queues));
  CO_TRY(const auto topics, co_await admin::describe_topics(session.client, std::move(queues)));
  std::vector<TopicPartition> partitions;
  for (const auto& topic : topics)
    for (const auto& p : topic.partitions) partitions.push_back({topic.name, p.id});
  CO_TRY(const auto extents, co_await committed_extents(session.client, std::move(partitions)));
  LetterRange range;
  CO_TRY(range.from, co_await find_place(session.client, extents, from));
  for (const auto& [tp, extent] : extents) range.to[tp] = extent.end;
  co_return range;
}

LetterReader::LetterReader(Session session, LetterRange range) : session_(session), to_(std::move(range.to)) {
  std::map<TopicPartition, std::int64_t> from;
  std::erase_if(to_, [&](const auto& end) { return range.from.at(end.first) >= end.second; });
  for (const auto& [tp, end] : to_) from[tp] = range.from.at(tp).value;
  admin::ConsumerOptions options;
  options.read_committed = true;
  options.create_topics = false;
  options.reset = admin::kEarliest;
  consumer_ = admin::Consumer::create(session.client, options);
  consumer_->assign(std::move(from));
  session.terminal().on_stop([weak = std::weak_ptr(consumer_)] {
    if (const auto alive = weak.lock()) alive->wakeup();
  });
}

Task<Result<std::vector<admin::ConsumedRecord>>> LetterReader::next() {
  constexpr Millis kSlice{1'000};
  const auto& clock = session_.context.shard.clock;
  Instant give_up = later(clock.now(), session_.client.options().api_timeout);
  while (!to_.empty() && !session_.terminal().stop_wanted()) {
    // Markers are never handed out, so an end may be reached without a record: looked for now and then.
    CO_TRY(auto records, co_await consumer_->poll(clock.now() + kSlice));
    std::erase_if(records, [&](const auto& record) {
      const auto end = to_.find(record.partition);
      return end == to_.end() || record.offset >= end->second;
    });
    const auto ended =
        std::erase_if(to_, [&](const auto& end) { return consumer_->reached(end.first) >= end.second.value; });
    if (!records.empty()) co_return records;
    if (ended > 0) give_up = later(clock.now(), session_.client.options().api_timeout);
    if (clock.now() >= give_up)
      co_return fail(
          ErrorCode::kRequestTimedOut,
          fmt::format("nothing came in time, and {} was read to offset {} of {} only", to_string(to_.begin()->first),
                      consumer_->reached(to_.begin()->first), to_.begin()->second.value));
  }
  co_return std::vector<admin::ConsumedRecord>();
}

}  // namespace thalweg::cli
