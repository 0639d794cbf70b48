#include "console/topic_table.h"

#include <algorithm>

#include "base/number.h"
#include "broker/topics.h"
#include "config/option.h"
#include "runtime/yielding.h"
#include "storage/log_config.h"

namespace thalweg::console {
namespace {

constexpr std::size_t kPartitionsAtOnceHere = 2000;

template <class T>
void set_number(const config::Properties& set, std::string_view option, T& into) {
  const auto at = set.find(option);
  if (at == set.end()) return;
  if (const auto number = parse_number<T>(at->second)) into = *number;
}

// What the topic's own settings change of what holds for all. Only the few options that lists show: all of them would
// take ten times as long.
void add_settings(const config::Properties& set, const storage::LogConfig& everybodys, TopicRow& row) {
  row.min_in_sync = everybodys.min_insync_replicas;
  row.retention_ms = everybodys.retention_ms.count();
  row.retention_bytes = everybodys.retention_bytes;
  row.deletes = everybodys.cleanup_delete;
  row.compacts = everybodys.cleanup_compact;
  if (set.empty()) return;
  set_number(set, "min.insync.replicas", row.min_in_sync);
  set_number(set, "retention.ms", row.retention_ms);
  set_number(set, "retention.bytes", row.retention_bytes);
  if (const auto at = set.find("cleanup.policy"); at != set.end()) {
    const auto words = config::split_list(at->second);
    row.deletes = std::ranges::find(words, "delete") != words.end();
    row.compacts = std::ranges::find(words, "compact") != words.end();
  }
}

void count(const metadata::Partition& partition, TopicRow& row, TopicTable& table) {
  const bool is_short = partition.isr.size() < partition.replicas.size();
  const bool is_leaderless = partition.leader == kNoBroker;
  const bool is_under = std::cmp_less(partition.isr.size(), row.min_in_sync);
  row.short_of_replicas += is_short ? 1 : 0;
  row.leaderless += is_leaderless ? 1 : 0;
  row.under_min_isr += is_under ? 1 : 0;
  if (!is_leaderless) ++table.brokers[partition.leader].leads;
  for (const auto replica : partition.replicas) {
    auto& of = table.brokers[replica];
    ++of.replicas;
    if (is_short && std::ranges::find(partition.isr, replica) == partition.isr.end()) ++of.out_of_sync;
  }
}

void add_up(const TopicRow& row, TopicTable& table) {
  table.internal += row.internal ? 1 : 0;
  table.need_attention += row.needs_attention() ? 1 : 0;
  table.partitions += row.partitions();
  table.leaderless += row.leaderless;
  table.under_replicated += row.short_of_replicas;
  table.under_min_isr += row.under_min_isr;
}

}  // namespace

Task<TopicTablePtr> topic_table_of(const broker::Broker& broker, metadata::ImagePtr image) {
  auto table = std::make_shared<TopicTable>();
  table->rows.reserve(image->topics().size());
  const auto everybodys = broker.log_config(*image, "");
  Pace pace(kPartitionsAtOnceHere);
  for (const auto& [name, topic] : image->topics()) {
    TopicRow row{.topic = topic, .internal = broker::is_internal_topic(name)};
    if (!topic->partitions.empty()) row.replicas = std::int32_t(topic->partitions.front().replicas.size());
    add_settings(image->topic_configs(name), everybodys, row);
    for (const auto& partition : topic->partitions) {
      count(partition, row, *table);
      if (pace.due()) co_await give_way();
    }
    add_up(row, *table);
    table->rows.push_back(std::move(row));
    if (pace.due()) co_await give_way();
  }
  table->image = std::move(image);
  co_return table;
}

Task<TopicTablePtr> TopicTables::of(const broker::Broker& broker, metadata::ImagePtr image) {
  if (last_ && last_->image == image) co_return last_;
  auto made = co_await topic_table_of(broker, image);
  last_ = made;
  co_return made;
}

}  // namespace thalweg::console
