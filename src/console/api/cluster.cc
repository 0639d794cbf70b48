// /cluster and /attention: how the cluster is, and what to look at first.
#include <fmt/format.h>

#include "broker/broker_shard.h"
#include "broker/metadata_publisher.h"
#include "console/attention.h"
#include "console/group_list.h"
#include "console/routes.h"
#include "raft/quorum.h"

namespace thalweg::console {
namespace {

HealthStatus status_of_cluster(const TopicTable& table) {
  if (table.leaderless > 0) return HealthStatus::kFailed;
  return table.under_replicated > 0 ? HealthStatus::kDegraded : HealthStatus::kOk;
}

std::string sentence_of(const TopicTable& table) {
  if (table.partitions == 0) return "There are no topics yet.";
  const std::string leaders =
      table.leaderless == 0 ? "Every partition has a leader"
                            : fmt::format("{} of {} partitions have no leader", table.leaderless, table.partitions);
  if (table.under_replicated == 0) return leaders + "; all are fully replicated.";
  return fmt::format("{}; {} of {} are fully replicated.", leaders, table.partitions - table.under_replicated,
                     table.partitions);
}

void add_rollup(const Rollup& rollup, Cluster& out) {
  if (const auto& rates = rollup.rates) {
    out.written_s = rates->written;
    out.read_s = rates->read;
    out.records_s = rates->records;
  }
  if (!rollup.oldest) return;
  out.oldest_unread_ms = rollup.oldest->ms;
  out.oldest_unread_group = rollup.oldest->group;
}

Task<Outcome<Cluster>> cluster(const Call& call, GetCluster) {
  const auto table = co_await call.shared.topics.of(call.broker(), call.image);
  const auto& image = *call.image;
  Cluster out{.id = image.cluster_id(),
              .name = call.broker().config().console_cluster_name.value_or(image.cluster_id()),
              .status = status_of_cluster(*table),
              .sentence = sentence_of(*table),
              .controller = {},
              .brokers = std::int32_t(image.brokers().size()),
              .brokers_active = 0,
              .topics = std::int32_t(table->rows.size()),
              .topics_internal = table->internal,
              .partitions = table->partitions,
              .leaderless = table->leaderless,
              .under_replicated = table->under_replicated,
              .under_min_isr = table->under_min_isr,
              .groups = {},
              .written_s = {},
              .read_s = {},
              .records_s = {},
              .oldest_unread_ms = {},
              .oldest_unread_group = {},
              .attention = 0,
              .metadata_offset = image.index(),
              .metadata_epoch = std::int32_t(image.term()),
              .as_of = call.now};
  for (const auto& [id, broker] : image.brokers()) out.brokers_active += broker.active() ? 1 : 0;
  if (const auto leader = call.broker().quorum().leader().leader; leader != kNoBroker) out.controller = leader.value;
  if (const auto groups = co_await list_groups(call)) out.groups = std::int32_t(groups->rows.size());
  const auto rollup = co_await call.shared.rollups.latest();
  add_rollup(*rollup, out);
  out.attention = (co_await attention_of(attention_inputs(call, table, rollup))).total;
  co_return out;
}

Task<Outcome<AttentionList>> attention(const Call& call, GetAttention) {
  const auto table = co_await call.shared.topics.of(call.broker(), call.image);
  auto list = co_await attention_of(attention_inputs(call, table, co_await call.shared.rollups.latest()));
  list.as_of = call.now;
  co_return list;
}

}  // namespace

void add_cluster(Routes& routes) {
  routes.add<GetCluster, cluster>();
  routes.add<GetAttention, attention>();
}

}  // namespace thalweg::console
