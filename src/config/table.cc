#include <algorithm>
#include <array>
#include <ranges>

#include "base/check.h"
#include "base/nearest.h"
#include "config/option.h"

namespace thalweg::config {

Table::Table(std::span<const std::span<const Option>> areas) {
  for (const auto& area : areas)
    for (const auto& option : area) options_.push_back(&option);
  std::ranges::sort(options_, {}, &Option::name);
  CHECK(std::ranges::adjacent_find(options_, {}, &Option::name) == options_.end());
}

const Option* Table::find(std::string_view name) const {
  const auto it = std::ranges::lower_bound(options_, name, {}, &Option::name);
  return it != options_.end() && (*it)->name == name ? *it : nullptr;
}

std::optional<std::string> Table::nearest(std::string_view name) const {
  return thalweg::nearest(name, options_ | std::views::filter([](const Option* o) { return !o->internal; }) |
                                    std::views::transform(&Option::name));
}

namespace {

struct Synonym {
  std::string_view topic_option;
  std::array<std::string_view, 3> broker_options;
};
// Source of the facts: DescribeConfigs of Kafka 4.3.
constexpr Synonym kSynonyms[] = {
    {"cleanup.policy", {"log.cleanup.policy"}},
    {"compression.gzip.level", {"compression.gzip.level"}},
    {"compression.lz4.level", {"compression.lz4.level"}},
    {"compression.type", {"compression.type"}},
    {"compression.zstd.level", {"compression.zstd.level"}},
    {"delete.retention.ms", {"log.cleaner.delete.retention.ms"}},
    {"file.delete.delay.ms", {"log.segment.delete.delay.ms"}},
    {"flush.messages", {"log.flush.interval.messages"}},
    {"flush.ms", {"log.flush.interval.ms", "log.flush.scheduler.interval.ms"}},
    {"index.interval.bytes", {"log.index.interval.bytes"}},
    {"local.retention.bytes", {"log.local.retention.bytes"}},
    {"local.retention.ms", {"log.local.retention.ms"}},
    {"max.compaction.lag.ms", {"log.cleaner.max.compaction.lag.ms"}},
    {"max.message.bytes", {"message.max.bytes"}},
    {"message.timestamp.after.max.ms", {"log.message.timestamp.after.max.ms"}},
    {"message.timestamp.before.max.ms", {"log.message.timestamp.before.max.ms"}},
    {"message.timestamp.type", {"log.message.timestamp.type"}},
    {"min.cleanable.dirty.ratio", {"log.cleaner.min.cleanable.ratio"}},
    {"min.compaction.lag.ms", {"log.cleaner.min.compaction.lag.ms"}},
    {"min.insync.replicas", {"min.insync.replicas"}},
    {"preallocate", {"log.preallocate"}},
    {"retention.bytes", {"log.retention.bytes"}},
    {"retention.ms", {"log.retention.ms", "log.retention.minutes", "log.retention.hours"}},
    {"segment.bytes", {"log.segment.bytes"}},
    {"segment.index.bytes", {"log.index.size.max.bytes"}},
    {"segment.jitter.ms", {"log.roll.jitter.ms", "log.roll.jitter.hours"}},
    {"segment.ms", {"log.roll.ms", "log.roll.hours"}},
    {"unclean.leader.election.enable", {"unclean.leader.election.enable"}},
};

std::span<const std::string_view> used(const Synonym& row) {
  const auto end = std::ranges::find(row.broker_options, std::string_view());
  return {row.broker_options.begin(), end};
}

}  // namespace

std::span<const std::string_view> broker_synonyms(std::string_view topic_option) {
  const auto row = std::ranges::lower_bound(kSynonyms, topic_option, {}, &Synonym::topic_option);
  if (row == std::end(kSynonyms) || row->topic_option != topic_option) return {};
  return used(*row);
}

std::vector<std::string_view> unit_synonyms(std::string_view broker_option) {
  for (const auto& row : kSynonyms)
    if (const auto names = used(row); std::ranges::find(names, broker_option) != names.end())
      return {names.begin(), names.end()};
  return {broker_option};
}

}  // namespace thalweg::config
