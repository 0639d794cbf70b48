#include "broker/broker_lifecycle.h"

#include <algorithm>

#include "base/log.h"
#include "controller/decision.h"
#include "controller/features.h"

namespace thalweg::broker {
namespace {

using protocol::BrokerHeartbeatRequest;
using protocol::BrokerHeartbeatResponse;
using protocol::BrokerRegistrationRequest;
using protocol::BrokerRegistrationResponse;

constexpr std::int16_t kRegistrationVersion = 4, kHeartbeatVersion = 1;
// How long one question waits, with its repetitions; the next one is not asked before.
constexpr Instant kAskedWithin = std::chrono::seconds(2);

}  // namespace

BrokerLifecycle::BrokerLifecycle(const Shard& shard, const config::BrokerConfig& config, ControllerLink& link,
                                 MetadataPublisher& publisher)
    : shard_(shard),
      config_(config),
      link_(link),
      publisher_(publisher),
      incarnation_(Uuid::from_random(shard.random.next(), shard.random.next())),
      pings_(shard),
      machine_(config.broker_heartbeat_interval, to_instant(controller::Options::from(config).broker_silence)) {}

Task<Result<>> BrokerLifecycle::start(std::vector<Uuid> log_dirs) {
  const Instant deadline = shard_.clock.now() + config_.initial_broker_registration_timeout;
  if (machine_.state() == State::kRecovering) {
    CO_TRY_VOID(co_await recover(deadline));
    registration_ = registration(std::move(log_dirs));
    pings_.watch(process_.shards);
    machine_.recovered(shard_.clock.now());
  }
  co_await settle(deadline);
  if (machine_.state() == State::kRunning) co_return Result<>();
  co_return std::unexpected(why_not_started());
}

// What is known so far is in force: all logs are open, or set aside.
Task<Result<>> BrokerLifecycle::recover(Instant deadline) {
  const Offset known{publisher_.current_image()->index()};
  if (!co_await publisher_.published().reached(known, deadline)) {
    if (!publisher_.health()) co_return std::unexpected(publisher_.health().error());
    co_return fail(ErrorCode::kRequestTimedOut, "this broker's logs were not opened in time");
  }
  co_return Result<>();
}

Error BrokerLifecycle::why_not_started() const {
  if (!publisher_.health()) return publisher_.health().error();
  if (machine_.failure()) return *machine_.failure();
  switch (machine_.state()) {
    case State::kRegistering:
      return {ErrorCode::kNotController, "the metadata quorum elected no leader in time"};
    case State::kCatchingUp:
      return {ErrorCode::kRequestTimedOut, "this broker's registration did not reach its own metadata in time"};
    case State::kFenced:
      return {ErrorCode::kRequestTimedOut, "the controller keeps this broker fenced"};
    default:
      return {ErrorCode::kNotController, "the broker is stopping"};
  }
}

BrokerRegistrationRequest BrokerLifecycle::registration(std::vector<Uuid> log_dirs) const {
  BrokerRegistrationRequest request;
  request.broker_id = config_.node_id;
  request.cluster_id = publisher_.published_image()->cluster_id();
  request.incarnation_id = incarnation_;
  request.rack = config_.rack;
  request.log_dirs = std::move(log_dirs);
  for (const auto& advertised : config_.advertised_listeners) {
    BrokerRegistrationRequest::Listener listener;
    listener.name = advertised.name;
    listener.host = advertised.host;
    listener.port = advertised.port;
    listener.security_protocol = static_cast<std::int16_t>(advertised.protocol);
    request.listeners.push_back(std::move(listener));
  }
  for (const auto& supported : controller::supported_features(config_.feature_levels_max)) {
    BrokerRegistrationRequest::Feature feature;
    feature.name = supported.name;
    feature.min_supported_version = supported.min;
    feature.max_supported_version = supported.max;
    request.features.push_back(std::move(feature));
  }
  return request;
}

bool BrokerLifecycle::image_has_me() const {
  const auto* me = publisher_.published_image()->broker(config_.node_id);
  return me && me->epoch == machine_.epoch() && me->incarnation == incarnation_;
}

void BrokerLifecycle::claim_losses() {
  registration_.previous_broker_epoch = process_.previous_epoch();
  registration_.damaged_replicas = process_.damaged();
}

bool BrokerLifecycle::losses_told() const {
  return registration_.previous_broker_epoch == process_.previous_epoch() &&
         registration_.damaged_replicas == process_.damaged();
}

LifecycleMachine::Health BrokerLifecycle::health() {
  const auto& brokers = publisher_.published_image()->brokers();
  const bool registered_here = image_has_me();
  const bool others = std::ranges::any_of(brokers, [&](const auto& entry) { return entry.first != config_.node_id; });
  return {.published = publisher_.published().value(),
          .registered_here = registered_here,
          .losses_told = machine_.state() != State::kCatchingUp || !registered_here || losses_told(),
          .applies_metadata = publisher_.health().has_value(),
          .shards_answer = pings_.all_answer() && !(others && process_.metadata_stands_still()),
          .others = others};
}

// Says what the state is, to whoever waits for it and to the log.
void BrokerLifecycle::note_state() {
  const State now = machine_.state();
  const bool hopeless = now != State::kDraining && !publisher_.health();
  if (settled_ && (now == State::kRunning || now == State::kStopped || hopeless)) settled_->set(true);
  if (now == noted_) return;
  const auto line = [&](auto&& say) {
    say("broker's life", field("state", std::string(name(now))), field("before", std::string(name(noted_))),
        field("epoch", machine_.epoch()));
  };
  if (now == State::kIsolated || (now == State::kFenced && noted_ == State::kRunning))
    line([](auto... fields) { log::warn(fields...); });
  else
    line([](auto... fields) { log::info(fields...); });
  if ((now == State::kIsolated) != (noted_ == State::kIsolated)) process_.isolated(now == State::kIsolated);
  noted_ = now;
}

void BrokerLifecycle::tick() {
  timer_.reset();
  if (stopping_) return;
  const auto ask = machine_.on_tick(health(), shard_.clock.now());
  if (std::holds_alternative<LifecycleMachine::Register>(ask.what)) spawn(shard_, enroll());
  if (const auto* wish = std::get_if<LifecycleMachine::Beat>(&ask.what)) {
    pings_.ask();
    spawn(shard_, beat(*wish));
  }
  if (ask.again) timer_ = shard_.clock.call_at(*ask.again, [this] { shard_.post([this] { tick(); }); });
  note_state();
  tick_when_something_is_published();
}

// A watermark that has failed would tell of it again and again.
void BrokerLifecycle::tick_when_something_is_published() {
  published_.reset();
  if (stopping_ || !publisher_.health()) return;
  published_ =
      publisher_.published().once_above(publisher_.published().value(), [this] { shard_.post([this] { tick(); }); });
}

Result<> BrokerLifecycle::refused(ErrorCode code, const char* what) const {
  if (code == ErrorCode::kUnsupportedVersion)
    return fail(code,
                "the controller refused this broker: the cluster has a feature at a level that this release does "
                "not speak (kafka-features describe shows them). Start the release that the other nodes run");
  if (code == ErrorCode::kStaleBrokerEpoch || code == ErrorCode::kBrokerIdNotRegistered)
    return fail(code,
                "the cluster knows this process no more: its broker was unregistered, or another process runs "
                "under its node.id. It serves nobody; stop it, or start it again to register it");
  return fail(code, std::string("the controller refused this broker's ") + what);
}

// Of what was found while the controller was asked it knows nothing.
Task<Result<>> BrokerLifecycle::keep(std::int64_t epoch) {
  if (losses_told() && process_.damage_is_told) CO_TRY_VOID(co_await process_.damage_is_told());
  if (process_.remember_epoch) CO_TRY_VOID(co_await process_.remember_epoch(epoch));
  co_return Result<>();
}

// The same incarnation may register again: an answer that got lost costs nothing.
Task<> BrokerLifecycle::enroll() {
  claim_losses();
  const Instant deadline = shard_.clock.now() + kAskedWithin;
  const auto answer = co_await link_.ask<BrokerRegistrationResponse>(registration_, kRegistrationVersion, deadline);
  if (stopping_) co_return;
  Result<std::int64_t> epoch = -1;
  if (!answer)
    epoch = std::unexpected(answer.error());
  else if (answer->error_code != ErrorCode::kNone)
    epoch = std::unexpected(refused(answer->error_code, "registration").error());
  else
    epoch = answer->broker_epoch;
  if (epoch)
    if (const auto kept = co_await keep(*epoch); !kept) epoch = std::unexpected(kept.error());
  machine_.on_registered(epoch, shard_.clock.now());
  tick();
}

Task<> BrokerLifecycle::beat(LifecycleMachine::Beat wish) {
  BrokerHeartbeatRequest request;
  request.broker_id = config_.node_id;
  request.broker_epoch = machine_.epoch();
  request.current_metadata_offset = publisher_.published().value();
  request.want_fence = wish.want_fence;
  request.want_shut_down = wish.want_shut_down;
  const Instant deadline = shard_.clock.now() + kAskedWithin;
  const auto answer = co_await link_.ask<BrokerHeartbeatResponse>(request, kHeartbeatVersion, deadline);
  if (stopping_) co_return;
  Result<LifecycleMachine::Beaten> beaten;
  if (!answer)
    beaten = std::unexpected(answer.error());
  else if (answer->error_code != ErrorCode::kNone)
    beaten = std::unexpected(refused(answer->error_code, "heartbeat").error());
  else
    beaten = LifecycleMachine::Beaten{.is_fenced = answer->is_fenced, .should_shut_down = answer->should_shut_down};
  const auto failed = beaten ? std::nullopt : std::optional(beaten.error().code);
  if (failed && failed != failing_)
    log::warn("heartbeats fail", field("error", beaten.error()));
  else if (!failed && failing_)
    log::info("heartbeats are answered again");
  failing_ = failed;
  machine_.on_beat(beaten, shard_.clock.now());
  process_.sure_until(machine_.sure_until());
  tick();
}

bool BrokerLifecycle::others_could_lead() const {
  return std::ranges::any_of(publisher_.published_image()->brokers(), [this](const auto& entry) {
    return entry.first != config_.node_id && entry.second.active();
  });
}

Task<bool> BrokerLifecycle::leave(Instant deadline) {
  if (!config_.controlled_shutdown_enable || machine_.epoch() == -1 || !others_could_lead()) co_return true;
  machine_.begin_drain(shard_.clock.now());
  co_await settle(deadline);
  co_return machine_.drained();
}

void BrokerLifecycle::give_up_leaving() {
  machine_.give_up_drain();
  note_state();
}

Task<> BrokerLifecycle::settle(Instant deadline) {
  const OneShot<bool> settled;
  settled_ = settled;
  const auto timer = shard_.clock.call_at(deadline, [settled] { settled.set(false); });
  tick();
  co_await settled.wait();
  settled_.reset();
}

void BrokerLifecycle::stop() {
  stopping_ = true;
  timer_.reset();
  published_.reset();
  if (settled_) settled_->set(false);
}

}  // namespace thalweg::broker
