// What a broker tells of itself: the counters of its shards, and gauges of what need not be counted because it can be
// looked at. A scrape may find 40,000 partitions, so whatever is long is done in slices.
#include <algorithm>
#include <iterator>

#include "broker/broker.h"
#include "broker/broker_shard.h"
#include "broker/group_coordinator.h"
#include "broker/metadata_publisher.h"
#include "group/group_machine.h"
#include "metrics/families.h"
#include "metrics/metrics.h"
#include "network/large_frames.h"
#include "raft/quorum.h"
#include "runtime/yielding.h"
#include "storage/log_manager.h"

namespace thalweg::broker {
namespace {

constexpr std::size_t kTopicsAtOnce = 1000;

void set(MetricsSnapshot& into, const MetricFamily& family, std::size_t value, MetricLabels labels = {}) {
  into.add(family, std::move(labels), std::int64_t(value));
}

void add_memory(MetricsSnapshot& into, const Budget& budget, const std::string& share) {
  into.add(family::kMemoryUsed, {share}, std::int64_t(budget.total()) - budget.available());
  set(into, family::kMemoryLimit, budget.total(), {share});
  set(into, family::kMemoryWaiting, budget.waiting(), {share});
}

void add_partitions(MetricsSnapshot& into, const replica::Partitions::Counts& counts) {
  set(into, family::kPartitions, counts.all);
  set(into, family::kLeaders, counts.led);
  set(into, family::kOfflineReplicas, counts.offline);
  set(into, family::kUnderReplicated, counts.under_replicated);
  set(into, family::kUnderMinIsr, counts.under_min_isr);
  set(into, family::kAtMinIsr, counts.at_min_isr);
}

void add_groups(MetricsSnapshot& into, const group::GroupCounts& counts) {
  set(into, family::kGroups, counts.all());
  set(into, family::kGroupsEmpty, counts.empty);
  set(into, family::kGroupsPreparing, counts.preparing_rebalance);
  set(into, family::kGroupsCompleting, counts.completing_rebalance);
  set(into, family::kGroupsStable, counts.stable);
}

void add_cleaner(MetricsSnapshot& into, const storage::LogCleanerStatus& cleaner) {
  const auto whole = [](double percent) { return static_cast<std::size_t>(percent); };
  const auto seconds = [](Millis span) {
    return static_cast<std::size_t>(std::chrono::duration_cast<std::chrono::seconds>(span).count());
  };
  set(into, family::kCleanerMaxDirty, whole(cleaner.max_dirty_percent));
  set(into, family::kCleanerSinceLastRun, seconds(cleaner.since_last_run));
  set(into, family::kCleanerMaxBufferUtilization, whole(cleaner.max_buffer_utilization_percent));
  set(into, family::kCleanerRecopy, whole(cleaner.recopy_percent));
  set(into, family::kCleanerMaxCleanTime, seconds(cleaner.max_clean_time));
  set(into, family::kCleanerMaxDelay, seconds(cleaner.max_compaction_delay));
  into.add(family::kCleanerPasses, {}, cleaner.passes);
  for (const auto& [directory, uncleanable] : cleaner.uncleanable) {
    set(into, family::kCleanerUncleanablePartitions, uncleanable.partitions, {directory});
    set(into, family::kCleanerUncleanableBytes, uncleanable.bytes, {directory});
  }
}

// What only the controller tells, as with Kafka: else a sum over brokers would count everything several times.
Task<> add_cluster(MetricsSnapshot* into, metadata::ImagePtr image) {
  std::size_t partitions = 0, offline = 0, fenced = 0;
  Pace pace(kTopicsAtOnce);
  for (const auto& [id, topic] : image->topics_by_id()) {
    partitions += topic->partitions.size();
    for (const auto& partition : topic->partitions) offline += partition.leader == kNoBroker ? 1 : 0;
    if (pace.due(1 + topic->partitions.size() / 16)) co_await give_way();
  }
  for (const auto& [id, broker] : image->brokers()) fenced += broker.fenced ? 1 : 0;
  set(*into, family::kTopics, image->topics_by_id().size());
  set(*into, family::kClusterPartitions, partitions);
  set(*into, family::kOfflinePartitions, offline);
  set(*into, family::kActiveBrokers, image->brokers().size() - fenced);
  set(*into, family::kFencedBrokers, fenced);
}

}  // namespace

Task<MetricsSnapshot> BrokerShard::collect_metrics() {
  MetricsSnapshot all = shard.metrics.snapshot();
  add_memory(all, memory, "shard");
  set(all, family::kFetchSessions, sessions.size());
  add_groups(all, broker.groups().count_on(shard.id));
  add_partitions(all, co_await partitions.count());
  std::vector<TopicMetrics::Row> topics;
  for (auto rows = topic_metrics_.rows({}, kTopicsAtOnce); !rows.empty();) {
    const Uuid last = rows.back().id;
    std::ranges::move(rows, std::back_inserter(topics));
    co_await give_way();
    rows = topic_metrics_.rows(last, kTopicsAtOnce);
  }
  all.add(std::move(topics));
  all.add_unnamed(topic_metrics_.unnamed());
  co_return all;
}

Task<MetricsSnapshot> Broker::collect_metrics() {
  MetricsSnapshot all;
  for (const auto& shard : shards_) all.merge(co_await shard->shard.call(*shard, &BrokerShard::collect_metrics));
  add_memory(all, large_frames_->budget(), "large_requests");
  add_cleaner(all, logs_->cleaner().status());
  set(all, family::kActiveControllers, quorum_->is_leader() ? 1 : 0);
  if (quorum_->is_leader()) co_await add_cluster(&all, publisher_->current_image());
  co_return all;
}

}  // namespace thalweg::broker
