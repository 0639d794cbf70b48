// One partition on three brokers as a state machine of few states, for a search through every schedule: page cache and
// disk, metadata that arrives late, fetches and AlterPartition under way (also from processes that are gone), kills,
// power losses, fences. What decides is the real code: Replication, next() and divergence() of following.h, and the
// controller's alter_partition, fence, register_broker and heartbeat. The quorum is one step; time stands still, but
// for a follower that the leader gives up on.
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "controller/decision.h"
#include "metadata/image.h"
#include "record/leader_epoch_cache.h"
#include "replication/following.h"
#include "replication/replication.h"

namespace thalweg::replication::model {

inline constexpr int kBrokers = 3;
inline constexpr std::size_t kLogMax = 4;

// How much may happen in one schedule.
struct Limits {
  int values = 1, kills = 0, power = 0, fences = 0, shrinks = 0;
  int min = 2;
};

struct Entry {  // a record
  LeaderEpoch epoch;
  int value = 0;
  friend bool operator==(const Entry&, const Entry&) = default;
};

struct Fetch {
  enum class Step : std::uint8_t { kNone, kAsked, kAnswered } step = Step::kNone;
  int to = 0;
  std::int64_t broker_epoch = 0;
  Position asked;
  Offset claim;
  Answer answer;
  std::optional<Entry> record;
  Offset high_watermark;
};

struct Alter {
  enum class Step : std::uint8_t { kNone, kAsked, kAnswered } step = Step::kNone;
  std::int64_t broker_epoch = 0;
  Replication::Wanted wanted;
  ErrorCode answer = ErrorCode::kNone;
};

struct Broker {
  bool up = true;
  std::int64_t epoch = 0;  // that this process is registered with
  std::vector<Entry> log;
  std::size_t durable = 0;  // of the log
  record::LeaderEpochCache epochs;
  Offset high_watermark{0};
  metadata::ImagePtr view;                     // what it has heard
  std::shared_ptr<const Replication> leading;  // copied before it is changed
  Instant now{};
  Fetch fetch, old_fetch;  // the second is of a process or an epoch that is gone
  Alter alter, old_alter;
};

struct Action {
  enum class What : std::uint8_t {
    kAppend,
    kSync,
    kHear,
    kHearNext,
    kAsk,
    kArrive,
    kArriveOld,
    kTake,
    kShrink,
    kControl,
    kControlOld,
    kTold,
    kFence,
    kUnfence,
    kKill,
    kPower,
    kStart
  } what;
  int broker = 0;
  int argument = 0;  // kShrink: who is silent, as bits; kPower: how much of the log is kept
};

class State {
 public:
  explicit State(const Limits& limits);

  std::vector<Action> possible() const;
  // What it was, for people.
  std::string apply(const Action& action);
  std::uint64_t hash() const;
  // What is broken, if something is.
  const std::string& violation() const { return violation_; }
  std::size_t committed() const { return committed_.size(); }

 private:
  const controller::Options& options() const;
  const metadata::Image& now() const { return *history_.back(); }
  const metadata::Partition& partition(const metadata::Image& image) const;
  bool leads(int i) const;
  bool follows(int i) const;
  Position position(const Broker& b) const;
  Replication::Local local(const Broker& b) const;
  Replication::Eligible eligible(int i) const;
  template <class Change>
  void step(int i, Change change);
  void grew(int i);
  void hear(int i, metadata::ImagePtr image);
  void become(int i, const metadata::Partition& was, const metadata::Partition& is);
  void arrive(int i, Fetch& fetch);
  void take(int i);
  void shrink(int i, int silent);
  void control(int i, Alter& alter);
  void told(int i);
  void decide(std::vector<metadata::Record> records);
  void crash(int i);
  void start(int i);
  void cut(Broker& b, std::size_t to);
  void commit(int i);
  void check();
  void trim();
  void fail(std::string what) {
    if (violation_.empty()) violation_ = std::move(what);
  }

  Limits left_;
  std::array<Broker, kBrokers> brokers_;
  std::vector<metadata::ImagePtr> history_;  // from what somebody still goes by, to what the controller knows
  std::vector<Entry> committed_;
  int values_ = 0;
  std::string violation_;
};

}  // namespace thalweg::replication::model
