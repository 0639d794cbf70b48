// What a broker tells the controller, and when: a machine without a clock, a link or a disk. BrokerLifecycle carries it
// out; broker/testdata/lifecycle.txt are conversations with it.
//
//   recovering → registering ⇄ catching up → fenced → running ⇄ isolated
//                     ↑ 250 ms while a former process' session lasts           … → draining → stopped
//
// A broker registers before it knows its whole image, as committed entries that it had may be known as such only once
// there is a leader. The logs that its own registration brings with it may tell of losses: then it registers again,
// with those, before it asks to be unfenced.
//
// One question is under way at a time; who carries it out brings the answer and ticks again. Beats go at the configured
// interval, among others at least each 160 ms, and at once when there is something to tell. A beat vouches for the
// whole process: while a shard does not answer there are none, and silence does the rest.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "base/types.h"
#include "base/uuid.h"

namespace thalweg::broker {

class LifecycleMachine {
 public:
  enum class State : std::uint8_t {
    kRecovering,   // logs are opened and recovered; nothing is claimed before
    kRegistering,  // asks for an epoch
    kCatchingUp,   // its own image does not hold the registration yet: clients must not be shown an older cluster
    kFenced,       // asks to be unfenced
    kRunning,
    kIsolated,  // unfenced as far as it knows, and no controller has answered for kIsolatedAfter
    kDraining,  // what it leads is moved away
    kStopped,   // drained, given up, or refused for good: see failure()
  };

  // What the process looks like at the moment.
  struct Health {
    Offset published{0};           // index of the image that every shard holds
    bool registered_here = false;  // that image has this process' registration
    bool losses_told = true;       // the registration has all that the open logs tell of what they have lost
    bool applies_metadata = true;
    bool shards_answer = true;
    bool others = false;  // other brokers are registered
    std::vector<Uuid> directories_gone;
    friend bool operator==(const Health&, const Health&) = default;
  };

  struct Register {};
  struct Beat {
    bool want_fence = false;
    bool want_shut_down = false;
    friend bool operator==(const Beat&, const Beat&) = default;
  };
  struct Ask {
    std::variant<std::monostate, Register, Beat> what;
    std::optional<Instant> again;  // tick no later than this; nothing: an answer or a change comes first
  };
  struct Beaten {
    bool is_fenced = true;
    bool should_shut_down = false;
  };

  // `interval`: broker.heartbeat.interval.ms; `silence`: thalweg.broker.silence.ms, after which others may lead what
  // this broker has led
  explicit LifecycleMachine(Instant interval, Instant silence = kSilence)
      : interval_(interval), sure_for_(silence - silence / 8) {}

  // The logs are open. REQUIRES: recovering
  void recovered(Instant now);
  Ask on_tick(const Health& health, Instant now);
  // The epoch, or why there is none.
  void on_registered(const Result<std::int64_t>& epoch, Instant now);
  void on_beat(const Result<Beaten>& answer, Instant now);
  void begin_drain(Instant now);
  // Nobody is left who could take over.
  void give_up_drain();
  void stop() { state_ = State::kStopped; }

  State state() const { return state_; }
  std::int64_t epoch() const { return epoch_; }  // -1 until registered
  // Why it will never be registered.
  const std::optional<Error>& failure() const { return failure_; }
  bool drained() const { return drained_; }
  // Until when no controller can have given to others what this broker leads, by what it has heard: a beat was answered
  // that was sent a little less than the controller's patience before. A process that stood still finds it over when it
  // goes on, before any timer has told it. No end where there are no others.
  Instant sure_until() const { return sure_until_; }

  static constexpr Instant kSilence = std::chrono::milliseconds(800);
  static constexpr Instant kAmongOthers = std::chrono::milliseconds(160);
  static constexpr Instant kDuplicatePause = std::chrono::milliseconds(250);  // a former session has to end
  static constexpr Instant kRefusedPause = std::chrono::milliseconds(100);    // there is no controller
  static constexpr Instant kUnfencePause = std::chrono::milliseconds(50);
  static constexpr Instant kDrainPause = std::chrono::milliseconds(50);
  static constexpr Instant kChangesPause = std::chrono::milliseconds(10);  // between beats that only tell of changes
  static constexpr Instant kIsolatedAfter = std::chrono::seconds(2);       // beyond the interval, where that is longer
  static constexpr Instant kLookAgain = std::chrono::milliseconds(100);    // at shards that do not answer

 private:
  Beat wish(const Health& health) const;
  Instant interval(const Health& health) const;
  void note_silence(const Health& health, Instant now);

  const Instant interval_;
  const Instant sure_for_;
  Instant sure_until_ = Instant::max();
  State state_ = State::kRecovering;
  std::int64_t epoch_ = -1;
  std::optional<Error> failure_;
  bool drained_ = false;
  bool asking_ = false;
  Instant due_{0};        // of the next question
  Instant sent_{0};       // of the last one
  Instant last_good_{0};  // of the last answer of a controller
  std::optional<Health> told_;
  Beat asked_;
};

std::string_view name(LifecycleMachine::State state);

}  // namespace thalweg::broker
