#include "controller/controller_machine.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "controller/batch_limit.h"
#include "controller/brokers.h"
#include "controller/configs.h"
#include "controller/elections.h"
#include "controller/features.h"
#include "controller/leader_election.h"
#include "controller/reassignments.h"
#include "controller/topics.h"
#include "controller/update_features.h"

namespace thalweg::controller {
namespace {

using Effects = ControllerMachine::Effects;
using RequestId = ControllerMachine::RequestId;

template <class Response>
Effects effects(Decision<Response> decision, RequestId id) {
  Effects effects{.append = std::move(decision.records)};
  effects.replies.push_back({id, std::move(decision.reply)});
  return effects;
}

// What does not fit into this batch is repaired in the next ones; other requests may come between.
template <class Response>
Effects about_broker(BrokerDecision<Response> decision, RequestId id, Instant now) {
  const bool more = decision.more;
  auto result = effects(Decision<Response>(std::move(decision)), id);
  if (more) result.timers.push_back({ControllerMachine::TimerKey::kRepair, now});
  return result;
}

// Partitions without a leader may get one as soon as they may lose data for it.
Effects after_configs(Effects effects, Instant now) {
  const bool unclean = std::ranges::any_of(effects.append, [](const auto& record) {
    const auto* config = std::get_if<protocol::ConfigRecord>(&record);
    return config && config->name == "unclean.leader.election.enable" && config->value == "true";
  });
  if (unclean) effects.timers.push_back({ControllerMachine::TimerKey::kRepair, now});
  return effects;
}

constexpr std::size_t kElectionsPerStep = 1000;  // as Kafka

}  // namespace

Options Options::from(const config::BrokerConfig& config) {
  return {.self = config.node_id,
          .num_partitions = config.num_partitions,
          .default_replication_factor = config.default_replication_factor,
          .delete_topic_enable = config.delete_topic_enable,
          .auto_leader_rebalance_enable = config.auto_leader_rebalance_enable,
          .leader_imbalance_check_interval = config.leader_imbalance_check_interval,
          .broker_session_timeout = config.broker_session_timeout,
          .static_configs = config.properties};
}

ControllerMachine::ControllerMachine(metadata::ImagePtr base, Options options, std::uint64_t seed)
    : state_(std::move(base)), options_(std::move(options)), random_(seed) {}

Effects ControllerMachine::on(const protocol::CreateTopicsRequest& request, Context, RequestId id, Instant, Timestamp) {
  auto before = soft_state();
  return undoable(effects(bounded(create_topics(image(), options_, random_, request)), id), std::move(before));
}
Effects ControllerMachine::on(const protocol::DeleteTopicsRequest& request, Context context, RequestId id, Instant,
                              Timestamp) {
  return effects(bounded(delete_topics(image(), options_, request, context.version)), id);
}
Effects ControllerMachine::on(const protocol::CreatePartitionsRequest& request, Context, RequestId id, Instant,
                              Timestamp) {
  auto before = soft_state();
  return undoable(effects(bounded(create_partitions(image(), random_, request)), id), std::move(before));
}
Effects ControllerMachine::on(const protocol::AlterConfigsRequest& request, Context, RequestId id, Instant now,
                              Timestamp) {
  return after_configs(effects(bounded(alter_configs(image(), options_, request)), id), now);
}
Effects ControllerMachine::on(const protocol::IncrementalAlterConfigsRequest& request, Context, RequestId id,
                              Instant now, Timestamp) {
  return after_configs(effects(bounded(incremental_alter_configs(image(), options_, request)), id), now);
}
Effects ControllerMachine::on(const protocol::ElectLeadersRequest& request, Context, RequestId id, Instant, Timestamp) {
  return effects(bounded(elect_leaders(image(), options_, request)), id);
}
Effects ControllerMachine::on(const protocol::AlterPartitionReassignmentsRequest& request, Context, RequestId id,
                              Instant, Timestamp) {
  return effects(bounded(alter_partition_reassignments(image(), options_, request)), id);
}
Effects ControllerMachine::on(const protocol::AlterPartitionRequest& request, Context context, RequestId id, Instant,
                              Timestamp) {
  return effects(bounded(alter_partition(image(), options_, request, context.version)), id);
}
Effects ControllerMachine::on(const protocol::UnregisterBrokerRequest& request, Context, RequestId id, Instant now,
                              Timestamp) {
  return about_broker(unregister_broker(image(), options_, request), id, now);
}
Effects ControllerMachine::on(const protocol::AllocateProducerIdsRequest& request, Context, RequestId id, Instant,
                              Timestamp) {
  return effects(allocate_producer_ids(image(), request), id);
}
// What a level switches on may concern partitions that wait for it.
Effects ControllerMachine::on(const protocol::UpdateFeaturesRequest& request, Context context, RequestId id,
                              Instant now, Timestamp) {
  auto result = effects(update_features(image(), options_, request, context.version), id);
  if (!result.append.empty()) result.timers.push_back({TimerKey::kRepair, now});
  return result;
}

Effects ControllerMachine::on(const protocol::BrokerRegistrationRequest& request, Context, RequestId id, Instant now,
                              Timestamp) {
  const auto* known = image().broker(request.broker_id);
  const auto heard_at = last_contact_.find(request.broker_id);
  const bool alive = known && !known->fenced && heard_at != last_contact_.end() &&
                     now - heard_at->second < options_.broker_session_timeout;
  return about_broker(register_broker(image(), options_, request, alive, next_broker_epoch()), id, now);
}

Effects ControllerMachine::on(const protocol::BrokerHeartbeatRequest& request, Context, RequestId id, Instant now,
                              Timestamp) {
  auto decision = heartbeat(image(), options_, request);
  const bool unfenced = decision.reply.error_code == ErrorCode::kNone && !decision.reply.is_fenced;
  auto result = about_broker(std::move(decision), id, now);
  if (!unfenced) return result;
  auto before = soft_state();
  const bool first = last_contact_.empty();
  last_contact_[request.broker_id] = now;
  if (first) result.timers.push_back({TimerKey::kSessions, later(now, options_.broker_session_timeout)});
  return undoable(std::move(result), std::move(before));
}

Effects ControllerMachine::on_timer(TimerKey key, Instant now, Timestamp) {
  switch (key) {
    case TimerKey::kSessions:
      return fence_silent_brokers(now);
    case TimerKey::kRepair:
      return repair_step(now);
    case TimerKey::kLeaderRebalance:
      break;
  }
  Effects result{.append = records_for_preferred_leaders(image(), options_, kElectionsPerStep)};
  const bool more = result.append.size() == kElectionsPerStep;
  result.timers.push_back(
      {TimerKey::kLeaderRebalance, more ? now : later(now, options_.leader_imbalance_check_interval)});
  return result;
}

Effects ControllerMachine::repair_step(Instant now) {
  auto repaired = repair(image(), options_);
  Effects result{.append = std::move(repaired.records)};
  if (repaired.more) result.timers.push_back({TimerKey::kRepair, now});
  return result;
}

// Fences one broker a step, so that each step sees the leaders that the one before has moved.
Effects ControllerMachine::fence_silent_brokers(Instant now) {
  auto before = soft_state();
  Effects result;
  std::optional<Instant> next;
  for (auto it = last_contact_.begin(); it != last_contact_.end();) {
    const auto* broker = image().broker(it->first);
    const Instant ends = later(it->second, options_.broker_session_timeout);
    if (!broker || broker->fenced) {
      it = last_contact_.erase(it);
      continue;
    }
    if (ends <= now && result.append.empty()) {
      auto fenced = fence(image(), options_, *broker);
      result.append = std::move(fenced.records);
      if (fenced.more) result.timers.push_back({TimerKey::kRepair, now});
      it = last_contact_.erase(it);
      continue;
    }
    next = std::min(next.value_or(ends), ends);
    ++it;
  }
  result.timers.push_back({TimerKey::kSessions, next});
  return undoable(std::move(result), std::move(before));
}

Effects ControllerMachine::on_loaded(Instant now, Timestamp) {
  Effects result;
  if (image().features().empty()) result.append = bootstrap_records(options_);
  for (const auto& [id, broker] : image().brokers())
    if (!broker.fenced) last_contact_[id] = now;
  if (!last_contact_.empty())
    result.timers.push_back({TimerKey::kSessions, later(now, options_.broker_session_timeout)});
  // The controller before may have left something half done.
  result.timers.push_back({TimerKey::kRepair, now});
  if (options_.auto_leader_rebalance_enable)
    result.timers.push_back({TimerKey::kLeaderRebalance, later(now, options_.leader_imbalance_check_interval)});
  return result;
}

Effects ControllerMachine::undoable(Effects effects, SoftState before) {
  if (!effects.append.empty()) before_ = std::move(before);
  return effects;
}

void ControllerMachine::undo() {
  if (!before_) return;  // most steps change nothing but by their records
  random_ = before_->random;
  last_contact_ = std::move(before_->last_contact);
  before_.reset();
}

void ControllerMachine::apply(const Record& record) {
  before_.reset();  // the step's records are in the log
  if (std::holds_alternative<protocol::RegisterBrokerRecord>(record)) {
    const auto& registered = std::get<protocol::RegisterBrokerRecord>(record);
    newest_broker_epoch_ = std::max(newest_broker_epoch_, registered.broker_epoch);
  }
  CHECK(state_.apply(record));
  state_.forget_changes();
}

// Larger than that of every process that ever registered, as far as the log still tells.
std::int64_t ControllerMachine::next_broker_epoch() const {
  std::int64_t newest = std::max(newest_broker_epoch_, image().index());
  for (const auto& [id, broker] : image().brokers()) newest = std::max(newest, broker.epoch);
  return newest + 1;
}

}  // namespace thalweg::controller
