// The metadata quorum: a replicated log of records with one leader, and the state machine behind it. A single broker is
// a quorum of one. Consensus itself is raft-rs (core/); this class is its clock, disk and network.
//
// Owner: shard 0; every call is made there. Index = position in the metadata log (an Offset); the first entry has index
// 2, because a new log starts with a base at index 1. Epoch = Raft's term = Kafka's controller epoch.
//
// Invariants: nothing is answered or sent before the entries behind it are durable here; apply() sees each committed
// entry once, in order, after the image it was restored from; an entry appended under an epoch carries that epoch.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "base/types.h"
#include "raft/membership.h"
#include "raft/quorum_log.h"
#include "raft/state_machine.h"
#include "raft/transport.h"
#include "runtime/shard.h"
#include "runtime/watermark.h"

struct rr_node;
struct rr_ready_view;
struct rr_message;

namespace thalweg::raft {

struct QuorumOptions {
  std::string metadata_log_dir;  // the log lives in <metadata_log_dir>/__cluster_metadata-0
  BrokerId self{0};
  // The founding voters, on every founding member alike. Only read when the log is new; empty: join an existing quorum.
  std::vector<BrokerId> voters;
  Millis election_timeout{1000};
  Millis heartbeat_interval{100};
  std::uint64_t snapshot_after_bytes = 20 << 20;   // applied since the last one
  std::uint64_t uncommitted_bytes_max = 64 << 20;  // then append() answers "busy"
  std::uint64_t segment_bytes = 16 << 20;
};

struct Leadership {
  BrokerId leader = kNoBroker;  // kNoBroker: unknown, or elected but not yet ready to serve
  LeaderEpoch epoch{0};
  friend bool operator==(const Leadership&, const Leadership&) = default;
};

struct QuorumPosition {
  Offset committed, applied, last, base;  // base: index of the latest snapshot
  LeaderEpoch epoch;
};

struct MemberChange {
  enum class Kind { kAddVoter, kRemove, kAddLearner } kind;
  BrokerId member;
};

class Quorum {
 public:
  static constexpr std::size_t kEntryMax = 8 << 20;

  // `transport` may be null for a quorum of one. All outlive the quorum; stop() first.
  Quorum(const Shard& shard, QuorumOptions options, StateMachine& machine, Transport* transport);
  ~Quorum();
  Quorum(const Quorum&) = delete;

  // Opens or creates the log, restores the machine and begins to take part. A lone voter is leader a moment later.
  Task<Result<>> start();
  // Returns when nothing of it runs any more. What waits is answered "unknown".
  Task<> stop();

  // Appends without waiting; `records` become one atomic entry. Fails, and then nothing will ever be committed:
  //   kNotController            not the leader in `epoch`; the message names the leader
  //   kThrottlingQuotaExceeded  too much is uncommitted; try again
  //   kKafkaStorageError        the disk is full or gone
  // REQUIRES: not inside StateMachine::apply or restore
  Result<Offset> append(BytesView records, LeaderEpoch epoch);
  // Waits until the entry that append() put at `index` under `epoch` is committed and applied here. kNotController: it
  // never will be. kRequestTimedOut: unknown, it may still be; retry by content, not by hope.
  Task<Result<>> committed(Offset index, LeaderEpoch epoch, Instant deadline);
  // Both. `deadline` bounds the wait, not the outcome.
  Task<Result<Offset>> propose(SharedBytes records, LeaderEpoch epoch, Instant deadline);

  // Index of the last applied entry; moves after apply() has returned.
  Watermark& applied() { return applied_; }
  // Returns once this node has applied all that was committed anywhere when it was called; for reads that must not be
  // stale. Whoever asks in one turn of the shard shares one question to the others.
  Task<Result<Offset>> read_barrier(Instant deadline);
  // Whether this node still led in `epoch` when it was called, as a majority says: until then it may have been replaced
  // and not know. False as well when nobody says so in time.
  Task<bool> still_leads(LeaderEpoch epoch, Instant deadline);
  // Nobody else can lead, so nobody has to be asked.
  bool alone() const;

  // Self appears as leader only once its machine holds everything committed before its epoch, so it may serve at once.
  Leadership leader() const { return leadership_; }
  bool is_leader() const { return leadership_.leader == options_.self; }
  // Called on the shard after every change of leader(), outside apply(). Listeners live as long as the quorum.
  void on_leader_change(std::move_only_function<void(Leadership)> listener);

  QuorumPosition position() const;
  const Membership& membership() const { return membership_; }
  // An error when this node can no longer take part: its disk failed or the core refused to go on. Final until restart.
  const Result<>& health() const { return health_; }

  // One change at a time (else kThrottlingQuotaExceeded); returns when it has been applied here. Leader only.
  Task<Result<>> change_members(std::vector<MemberChange> changes, Instant deadline);
  Result<> transfer_leadership(BrokerId to);

  // For the transport. `from` is who the connection authenticated. A refused message is the peer's fault, never ours.
  Result<> receive(BrokerId from, SharedBytes body, SharedBytes image);
  void peer_unreachable(BrokerId peer);
  void snapshot_sent(BrokerId peer, bool arrived);

 private:
  struct Received {
    Base base;
    SharedBytes image;
  };
  // What one ready of the core wants on disk, and what may be said once it is there.
  struct Write {
    std::uint64_t number = 0;
    bool durable = false;  // false: only the commit index moved, which may wait for the next record
    std::optional<HardState> hard_state;
    std::optional<Received> snapshot;
    std::vector<Entry> entries;
    std::vector<PeerMessage> after;
  };
  struct Waiter {
    LeaderEpoch epoch;
    OneShot<Result<>> outcome;
  };
  struct Barrier {
    std::vector<OneShot<bool>> reached;
    std::optional<std::uint64_t> index;  // known once the leader has confirmed that it still leads
  };
  struct FreeNode {
    void operator()(rr_node* node) const;
  };

  // quorum.cc
  Result<> restore(QuorumLog::Recovered recovered);
  void schedule_tick();
  void wake();
  Task<Result<>> outcome_of(Offset index, LeaderEpoch epoch, Instant deadline);
  std::optional<Error> refusal(LeaderEpoch epoch) const;
  Error not_leader() const;
  Error refused(int rc);
  void fail_for_good(Error error);
  void abandon_waiters(const Error& error);

  // quorum_ready.cc: what the core has to say
  Task<> drive();
  void pump();
  bool take_ready();
  void apply(const rr_ready_view& ready);
  void resolve_waiters();
  void ask_for_barriers();
  void serve_barriers();
  void notice_leader();
  std::vector<PeerMessage> messages_of(const rr_message* messages, std::size_t count);
  void send_all(std::vector<PeerMessage> messages);

  // quorum_persist.cc: what goes to disk
  Task<> persist();
  std::vector<Write> next_batch();
  Task<Result<>> write_batch(const std::vector<Write>& batch);
  Result<> finish_batch(std::vector<Write> batch);
  void retry_when_space_returns(std::vector<Write> batch);
  void snapshot_if_due();
  Task<> take_snapshot();
  Task<Result<>> write_snapshot(Base at);

  const Shard& shard_;
  const QuorumOptions options_;
  StateMachine& machine_;
  Transport* const transport_;
  QuorumLog log_;
  std::unique_ptr<rr_node, FreeNode> node_;

  Leadership leadership_;
  std::vector<std::move_only_function<void(Leadership)>> listeners_;
  Result<> health_;
  bool in_ready_ = false;  // the core has handed out views and takes no proposals
  bool disk_full_ = false;

  Watermark applied_;
  Membership membership_;  // as of applied_index_
  std::uint64_t applied_index_ = 0;
  std::uint64_t applied_term_ = 0;
  std::multimap<std::uint64_t, Waiter> waiters_;  // by index
  std::vector<OneShot<bool>> unasked_barriers_;
  std::map<std::uint64_t, Barrier> barriers_;  // by the context that went to the core
  std::uint64_t next_barrier_;                 // differs between nodes and lives: a late answer must not be another's

  HardState hard_state_;  // as the core last said; on disk with the next record
  std::deque<Write> writes_;
  std::vector<Write> unwritten_;  // waits for space on the disk
  std::optional<Received> incoming_;
  std::vector<BrokerId> unsendable_;  // whose snapshot could not be sent
  std::uint64_t bytes_since_snapshot_ = 0;
  std::uint64_t snapshot_index_ = 0;
  bool taking_snapshot_ = false;

  std::unique_ptr<Clock::Timer> tick_timer_;
  std::unique_ptr<Clock::Timer> retry_timer_;
  Parking drive_parking_;
  Parking persist_parking_;
  bool dirty_ = false;
  bool stopping_ = false;
  int running_ = 0;  // coroutines of ours
  OneShot<bool> all_ended_;
  void ended();
};

}  // namespace thalweg::raft
