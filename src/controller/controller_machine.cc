#include "controller/controller_machine.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "base/number.h"
#include "controller/batch_limit.h"
#include "controller/brokers.h"
#include "controller/configs.h"
#include "controller/directories.h"
#include "controller/elections.h"
#include "controller/features.h"
#include "controller/leader_election.h"
#include "controller/one_reply.h"
#include "controller/reassignments.h"
#include "controller/topics.h"
#include "controller/update_features.h"

namespace thalweg::controller {
namespace {

using Effects = ControllerMachine::Effects;
using RequestId = ControllerMachine::RequestId;

bool allows_unclean_elections(const std::vector<Record>& records) {
  return std::ranges::any_of(records, [](const auto& record) {
    const auto* config = std::get_if<protocol::ConfigRecord>(&record);
    return config && config->name == "unclean.leader.election.enable" && config->value == "true";
  });
}

Sessions::Times times(const Options& options) {
  Sessions::Times times{.silence = to_instant(options.broker_silence),
                        .session_max = to_instant(options.broker_session_timeout)};
  times.silence = std::min(times.silence, times.session_max);
  return times;
}

// The file's value; the option's default where it has none.
Millis millis(const config::Properties& properties, const std::string& option, Millis otherwise) {
  const auto at = properties.find(option);
  const auto value = at == properties.end() ? std::nullopt : parse_number<std::int64_t>(at->second);
  return value ? Millis(*value) : otherwise;
}

}  // namespace

Options Options::from(const config::BrokerConfig& config) {
  return {.self = config.node_id,
          .num_partitions = config.num_partitions,
          .default_replication_factor = config.default_replication_factor,
          .delete_topic_enable = config.delete_topic_enable,
          .auto_leader_rebalance_enable = config.auto_leader_rebalance_enable,
          .leader_imbalance_check_interval = config.leader_imbalance_check_interval,
          .broker_session_timeout = config.broker_session_timeout,
          .broker_silence = millis(config.properties, "thalweg.broker.silence.ms", Options().broker_silence),
          .static_configs = config.properties,
          .feature_levels_max = config.feature_levels_max};
}

ControllerMachine::ControllerMachine(metadata::ImagePtr base, Options options, std::uint64_t seed, Heard heard)
    : state_(std::move(base)),
      options_(std::move(options)),
      heard_(std::move(heard)),
      leaders_(state_.current()),
      soft_{.random = Random(seed), .sessions = Sessions(times(options_))} {}

Effects ControllerMachine::on(const protocol::CreateTopicsRequest& request, Context, RequestId id, Instant, Timestamp) {
  auto random = soft_.random;
  auto result = one_reply(bounded(create_topics(image(), options_, random, request)), id);
  keep_for_undo(result);
  soft_.random = random;
  return result;
}
Effects ControllerMachine::on(const protocol::DeleteTopicsRequest& request, Context context, RequestId id, Instant,
                              Timestamp) {
  return one_reply(bounded(delete_topics(image(), options_, request, context.version)), id);
}
Effects ControllerMachine::on(const protocol::CreatePartitionsRequest& request, Context, RequestId id, Instant,
                              Timestamp) {
  auto random = soft_.random;
  auto result = one_reply(bounded(create_partitions(image(), random, request)), id);
  keep_for_undo(result);
  soft_.random = random;
  return result;
}
Effects ControllerMachine::on(const protocol::AlterConfigsRequest& request, Context, RequestId id, Instant now,
                              Timestamp) {
  auto result = one_reply(bounded(alter_configs(image(), options_, request)), id);
  // Partitions without a leader may get one as soon as they may lose data for it.
  if (allows_unclean_elections(result.append)) look_on(result, Cursor(), now);
  return result;
}
Effects ControllerMachine::on(const protocol::IncrementalAlterConfigsRequest& request, Context, RequestId id,
                              Instant now, Timestamp) {
  auto result = one_reply(bounded(incremental_alter_configs(image(), options_, request)), id);
  if (allows_unclean_elections(result.append)) look_on(result, Cursor(), now);
  return result;
}
Effects ControllerMachine::on(const protocol::ElectLeadersRequest& request, Context, RequestId id, Instant, Timestamp) {
  return one_reply(bounded(elect_leaders(standing(), options_, request)), id);
}
Effects ControllerMachine::on(const protocol::AlterPartitionReassignmentsRequest& request, Context, RequestId id,
                              Instant, Timestamp) {
  return one_reply(bounded(alter_partition_reassignments(image(), options_, request)), id);
}
Effects ControllerMachine::on(const protocol::AlterPartitionRequest& request, Context context, RequestId id, Instant,
                              Timestamp) {
  return one_reply(bounded(alter_partition(standing(), options_, request, context.version)), id);
}
Effects ControllerMachine::on(const protocol::AllocateProducerIdsRequest& request, Context, RequestId id, Instant,
                              Timestamp) {
  return one_reply(allocate_producer_ids(image(), request), id);
}
Effects ControllerMachine::on(const protocol::UpdateFeaturesRequest& request, Context context, RequestId id,
                              Instant now, Timestamp) {
  auto result = one_reply(update_features(image(), options_, request, context.version), id);
  // What a level switches on may concern partitions that wait for it.
  if (result.append.empty()) return result;
  look_on(result, Cursor(), now);
  result.timers.push_back({TimerKey::kSessions, now});  // it may be that brokers report quickly from now on
  return result;
}
Effects ControllerMachine::on(const protocol::AssignReplicasToDirsRequest& request, Context, RequestId id, Instant,
                              Timestamp) {
  return one_reply(bounded(assign_replicas_to_dirs(standing(), options_, request)), id);
}
Effects ControllerMachine::on(const protocol::ControllerRegistrationRequest& request, Context, RequestId id, Instant,
                              Timestamp) {
  return one_reply(register_controller(image(), request), id);
}

void ControllerMachine::look_on(Effects& effects, std::optional<Cursor> rest, Instant now) {
  if (!before_) keep_for_undo(effects);
  soft_.repair = std::move(rest);
  effects.timers.push_back({TimerKey::kRepair, now});
}

Effects ControllerMachine::on_timer(TimerKey key, Instant now, Timestamp) {
  switch (key) {
    case TimerKey::kSessions:
      return fence_silent_broker(now);
    case TimerKey::kRepair:
      return repair_step(now);
    case TimerKey::kLeaderRebalance:
      break;
  }
  return rebalance_step(now);
}

Effects ControllerMachine::rebalance_step(Instant now) {
  auto elected = preferred_elections(standing(), options_, soft_.rebalance);
  Effects result{.append = std::move(elected.records)};
  keep_for_undo(result);
  soft_.rebalance = elected.rest.value_or(Cursor());
  result.timers.push_back(
      {TimerKey::kLeaderRebalance, elected.rest ? now : later(now, options_.leader_imbalance_check_interval)});
  return result;
}

Effects ControllerMachine::repair_step(Instant now) {
  auto repaired = repair(standing(), options_, soft_.repair.value_or(Cursor()));
  Effects result{.append = std::move(repaired.records)};
  keep_for_undo(result);
  soft_.repair = std::move(repaired.rest);
  if (soft_.repair) result.timers.push_back({TimerKey::kRepair, now});
  return result;
}

Effects ControllerMachine::on_loaded(Instant now, Timestamp) {
  Effects result;
  if (image().features().empty()) result.append = bootstrap_records(options_);
  soft_.sessions.set_quick(quick());
  for (const auto& [id, broker] : image().brokers()) {
    if (broker.fenced) continue;
    const auto heard = heard_.find(id);
    soft_.sessions.on_known(id, broker.epoch, heard == heard_.end() ? now : std::min(heard->second, now));
  }
  if (const auto look = soft_.sessions.next_look(now)) result.timers.push_back({TimerKey::kSessions, look});
  // The controller before may have left something half done.
  result.timers.push_back({TimerKey::kRepair, now});
  if (options_.auto_leader_rebalance_enable)
    result.timers.push_back({TimerKey::kLeaderRebalance, later(now, options_.leader_imbalance_check_interval)});
  return result;
}

void ControllerMachine::keep_for_undo(const Effects& effects) {
  if (!effects.append.empty()) before_ = soft_;
}

void ControllerMachine::undo() {
  if (!before_) return;  // most steps change nothing but by their records
  soft_ = *std::move(before_);
  before_.reset();
}

void ControllerMachine::apply(const Record& record) {
  before_.reset();  // the step's records are in the log
  if (const auto* registered = std::get_if<protocol::RegisterBrokerRecord>(&record))
    newest_broker_epoch_ = std::max(newest_broker_epoch_, registered->broker_epoch);
  leaders_.before(image(), record);
  CHECK(state_.apply(record));
  leaders_.after(image(), record);
  state_.forget_changes();
}

}  // namespace thalweg::controller
