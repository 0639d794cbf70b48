#include "broker/lifecycle_machine.h"

#include <algorithm>

#include "base/check.h"

namespace thalweg::broker {
namespace {

// Nobody has decided: there is no controller at the moment, or it did not say.
bool is_passing(ErrorCode code) {
  return code == ErrorCode::kNotController || code == ErrorCode::kRequestTimedOut ||
         code == ErrorCode::kThrottlingQuotaExceeded || code == ErrorCode::kKafkaStorageError ||
         code == ErrorCode::kNetworkException;
}

// The registration is gone, and with it all that was led under it.
bool is_forgotten(ErrorCode code) {
  return code == ErrorCode::kBrokerIdNotRegistered || code == ErrorCode::kStaleBrokerEpoch;
}

}  // namespace

std::string_view name(LifecycleMachine::State state) {
  using enum LifecycleMachine::State;
  switch (state) {
    case kRecovering:
      return "recovering";
    case kRegistering:
      return "registering";
    case kCatchingUp:
      return "catching-up";
    case kFenced:
      return "fenced";
    case kRunning:
      return "running";
    case kIsolated:
      return "isolated";
    case kDraining:
      return "draining";
    case kStopped:
      return "stopped";
  }
  return "?";
}

void LifecycleMachine::recovered(Instant now) {
  CHECK(state_ == State::kRecovering);
  state_ = State::kRegistering;
  due_ = now;
}

LifecycleMachine::Beat LifecycleMachine::wish(const Health& health) const {
  if (state_ == State::kDraining) return {.want_shut_down = true};
  return {.want_fence = state_ == State::kCatchingUp || !health.applies_metadata};
}

Instant LifecycleMachine::interval(const Health& health) const {
  return health.others ? std::min(interval_, kAmongOthers) : interval_;
}

// A lone broker beats rarely, and has nobody to be cut off from.
void LifecycleMachine::note_silence(const Health& health, Instant now) {
  if (state_ == State::kRunning && now - last_good_ >= interval(health) + kIsolatedAfter) state_ = State::kIsolated;
}

LifecycleMachine::Ask LifecycleMachine::on_tick(const Health& health, Instant now) {
  if (state_ == State::kRecovering || state_ == State::kStopped || asking_) return {};
  if (state_ == State::kCatchingUp && health.registered_here) {
    state_ = health.losses_told ? State::kFenced : State::kRegistering;
    due_ = now;
  }
  note_silence(health, now);
  if (state_ != State::kRegistering) {
    if (!health.shards_answer) return {.again = now + kLookAgain};
    if (told_ && health.others && *told_ != health) due_ = std::min(due_, sent_ + kChangesPause);
  }
  if (now < due_) return {.again = due_};
  asking_ = true;
  sent_ = now;
  if (state_ == State::kRegistering) return {.what = Register{}};
  due_ = now + interval(health);
  told_ = health;
  asked_ = wish(health);
  return {.what = asked_};
}

void LifecycleMachine::on_registered(const Result<std::int64_t>& epoch, Instant now) {
  asking_ = false;
  if (state_ != State::kRegistering) return;
  if (epoch) {
    epoch_ = *epoch;
    state_ = State::kCatchingUp;
    due_ = last_good_ = now;
  } else if (epoch.error().code == ErrorCode::kDuplicateBrokerRegistration) {
    due_ = now + kDuplicatePause;
  } else if (is_passing(epoch.error().code)) {
    due_ = now + kRefusedPause;
  } else {
    failure_ = epoch.error();
    state_ = State::kStopped;
  }
}

void LifecycleMachine::on_beat(const Result<Beaten>& answer, Instant now) {
  asking_ = false;
  if (state_ == State::kStopped) return;
  if (answer) last_good_ = now;
  if (state_ == State::kDraining) {
    drained_ = answer ? answer->should_shut_down : is_forgotten(answer.error().code);
    if (drained_) state_ = State::kStopped;
    due_ = asked_.want_shut_down ? now + kDrainPause : now;
    return;
  }
  if (!answer) {
    due_ = std::max(due_, now + kUnfencePause);
    return;
  }
  if (state_ == State::kCatchingUp) return;
  state_ = answer->is_fenced ? State::kFenced : State::kRunning;
  sure_until_ = told_ && told_->others ? sent_ + sure_for_ : Instant::max();
  const bool wanted = told_ && !told_->applies_metadata;
  if (answer->is_fenced && !wanted) due_ = std::min(due_, now + kUnfencePause);
}

void LifecycleMachine::give_up_drain() {
  if (state_ == State::kDraining) state_ = State::kStopped;
}

void LifecycleMachine::begin_drain(Instant now) {
  if (state_ == State::kStopped) return;
  state_ = State::kDraining;
  due_ = now;
}

}  // namespace thalweg::broker
