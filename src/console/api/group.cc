// /groups/{group} and its partitions: who reads what, and how far behind.
#include <map>

#include "console/listing.h"
#include "console/one_group.h"
#include "console/routes.h"
#include "monitoring/lag_ages.h"

namespace thalweg::console {
namespace {

GroupPartition as_row(const CommittedOffset& committed) {
  GroupPartition row{.topic = committed.partition.topic,
                     .partition = committed.partition.partition.value,
                     .member = {},
                     .client = {},
                     .committed = committed.offset.value,
                     .metadata = {},
                     .start = {},
                     .end = {},
                     .lag = committed.lag(),
                     .oldest_unread_ms = {},
                     .gone = committed.gone};
  if (!committed.metadata.empty()) row.metadata = committed.metadata;
  if (committed.log) {
    row.start = committed.log->start.value;
    row.end = committed.log->end.value;
  }
  return row;
}

// Partitions with committed offsets, and those that members read without having committed yet.
Task<std::vector<GroupPartition>> rows_of(const Call& call, const OneGroup& group) {
  std::map<thalweg::TopicPartition, GroupPartition> rows;
  for (const auto& committed : group.committed.offsets) rows.emplace(committed.partition, as_row(committed));
  std::map<thalweg::TopicPartition, GroupPartition*> fresh;
  for (const auto& member : group.described.members)
    for (const auto& assigned : member.assigned) {
      auto [at, is_new] = rows.try_emplace(assigned);
      auto& row = at->second;
      if (is_new) {
        row.topic = assigned.topic;
        row.partition = assigned.partition.value;
        row.gone = call.image->partition(assigned.topic, assigned.partition) == nullptr;
        if (!row.gone) fresh.emplace(assigned, &row);
      }
      row.member = member.id;
      row.client = member.client;
    }
  std::vector<thalweg::TopicPartition> names;
  for (const auto& [partition, row] : fresh) names.push_back(partition);
  const auto extents = co_await extents_of(call, std::move(names));
  auto extent = extents.begin();
  for (auto& [partition, row] : fresh) {
    if (*extent) row->start = (*extent)->start.value, row->end = (*extent)->end.value;
    ++extent;
  }
  std::vector<GroupPartition> all;
  all.reserve(rows.size());
  for (auto& [partition, row] : rows) all.push_back(std::move(row));
  co_return all;
}

void add_member(const MemberOfGroup& member, const GroupOffsets& committed, GroupDetail& detail) {
  GroupMember out{.id = member.id,
                  .instance = member.instance,
                  .client = member.client,
                  .host = member.host,
                  .assigned = {},
                  .lag = 0};
  for (const auto& assigned : member.assigned) {
    out.assigned.push_back({assigned.topic, assigned.partition.value});
    const auto at = std::ranges::lower_bound(committed.offsets, assigned, {}, &CommittedOffset::partition);
    if (at == committed.offsets.end() || at->partition != assigned || at->gone) continue;
    const auto lag = at->lag();
    if (!lag) out.lag.reset();
    if (out.lag && lag) *out.lag += *lag;
  }
  detail.members.push_back(std::move(out));
}

Task<Outcome<GroupDetail>> one_group(const Call& call, GetGroup asked) {
  CO_TRY(const auto one, co_await find_group(call, asked.group, kForOnePage));
  const auto rows = co_await rows_of(call, one);
  GroupDetail detail{.name = one.described.name,
                     .type = GroupType::kClassic,
                     .state = one.described.state,
                     .protocol_type = one.described.protocol_type,
                     .assignor = one.described.assignor,
                     .coordinator = one.coordinator.value,
                     .topics = 0,
                     .partitions = std::int32_t(rows.size()),
                     .lag = one.committed.lag(),
                     .oldest_unread_ms = {},
                     .most_behind = {},
                     .members = {}};
  const GroupPartition* before = nullptr;
  for (const auto& row : rows) {
    if (!before || before->topic != row.topic) ++detail.topics;
    before = &row;
    if (row.lag.value_or(0) > (detail.most_behind ? *detail.most_behind->lag : 0)) detail.most_behind = row;
  }
  for (const auto& member : one.described.members) add_member(member, one.committed, detail);
  const auto rollup = co_await call.shared.rollups.latest();
  if (const auto at = rollup->groups.find(asked.group); at != rollup->groups.end())
    detail.oldest_unread_ms = at->second.age_ms;
  co_return detail;
}

// Of the rows that are seen, as /metrics tells them.
Task<> add_ages(const Call& call, std::vector<GroupPartition>& rows) {
  monitoring::LagAges::Positions positions;
  std::vector<GroupPartition*> behind;
  for (auto& row : rows) {
    if (row.lag == 0 && row.committed) row.oldest_unread_ms = 0;
    const auto topic = call.image->topic(std::string_view(row.topic));
    if (row.lag.value_or(0) <= 0 || !row.committed || !topic) continue;
    const Offset from{std::max(*row.committed, row.start.value_or(0))};
    positions.push_back({{topic->id, PartitionId{row.partition}}, from});
    behind.push_back(&row);
  }
  monitoring::LagAges ages(call.broker());
  const auto found = co_await ages.find(std::move(positions));
  for (std::size_t i = 0; i < behind.size(); ++i)
    if (const auto& time = found.times[i]) behind[i]->oldest_unread_ms = std::max<std::int64_t>(call.now - *time, 0);
}

std::strong_ordering by_place(const GroupPartition& a, const GroupPartition& b) {
  return std::tie(a.topic, a.partition) <=> std::tie(b.topic, b.partition);
}
constexpr SortKey<GroupPartition> kGroupPartitionKeys[] = {
    {"topic", by_place},
    {"partition", [](const GroupPartition& a, const GroupPartition& b) { return a.partition <=> b.partition; }},
    {"member", [](const GroupPartition& a,
                  const GroupPartition& b) { return std::tie(a.client, a.member) <=> std::tie(b.client, b.member); }},
    {"lag", [](const GroupPartition& a, const GroupPartition& b) { return a.lag <=> b.lag; }},
};

Task<Outcome<GroupPartitionPage>> partitions_of_group(const Call& call, GetGroupPartitions asked) {
  CO_TRY_VOID(check_page(asked.from, asked.limit));
  CO_TRY(const auto order, Order<GroupPartition>::of(asked.sort, kGroupPartitionKeys));
  CO_TRY(const auto one, co_await find_group(call, asked.group, kForOnePage));
  const auto all = co_await rows_of(call, one);
  std::vector<const GroupPartition*> rows;
  for (const auto& row : all)
    if (!asked.topic || row.topic == *asked.topic) rows.push_back(&row);
  GroupPartitionPage page{.total = std::int32_t(rows.size()), .from = asked.from, .as_of = call.now, .items = {}};
  for (const auto* row : page_of(std::move(rows), order, asked.from, asked.limit)) page.items.push_back(*row);
  co_await add_ages(call, page.items);
  co_return page;
}

}  // namespace

void add_group(Routes& routes) {
  routes.add<GetGroup, one_group>();
  routes.add<GetGroupPartitions, partitions_of_group>();
}

}  // namespace thalweg::console
