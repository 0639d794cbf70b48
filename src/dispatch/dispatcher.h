// One consumer's decisions: which record runs now, which waits, is tried again or goes to the dead letters, which
// partition is read, and what may be committed. A machine: no thread, no clock, no queue of a client library; the host
// (client/consumer) calls it under a lock and does what it says.
//
// Records of a *lane* run one after the other, in the order of the log; lanes run at the same time. With
// Order::kPartition a partition is one lane, with kKey every key of it is. A host takes a Run: as many records of one
// lane as have come by then, so that under load a lock is taken once for many records.
//
// What is promised:
// - A lane is in one place: ready, running, in back-off, or waiting for its dead letter. Never two runs of it at once.
// - A record is settled when it was handled or its dead letter was written; committable() never passes one that is not.
// - A lane in back-off delays nobody else. With kPartition its partition is not read meanwhile, and with both the
// partition is not
//   read while `in_hand` records of it are kept: memory is bounded by partitions times `in_hand`.
// - After revoke() nothing of a partition begins.
//
// Owner: whoever holds the host's lock.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <unordered_map>
#include <vector>

#include "base/types.h"
#include "dispatch/backoff.h"
#include "dispatch/progress.h"

namespace thalweg::dispatch {

enum class Order { kPartition, kKey };

// One assignment of one partition. A partition that is lost and comes back is another slot, so what is late hits
// nobody.
using Slot = Strong<std::uint32_t, struct SlotTag>;

// Which record: the host keeps it under this name until it is settled.
struct Token {
  Slot slot;
  std::uint64_t sequence = 0;
  friend auto operator<=>(const Token&, const Token&) = default;
};

// A topic whose handler takes many records at once: it runs when there are `count` or `bytes` of them, or the oldest is
// `age` old.
struct Batching {
  std::size_t count = 100;
  std::size_t bytes = 1 << 20;
  Nanos age{std::chrono::seconds(1)};
};

struct Rules {
  Order order = Order::kPartition;
  std::size_t in_hand = 1000;  // records of a partition that are read and not settled
  std::size_t run_most = 256;  // records of one run, so that lanes take turns
  int attempts = 3;            // counting the first; at least 1
  Backoff backoff;
  bool dead_letters = false;  // else a record that cannot be handled stops the consumer
  Backoff dead_letter_backoff;
};

struct Run {
  Slot slot;
  std::uint64_t lane = 0;
  std::vector<Token> tokens;  // in the order of the log
  bool whole = false;         // a batch: it succeeds or fails as one
  int attempt = 1;            // of its first record
};

enum class Outcome {
  kOk,         // all of the run was handled
  kYielded,    // stopped early; what was not handled is as if it had not been taken
  kRetriable,  // the record after the handled ones failed
  kPoison,     // the same, and it will never get better
};

// What the host must do now.
struct Step {
  struct DeadLetter {
    Token token;
    int attempts = 0;
  };
  std::vector<DeadLetter> dead_letters;  // write, then say dead_lettered()
  std::optional<Token> stop;             // this record cannot be handled and there is no queue of dead letters
};

class Dispatcher {
 public:
  explicit Dispatcher(Rules rules);

  Slot assign(std::optional<Batching> batching = {});
  // A record was read. REQUIRES: wants(slot) was true before this fetch; offsets rise within
  // a slot, unless its log was cut or made anew (see Progress).
  Token add(Slot slot, Offset offset, std::uint64_t key_hash, std::uint32_t bytes, Instant now);

  // The next run, from the lane that has waited longest; nothing when no lane is ready.
  std::optional<Run> take(Instant now);
  // The first `handled` records of the run were handled; then `outcome`. REQUIRES: for whole runs handled is 0 or all.
  Step done(const Run& run, std::size_t handled, Outcome outcome, Instant now);
  Step dead_lettered(Token token, bool written, Instant now);
  Step on_timer(Instant now);
  std::optional<Instant> next_timer() const;

  // False: leave its queue alone. How many may be added: room().
  bool wants(Slot slot) const { return room(slot) > 0; }
  std::size_t room(Slot slot) const;
  bool has_ready() const { return !ready_.empty(); }
  std::size_t ready_lanes() const { return ready_.size(); }

  std::optional<Offset> committable(Slot slot) const;
  std::uint64_t first_kept(Slot slot) const;  // older ones may be forgotten
  // Nothing of it begins any more. True once nothing of it runs or is being dead-lettered: then forget() it.
  bool revoke(Slot slot);
  bool idle(Slot slot) const;
  void forget(Slot slot);

 private:
  enum class State { kCollecting, kReady, kRunning, kBackingOff, kDeadLettering, kDeadLetterBackingOff };
  struct Lane {
    State state = State::kCollecting;
    std::deque<std::uint64_t> queue;  // sequences, unsettled
    std::size_t bytes = 0;
    Instant oldest{};              // when the first of a batch came
    int attempt = 1;               // of the head, or of the batch in `failed_batch`
    std::size_t failed_batch = 0;  // a batch is tried again as it was
    std::size_t letters = 0;       // dead letters that are being written
    std::deque<std::uint64_t> unwritten;
    int letter_attempt = 1;
    std::optional<Instant> timer;
  };
  struct Partition {
    std::optional<Batching> batching;
    Progress progress;
    std::unordered_map<std::uint64_t, Lane> lanes;  // never iterated
    std::unordered_map<std::uint64_t, std::uint64_t> lane_of_letter;
    std::size_t busy = 0;         // runs and dead letters out
    std::size_t backing_off = 0;  // lanes
    bool revoked = false;
  };
  using LaneRef = std::pair<Slot, std::uint64_t>;

  Partition& partition(Slot slot);
  const Partition& partition(Slot slot) const;
  void make_ready(Slot slot, std::uint64_t key, Lane& lane);
  void settle_into(Slot slot, Partition& p, std::uint64_t key, Lane& lane, Instant now);
  bool batch_is_full(const Partition& p, const Lane& lane, Instant now) const;
  std::size_t run_length(const Partition& p, const Lane& lane) const;
  void wait(Slot slot, std::uint64_t key, Partition& p, Lane& lane, State state, Instant until);
  void cancel_timer(Slot slot, std::uint64_t key, Lane& lane);
  void fail(Slot slot, std::uint64_t key, Partition& p, Lane& lane, std::size_t failed, bool poison, Instant now,
            Step& step);
  void send_letters(Slot slot, std::uint64_t key, Partition& p, Lane& lane, Step& step);

  const Rules rules_;
  std::map<Slot, Partition> partitions_;
  std::deque<LaneRef> ready_;
  std::set<std::pair<Instant, LaneRef>> timers_;
  std::uint32_t next_slot_ = 1;
};

}  // namespace thalweg::dispatch
