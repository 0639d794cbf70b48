#include "console/attention.h"

#include <fmt/format.h>

#include <algorithm>

#include "runtime/yielding.h"

namespace thalweg::console {
namespace {

constexpr std::size_t kRowsAtOnce = 2000;

std::string in_words(std::size_t count) {
  constexpr std::string_view kWords[] = {"no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"};
  return count < std::size(kWords) ? std::string(kWords[count]) : std::to_string(count);
}

Attention of_partition(const TopicRow& row, std::size_t number, Severity severity, std::string_view what,
                       std::string sentence, std::string detail) {
  return {.id = fmt::format("{}:{}:{}", what, row.topic->name, number),
          .severity = severity,
          .sentence = fmt::format("{}-{} {}", row.topic->name, number, sentence),
          .detail = std::move(detail),
          .kind = ResourceKind::kPartition,
          .name = row.topic->name,
          .partition = std::int32_t(number)};
}

// "broker 1 or broker 2"
std::string who_can_lead(const metadata::Partition& partition) {
  std::string names;
  const auto& brokers = partition.isr.empty() ? partition.eligible_leader_replicas : partition.isr;
  for (const auto id : brokers) names += (names.empty() ? "broker " : " or broker ") + to_string(id);
  return names.empty() ? "a broker with a complete replica" : names;
}

// The worst that is to be said of a partition.
std::optional<Attention> look_at(const TopicRow& row, std::size_t number) {
  const auto& partition = row.topic->partitions[number];
  const std::size_t in_sync = partition.isr.size(), replicas = partition.replicas.size();
  if (partition.leader == kNoBroker)
    return of_partition(row, number, Severity::kBad, "leaderless", "has no leader",
                        "nobody can read or write it until " + who_can_lead(partition) + " is back");
  const std::string held = fmt::format("has {} {} in sync of {}", in_words(in_sync),
                                       in_sync == 1 ? "replica" : "replicas", in_words(replicas));
  if (std::cmp_less(in_sync, row.min_in_sync))
    return of_partition(row, number, Severity::kBad, "under_min_isr", held,
                        fmt::format("acks=all is refused, as min.insync.replicas is {}", row.min_in_sync));
  if (in_sync < replicas)
    return of_partition(row, number, Severity::kWarn, "short", held,
                        fmt::format("acks=all is still accepted, as min.insync.replicas is {}", row.min_in_sync));
  return std::nullopt;
}

void look_at_brokers(const metadata::Image& image, std::vector<Attention>& found) {
  for (const auto& [id, broker] : image.brokers()) {
    if (broker.active()) continue;
    found.push_back(
        {.id = fmt::format("broker:{}", id.value),
         .severity = broker.fenced ? Severity::kBad : Severity::kWarn,
         .sentence = fmt::format("Broker {} {}", id.value, broker.fenced ? "is gone" : "is stopping"),
         .detail = broker.fenced
                       ? "the controller does not hear of it: is its process running, and does the network reach it?"
                       : "it hands over what it leads",
         .kind = ResourceKind::kBroker,
         .name = to_string(id),
         .partition = {}});
  }
}

Attention open_console() {
  return {.id = "open_console",
          .severity = Severity::kWarn,
          .sentence = "This console is open to the network, and nobody signs in",
          .detail = "whoever reaches it sees everything; set console.auth=token, or console.listeners to a loopback",
          .kind = ResourceKind::kOption,
          .name = "console.auth",
          .partition = {}};
}

constexpr double kDiskWarn = 0.85, kDiskBad = 0.95;

// What retention removes comes back, so a disk that is in balance goes up and down: the largest use of the later half
// of what was seen is compared with that of the earlier half.
constexpr auto kDiskLookedBack = std::chrono::hours(6), kDiskSeenFor = std::chrono::hours(1);
constexpr double kHoursLeft = 7 * 24;

std::optional<double> hours_until_full(const AttentionInputs& inputs, const AttentionInputs::Directory& directory) {
  if (!inputs.rollup || !inputs.history) return std::nullopt;
  const Instant now = inputs.rollup->at;
  const auto seen = inputs.history->since({SeriesOf::kBroker, directory.path, SeriesName::kStored},
                                          now - Instant(kDiskLookedBack), now);
  if (seen.size() < 2 || seen.back().at - seen.front().at < Instant(kDiskSeenFor)) return std::nullopt;
  const auto middle = seen.begin() + std::ptrdiff_t(seen.size() / 2);
  const auto peak = [](auto from, auto to) { return std::ranges::max_element(from, to, {}, &History::Point::value); };
  const auto before = peak(seen.begin(), middle), after = peak(middle, seen.end());
  const double hours = double((after->at - before->at) / Instant(Millis(1))) / 3'600'000;
  const double grown = after->value - before->value;
  if (grown <= 0 || hours <= 0) return std::nullopt;
  return double(directory.free) / (grown / hours);
}

std::string in_hours(double hours) {
  return hours < 48 ? fmt::format("{:.0f} hours", hours) : fmt::format("{:.1f} days", hours / 24);
}

void look_at_growth(const AttentionInputs& inputs, const AttentionInputs::Directory& directory,
                    std::vector<Attention>& found) {
  const auto hours = hours_until_full(inputs, directory);
  if (!hours || *hours > kHoursLeft) return;
  found.push_back({.id = "disk_fills:" + directory.path,
                   .severity = Severity::kWarn,
                   .sentence = fmt::format("The disk of {} is full in {}", directory.path, in_hours(*hours)),
                   .detail = "if it goes on as in the last hours; shorten retention, or add a log directory",
                   .kind = ResourceKind::kBroker,
                   .name = to_string(inputs.self),
                   .partition = {}});
}

void look_at_disks(const AttentionInputs& inputs, std::vector<Attention>& found) {
  for (const auto& directory : inputs.directories) {
    const auto& [path, total, free] = directory;
    const double used = total == 0 ? 0 : 1 - double(free) / double(total);
    if (used < kDiskWarn) {
      look_at_growth(inputs, directory, found);
      continue;
    }
    found.push_back({.id = "disk:" + path,
                     .severity = used < kDiskBad ? Severity::kWarn : Severity::kBad,
                     .sentence = fmt::format("The disk of {} is {:.0f} % full", path, used * 100),
                     .detail = "when it is full, nothing can be written; shorten retention, or add a log directory",
                     .kind = ResourceKind::kBroker,
                     .name = to_string(inputs.self),
                     .partition = {}});
  }
  if (!inputs.rollup || inputs.rollup->logs_offline == 0) return;
  const auto logs = inputs.rollup->logs_offline;
  found.push_back({.id = "logs_offline",
                   .severity = Severity::kBad,
                   .sentence = fmt::format("{} {} offline on broker {}", logs, logs == 1 ? "log is" : "logs are",
                                           inputs.self.value),
                   .detail = "their disk failed, and nothing is acknowledged of them any more; see the server's log",
                   .kind = ResourceKind::kBroker,
                   .name = to_string(inputs.self),
                   .partition = {}});
}

// An oldest unread record of a minute, which for five minutes has grown older nearly as fast as time goes by. A group
// without members is no news: it may be one that nobody needs any more.
constexpr std::int64_t kOldMs = 60'000;
constexpr auto kLookedBack = std::chrono::minutes(5), kSeenFor = std::chrono::minutes(4);

bool falls_behind(const std::string& name, const GroupRollup& group, const AttentionInputs& inputs) {
  if (group.members == 0 || group.age_ms.value_or(0) < kOldMs) return false;
  const Instant now = inputs.rollup->at;
  const auto ages = inputs.history->since({SeriesOf::kGroup, name, SeriesName::kAge}, now - Instant(kLookedBack), now);
  if (ages.empty() || now - ages.front().at < Instant(kSeenFor)) return false;
  const double span = double((now - ages.front().at) / Instant(Millis(1)));
  return double(*group.age_ms) - ages.front().value > span / 2;
}

std::string in_minutes(std::int64_t ms) {
  const double minutes = double(ms) / 60'000;
  return minutes < 100 ? fmt::format("{:.1f} min", minutes) : fmt::format("{:.1f} h", minutes / 60);
}

Attention falling_behind(const std::string& name, const GroupRollup& group) {
  return {.id = "behind:" + name,
          .severity = Severity::kWarn,
          .sentence = name + " is falling behind",
          .detail = (group.lag ? fmt::format("{} records unread, the oldest ", *group.lag)
                               : std::string("the oldest unread record is ")) +
                    in_minutes(*group.age_ms) + " old and getting older",
          .kind = ResourceKind::kGroup,
          .name = name,
          .partition = {}};
}

// Keeps the most urgent ones.
struct Kept {
  AttentionList list;
  void add(Attention item) {
    ++list.total;
    auto at = std::ranges::upper_bound(list.items, item.severity, {}, &Attention::severity);
    if (std::size_t(at - list.items.begin()) >= kAttentionMax) return;
    list.items.insert(at, std::move(item));
    if (list.items.size() > kAttentionMax) list.items.pop_back();
  }
};

// Members read nothing while they agree on who reads what.
constexpr auto kRebalancesWithin = std::chrono::minutes(10);
constexpr int kRebalancesMany = 3;

// A group that was forgotten in between begins with its first generation again.
int rebalances_of(const std::string& name, const AttentionInputs& inputs) {
  const Instant now = inputs.rollup->at;
  const auto seen =
      inputs.history->since({SeriesOf::kGroup, name, SeriesName::kGeneration}, now - Instant(kRebalancesWithin), now);
  double sum = 0;
  for (std::size_t i = 1; i < seen.size(); ++i) sum += std::max(0.0, seen[i].value - seen[i - 1].value);
  return int(sum);
}

Attention rebalances_often(const std::string& name, int times) {
  return {.id = "rebalances:" + name,
          .severity = Severity::kWarn,
          .sentence = fmt::format("{} has rebalanced {} times in {} minutes", name, times, kRebalancesWithin.count()),
          .detail =
              "each stops its members for a while: do they restart, or take longer than max.poll.interval.ms for "
              "what they have read?",
          .kind = ResourceKind::kGroup,
          .name = name,
          .partition = {}};
}

Attention not_committed(const std::string& name, const Uncommitted& standing) {
  std::string detail = "records of before wait there: its handler may hang, or fail at one record again and again";
  if (standing.partitions > 1)
    detail = fmt::format("nor {} others; ", in_words(std::size_t(standing.partitions - 1))) + detail;
  return {.id = "uncommitted:" + name,
          .severity = Severity::kWarn,
          .sentence = fmt::format("{} has not committed {}-{} for {}", name, standing.topic, standing.partition.value,
                                  in_minutes(standing.since_ms)),
          .detail = std::move(detail),
          .kind = ResourceKind::kGroup,
          .name = name,
          .partition = standing.partition.value};
}

// The most urgent of what is to be said of how far a group is: one that stands still falls behind, too.
void look_at_group(const std::string& name, const GroupRollup& group, const AttentionInputs& inputs, Kept& kept) {
  if (const auto times = rebalances_of(name, inputs); group.members > 0 && times >= kRebalancesMany)
    kept.add(rebalances_often(name, times));
  if (group.members > 0 && group.uncommitted)
    kept.add(not_committed(name, *group.uncommitted));
  else if (falls_behind(name, group, inputs))
    kept.add(falling_behind(name, group));
}

void look_at_clocks(const AttentionInputs& inputs, Kept& kept) {
  if (!inputs.rollup) return;
  for (const auto& [id, ahead] : inputs.rollup->ahead_ms) {
    const auto topic = inputs.image->topic(id);
    if (!topic) continue;
    kept.add({.id = "ahead:" + topic->name,
              .severity = Severity::kWarn,
              .sentence = fmt::format("Records of {} are dated {} ahead", topic->name, in_minutes(ahead)),
              .detail = "the clock of a producer is wrong, or this broker's: what is read by time misses them, and "
                        "retention keeps them longer",
              .kind = ResourceKind::kTopic,
              .name = topic->name,
              .partition = {}});
  }
}

}  // namespace

AttentionInputs attention_inputs(const Call& call, TopicTablePtr table, RollupPtr rollup) {
  const auto& listeners = call.broker().config().console_listeners;
  const bool is_local = std::ranges::all_of(listeners, [](const auto& l) { return is_loopback(l.host); });
  AttentionInputs inputs{.table = std::move(table),
                         .image = call.image,
                         .is_open_to_others = call.shared.access.way() == SignInWay::kNone && !is_local,
                         .rollup = std::move(rollup),
                         .history = &call.shared.rollups.history(),
                         .directories = {},
                         .self = call.self()};
  for (const auto& path : call.broker().config().log_dirs)
    if (const auto space = call.broker().shard0().disk.space(path))
      inputs.directories.push_back({path, space->total_bytes, space->free_bytes});
  return inputs;
}

Task<AttentionList> attention_of(AttentionInputs inputs) {
  Kept kept;
  std::vector<Attention> others;
  look_at_brokers(*inputs.image, others);
  if (inputs.is_open_to_others) others.push_back(open_console());
  look_at_disks(inputs, others);
  for (auto& item : others) kept.add(std::move(item));
  look_at_clocks(inputs, kept);
  Pace pace(kRowsAtOnce);
  if (inputs.rollup && inputs.history)
    for (const auto& [name, group] : inputs.rollup->groups) {
      if (pace.due()) co_await give_way();
      look_at_group(name, group, inputs, kept);
    }
  for (const auto& row : inputs.table->rows) {
    if (pace.due()) co_await give_way();
    if (!row.needs_attention() && row.under_min_isr == 0) continue;
    for (std::size_t number = 0; number < row.topic->partitions.size(); ++number) {
      if (auto item = look_at(row, number)) kept.add(std::move(*item));
      if (pace.due()) co_await give_way();
    }
  }
  co_return std::move(kept.list);
}

}  // namespace thalweg::console
