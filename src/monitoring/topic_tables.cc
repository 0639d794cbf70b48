#include "monitoring/topic_tables.h"

#include <string>

#include "monitoring/families.h"
#include "runtime/yielding.h"

namespace thalweg::monitoring {
namespace {

constexpr std::size_t kTopicRowsAtOnce = 1000;

SeriesTable partition_table() {
  return SeriesTable({&family::kEndOffset, &family::kOldestOffset, &family::kLeader, &family::kReplicas,
                      &family::kInSync, &family::kLeaderIsPreferred, &family::kUnderReplicated, &family::kLogSize,
                      &family::kLogStart, &family::kLogEnd, &family::kLogSegments});
}

// Offsets are the leader's to tell; a log, everybody's who has it.
void add_partition(SeriesTable& table, const metadata::Topic& topic, std::size_t i,
                   const PartitionFigures::Figures* here) {
  constexpr auto kAbsent = SeriesTable::kAbsent;
  const auto& state = topic.partitions[i];
  const bool leads = here && here->leads;
  const auto log = [&](std::int64_t value) { return here ? value : kAbsent; };
  const std::int64_t values[] = {
      leads ? here->offsets.high_watermark.value : kAbsent,
      leads ? here->offsets.start.value : kAbsent,
      state.leader.value,
      std::int64_t(state.replicas.size()),
      std::int64_t(state.isr.size()),
      !state.replicas.empty() && state.replicas.front() == state.leader ? 1 : 0,
      state.isr.size() < state.replicas.size() ? 1 : 0,
      log(here ? std::int64_t(here->bytes) : 0),
      log(here ? here->offsets.start.value : 0),
      log(here ? here->offsets.end.value : 0),
      log(here ? std::int64_t(here->segments) : 0),
  };
  table.add({{topic.name, std::to_string(i)}}, values);
}

}  // namespace

Task<TopicTables> topic_tables(metadata::ImagePtr image, const PartitionFigures* figures, bool each) {
  TopicTables tables{SeriesTable({&family::kTopicPartitions}), partition_table()};
  Pace pace(kTopicRowsAtOnce);
  for (const auto& [name, topic] : image->topics()) {
    tables.topics.add({{name}}, {{std::int64_t(topic->partitions.size())}});
    if (pace.due()) co_await give_way();
    for (std::size_t i = 0; each && i < topic->partitions.size(); ++i) {
      add_partition(tables.partitions, *topic, i, figures->find({topic->id, PartitionId{std::int32_t(i)}}));
      if (pace.due()) co_await give_way();
    }
  }
  co_return tables;
}

}  // namespace thalweg::monitoring
