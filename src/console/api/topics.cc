// /topics and /topics/{topic}: sorted on the image and the rollup; what the logs say is asked for the visible page
// alone.
#include <cmath>
#include <map>

#include "console/listing.h"
#include "console/routes.h"
#include "console/topic_readers.h"
#include "console/topic_rows.h"
#include "runtime/yielding.h"

namespace thalweg::console {
namespace {

// A row with what moves, as the rollup says it: of this broker, and a few seconds old.
struct ListedTopic {
  const TopicRow* row = nullptr;
  const Rates* rates = nullptr;          // null: it stands still
  const OldestUnread* oldest = nullptr;  // null: all is read, or nobody knows
  const TopicSize* size = nullptr;       // null: this broker leads nothing of it

  std::int64_t rate(double Rates::* of) const { return rates ? std::llround(rates->*of) : 0; }
  std::int64_t age() const { return oldest ? oldest->ms : -1; }
  std::int64_t sized(std::int64_t TopicSize::* of) const { return size ? size->*of : -1; }
};

// -1 is for ever, and comes last.
std::uint64_t as_limit(std::int64_t value) { return static_cast<std::uint64_t>(value); }

constexpr SortKey<ListedTopic> kTopicKeys[] = {
    sort_key<ListedTopic>("name", [](const ListedTopic& t) -> const std::string& { return t.row->topic->name; }),
    sort_key<ListedTopic>("partitions", [](const ListedTopic& t) { return t.row->partitions(); }),
    sort_key<ListedTopic>("replicas", [](const ListedTopic& t) { return t.row->replicas; }),
    sort_key<ListedTopic>("short_of_replicas", [](const ListedTopic& t) { return t.row->short_of_replicas; }),
    sort_key<ListedTopic>("min_in_sync", [](const ListedTopic& t) { return t.row->min_in_sync; }),
    sort_key<ListedTopic>("retention_ms", [](const ListedTopic& t) { return as_limit(t.row->retention_ms); }),
    sort_key<ListedTopic>("cleanup", [](const ListedTopic& t) { return std::pair(t.row->compacts, t.row->deletes); }),
    sort_key<ListedTopic>("records", [](const ListedTopic& t) { return t.sized(&TopicSize::records); }),
    sort_key<ListedTopic>("bytes", [](const ListedTopic& t) { return t.sized(&TopicSize::bytes); }),
    sort_key<ListedTopic>("written_s", [](const ListedTopic& t) { return t.rate(&Rates::written); }),
    sort_key<ListedTopic>("read_s", [](const ListedTopic& t) { return t.rate(&Rates::read); }),
    sort_key<ListedTopic>("oldest_unread_ms", [](const ListedTopic& t) { return t.age(); }),
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

// Both are by name, so one walk over them finds what belongs to a row.
template <class V>
class Beside {
 public:
  explicit Beside(const std::map<std::string, V, std::less<>>& all) : at_(all.begin()), end_(all.end()) {}
  const V* of(const std::string& name) {
    while (at_ != end_ && at_->first < name) ++at_;
    return at_ != end_ && at_->first == name ? &at_->second : nullptr;
  }

 private:
  typename std::map<std::string, V, std::less<>>::const_iterator at_, end_;
};

Task<std::vector<ListedTopic>> matching(const Call& call, const TopicTable& table, const Rollup& rollup,
                                        const GetTopics& asked, const NameFilter& filter) {
  std::vector<ListedTopic> rows;
  rows.reserve(table.rows.size());
  Beside rates(rollup.topics);
  Beside oldest(rollup.oldest_of_topics);
  Pace pace(filter.names_at_once());
  for (const auto& row : table.rows) {
    if (pace.due()) co_await give_way();
    const auto& name = row.topic->name;
    if (!is_shown(row, asked.show) || !filter.matches(name) ||
        !call.allows(broker::Operation::kDescribe, broker::topic_resource(name)))
      continue;
    const auto size = rollup.sizes.find(row.topic->id);
    rows.push_back({.row = &row,
                    .rates = rates.of(name),
                    .oldest = oldest.of(name),
                    .size = size == rollup.sizes.end() ? nullptr : &size->second});
  }
  co_return rows;
}

Task<Outcome<TopicPage>> topics(const Call& call, GetTopics asked) {
  CO_TRY_VOID(check_page(asked.from, asked.limit));
  CO_TRY(const auto order, Order<ListedTopic>::of(asked.sort, kTopicKeys));
  CO_TRY(const auto filter, NameFilter::of(asked.q));
  const auto table = co_await call.shared.topics.of(call.broker(), call.image);
  const auto rollup = co_await call.shared.rollups.latest();
  const auto listed = co_await matching(call, *table, *rollup, asked, filter);
  TopicPage page{.total = std::int32_t(listed.size()),
                 .from = asked.from,
                 .as_of = call.now,
                 .all = std::int32_t(table->rows.size()),
                 .internal = table->internal,
                 .attention = table->need_attention,
                 .items = {}};
  std::vector<const ListedTopic*> all;
  all.reserve(listed.size());
  for (const auto& topic : listed) all.push_back(&topic);
  std::vector<const TopicRow*> rows;
  for (const auto* topic : page_of(std::move(all), order, asked.from, asked.limit)) rows.push_back(topic->row);
  page.items = co_await with_figures(call, std::move(rows));
  co_return page;
}

Task<Outcome<Topic>> topic(const Call& call, GetTopic asked) {
  CO_TRY(const auto found, find_topic(call, asked.topic));
  const auto table = co_await call.shared.topics.of(call.broker(), call.image);
  const auto row = std::ranges::lower_bound(table->rows, asked.topic, {},
                                            [](const TopicRow& r) -> const std::string& { return r.topic->name; });
  CHECK(row != table->rows.end() && row->topic->id == found->id);
  auto one = co_await with_figures(call, {&*row});
  if (const auto all = co_await readers_of(call, asked.topic)) one.front().groups = std::int32_t(all->readers.size());
  co_return std::move(one.front());
}

}  // namespace

void add_topics(Routes& routes) {
  routes.add<GetTopics, topics>();
  routes.add<GetTopic, topic>();
}

}  // namespace thalweg::console
