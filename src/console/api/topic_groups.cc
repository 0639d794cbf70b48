// /topics/{topic}/groups: who reads it. Every group of this broker is looked at, in slices, so it is asked for one
// topic and never for a list of them.
#include "console/group_list.h"
#include "console/group_members.h"
#include "console/group_offsets.h"
#include "console/listing.h"
#include "console/routes.h"
#include "console/topic_readers.h"
#include "console/topic_rows.h"

namespace thalweg::console {
namespace {

constexpr SortKey<TopicReader> kReaderKeys[] = {
    {"name", [](const TopicReader& a, const TopicReader& b) { return a.group <=> b.group; }},
};

// The committed offsets of the topic alone.
void add_lag(const GroupOffsets& offsets, const std::string& topic, TopicGroup& row) {
  std::int64_t sum = 0;
  bool all_known = true;
  for (const auto& committed : offsets.offsets) {
    if (committed.partition.topic != topic || committed.gone) continue;
    const auto lag = committed.lag();
    all_known = all_known && lag;
    sum += lag.value_or(0);
  }
  if (all_known) row.lag = sum;
}

Task<Outcome<TopicGroupPage>> groups_of_topic(const Call& call, GetTopicGroups asked) {
  CO_TRY_VOID(check_page(asked.from, asked.limit));
  CO_TRY_VOID(find_topic(call, asked.topic));
  CO_TRY(const auto order, Order<TopicReader>::of("name", kReaderKeys));
  const auto readers = co_await readers_of(call, asked.topic);
  std::vector<const TopicReader*> rows;
  for (const auto& reader : readers) rows.push_back(&reader);
  TopicGroupPage page{.total = std::int32_t(rows.size()), .from = asked.from, .as_of = call.now, .items = {}};
  std::vector<std::string> names;
  for (const auto* row : page_of(std::move(rows), order, asked.from, asked.limit)) {
    page.items.push_back(
        {.name = row->group, .state = row->state, .members = row->members, .partitions = row->partitions, .lag = {}});
    names.push_back(row->group);
  }
  if (names.empty()) co_return page;
  CO_TRY(const auto offsets, co_await offsets_of(call, call.self(), std::move(names)));
  for (std::size_t i = 0; i < page.items.size() && i < offsets.size(); ++i)
    if (offsets[i].error == ErrorCode::kNone) add_lag(offsets[i], asked.topic, page.items[i]);
  co_return page;
}

}  // namespace

void add_topic_groups(Routes& routes) { routes.add<GetTopicGroups, groups_of_topic>(); }

}  // namespace thalweg::console
