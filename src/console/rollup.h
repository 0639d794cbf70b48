// What the whole broker looks like at one moment: rates of topics, and how far behind its groups are. One snapshot that
// all requests share, made when somebody asks and the last is older than kFresh; without anybody it is made once a
// minute, for the history.
//
// No page waits for it longer than kPatience: with tens of thousands of partitions a look takes longer, and a page that
// is opened shows what was seen a minute ago at most; the next one, a second later, what is.
//
// Costs what a scrape of /metrics costs, and tells ages as it does (monitoring/lag_ages.h). In slices. Owner: shard 0.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>

#include "broker/broker.h"
#include "console/history.h"
#include "console/refreshed.h"
#include "metadata/image.h"
#include "metrics/topic_metrics.h"
#include "monitoring/lag_ages.h"
#include "runtime/stop_signal.h"

namespace thalweg::console {

// A second.
struct Rates {
  double written = 0, read = 0;  // bytes
  double records = 0;            // from producers
};

// A partition that a group reads, and has not committed for long although records of long ago wait there.
struct Uncommitted {
  std::string topic;
  PartitionId partition;
  std::int64_t since_ms = 0;    // of the one that has waited longest
  std::int32_t partitions = 0;  // how many there are
};
// Both that nothing was committed, and that the oldest unread record waits, for so long.
inline constexpr Millis kUncommittedFor = std::chrono::minutes(5);

struct GroupRollup {
  std::optional<std::int64_t> lag;     // nothing where another broker leads a partition
  std::optional<std::int64_t> age_ms;  // of the oldest unread record; nothing where it is not known
  std::int32_t members = 0;
  std::int32_t generation = 0;
  std::optional<Uncommitted> uncommitted;
};

struct OldestUnread {
  std::string group;
  std::int64_t ms = 0;
};

// Over the partitions that this broker leads.
struct TopicSize {
  std::int64_t records = 0, bytes = 0;
};

inline constexpr Millis kAheadAllowed = std::chrono::minutes(5);

struct Rollup {
  Instant at{};
  Timestamp as_of = kNoTimestamp;
  std::optional<Rates> rates;  // of the broker; nothing before there are two looks
  // By name: those that move.
  std::map<std::string, Rates, std::less<>> topics;
  std::map<std::string, GroupRollup, std::less<>> groups;
  std::map<std::string, OldestUnread, std::less<>> oldest_of_topics;  // where something is unread
  std::unordered_map<Uuid, TopicSize> sizes;                          // looked up only
  // Of topics that this broker leads: by how much their newest records are dated later than now, where it is more than
  // clocks differ by.
  std::map<Uuid, std::int64_t> ahead_ms;
  std::optional<OldestUnread> oldest;
  std::int32_t logs_offline = 0;
};
using RollupPtr = std::shared_ptr<const Rollup>;

class Rollups {
 public:
  static constexpr auto kFresh = std::chrono::seconds(2), kUnasked = std::chrono::seconds(60);
  static constexpr auto kPatience = std::chrono::milliseconds(10);

  explicit Rollups(broker::Broker& broker);

  // Never null.
  Task<RollupPtr> latest() { return seen_.get(); }
  const History& history() const { return history_; }

  // Looks once in kUnasked until stop(), which returns when it has ended.
  void start();
  Task<> stop();

 private:
  Task<RollupPtr> look();
  Task<> add_rates(Rollup* rollup);
  Task<> add_groups(Rollup* rollup);
  static Task<> add_sizes(const std::vector<replica::Partitions::Figures>& figures, Rollup* rollup);
  Task<> keep(const Rollup* rollup);
  Task<> look_now_and_then();

  broker::Broker& broker_;
  monitoring::LagAges ages_;
  History history_;
  Refreshed<Rollup> seen_;
  std::map<Uuid, TopicCounts> counts_;  // of the last look
  std::optional<TopicCounts> all_counts_;
  StopSignal stopping_;
  const OneShot<bool> ended_;
  bool runs_ = false;
};

}  // namespace thalweg::console
