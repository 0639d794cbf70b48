// A Partition is a log with a role. Leader: takes appends, answers reads, learns from the followers' reads how far they
// are. Follower: takes what its leader has, in its order, and cuts what its leader has not; refuses clients with
// NOT_LEADER_OR_FOLLOWER. A Fetcher moves it.
//
// The promise: with acks=all a record is on the disk of every in-sync replica before the high watermark passes it. What
// is on this broker's disk the log says (Log::acknowledged(), which thalweg.durable.acks=memory changes the meaning
// of); what is committed is decided by Replication, which lives as long as the leader epoch.
//
// Who waits for a commit waits for one leadership: what was appended in it may be cut as soon as it has ended, and what
// lies at the same offsets later is somebody else's. A leader whose log is offline gives its leadership up: it asks the
// controller for another leader, and never for fewer in-sync replicas. So does one whose disk stands still for longer
// than a follower may lag: it goes on as the leader until there is another.
//
// Owner: the partition's shard. Invariant: high watermark <= log end, and it never goes back while the role lasts.
#pragma once

#include <algorithm>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <variant>
#include <vector>

#include "metadata/image.h"
#include "metrics/topic_metrics.h"
#include "replica/resting_fetch.h"
#include "replication/following.h"
#include "replication/replication.h"
#include "runtime/shard.h"
#include "runtime/watermark.h"
#include "storage/log.h"

namespace thalweg::replica {

using replication::Replication;
using replication::ReplicationTimes;

enum class Isolation {
  kLogEnd,         // followers, and debugging consumers
  kHighWatermark,  // read_uncommitted
  kLastStable,     // read_committed
};

// What was remembered before a transaction's coordinator was asked whether the transaction includes the partition.
struct Verification {
  storage::VerificationGuard guard;    // kNoGuard: it is open here, nobody has to be asked
  LeaderEpoch epoch = kNoLeaderEpoch;  // in which it began; void in another one
};

struct AppendRequest {
  SharedBytes records;
  storage::AppendOrigin origin = storage::AppendOrigin::kClient;
  std::int16_t produce_version = 13;
  storage::Walked walked;
  int transaction_version = 0;                    // of markers; see ProducerStateManager::check
  bool all_in_sync = true;                        // acks=all: refused while fewer than min.insync.replicas are in sync
  std::optional<Verification> verification = {};  // of a transactional batch; nothing: it needs none
};

// Who reads as a replica of the partition, so that the leader learns how far it is.
struct Follower {
  BrokerId id;
  std::int64_t epoch = -1;     // the broker epoch it was registered with
  Offset durable = kNoOffset;  // what it has on disk; kNoOffset: all below where it reads
  Offset log_start = kNoOffset;
};

inline constexpr Offset kNoBound{std::numeric_limits<std::int64_t>::max()};

struct ReadRequest {
  Offset from;
  std::size_t bytes_max = 1 << 20;
  bool at_least_one_batch = true;
  Isolation isolation = Isolation::kHighWatermark;
  Offset below = kNoBound;                            // nothing at or beyond it, whatever the isolation allows
  LeaderEpoch current_leader_epoch = kNoLeaderEpoch;  // what the client believes; checked if not -1 (KIP-320)
  LeaderEpoch last_fetched_epoch = kNoLeaderEpoch;    // of the record before `from`; checked if not -1 (KIP-595)
  std::optional<Follower> follower;                   // nothing: a consumer
  BrokerId replica = kNoBroker;                       // the same one, also where it is not to be heard again
  bool may_read_follower = false;                     // a consumer that knows that replicas may answer, too (KIP-392)
  std::string rack;                                   // of a consumer that may be sent to another replica; empty: not
};

struct ReadResult {
  Offset high_watermark = kNoOffset;
  Offset last_stable_offset = kNoOffset;
  Offset log_start_offset = kNoOffset;
  std::optional<record::EpochEnd> diverging;  // the reader must truncate; there are no records then
  storage::FetchedData data;
  // Who reads is a throttled replica (KIP-73): what is sent to it counts. See Partitions::read.
  bool is_throttled = false;
  std::optional<Instant> held_until;  // nothing was read for that; worth another look then
  std::optional<BrokerId> preferred;  // read there; nothing was read here
  // Of an in-sync follower that has all there is: the partition may rest in its session (RestingFetch) as of this
  // stamp.
  std::optional<std::uint64_t> rests_as_of;
};

// What ListOffsets asks for; the wire's numbers below zero are spelled out by whoever calls.
struct OffsetQuery {
  enum class Kind { kLatest, kEarliest, kMaxTimestamp, kEarliestLocal, kTimestamp } kind = Kind::kLatest;
  Timestamp timestamp = kNoTimestamp;
  Isolation isolation = Isolation::kHighWatermark;
  LeaderEpoch current_leader_epoch = kNoLeaderEpoch;
};

// How a leader changes the ISR: by asking the controller. Without it nobody comes in and nobody is put out.
struct IsrChanges {
  Replication::Eligible eligible;
  std::function<void(Replication::Wanted)> propose;  // answered by an image, or by Partition::isr_refused()
};

// The rack of a broker that may be read from; nothing: it is not there. An empty one: it has none.
using RackOf = std::function<std::optional<std::string>(BrokerId)>;

class Partition : public std::enable_shared_from_this<Partition> {
 public:
  Partition(const Shard& shard, BrokerId self, storage::LogPtr log, ReplicationTimes times = {});
  Partition(const Partition&) = delete;
  ~Partition();

  // What the image says now. Also called for a change that concerns somebody else.
  void update(const metadata::Partition& state);
  void set_config(storage::LogConfig config);
  // The partition left this broker or was deleted: everybody who waits is told so.
  void stop();

  bool is_leader() const { return !stopped_ && leader_ == self_; }
  // It has led without a break since it appended in this leader epoch: nothing of that was cut.
  bool has_led_since(LeaderEpoch epoch) const { return is_leader() && epoch >= led_from_; }
  // Whether what it appended in `epoch`, as its leader, up to `end` is committed, or why not. kNotLeaderOrFollower as
  // soon as that leadership has ended, whatever this broker leads by then; kRequestTimedOut at the deadline, which is
  // that of other replicas: the own disk has the time that it needs.
  Task<Result<>> committed(Offset end, LeaderEpoch epoch, Instant deadline);
  BrokerId leader() const { return leader_; }
  LeaderEpoch leader_epoch() const { return leader_epoch_; }
  Watermark& high_watermark() { return high_watermark_; }
  // Nobody else has to confirm a record: what is waited for is this broker's disk.
  bool is_alone_in_sync() const;
  // It leads, and no other replica asks it for anything.
  bool is_forsaken() const;
  // It is led here, and has other replicas.
  bool has_followers() const;
  void set_isr_changes(IsrChanges changes) { isr_changes_ = std::move(changes); }
  // Consumers are sent to replicas of their rack, by these. Before, they are not.
  void set_racks(RackOf rack_of) { rack_of_ = std::move(rack_of); }
  // The controller changed nothing of what was proposed under this partition epoch.
  void isr_refused(std::int32_t partition_epoch);
  // Where its appends are counted, and by whoever reads; before, they are counted nowhere.
  void count_in(TopicMetrics::Counts counts) { counts_ = std::move(counts); }
  TopicCounts& counts() { return *counts_; }
  // How many replicas are in sync, of how many there are, and how many acks=all needs. Nothing unless it leads.
  struct InSync {
    std::size_t now, replicas, needed;
  };
  std::optional<InSync> in_sync() const;
  storage::Log& log() { return *log_; }
  const storage::LogPtr& log_ptr() const { return log_; }
  const Shard& shard() const { return shard_; }

  // ---- Following

  // Where the log stands. Nothing unless another broker leads, and the log can take records now.
  std::optional<replication::Position> following() const;
  // As far as the log is on disk, or counts as written where acknowledgements come from memory.
  Offset claim() const { return log_->acknowledged().value(); }
  // This broker is in the ISR, as the image says.
  bool in_isr() const { return std::ranges::find(isr_, self_) != isr_.end(); }
  // Its fetches are throttled: the topic's options name it, and it is not in sync (KIP-73).
  bool is_throttled_follower() const { return named_as_follower_ && !in_isr(); }
  // What the leader of `leader_epoch` has sent for a fetch at the log's end: records (empty: none), its high watermark
  // and its log start. REQUIRES: following()
  Result<> append_as_follower(SharedBytes records, LeaderEpoch leader_epoch, Offset high_watermark, Offset log_start);
  // What the leader has not. On disk when it returns; following() says nothing meanwhile. REQUIRES: following()
  Task<Result<>> truncate_as_follower(Offset to);
  // Nothing of the log is any use. REQUIRES: following()
  Task<Result<>> start_over(Offset at);
  // Neither of the two is under way, and it is not frozen.
  Task<> settled();

  // ---- Its log lies elsewhere from now on (KIP-113)

  // Until thaw() nothing is appended or cut, and the role does not change. False: not now.
  bool freeze();
  // `log` has all that the log has, and takes its place; nothing: the log stays. REQUIRES: is_frozen()
  void thaw(storage::LogPtr log);
  // Who may wait does so in settled().
  bool is_frozen() const { return frozen_; }
  // How often the log was cut. What was read before is not to be trusted afterwards.
  std::uint64_t cuts() const { return cuts_; }

  // ---- Leading

  // What this replica of it reads is throttled: the topic's options name the leader's side, and it is not in sync.
  bool throttles(BrokerId follower) const {
    return named_as_leader_ && std::ranges::find(isr_, follower) == isr_.end();
  }
  // That it leads, in the epoch that the caller believes in. kNotLeaderOrFollower, kFencedLeaderEpoch,
  // kUnknownLeaderEpoch, kKafkaStorageError.
  Result<> check_leader(LeaderEpoch believed) const;
  // Errors beside those of Log: kNotLeaderOrFollower, kNotEnoughReplicas.
  storage::AppendResult append_as_leader(AppendRequest request);
  // KIP-890; see ProducerStateManager::begin_verification(). kNotLeaderOrFollower, kInvalidProducerEpoch,
  // kKafkaStorageError.
  Result<Verification> begin_verification(const storage::VerificationStart& start);
  // kNotLeaderOrFollower, kFencedLeaderEpoch, kUnknownLeaderEpoch, kOffsetOutOfRange, kKafkaStorageError.
  Task<Result<ReadResult>> read(ReadRequest request);
  // Offset kNoOffset with success: there is no such record.
  Task<Result<storage::TimestampAndOffset>> find_offset(OffsetQuery query);
  // OffsetForLeaderEpoch: (-1, -1) if no such epoch is known. What is answered is on disk.
  Task<Result<record::EpochEnd>> end_offset_for_epoch(LeaderEpoch current, LeaderEpoch asked);
  // DeleteRecords: `before` kNoOffset means the high watermark. Answers the new log start, which is in force as soon as
  // it is on disk.
  Result<Offset> delete_records(Offset before);
  // Whether all that are in sync begin at `start` or later, also after a power loss: else the next leader would have
  // again what was deleted here. Errors as of committed(). REQUIRES: it leads
  Task<Result<>> deleted_everywhere(Offset start, Instant deadline);

  // Where readers of this isolation stop.
  Offset bound(Isolation isolation) const;
  // Calls once when the high watermark (kLogEnd: the log's end) is above `seen`, at which the reader last looked, or
  // when the role ended.
  std::unique_ptr<Watermark::Registration> once_readable(Isolation isolation, Offset seen,
                                                         std::move_only_function<void()> listener);

  // ---- Followers whose fetch rests (resting_fetch.h)

  // Lets this partition rest in the session, in place of any other session of the same follower. False: it is not led
  // here, has changed since `stamp`, or the follower is not in sync or asks from another place.
  bool rest(RestingFetch& fetch, Offset position, std::uint64_t stamp);
  // It rests there no more, and the session is told so.
  void stir(RestingFetch& fetch);
  // It ends with all others here, and nobody is told anything any more.
  void abandon();
  // Rises with whatever a follower is to be told of.
  std::uint64_t stamp() const { return stamp_; }
  const ReplicationTimes& times() const { return times_; }

 private:
  struct Idle {};  // no role yet, or none any more
  struct Leading {
    Replication replication;
    std::unique_ptr<Watermark::Registration> following_log;
    std::unique_ptr<Clock::Timer> again;
    std::unique_ptr<Clock::Timer> disk_look;  // while something was appended since the last one
    bool disk_stands_still = false;           // as it was found then
  };
  struct Following {};
  struct GivingUp {  // the image says that it leads, and its log is offline
    std::unique_ptr<Clock::Timer> again;
  };

  storage::AppendResult append(AppendRequest request);
  Result<> check_epoch(LeaderEpoch believed) const;
  Result<> check_reader(const ReadRequest& request) const;
  std::optional<BrokerId> preferred_replica(const ReadRequest& request) const;
  Leading* leading() { return std::get_if<Leading>(&role_); }
  const Leading* leading() const { return std::get_if<Leading>(&role_); }
  std::size_t in_sync_min() const { return std::size_t(std::max(1, log_->config().min_insync_replicas)); }
  Replication::Local local() const {
    return {log_->end_offset(), log_->acknowledged().value(), log_->durable_start().value()};
  }
  void lead(const metadata::Partition& state);
  void end_role();
  void end_leadership();
  void give_up();
  void ask_for_another_leader();
  void propose_another_leader();
  void watch_disk(Instant when);
  void look_at_disk();
  Task<Result<>> change(Task<Result<>> cut);
  void follow_high_watermark(Offset leaders);
  // Consumers come to a follower only where they are sent to the replica of their rack.
  storage::Readers readers() const { return rack_of_ ? storage::Readers::kSoon : storage::Readers::kSeldom; }
  void follow_log();
  void take(Replication::Step step);
  void look_again(std::optional<Instant> when);
  void note_fetch(const Follower& follower, Offset position);
  Task<Result<std::optional<record::EpochEnd>>> diverging(LeaderEpoch last_fetched, Offset from);
  void look_for_throttles();
  bool has_all(const ReadRequest& request, const ReadResult& result) const;
  Task<Result<>> deleted_by_followers(Offset start, Instant deadline);
  std::unexpected<Error> why_not_deleted(LeaderEpoch epoch) const;
  void stir_one(RestingFetch& fetch);
  bool stir_all();
  void moved();
  void follow_start();

  const Shard& shard_;
  const BrokerId self_;
  storage::LogPtr log_;  // another one after thaw()
  const ReplicationTimes times_;
  Watermark high_watermark_;
  Watermark followed_;  // the same for readers, while another broker leads: who waits for a commit does not wait for it
  BrokerId leader_ = kNoBroker;
  LeaderEpoch leader_epoch_ = kNoLeaderEpoch;
  LeaderEpoch led_from_ = kNoLeaderEpoch;  // in which it began to lead
  std::int32_t partition_epoch_ = -1;
  std::size_t replicas_ = 0;
  std::vector<BrokerId> isr_;                                 // as the image says
  bool named_as_leader_ = false, named_as_follower_ = false;  // throttled by the topic's options
  bool changing_ = false;                                     // a truncation is under way, or frozen_
  bool frozen_ = false;
  std::uint64_t cuts_ = 0;
  std::vector<OneShot<bool>> settling_;  // wait for its end
  TopicMetrics::Counts counts_ = std::make_shared<TopicCounts>();
  IsrChanges isr_changes_;
  RackOf rack_of_;
  std::variant<Idle, Leading, Following, GivingUp> role_;
  std::vector<RestingFetch*> resting_;  // one for each follower at most
  std::uint64_t stamp_ = 0;
  std::unique_ptr<Watermark> low_watermark_;  // of this leadership, once somebody waits for it
  bool stopped_ = false;
};
using PartitionPtr = std::shared_ptr<Partition>;

}  // namespace thalweg::replica
