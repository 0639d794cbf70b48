#include <algorithm>
#include <array>

#include "base/check.h"
#include "config/option.h"

namespace thalweg::config {
namespace {

// Edit distance with swaps of neighbours counted as one, which is what fingers do.
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before_last(b.size() + 1), last(b.size() + 1), row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) last[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + (a[i - 1] != b[j - 1])});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        row[j] = std::min(row[j], before_last[j - 2] + 1);
    }
    std::swap(before_last, last);
    std::swap(last, row);
  }
  return last[b.size()];
}

}  // namespace

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

std::optional<std::string_view> Table::nearest(std::string_view name) const {
  // A third of the letters may be wrong; beyond that a suggestion is a guess.
  std::size_t best = std::max<std::size_t>(name.size() / 3, 1) + 1;
  std::optional<std::string_view> found;
  for (const Option* option : options_) {
    if (option->internal) continue;
    if (const auto d = distance(name, option->name); d < best) {
      best = d;
      found = option->name;
    }
  }
  return found;
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
