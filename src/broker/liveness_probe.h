// Whether the process behind an address is gone, for those who have lost their connection to it: that a connection ends
// is a hint only. It knocks at the port:
//
//   refused twice in a row   the process is gone, as its own machine says; within milliseconds of kill -9
//   taken                    no verdict. It may be dying still, so a few more knocks follow
//   silent                   no verdict: a machine without power and a wire that is cut look alike, and so does a
//                            machine that is busy. Heartbeats tell of those by their absence
//
// A knock waits for kWithin only: a SYN that meets a listener in the moment of its end is sent again after a second.
// Where the answers help nobody (a firewall refuses us, and the process lives), looks come further and further apart.
//
// Owner: one shard. Verdicts come between calls, and not after stop().
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>

#include "raft/membership.h"
#include "runtime/shard.h"

namespace thalweg::broker {

// What the answers to one look's knocks amount to. Pure.
class KnockTally {
 public:
  enum class Verdict : std::uint8_t { kGoOn, kGone, kNone };
  static constexpr int kRefusals = 2, kKnocksMax = 5;

  Verdict on(Knock answer) {
    refused_ = answer == Knock::kRefused ? refused_ + 1 : 0;
    if (refused_ == kRefusals) return Verdict::kGone;
    return ++knocks_ == kKnocksMax ? Verdict::kNone : Verdict::kGoOn;
  }

 private:
  int knocks_ = 0, refused_ = 0;
};

class LivenessProbe {
 public:
  static constexpr Instant kWithin = std::chrono::milliseconds(30), kBetween = std::chrono::milliseconds(10);
  // After a look at a node, until the next at the same one; doubled each time, and forgotten after kCalm.
  static constexpr Instant kPauseFirst = std::chrono::milliseconds(100), kPauseLast = std::chrono::seconds(10);
  static constexpr Instant kCalm = std::chrono::minutes(1);

  explicit LivenessProbe(const Shard& shard);
  ~LivenessProbe();
  LivenessProbe(const LivenessProbe&) = delete;

  // Looks at the node, now or when its pause is over, and calls `gone` if it is. What was asked about the node before
  // and has not begun is forgotten for it.
  void look(raft::MemberId node, Endpoint at, std::function<void()> gone);
  // It is there: what was asked about it has its answer, and the next look has no pause before it.
  void forget(raft::MemberId node);
  // No pauses: another one needs to know.
  void begin_anew();
  void stop();

 private:
  struct State;
  static void proceed(const std::shared_ptr<State>& state, raft::MemberId node);
  static Task<> run(std::shared_ptr<State> state, raft::MemberId node);

  const std::shared_ptr<State> state_;
};

}  // namespace thalweg::broker
