// One partition while this broker leads it in one leader epoch: who is in sync, and up to where records are committed.
//
// A pure machine: values in, a Step out; time is an argument. It knows no log, no controller and no image of the
// cluster.
//
//   committed ISR   as the image says. Only the image changes it.
//   maximal ISR     the committed one and, while a proposal is under way, those it would add: the controller may have
//                   made it so already.
//   claim           how far a follower says it has the log on disk, in a fetch of this leader epoch and after the check
//                   that its log does not diverge.
//
// The high watermark is the least of this broker's acknowledged end and the claims of the maximal ISR. It moves only
// while the committed ISR has min.insync.replicas members (or all replicas, if there are fewer), and never back. A
// member that was not heard in this epoch holds it where it is. With an ISR of this broker alone it is what the own
// disk says.
//
// The rules are numbered in docs/internals/replication.md (R1 to R10); tests name the one that they are about.
//
// Out of the ISR goes who was not caught up for lag_max or did not ask at all for silence_max; in comes who has all
// that is committed and all that was there when the epoch began. One proposal at a time; it ends with a higher
// partition epoch in the image or with on_refused().
//
// A follower in sync may *rest*: its fetches go on and say the same of this partition each time, so nobody looks at it
// for them. While it rests it counts as asking and caught up; whoever lets it rest sees that it asks, and says when it
// last did as soon as it rests no more.
//
// Invariants: the high watermark never falls; self is always in what is proposed.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <vector>

#include "base/time.h"
#include "base/types.h"
#include "metadata/image.h"

namespace thalweg::replication {

struct ReplicationTimes {
  Instant lag_max = std::chrono::seconds(30);     // replica.lag.time.max.ms
  Instant silence_max = std::chrono::seconds(2);  // no fetch at all
  Instant refused_wait = std::chrono::seconds(1);
  // Who left the ISR must stay caught up this long, doubled for each time it left within leaves_within, at most
  // back_max.
  Instant back_min = std::chrono::seconds(1), back_max = std::chrono::seconds(30);
  Instant leaves_within = std::chrono::minutes(10);
};

class Replication {
 public:
  struct Local {
    Offset end, acknowledged;  // of this broker's log
    Offset start{0};
  };
  struct Fetched {
    BrokerId from;
    std::int64_t broker_epoch = -1;
    Offset position;  // where it reads on: the end of its log
    Offset claim;     // what it has on disk; as far as `position` where it cannot say
    Offset log_start = kNoOffset;
  };
  // One change of the ISR to ask the controller for; holds if the partition still has this epoch. Without whoever asks
  // it is a leader that gives up (replica::Partition), which is never wanted here.
  struct Wanted {
    std::vector<BrokerId> isr;
    std::int32_t partition_epoch = -1;
    LeaderEpoch leader_epoch = kNoLeaderEpoch;
    std::vector<std::int64_t> broker_epochs = {};  // of each of `isr`: what it fetched with; -1 where nobody is new
    friend bool operator==(const Wanted&, const Wanted&) = default;
  };
  struct Step {
    Offset high_watermark;
    std::optional<Wanted> propose;
    std::optional<Instant> again;  // call on_timer() then, instead of when the last step said
  };
  // A follower as the leader sees it.
  struct FollowerState {
    BrokerId id;
    std::int64_t broker_epoch = -1;
    std::optional<Offset> claim;  // nothing: not heard in this epoch
    Offset position{-1};
    Offset log_start = kNoOffset;
    Instant caught_up{}, asked{};
    friend bool operator==(const FollowerState&, const FollowerState&) = default;
  };
  // Whether a broker of this epoch may be in sync: it is there and not about to leave. The image knows.
  using Eligible = std::function<bool(BrokerId, std::int64_t broker_epoch)>;

  Replication(BrokerId self, const metadata::Partition& state, std::size_t in_sync_min, Local local,
              Offset high_watermark, ReplicationTimes times, Instant now);

  // The image changed within this leader epoch.
  Step on_image(const metadata::Partition& state, std::size_t in_sync_min, Local local, const Eligible& eligible,
                Instant now);
  // min.insync.replicas changed.
  Step on_config(std::size_t in_sync_min, const Eligible& eligible, Instant now);
  // Records were appended or came to disk.
  Step on_local(Local local, const Eligible& eligible, Instant now);
  // REQUIRES: the fetch is of this leader epoch and does not diverge
  Step on_fetch(const Fetched& fetch, Local local, const Eligible& eligible, Instant now);
  // The controller says that nothing was changed of what was proposed under this partition epoch. An answer to an older
  // proposal says nothing.
  Step on_refused(std::int32_t partition_epoch, const Eligible& eligible, Instant now);
  Step on_timer(const Eligible& eligible, Instant now);

  // The follower rests from now on. False, and nothing changed: it is not in sync, or has said something else since.
  // REQUIRES: `position` is where the log ends, and stir() comes before the log or the image changes
  bool rest(BrokerId from, std::int64_t broker_epoch, Offset position);
  // It rests no more; at `heard` it asked last. A step follows, which is on_timer() where nothing else happened.
  void stir(BrokerId from, Instant heard);

  Offset high_watermark() const { return high_watermark_; }
  // Where the logs of the maximal ISR begin, at the least; below zero while one was not heard in this epoch, or while
  // fewer than min.insync.replicas are in sync. `own`: where this broker's does.
  Offset low_watermark(Offset own) const;
  const std::vector<BrokerId>& in_sync() const { return isr_; }  // committed
  // Nobody else has to confirm a record.
  bool is_alone() const;
  // There are other replicas, and none has asked for anything for silence_max.
  bool is_forsaken(Instant now) const;
  bool has_followers() const { return !followers_.empty(); }
  // It has passed what earlier leaders left: before, a consumer that asks for the end must not be told it (KIP-207).
  bool high_watermark_is_known() const { return high_watermark_ >= epoch_start_; }
  Offset epoch_start() const { return epoch_start_; }
  const std::optional<Wanted>& proposed() const { return pending_; }
  std::vector<FollowerState> followers() const;

 private:
  struct Follower {
    std::int64_t broker_epoch = -1;
    std::optional<Offset> claim;  // nothing: not heard in this epoch
    Offset position{-1}, log_start = kNoOffset;
    Instant asked, caught_up;  // last
    bool reached_end = false;  // it was caught up in this epoch, not only granted its time
    bool rests = false;
    // Where the log ended when it first asked from where it does, and when that was.
    Offset end_when_asked{-1};
    Instant looked;
    Instant good_since;  // caught up since then without a break
    int leaves = 0;
    Instant left{};
  };
  Step step(const Eligible& eligible, Instant now);
  void take_image(const metadata::Partition& state, std::size_t in_sync_min, Instant now);
  void move_high_watermark();
  bool in_isr(BrokerId id) const;
  std::int64_t broker_epoch_of(BrokerId id) const;
  bool below_min() const { return isr_.size() < in_sync_min_; }
  Instant leaves_at(const Follower& follower) const;
  std::optional<Instant> joins_at(BrokerId id, const Follower& follower, const Eligible& eligible, Instant now) const;
  std::optional<Wanted> wanted(const Eligible& eligible, Instant now) const;
  std::optional<Instant> next_look(const Eligible& eligible, Instant now) const;

  const BrokerId self_;
  const ReplicationTimes times_;
  const Offset epoch_start_;  // where the log ended when this epoch began
  std::vector<BrokerId> isr_;
  const LeaderEpoch leader_epoch_;
  std::int32_t partition_epoch_;
  std::size_t in_sync_min_;
  std::map<BrokerId, Follower> followers_;  // all other replicas
  std::optional<Wanted> pending_;
  Instant quiet_until_{};  // after a refusal
  Local local_;
  Offset high_watermark_;
};

}  // namespace thalweg::replication
