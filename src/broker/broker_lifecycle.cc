#include "broker/broker_lifecycle.h"

#include <algorithm>

#include "base/log.h"
#include "controller/features.h"

namespace thalweg::broker {
namespace {

constexpr std::int16_t kRegistrationVersion = 4, kHeartbeatVersion = 1;
constexpr Instant kDuplicatePause = std::chrono::milliseconds(250);  // the session of a former process has to end
constexpr Instant kShutDownPause = std::chrono::milliseconds(50);
constexpr Instant kUnfencePause = std::chrono::milliseconds(50);

std::unexpected<Error> refused(ErrorCode code, const char* what) {
  return fail(code, std::string("the controller refused this broker's ") + what);
}

}  // namespace

BrokerLifecycle::BrokerLifecycle(const Shard& shard, const config::BrokerConfig& config, ControllerLink& link,
                                 MetadataPublisher& publisher)
    : shard_(shard),
      config_(config),
      link_(link),
      publisher_(publisher),
      incarnation_(Uuid::from_random(shard.random.next(), shard.random.next())) {}

Task<Result<>> BrokerLifecycle::start(std::vector<Uuid> log_dirs) {
  const Instant deadline = shard_.clock.now() + config_.initial_broker_registration_timeout;
  CO_TRY_VOID(co_await enroll(registration(std::move(log_dirs)), deadline));
  CO_TRY_VOID(co_await catch_up(deadline));
  CO_TRY_VOID(co_await unfence(deadline));
  beat();
  co_return Result<>();
}

protocol::BrokerRegistrationRequest BrokerLifecycle::registration(std::vector<Uuid> log_dirs) const {
  protocol::BrokerRegistrationRequest request;
  request.broker_id = config_.node_id;
  request.cluster_id = publisher_.published_image()->cluster_id();
  request.incarnation_id = incarnation_;
  request.rack = config_.rack;
  request.log_dirs = std::move(log_dirs);
  for (const auto& advertised : config_.advertised_listeners) {
    protocol::BrokerRegistrationRequest::Listener listener;
    listener.name = advertised.name;
    listener.host = advertised.host;
    listener.port = advertised.port;
    listener.security_protocol = static_cast<std::int16_t>(advertised.protocol);
    request.listeners.push_back(std::move(listener));
  }
  for (const auto& supported : controller::supported_features()) {
    protocol::BrokerRegistrationRequest::Feature feature;
    feature.name = supported.name;
    feature.min_supported_version = supported.min;
    feature.max_supported_version = supported.max;
    request.features.push_back(std::move(feature));
  }
  return request;
}

// The same incarnation may register again: an answer that got lost costs nothing.
Task<Result<>> BrokerLifecycle::enroll(protocol::BrokerRegistrationRequest request, Instant deadline) {
  for (;;) {
    if (!publisher_.health()) co_return std::unexpected(publisher_.health().error());
    const auto answer =
        co_await link_.ask<protocol::BrokerRegistrationResponse>(request, kRegistrationVersion, deadline);
    if (stopping_) co_return fail(ErrorCode::kNotController, "the broker is stopping");
    if (!answer) {
      if (answer.error().code == ErrorCode::kNotController)
        co_return fail(ErrorCode::kNotController, "the metadata quorum elected no leader in time");
      co_return std::unexpected(answer.error());
    }
    if (answer->error_code == ErrorCode::kNone) {
      epoch_ = answer->broker_epoch;
      co_return Result<>();
    }
    if (answer->error_code != ErrorCode::kDuplicateBrokerRegistration ||
        shard_.clock.now() + kDuplicatePause >= deadline)
      co_return refused(answer->error_code, "registration");
    co_await shard_.clock.sleep_for(kDuplicatePause);
  }
}

bool BrokerLifecycle::image_has_me() const {
  const auto* me = publisher_.published_image()->broker(config_.node_id);
  return me && me->epoch == epoch_ && me->incarnation == incarnation_;
}

// The controller may be another node, and ahead of what is applied here. Clients must not be shown an older cluster.
Task<Result<>> BrokerLifecycle::catch_up(Instant deadline) {
  while (!image_has_me()) {
    const Offset next = publisher_.published().value() + 1;
    const bool moved = co_await publisher_.published().reached(next, deadline);
    if (!publisher_.health()) co_return std::unexpected(publisher_.health().error());
    if (stopping_ || !moved)
      co_return fail(ErrorCode::kRequestTimedOut, "this broker's registration did not reach its own metadata in time");
  }
  co_return Result<>();
}

Task<Result<>> BrokerLifecycle::unfence(Instant deadline) {
  for (;;) {
    CO_TRY(const auto beaten, co_await report(Wish::kServe, deadline));
    if (!beaten.is_fenced) co_return Result<>();
    if (stopping_ || shard_.clock.now() + kUnfencePause >= deadline)
      co_return fail(ErrorCode::kRequestTimedOut, "the controller keeps this broker fenced");
    co_await shard_.clock.sleep_for(kUnfencePause);
  }
}

Task<Result<protocol::BrokerHeartbeatResponse>> BrokerLifecycle::report(Wish wish, Instant deadline) {
  protocol::BrokerHeartbeatRequest request;
  request.broker_id = config_.node_id;
  request.broker_epoch = epoch_;
  request.current_metadata_offset = publisher_.published().value();
  request.want_fence = wish == Wish::kFence;
  request.want_shut_down = wish == Wish::kShutDown;
  CO_TRY(const auto response,
         co_await link_.ask<protocol::BrokerHeartbeatResponse>(request, kHeartbeatVersion, deadline));
  if (response.error_code != ErrorCode::kNone) co_return refused(response.error_code, "heartbeat");
  co_return response;
}

void BrokerLifecycle::beat() {
  timer_ = shard_.clock.call_at(shard_.clock.now() + config_.broker_heartbeat_interval,
                                [this] { spawn(shard_, beat_once()); });
}

// One that has not arrived by the time of the next is not worth waiting for.
Task<> BrokerLifecycle::beat_once() {
  const Wish wish = publisher_.health() ? Wish::kServe : Wish::kFence;
  const Instant deadline = shard_.clock.now() + config_.broker_heartbeat_interval;
  if (const auto sent = co_await report(wish, deadline); !sent && !stopping_)
    log::warn("heartbeat failed", field("error", sent.error()));
  if (!stopping_ && !leaving_) beat();
}

bool BrokerLifecycle::others_could_lead() const {
  return std::ranges::any_of(publisher_.published_image()->brokers(), [this](const auto& entry) {
    return entry.first != config_.node_id && entry.second.active();
  });
}

Task<bool> BrokerLifecycle::leave(Instant deadline) {
  if (!config_.controlled_shutdown_enable || epoch_ == -1 || !others_could_lead()) co_return true;
  leaving_ = true;
  timer_.reset();
  while (!stopping_ && shard_.clock.now() < deadline) {
    const auto answer = co_await report(Wish::kShutDown, deadline);
    if (answer && answer->should_shut_down) co_return true;
    co_await shard_.clock.sleep_for(kShutDownPause);
  }
  co_return false;
}

void BrokerLifecycle::stop() {
  stopping_ = true;
  timer_.reset();
}

}  // namespace thalweg::broker
