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
  Quorum(Shard& shard, QuorumOptions options, StateMachine& machine, Transport* transport);
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
  // stale.
  Task<Result<Offset>> read_barrier(Instant deadline);

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
  struct Write;
  struct Waiter;
  struct Core;

  Task<Result<>> open();
  Result<> restore_core(QuorumLog::Recovered recovered);
  void tick();
  void wake();
  Task<> drive();
  void pump();
  void take_ready();
  void apply_committed();
  void after_pump();
  void resolve(Offset index, LeaderEpoch epoch);
  void notice_leader();
  void serve_barriers();
  Task<> persist();
  Task<Result<>> write_batch(std::vector<Write>& batch);
  Result<> finish_batch(std::vector<Write>& batch);
  void send_all(std::vector<PeerMessage>& messages);
  Task<> take_snapshot();
  void fail_for_good(Error error);
  Error not_leader() const;
  Task<Result<>> wait_for(Offset index, LeaderEpoch epoch, Instant deadline);

  Shard& shard_;
  const QuorumOptions options_;
  StateMachine& machine_;
  Transport* const transport_;

  std::unique_ptr<QuorumLog> log_;
  std::unique_ptr<Core> core_;
  Membership membership_;  // as of applied_index_
  Leadership leadership_;
  Result<> health_;
  Watermark applied_;
  std::uint64_t applied_index_ = 0;
  std::uint64_t applied_term_ = 0;
};

}  // namespace thalweg::raft
