#include "console/topic_rows.h"

#include "base/nearest.h"
#include "console/figures.h"
#include "console/leaders.h"
#include "console/problem.h"

namespace thalweg::console {
namespace {

// Comparing with many thousands of names would hold the shard; a few thousand take a millisecond.
constexpr std::size_t kNamesCompared = 5000;

std::string nearest_topic(const metadata::Image& image, const std::string& name) {
  if (image.topics().size() > kNamesCompared) return {};
  std::vector<std::string_view> names;
  for (const auto& [known, topic] : image.topics()) names.push_back(known);
  const auto near = nearest(name, names);
  return near ? *near + " is the nearest name" : std::string();
}

Topic as_topic(const TopicRow& row) {
  Topic topic{.name = row.topic->name,
              .id = to_string(row.topic->id),
              .internal = row.internal,
              .partitions = row.partitions(),
              .replicas = row.replicas,
              .short_of_replicas = row.short_of_replicas,
              .leaderless = row.leaderless,
              .under_min_isr = row.under_min_isr,
              .min_in_sync = row.min_in_sync,
              .cleanup = {},
              .retention_ms = row.retention_ms,
              .retention_bytes = row.retention_bytes,
              .records = {},
              .bytes = {},
              .written_s = {},
              .read_s = {},
              .oldest_unread_ms = {},
              .oldest_unread_group = {},
              .groups = {}};
  if (row.compacts) topic.cleanup.emplace_back("compact");
  if (row.deletes) topic.cleanup.emplace_back("delete");
  return topic;
}

void add_moving(const Rollup& rollup, Topic& topic) {
  if (const auto rates = rollup.topics.find(topic.name); rates != rollup.topics.end()) {
    topic.written_s = rates->second.written;
    topic.read_s = rates->second.read;
  }
  if (const auto oldest = rollup.oldest_of_topics.find(topic.name); oldest != rollup.oldest_of_topics.end()) {
    topic.oldest_unread_ms = oldest->second.ms;
    topic.oldest_unread_group = oldest->second.group;
  }
}

// Nothing as soon as one is not known.
struct Sum {
  std::optional<std::int64_t> of_all = 0;
  void add(std::optional<std::int64_t> one) { of_all = of_all && one ? std::optional(*of_all + *one) : std::nullopt; }
};

// Of the partitions without figures, in their order: their leaders are asked.
Task<std::vector<std::optional<LogExtent>>> extents_elsewhere(const Call& call,
                                                              const std::vector<const TopicRow*>& rows,
                                                              const std::vector<std::optional<Figures>>& figures) {
  std::vector<thalweg::TopicPartition> partitions;
  auto here = figures.begin();
  for (const auto* row : rows)
    for (std::int32_t number = 0; number < row->partitions(); ++number)
      if (!*here++) partitions.push_back({row->topic->name, PartitionId{number}});
  if (partitions.empty()) co_return std::vector<std::optional<LogExtent>>();
  co_return co_await extents_of(call, std::move(partitions));
}

}  // namespace

Outcome<metadata::TopicPtr> find_topic(const Call& call, const std::string& name) {
  auto topic = call.image->topic(std::string_view(name));
  if (topic && call.allows(broker::Operation::kDescribe, broker::topic_resource(name))) return topic;
  return std::unexpected(
      problem_of(ErrorCode::kUnknownTopicOrPartition, "There is no topic " + name, nearest_topic(*call.image, name)));
}

Task<std::vector<Topic>> with_figures(const Call& call, std::vector<const TopicRow*> rows) {
  std::vector<replica::PartitionKey> keys;
  for (const auto* row : rows)
    for (std::int32_t number = 0; number < row->partitions(); ++number)
      keys.push_back({row->topic->id, PartitionId{number}});
  const auto figures = co_await leaders_figures(call.broker(), std::move(keys));
  const auto elsewhere = co_await extents_elsewhere(call, rows, figures);
  const auto rollup = co_await call.shared.rollups.latest();
  std::vector<Topic> topics;
  topics.reserve(rows.size());
  std::size_t next = 0;
  auto other = elsewhere.begin();
  for (const auto* row : rows) {
    auto topic = as_topic(*row);
    add_moving(*rollup, topic);
    Sum records, bytes;
    for (std::int32_t number = 0; number < row->partitions(); ++number) {
      const auto& one = figures[next++];
      const auto log = one ? std::optional(LogExtent{one->offsets.start, one->offsets.high_watermark}) : *other++;
      records.add(log ? std::optional(log->end - log->start) : std::nullopt);
      bytes.add(one ? std::optional(std::int64_t(one->bytes)) : std::nullopt);
    }
    topic.records = records.of_all;
    topic.bytes = bytes.of_all;
    topics.push_back(std::move(topic));
  }
  co_return topics;
}

}  // namespace thalweg::console
