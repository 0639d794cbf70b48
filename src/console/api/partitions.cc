// /topics/{topic}/partitions
#include "console/figures.h"
#include "console/leaders.h"
#include "console/listing.h"
#include "console/routes.h"
#include "console/topic_rows.h"

namespace thalweg::console {
namespace {

struct PartitionRow {
  std::int32_t number = 0;
  const metadata::Partition* state = nullptr;
};

constexpr SortKey<PartitionRow> kPartitionKeys[] = {
    {"partition", [](const PartitionRow& a, const PartitionRow& b) { return a.number <=> b.number; }},
    {"leader", [](const PartitionRow& a, const PartitionRow& b) { return a.state->leader <=> b.state->leader; }},
};

std::vector<std::int32_t> ids(const std::vector<BrokerId>& brokers) {
  std::vector<std::int32_t> numbers;
  for (const auto id : brokers) numbers.push_back(id.value);
  return numbers;
}

// This broker leads it, so that its figures are what holds.
bool is_told_by(const std::optional<Figures>& figures) { return figures && figures->leads && !figures->offline; }

Partition as_partition(const PartitionRow& row, const std::optional<Figures>& figures,
                       const std::optional<LogExtent>& elsewhere) {
  const auto& state = *row.state;
  Partition out{.partition = row.number,
                .leader = {},
                .epoch = state.leader_epoch.value,
                .replicas = ids(state.replicas),
                .in_sync = ids(state.isr),
                .adding = ids(state.adding_replicas),
                .removing = ids(state.removing_replicas),
                .start = {},
                .end = {},
                .high_watermark = {},
                .last_stable = {},
                .records = {},
                .bytes = {},
                .segments = {},
                .offline = figures && figures->offline};
  if (state.leader != kNoBroker) out.leader = state.leader.value;
  if (elsewhere) {
    out.start = elsewhere->start.value;
    out.high_watermark = elsewhere->end.value;
    out.records = elsewhere->end - elsewhere->start;
  }
  if (!is_told_by(figures)) return out;
  const auto& offsets = figures->offsets;
  out.start = offsets.start.value;
  out.end = offsets.end.value;
  out.high_watermark = offsets.high_watermark.value;
  out.last_stable = offsets.last_stable.value;
  out.records = offsets.high_watermark - offsets.start;
  out.bytes = std::int64_t(figures->bytes);
  out.segments = std::int32_t(figures->segments);
  return out;
}

Task<Outcome<PartitionPage>> partitions(const Call& call, GetTopicPartitions asked) {
  CO_TRY_VOID(check_page(asked.from, asked.limit));
  CO_TRY(const auto order, Order<PartitionRow>::of(asked.sort, kPartitionKeys));
  CO_TRY(const auto topic, find_topic(call, asked.topic));
  std::vector<PartitionRow> all(topic->partitions.size());
  std::vector<const PartitionRow*> rows;
  for (std::size_t i = 0; i < all.size(); ++i) {
    all[i] = {std::int32_t(i), &topic->partitions[i]};
    rows.push_back(&all[i]);
  }
  rows = page_of(std::move(rows), order, asked.from, asked.limit);
  std::vector<replica::PartitionKey> keys;
  for (const auto* row : rows) keys.push_back({topic->id, PartitionId{row->number}});
  const auto figures = co_await figures_here(call.broker(), std::move(keys));
  std::vector<thalweg::TopicPartition> others;
  for (std::size_t i = 0; i < rows.size(); ++i)
    if (!is_told_by(figures[i])) others.push_back({topic->name, PartitionId{rows[i]->number}});
  const auto extents = co_await extents_of(call, std::move(others));
  auto extent = extents.begin();
  PartitionPage page{.total = std::int32_t(all.size()), .from = asked.from, .as_of = call.now, .items = {}};
  for (std::size_t i = 0; i < rows.size(); ++i)
    page.items.push_back(as_partition(*rows[i], figures[i], is_told_by(figures[i]) ? std::nullopt : *extent++));
  co_return page;
}

}  // namespace

void add_partitions(Routes& routes) { routes.add<GetTopicPartitions, partitions>(); }

}  // namespace thalweg::console
