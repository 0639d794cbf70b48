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
struct rr_entry;

namespace thalweg::raft {

struct VotersSeen;

struct QuorumOptions {
  // The log lives in <metadata_log_dir>/__cluster_metadata-0. REQUIRES: the name of metadata_log_dir is durable
  std::string metadata_log_dir;
  BrokerId self{0};
  // The founding voters, on every founding member alike. Only read when the log is new; empty: join an existing quorum.
  std::vector<BrokerId> voters;
  // What the leader's add_learner() gave this disk. Only read when the log is new; to join without it is an error, and
  // the log remembers it.
  MemberId member = kNoMember;
  Millis election_timeout{1000};
  Millis heartbeat_interval{100};
  std::uint64_t snapshot_after_bytes = 20 << 20;   // applied since the last one
  std::uint64_t uncommitted_bytes_max = 64 << 20;  // then append() answers "busy"
  std::uint64_t segment_bytes = 16 << 20;
};

struct Leadership {
  BrokerId leader = kNoBroker;  // kNoBroker: unknown, or elected but not yet ready to serve
  LeaderEpoch epoch{0};
  MemberId member = kNoMember;  // which disk of that node
  friend bool operator==(const Leadership&, const Leadership&) = default;
};

struct QuorumPosition {
  Offset committed, applied, last, base;  // base: index of the latest snapshot
  LeaderEpoch epoch;
};

// Of a member of the table. kAddVoter promotes a learner, kAddLearner demotes a voter.
struct MemberChange {
  enum class Kind { kAddVoter, kRemove, kAddLearner } kind;
  MemberId member;
  friend bool operator==(const MemberChange&, const MemberChange&) = default;
};

// Which voter is meant, in the words of KIP-853: Kafka's ReplicaKey.
struct VoterKey {
  BrokerId node = kNoBroker;
  Uuid directory;  // directory.id of its metadata directory
};

// A member as its leader sees it: the material of DescribeQuorum and of the voters' plan.
struct MemberProgress {
  Member member;
  bool voter = false;
  Offset match{0};  // the last entry that it is known to have on disk; Kafka's LogEndOffset is one more
  std::optional<Instant> last_contact;    // nothing: not heard since this node leads
  std::optional<Instant> last_caught_up;  // when it had all that the leader had; Kafka's LastCaughtUpTimestamp
};

class Quorum {
 public:
  static constexpr std::size_t kEntryMax = 8 << 20;
  static constexpr std::size_t kMembersMax = 1000;
  static constexpr std::size_t kMemberBytesMax = 4 << 10;  // of one in the table, names of listeners and hosts included

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
  bool is_leader() const { return leadership_.member == self_; }
  // Called on the shard after every change of leader(), outside apply(). Listeners live as long as the quorum.
  void on_leader_change(std::move_only_function<void(Leadership)> listener);

  QuorumPosition position() const;
  // An error when this node can no longer take part: its disk failed or the core refused to go on. Final until restart.
  const Result<>& health() const { return health_; }

  // Something has been on its way to the disk of this node for longer than kDiskPatience: what is committed meanwhile
  // is not applied here.
  bool disk_stands_still() const;

  // Who this node is to the others. Known once start() has returned.
  MemberId self() const { return self_; }
  // Both as of the last applied entry. A joiner's are empty until its first snapshot.
  const Membership& membership() const { return membership_; }
  const MemberTable& members() const { return members_; }
  // Called on the shard after every change of either, outside apply(). Listeners live as long as the quorum.
  void on_members_change(std::move_only_function<void()> listener);

  // The changes of members: leader only (else kNotController), one at a time (else kThrottlingQuotaExceeded: try
  // again). They return when the change has been applied here; kRequestTimedOut: it may still be. Asked again, they
  // find their own work and answer the same.

  // The member that `joiner.node` with `joiner.directory` is (`joiner.id` is not read): the one it was already, or a
  // learner with a new id. Endpoints and may_vote of a known one are brought up to date. Whoever asks has an empty log,
  // or one that was made for the id that an earlier answer gave.
  //   kInvalidRequest                no directory, too many endpoints, or too many members
  //   kDuplicateBrokerRegistration   another disk of that node is alive: two nodes have one id, or try again soon
  Task<Result<MemberId>> add_learner(Member joiner, Instant deadline);
  // A member's endpoints and may_vote as it says now; its directory, if the table does not know it yet.
  //   kInvalidRequest                too many endpoints
  //   kVoterNotFound                 no member has this id
  //   kInconsistentVoterSet          it is on another disk
  Task<Result<>> update_member(Member member, Instant deadline);
  // Several at once are one change: nobody ever sees a part of it, and majorities of both sets decide meanwhile. When
  // it is answered, the new members decide alone, also without the leader that answered.
  // kVoterNotFound: one of them is no member.
  Task<Result<>> change_members(std::vector<MemberChange> changes, Instant deadline);
  // A leader that is to be removed hands over first and answers kNotController: ask the next one.
  Task<Result<>> remove_member(MemberId member, Instant deadline);
  // Because somebody asks for it: the learner is given a vote; the voter becomes a learner, and stays one until
  // somebody asks for the opposite, whatever the plan of voters (membership_plan.h) would like. Errors: those of
  // voter_requests.h. A leader that is to lose its vote hands over first and answers kNotController: ask the next one.
  Task<Result<>> add_voter(VoterKey voter, Instant deadline);
  Task<Result<>> dismiss_voter(VoterKey voter, Instant deadline);
  // The learners of a node are to stay what they are, until somebody asks for the opposite: the node was removed.
  Task<Result<>> dismiss_learners(BrokerId node, Instant deadline);
  Result<> transfer_leadership(MemberId to);
  // Before this node stops: whoever has most of the log is to lead instead. True once this node does not lead, at once
  // if it never did; false where nobody else could, or nobody took over in time.
  Task<bool> hand_over(Instant deadline);
  // All members, by id; empty unless this node leads.
  std::vector<MemberProgress> progress() const;

  // For the transport. `from` is who the connection authenticated. A refused message is the peer's fault, never ours.
  // `image` is whole: of a snapshot, and of nothing else.
  Result<> receive(MemberId from, SharedBytes body, SharedBytes image);
  void peer_unreachable(MemberId peer);
  // See transport.h.
  void snapshot_sent(MemberId peer, bool arrived);
  // The process of the leader is gone, as the operating system of its machine says: an early end of the election
  // timeout, no more. Voters then ask for votes one after another, kCampaignGap apart, and again. Does nothing unless
  // this node follows `leader`. When it was a mistake, the others know better and the leader stays; nothing can be lost
  // by it.
  void leader_gone(MemberId leader);
  static constexpr Millis kCampaignGap{30};
  // A leader that has brought nothing to its disk for so long hands over, where others can decide.
  static constexpr Millis kDiskPatience{2000};

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

  struct Contact {
    Instant last{0};
    std::optional<Instant> caught_up;
    Instant marked{0};  // when the leader's log ended at `mark`, which the member has to reach next
    std::uint64_t mark = 0;
  };

  // quorum.cc
  Result<> take_identity(const QuorumLog::Recovered& recovered);
  Result<> restore(QuorumLog::Recovered recovered);
  void schedule_tick();
  void wake();
  Task<Result<>> outcome_of(Offset index, LeaderEpoch epoch, Instant deadline);
  std::optional<Error> refusal(LeaderEpoch epoch) const;
  Error not_leader() const;
  Error refused(int rc);
  void fail_for_good(Error error);
  void abandon_waiters(const Error& error);

  // quorum_members.cc: who belongs to it
  Task<Result<>> propose_members(std::vector<MemberChange> changes, std::vector<Member> context, Instant deadline);
  Task<Result<>> in_force(LeaderEpoch epoch, Instant deadline);
  void say_members() const;
  Task<Result<>> put_member(Member member, Instant deadline);
  Error after_hand_over();
  VotersSeen voters_seen(const std::vector<MemberProgress>& members) const;
  bool has_living_disk(BrokerId node) const;
  std::optional<Instant> last_contact(MemberId member) const;
  void note_contact(MemberId from);
  void apply_members(const rr_entry& entry);
  void tell_members_change();
  std::optional<std::size_t> rank_after(MemberId leader) const;
  void campaign_at(Instant when, Instant until, std::uint64_t term);

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
  void leave_a_disk_that_stands_still();
  std::optional<MemberId> heir_that_decides_without_us() const;
  void snapshot_if_due();
  Task<> take_snapshot();
  Task<Result<>> write_snapshot(Base at);

  const Shard& shard_;
  const QuorumOptions options_;
  MemberId self_;
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
  MemberTable members_;    // the same
  bool members_changed_ = false;
  bool unreadable_ = false;  // a committed change that this program does not understand: it may not go on
  std::vector<std::move_only_function<void()>> members_listeners_;
  std::map<MemberId, Contact> contacts_;  // since this node leads
  std::uint64_t applied_index_ = 0;
  std::uint64_t applied_term_ = 0;
  std::multimap<std::uint64_t, Waiter> waiters_;  // by index
  std::vector<OneShot<bool>> unasked_barriers_;
  std::map<std::uint64_t, Barrier> barriers_;  // by the context that went to the core
  std::uint64_t next_barrier_;                 // differs between nodes and lives: a late answer must not be another's

  HardState hard_state_;  // as the core last said; on disk with the next record
  std::deque<Write> writes_;
  std::vector<Write> unwritten_;          // waits for space on the disk
  std::optional<Instant> writing_since_;  // something is to be on disk, and is not
  bool said_standing_still_ = false;      // of this write
  std::optional<Received> incoming_;
  std::vector<MemberId> unsendable_;  // whose snapshot could not be sent
  std::uint64_t bytes_since_snapshot_ = 0;
  std::uint64_t snapshot_index_ = 0;
  bool taking_snapshot_ = false;

  std::unique_ptr<Clock::Timer> tick_timer_;
  std::unique_ptr<Clock::Timer> retry_timer_;
  std::unique_ptr<Clock::Timer> campaign_timer_;
  Parking drive_parking_;
  Parking persist_parking_;
  bool dirty_ = false;
  bool stopping_ = false;
  int running_ = 0;  // coroutines of ours
  OneShot<bool> all_ended_;
  void ended();
};

}  // namespace thalweg::raft
