#include "console/rollup.h"

#include <algorithm>
#include <deque>
#include <iterator>
#include <utility>

#include "broker/broker_shard.h"
#include "broker/group_coordinator.h"
#include "broker/metadata_publisher.h"
#include "group/group_machine.h"
#include "metrics/snapshot.h"
#include "monitoring/group_tables.h"
#include "runtime/yielding.h"

namespace thalweg::console {
namespace {

constexpr std::size_t kRowsAtOnceHere = 1000;

using Committed = group::GroupFigures::Committed;
using monitoring::PartitionFigures;

Rates rates_between(const TopicCounts& before, const TopicCounts& now, double seconds) {
  // A count goes back when a topic goes.
  const auto rate = [&](std::uint64_t TopicCounts::* count) {
    return now.*count > before.*count ? double(now.*count - before.*count) / seconds : 0.0;
  };
  return {.written = rate(&TopicCounts::bytes_in),
          .read = rate(&TopicCounts::bytes_out),
          .records = rate(&TopicCounts::records_in)};
}

// Where an age has to be looked for, and for whom.
struct Unread {
  std::string_view group;  // of the figures, which outlive it
  const Committed* committed;
};

void add_committed(const Committed& committed, const PartitionFigures& partitions, const metadata::Image& image,
                   GroupRollup& group, monitoring::LagAges::Positions& positions) {
  const auto topic = image.topic(committed.topic);
  if (!topic) return;
  const replica::PartitionKey key{topic->id, committed.partition};
  const auto* figures = partitions.find(key);
  if (!figures || !figures->leads || figures->offline) {
    group.lag = std::nullopt;
    return;
  }
  const std::int64_t lag = monitoring::lag_of(figures, committed.offset);
  if (group.lag) *group.lag += lag;
  if (lag > 0) positions.push_back({key, std::max(committed.offset, figures->offsets.start)});
}

void add_uncommitted(GroupRollup& group, const Committed& committed, Timestamp now) {
  const auto since = now - committed.committed_at;
  if (!committed.subscribed || committed.committed_at < 0 || since < kUncommittedFor.count()) return;
  auto& worst = group.uncommitted ? *group.uncommitted : group.uncommitted.emplace();
  ++worst.partitions;
  if (since <= worst.since_ms) return;
  worst.topic = committed.topic;
  worst.partition = committed.partition;
  worst.since_ms = since;
}

void add_age(Rollup& rollup, const Unread& of, std::int64_t age) {
  auto& group = rollup.groups.find(of.group)->second;
  group.age_ms = std::max(group.age_ms.value_or(0), age);
  auto& topic = rollup.oldest_of_topics[of.committed->topic];
  if (age >= topic.ms) topic = {std::string(of.group), age};
  if (!rollup.oldest || age > rollup.oldest->ms) rollup.oldest = OldestUnread{std::string(of.group), age};
  if (age >= kUncommittedFor.count()) add_uncommitted(group, *of.committed, rollup.as_of);
}

}  // namespace

Rollups::Rollups(broker::Broker& broker)
    : broker_(broker),
      ages_(broker),
      seen_(broker.shard0(), {.fresh = kFresh, .patience = kPatience}, [this] { return look(); }) {}

Task<RollupPtr> Rollups::look() {
  auto rollup = std::make_shared<Rollup>();
  rollup->at = broker_.shard0().clock.now();
  rollup->as_of = broker_.shard0().clock.wall();
  co_await add_rates(rollup.get());
  co_await add_groups(rollup.get());
  co_await keep(rollup.get());
  co_return rollup;
}

// Between this look and the one before.
Task<> Rollups::add_rates(Rollup* rollup) {
  const auto snapshot = co_await broker_.collect_metrics();
  const auto all = snapshot.all_topics();
  const auto& before_it = seen_.last();
  const double seconds =
      before_it ? double((rollup->at - before_it->at) / Instant(std::chrono::milliseconds(1))) / 1e3 : 0;
  if (all_counts_ && seconds > 0) rollup->rates = rates_between(*all_counts_, all, seconds);
  std::map<Uuid, TopicCounts> counts;
  Pace pace(kRowsAtOnceHere);
  for (const auto& row : snapshot.topics()) {
    if (pace.due()) co_await give_way();
    const auto before = counts_.find(row.id);
    // A topic that is new has been written since it came.
    const auto rates =
        seconds > 0 ? rates_between(before == counts_.end() ? TopicCounts() : before->second, row.counts, seconds)
                    : Rates();
    if (rates.written > 0 || rates.read > 0) rollup->topics.emplace(row.topic, rates);
    counts.emplace_hint(counts.end(), row.id, row.counts);
  }
  counts_ = std::move(counts);
  all_counts_ = all;
}

Task<> Rollups::add_sizes(const std::vector<PartitionFigures::Figures>& figures, Rollup* rollup) {
  Pace pace(kRowsAtOnceHere);
  for (const auto& one : figures) {
    if (pace.due()) co_await give_way();
    rollup->logs_offline += one.offline ? 1 : 0;
    if (!one.leads || one.offline) continue;
    auto& size = rollup->sizes[one.key.topic_id];
    size.records += one.offsets.high_watermark - one.offsets.start;
    size.bytes += std::int64_t(one.bytes);
    if (const auto ahead = one.newest - rollup->as_of; one.newest != kNoTimestamp && ahead > kAheadAllowed.count()) {
      auto& most = rollup->ahead_ms[one.key.topic_id];
      most = std::max(most, ahead);
    }
  }
}

Task<> Rollups::add_groups(Rollup* rollup) {
  PartitionFigures partitions;
  std::vector<group::GroupFigures> groups;
  for (const auto& shard : broker_.shards()) {
    auto figures = co_await shard->shard.call(shard->partitions, &replica::Partitions::figures);
    co_await add_sizes(figures, rollup);
    co_await partitions.add(std::move(figures));
    auto some = co_await shard->shard.call(broker_.groups(), &broker::GroupCoordinator::figures_on,
                                           std::size_t(shard->shard.id));
    std::ranges::move(some, std::back_inserter(groups));
  }
  const auto image = broker_.publisher().current_image();
  monitoring::LagAges::Positions positions;
  std::deque<Unread> unread;
  Pace pace(kRowsAtOnceHere);
  for (const auto& group : groups) {
    auto& into = rollup->groups
                     .try_emplace(group.id, GroupRollup{.lag = 0,
                                                        .age_ms = 0,
                                                        .members = std::int32_t(group.members),
                                                        .generation = group.generation,
                                                        .uncommitted = {}})
                     .first->second;
    for (const auto& committed : group.offsets) {
      if (pace.due()) co_await give_way();
      add_committed(committed, partitions, *image, into, positions);
      if (unread.size() < positions.size()) unread.push_back({group.id, &committed});
    }
  }
  const auto found = co_await ages_.find(std::move(positions));
  for (std::size_t i = 0; i < unread.size(); ++i) {
    if (pace.due()) co_await give_way();
    if (const auto& time = found.times[i])
      add_age(*rollup, unread[i], std::max<std::int64_t>(rollup->as_of - *time, 0));
  }
  co_await partitions.clear();
}

Task<> Rollups::keep(const Rollup* rollup) {
  using enum SeriesName;
  Pace pace(kRowsAtOnceHere);
  if (const auto& rates = rollup->rates) {
    history_.add({SeriesOf::kBroker, "", kWritten}, rollup->at, rates->written);
    history_.add({SeriesOf::kBroker, "", kRead}, rollup->at, rates->read);
    history_.add({SeriesOf::kBroker, "", kRecords}, rollup->at, rates->records);
  }
  history_.add({SeriesOf::kBroker, "", kAge}, rollup->at, rollup->oldest ? double(rollup->oldest->ms) : 0);
  for (const auto& path : broker_.config().log_dirs)
    if (const auto space = broker_.shard0().disk.space(path))
      history_.add({SeriesOf::kBroker, path, kStored}, rollup->at, double(space->total_bytes - space->free_bytes));
  const auto image = broker_.publisher().current_image();
  for (const auto& [name, topic] : image->topics()) {
    if (!rollup->rates) break;
    if (pace.due()) co_await give_way();
    const auto found = rollup->topics.find(name);
    const Rates rates = found == rollup->topics.end() ? Rates() : found->second;
    history_.add({SeriesOf::kTopic, name, kWritten}, rollup->at, rates.written);
    history_.add({SeriesOf::kTopic, name, kRead}, rollup->at, rates.read);
  }
  for (const auto& [name, group] : rollup->groups) {
    if (pace.due()) co_await give_way();
    if (group.lag) history_.add({SeriesOf::kGroup, name, kLag}, rollup->at, double(*group.lag));
    if (group.members > 0) history_.add({SeriesOf::kGroup, name, kGeneration}, rollup->at, double(group.generation));
    if (group.age_ms) history_.add({SeriesOf::kGroup, name, kAge}, rollup->at, double(*group.age_ms));
  }
}

void Rollups::start() {
  runs_ = true;
  spawn(broker_.shard0(), look_now_and_then());
}

Task<> Rollups::look_now_and_then() {
  auto& clock = broker_.shard0().clock;
  do co_await latest();
  while (co_await stopping_.sleep_until(clock, clock.now() + Instant(kUnasked)));
  ended_.set(true);
}

Task<> Rollups::stop() {
  stopping_.give();
  if (std::exchange(runs_, false)) co_await ended_.wait();
  co_await seen_.stop();
}

}  // namespace thalweg::console
