#include "monitoring/group_tables.h"

#include <algorithm>
#include <deque>
#include <optional>

#include "monitoring/families.h"
#include "runtime/yielding.h"

namespace thalweg::monitoring {
namespace {

constexpr std::size_t kRowsAtOnce = 1000;

using Committed = group::GroupFigures::Committed;

// What is known of one committed offset.
struct Row {
  std::int64_t lag = -1;
  std::optional<std::size_t> age_at;  // in the positions that are asked for; nothing: none is needed
};

// Lags, and where ages have to be looked for. What grows by blocks moves nothing when it does.
struct Joined {
  std::deque<Row> rows;  // over all groups, in their order
  LagAges::Positions positions;
};

Row join(const Committed& committed, const PartitionFigures& partitions, const metadata::Image& image,
         LagAges::Positions& positions) {
  const auto topic = image.topic(committed.topic);
  if (!topic) return {};
  const replica::PartitionKey key{topic->id, committed.partition};
  const auto* figures = partitions.find(key);
  Row row{.lag = lag_of(figures, committed.offset)};
  if (row.lag > 0 && figures->leads && !figures->offline) {
    row.age_at = positions.size();
    positions.push_back({key, std::max(committed.offset, figures->offsets.start)});
  }
  return row;
}

// In milliseconds; absent where it is not known.
std::int64_t age_of(const Row& row, const LagAges::Found& ages, Timestamp now) {
  if (row.lag == 0) return 0;
  if (!row.age_at || !ages.times[*row.age_at]) return SeriesTable::kAbsent;
  return std::max<std::int64_t>(now - *ages.times[*row.age_at], 0);
}

// Of one topic of a group.
struct Sum {
  std::int64_t offsets = 0, lag = 0;
  std::int64_t age = SeriesTable::kAbsent;
  void add(std::int64_t offset, std::int64_t behind, std::int64_t old) {
    offsets += offset;
    lag += std::max<std::int64_t>(behind, 0);
    age = std::max(age, old);  // what is absent is the least of all
  }
};

}  // namespace

Task<> PartitionFigures::add(std::vector<Figures> figures) {
  Pace pace(kRowsAtOnce);
  for (auto& one : figures) {
    if (pace.due()) co_await give_way();
    const auto [at, made] = all_.try_emplace(one.key, one);
    if (!made && one.leads) *at = one;
  }
}

std::int64_t lag_of(const PartitionFigures::Figures* partition, Offset committed) {
  if (!partition) return -1;
  const auto& offsets = partition->offsets;
  return std::max<std::int64_t>(offsets.high_watermark.value - std::max(committed, offsets.start).value, 0);
}

Task<GroupTables> group_tables(const std::vector<group::GroupFigures>* groups, const PartitionFigures* partitions,
                               metadata::ImagePtr image, LagAges* ages, Timestamp now, bool each) {
  Joined joined;
  Pace pace(kRowsAtOnce);
  for (const auto& group : *groups)
    for (const auto& committed : group.offsets) {
      joined.rows.push_back(join(committed, *partitions, *image, joined.positions));
      if (pace.due()) co_await give_way();
    }
  const auto found = co_await ages->find(std::move(joined.positions));

  GroupTables tables{SeriesTable({&family::kGroupMembers}),
                     SeriesTable({&family::kGroupOffsetSum, &family::kGroupLagSum, &family::kGroupLagSecondsMax}),
                     SeriesTable({&family::kGroupOffset, &family::kGroupLag, &family::kGroupLagSeconds}),
                     found.left_out};
  auto row = joined.rows.begin();
  for (const auto& group : *groups) {
    tables.members.add({{group.id}}, {{std::int64_t(group.members)}});
    Sum sum;
    for (auto at = group.offsets.begin(); at != group.offsets.end(); ++at, ++row) {
      const std::int64_t age = age_of(*row, found, now);
      sum.add(at->offset.value, row->lag, age);
      if (each)
        tables.partitions.add({{group.id, at->topic, std::to_string(at->partition.value)}},
                              {{at->offset.value, row->lag, age}});
      const auto next = std::next(at);
      if (next == group.offsets.end() || next->topic != at->topic) {
        tables.topics.add({{group.id, at->topic}}, {{sum.offsets, sum.lag, sum.age}});
        sum = {};
      }
      if (pace.due()) co_await give_way();
    }
    if (pace.due()) co_await give_way();
  }
  co_return tables;
}

}  // namespace thalweg::monitoring
