// The machine's part that deals with brokers: whom it has heard, who is fenced, who may come and go.
#include <algorithm>
#include <utility>

#include "controller/brokers.h"
#include "controller/controller_machine.h"
#include "controller/features.h"
#include "controller/one_reply.h"

namespace thalweg::controller {

using Effects = ControllerMachine::Effects;

Effects ControllerMachine::on(const protocol::UnregisterBrokerRequest& request, Context, RequestId id, Instant now,
                              Timestamp) {
  const bool reports = soft_.sessions.reports(request.broker_id, now);
  auto result = about_broker(unregister_broker(standing(), options_, request, reports), id, now);
  if (!result.append.empty()) soft_.sessions.end(request.broker_id);
  return result;
}

Effects ControllerMachine::on(const protocol::BrokerRegistrationRequest& request, Context context, RequestId id,
                              Instant now, Timestamp) {
  const auto* known = image().broker(request.broker_id);
  const bool alive = known && !known->fenced && soft_.sessions.alive(request.broker_id, now);
  auto decision = register_broker(standing(), options_, request, alive, next_broker_epoch());
  const auto reply = decision.reply;
  auto result = about_broker(std::move(decision), id, now);
  if (reply.error_code != ErrorCode::kNone || result.append.empty()) return result;
  if (!known || known->epoch != reply.broker_epoch) soft_.sessions.end(request.broker_id);
  soft_.progress.on_registered(request.broker_id, reply.broker_epoch, context.log_end + 1);
  return result;
}

Reported ControllerMachine::reported(const Progress::Beat& beat, const Context& context, Instant now) const {
  return {.caught_up = soft_.progress.caught_up(beat),
          .counted_on = leaders_.counted_on(beat.id),
          .leads = leaders_.leads(beat.id),
          .in_force = soft_.progress.may_go(beat, image(), context.in_force, now)};
}

Effects ControllerMachine::on(const protocol::BrokerHeartbeatRequest& request, Context context, RequestId id,
                              Instant now, Timestamp) {
  const Progress::Beat beat{.id = request.broker_id,
                            .epoch = request.broker_epoch,
                            .published = request.current_metadata_offset,
                            .log_end = context.log_end,
                            .leaves = request.want_shut_down};
  auto decision = heartbeat(standing(), options_, request, reported(beat, context, now));
  const bool counts = decision.reply.error_code == ErrorCode::kNone;
  const bool unfenced = counts && !decision.reply.is_fenced;
  const bool may_go = decision.reply.should_shut_down;
  auto result = about_broker(std::move(decision), id, now);
  if (!counts) return result;
  const bool tracked = soft_.sessions.tracks(beat.id);
  on_report(beat, context.unreachable, unfenced, now);
  if (may_go) soft_.sessions.on_left(beat.id);
  if (tracked != unfenced) look_again_at_sessions(result, now);
  if (soft_.reachability.look(image(), now)) look_on(result, Cursor(), now);
  return result;
}

void ControllerMachine::on_report(const Progress::Beat& beat, const std::vector<BrokerId>& unreachable, bool unfenced,
                                  Instant now) {
  soft_.progress.on_beat(beat);
  // As the log has it before this step: from now on the others have to know.
  if (beat.leaves && image().broker(beat.id)->in_controlled_shutdown && !leaders_.leads(beat.id))
    soft_.progress.on_drained(beat.id, beat.log_end, now);
  soft_.reachability.on_beat(beat.id, unreachable);
  soft_.sessions.set_quick(quick());
  soft_.sessions.on_beat(beat.id, beat.epoch, unfenced, now);
}

Effects ControllerMachine::on(const BrokerGone& evidence, Context, RequestId id, Instant now, Timestamp) {
  BrokerDecision<BrokerGoneResponse> decision;
  const auto* broker = image().broker(evidence.broker_id);
  soft_.sessions.set_quick(quick());
  if (broker && broker->epoch == evidence.broker_epoch && !broker->fenced &&
      soft_.sessions.trusts_evidence(evidence.broker_id)) {
    auto fenced = fence(standing(), options_, *broker);
    decision.records = std::move(fenced.records);
    decision.rest = std::move(fenced.rest);
    decision.reply.fenced = true;
  }
  auto result = about_broker(std::move(decision), id, now);
  if (!result.append.empty()) soft_.sessions.on_silenced(evidence.broker_id);
  return result;
}

// What does not fit into this step is looked at in the next ones. A step that looked at partitions began at the first,
// so what an earlier one had left is in its rest too.
template <class Response>
Effects ControllerMachine::about_broker(BrokerDecision<Response> decision, RequestId id, Instant now) {
  auto rest = std::move(decision.rest);
  auto result = one_reply(Decision<Response>(std::move(decision)), id);
  if (result.append.empty()) return result;
  keep_for_undo(result);
  soft_.repair = rest;
  if (rest) result.timers.push_back({TimerKey::kRepair, now});
  return result;
}

void ControllerMachine::look_again_at_sessions(Effects& effects, Instant now) {
  effects.timers.push_back({TimerKey::kSessions, soft_.sessions.next_look(now)});
}

// Fences one broker a step, so that each step sees the leaders that the one before has moved.
Effects ControllerMachine::fence_silent_broker(Instant now) {
  Effects result;
  auto before = soft_;
  soft_.sessions.set_quick(quick());
  const auto silent = soft_.sessions.look(now);
  const auto* broker = silent ? image().broker(*silent) : nullptr;
  if (silent && (!broker || broker->fenced)) {
    soft_.sessions.end(*silent);
  } else if (broker) {
    auto fenced = fence(standing(), options_, *broker);
    result.append = std::move(fenced.records);
    before_ = std::move(before);
    soft_.sessions.on_silenced(broker->id);
    soft_.repair = fenced.rest;
    if (fenced.rest) result.timers.push_back({TimerKey::kRepair, now});
  }
  if (soft_.reachability.look(image(), now)) look_on(result, Cursor(), now);
  if (silent)
    result.timers.push_back({TimerKey::kSessions, now});
  else
    look_again_at_sessions(result, now);
  return result;
}

bool ControllerMachine::quick() const { return image().feature(kThalwegFeature) >= 1; }

// Larger than that of every process that ever registered, as far as the log still tells.
std::int64_t ControllerMachine::next_broker_epoch() const {
  std::int64_t newest = std::max(newest_broker_epoch_, image().index());
  for (const auto& [id, broker] : image().brokers()) newest = std::max(newest, broker.epoch);
  return newest + 1;
}

}  // namespace thalweg::controller
