// /topics and /topics/{topic}: sorted on the image; what the logs say is asked for the visible page alone.
#include "console/figures.h"
#include "console/listing.h"
#include "console/routes.h"
#include "console/topic_readers.h"
#include "console/topic_rows.h"
#include "runtime/yielding.h"

namespace thalweg::console {
namespace {

std::strong_ordering by_name(const TopicRow& a, const TopicRow& b) { return a.topic->name <=> b.topic->name; }

// -1 is for ever, and comes last.
std::uint64_t as_limit(std::int64_t value) { return static_cast<std::uint64_t>(value); }

constexpr SortKey<TopicRow> kTopicKeys[] = {
    {"name", by_name},
    {"partitions", [](const TopicRow& a, const TopicRow& b) { return a.partitions() <=> b.partitions(); }},
    {"replicas", [](const TopicRow& a, const TopicRow& b) { return a.replicas <=> b.replicas; }},
    {"short_of_replicas",
     [](const TopicRow& a, const TopicRow& b) { return a.short_of_replicas <=> b.short_of_replicas; }},
    {"min_in_sync", [](const TopicRow& a, const TopicRow& b) { return a.min_in_sync <=> b.min_in_sync; }},
    {"retention_ms",
     [](const TopicRow& a, const TopicRow& b) { return as_limit(a.retention_ms) <=> as_limit(b.retention_ms); }},
    {"cleanup",
     [](const TopicRow& a, const TopicRow& b) {
       return std::pair(a.compacts, a.deletes) <=> std::pair(b.compacts, b.deletes);
     }},
};

bool is_shown(const TopicRow& row, TopicShow show) {
  switch (show) {
    case TopicShow::kAll:
      return true;
    case TopicShow::kOwn:
      return !row.internal;
    case TopicShow::kInternal:
      return row.internal;
    case TopicShow::kAttention:
      return row.needs_attention();
  }
  return true;
}

Task<std::vector<const TopicRow*>> matching(const Call& call, const TopicTable& table, const GetTopics& asked,
                                            const NameFilter& filter) {
  std::vector<const TopicRow*> rows;
  rows.reserve(table.rows.size());
  Pace pace(filter.names_at_once());
  for (const auto& row : table.rows) {
    if (pace.due()) co_await give_way();
    if (is_shown(row, asked.show) && filter.matches(row.topic->name) &&
        call.allows(broker::Operation::kDescribe, broker::topic_resource(row.topic->name)))
      rows.push_back(&row);
  }
  co_return rows;
}

Task<Outcome<TopicPage>> topics(const Call& call, GetTopics asked) {
  CO_TRY_VOID(check_page(asked.from, asked.limit));
  CO_TRY(const auto order, Order<TopicRow>::of(asked.sort, kTopicKeys));
  CO_TRY(const auto filter, NameFilter::of(asked.q));
  const auto table = co_await call.shared.topics.of(call.broker(), call.image);
  auto rows = co_await matching(call, *table, asked, filter);
  TopicPage page{.total = std::int32_t(rows.size()),
                 .from = asked.from,
                 .as_of = call.now,
                 .all = std::int32_t(table->rows.size()),
                 .internal = table->internal,
                 .attention = table->need_attention,
                 .items = {}};
  page.items = co_await with_figures(call, page_of(std::move(rows), order, asked.from, asked.limit));
  co_return page;
}

Task<Outcome<Topic>> topic(const Call& call, GetTopic asked) {
  CO_TRY(const auto found, find_topic(call, asked.topic));
  const auto table = co_await call.shared.topics.of(call.broker(), call.image);
  const auto row = std::ranges::lower_bound(table->rows, asked.topic, {},
                                            [](const TopicRow& r) -> const std::string& { return r.topic->name; });
  CHECK(row != table->rows.end() && row->topic->id == found->id);
  auto one = co_await with_figures(call, {&*row});
  one.front().groups = std::int32_t((co_await readers_of(call, asked.topic)).size());
  co_return std::move(one.front());
}

}  // namespace

void add_topics(Routes& routes) {
  routes.add<GetTopics, topics>();
  routes.add<GetTopic, topic>();
}

}  // namespace thalweg::console
