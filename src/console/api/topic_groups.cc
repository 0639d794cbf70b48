// /topics/{topic}/groups: who reads it. All groups of the cluster are looked through, so it is asked for one topic and
// never for a list of them; who is in a group is asked for the visible page alone.
#include <map>

#include "console/group_members.h"
#include "console/leaders.h"
#include "console/listing.h"
#include "console/routes.h"
#include "console/topic_readers.h"
#include "console/topic_rows.h"
#include "runtime/gather.h"
#include "runtime/yielding.h"

namespace thalweg::console {
namespace {

constexpr std::size_t kOffsetsAddedAtOnce = 20'000;

struct ReaderRow {
  const TopicReader* reader = nullptr;
  std::optional<std::int64_t> lag;

  std::size_t partitions() const { return reader->committed.size(); }
};

constexpr SortKey<ReaderRow> kReaderKeys[] = {
    sort_key<ReaderRow>("name", [](const ReaderRow& r) -> const std::string& { return r.reader->group; }),
    sort_key<ReaderRow>("state", [](const ReaderRow& r) { return r.reader->state; }),
    sort_key<ReaderRow>("partitions", [](const ReaderRow& r) { return r.partitions(); }),
    sort_key<ReaderRow>("lag", [](const ReaderRow& r) { return r.lag; }),
};

// Over the partitions that are there; nothing if the leader of one does not say.
std::optional<std::int64_t> lag_of_reader(const TopicReader& reader,
                                          const std::vector<std::optional<LogExtent>>& extents) {
  std::int64_t sum = 0;
  for (const auto& [partition, committed] : reader.committed) {
    if (partition.value < 0 || std::cmp_greater_equal(partition.value, extents.size())) continue;
    const auto& extent = extents[std::size_t(partition.value)];
    if (!extent) return std::nullopt;
    sum += lag_of(*extent, committed);
  }
  return sum;
}

Task<std::vector<ReaderRow>> rows_with_lag(const Call& call, const metadata::Topic& topic, const TopicReaders& all) {
  std::vector<thalweg::TopicPartition> partitions;
  for (std::size_t i = 0; i < topic.partitions.size(); ++i)
    partitions.push_back({topic.name, PartitionId{std::int32_t(i)}});
  std::vector<std::optional<LogExtent>> extents;
  if (!all.readers.empty()) extents = co_await extents_of(call, std::move(partitions));
  std::vector<ReaderRow> rows;
  Pace pace(kOffsetsAddedAtOnce);
  for (const auto& reader : all.readers) {
    if (pace.due(1 + reader.committed.size())) co_await give_way();
    rows.push_back({&reader, lag_of_reader(reader, extents)});
  }
  co_return rows;
}

// Nothing where it does not answer: the rows stay without.
Task<std::vector<DescribedGroup>> described_by(const Call& call, BrokerId coordinator,
                                               std::vector<std::string> groups) {
  auto described = co_await describe_groups(call, coordinator, std::move(groups), kSoon);
  co_return described ? *std::move(described) : std::vector<DescribedGroup>();
}

Task<> add_members_of_readers(const Call& call, const std::vector<const ReaderRow*>& rows,
                              std::vector<TopicGroup>* items) {
  std::map<BrokerId, std::vector<std::string>> unknown;
  for (const auto* row : rows)
    if (!row->reader->members) unknown[row->reader->coordinator].push_back(row->reader->group);
  std::vector<Task<std::vector<DescribedGroup>>> asked;
  for (auto& [coordinator, groups] : unknown) asked.push_back(described_by(call, coordinator, std::move(groups)));
  std::map<std::string, std::int32_t> members;
  for (const auto& some : co_await gather(std::move(asked)))
    for (const auto& group : some)
      if (group.error == ErrorCode::kNone) members[group.name] = std::int32_t(group.members.size());
  for (auto& item : *items)
    if (const auto at = members.find(item.name); at != members.end()) item.members = at->second;
}

Task<Outcome<TopicGroupPage>> groups_of_topic(const Call& call, GetTopicGroups asked) {
  CO_TRY_VOID(check_page(asked.from, asked.limit));
  CO_TRY(const auto topic, find_topic(call, asked.topic));
  CO_TRY(const auto order, Order<ReaderRow>::of(asked.sort, kReaderKeys));
  CO_TRY(const auto all, co_await readers_of(call, asked.topic));
  const auto readers = co_await rows_with_lag(call, *topic, all);
  std::vector<const ReaderRow*> rows;
  for (const auto& reader : readers) rows.push_back(&reader);
  TopicGroupPage page{
      .total = std::int32_t(rows.size()), .from = asked.from, .as_of = call.now, .not_asked = {}, .items = {}};
  for (const auto id : all.not_asked) page.not_asked.push_back(id.value);
  rows = page_of(std::move(rows), order, asked.from, asked.limit);
  for (const auto* row : rows)
    page.items.push_back({.name = row->reader->group,
                          .state = row->reader->state,
                          .members = row->reader->members,
                          .partitions = std::int32_t(row->partitions()),
                          .lag = row->lag});
  co_await add_members_of_readers(call, rows, &page.items);
  co_return page;
}

}  // namespace

void add_topic_groups(Routes& routes) { routes.add<GetTopicGroups, groups_of_topic>(); }

}  // namespace thalweg::console
