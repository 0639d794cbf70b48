#include <algorithm>
#include <set>
#include <string>
#include <utility>

#include "controller/brokers.h"
#include "controller/features.h"
#include "controller/leader_election.h"
#include "metadata/image_builder.h"

namespace thalweg::controller {
namespace {

using protocol::BrokerRegistrationRequest;

// With a step of repair() and a registration it fits into a batch.
constexpr StepLimit kBesideRepair{.records = 1500, .bytes = 1 << 20, .looks = 0};
// With a registration alone it does.
constexpr StepLimit kBesideRegistration{
    .records = kMaxRecordsPerBatch - 1, .bytes = kMaxBytesPerBatch / 2, .looks = SIZE_MAX};

bool contains(const std::vector<Uuid>& ids, Uuid id) { return std::ranges::find(ids, id) != ids.end(); }

ErrorCode check_directories(const metadata::Image& image, const BrokerRegistrationRequest& request) {
  const auto& directories = request.log_dirs;
  // It has none to put a replica into, and would be given replicas all the same (KIP-858).
  if (directories.empty()) return ErrorCode::kInvalidRegistration;
  for (auto it = directories.begin(); it != directories.end(); ++it)  // reserved, or twice
    if (it->high == 0 || std::find(directories.begin(), it, *it) != it) return ErrorCode::kInvalidRegistration;
  for (const auto& [id, other] : image.brokers())
    if (id != request.broker_id &&
        std::ranges::any_of(directories, [&](Uuid directory) { return contains(other.log_dirs, directory); }))
      return ErrorCode::kInvalidRegistration;  // somebody else's
  return ErrorCode::kNone;
}

// A broker has to speak the level of every finalized feature.
ErrorCode check_features(const metadata::Image& image, const BrokerRegistrationRequest& request) {
  for (const auto& [name, level] : image.features()) {
    const auto it = std::ranges::find(request.features, name, &BrokerRegistrationRequest::Feature::name);
    if (it == request.features.end() || level < it->min_supported_version || level > it->max_supported_version)
      return ErrorCode::kUnsupportedVersion;
  }
  return ErrorCode::kNone;
}

// The locks of its directories are ours: the process that had them is gone.
bool took_over(const metadata::Broker& known, const BrokerRegistrationRequest& request) {
  return std::ranges::any_of(request.log_dirs, [&](Uuid directory) { return contains(known.log_dirs, directory); });
}

// Whether PreviousBrokerEpoch is meant: a broker that could be asked for level 1 sets it, a foreign one may not know
// it.
bool tells(const BrokerRegistrationRequest& request) {
  const auto it = std::ranges::find(request.features, kThalwegFeature, &BrokerRegistrationRequest::Feature::name);
  const bool speaks = it != request.features.end() && it->max_supported_version >= 1;
  return request.previous_broker_epoch >= 0 || speaks;
}

bool is_same_process(const metadata::Broker* known, const BrokerRegistrationRequest& request) {
  return known && known->incarnation == request.incarnation_id;
}

// The same process keeps its epoch, and stands as it stood.
protocol::RegisterBrokerRecord registration(const BrokerRegistrationRequest& request, const metadata::Broker* known,
                                            std::int64_t new_epoch) {
  protocol::RegisterBrokerRecord record;
  record.broker_id = request.broker_id;
  record.incarnation_id = request.incarnation_id;
  record.broker_epoch = new_epoch;
  for (const auto& l : request.listeners) record.end_points.push_back({l.name, l.host, l.port, l.security_protocol});
  for (const auto& f : request.features)
    record.features.push_back({f.name, f.min_supported_version, f.max_supported_version});
  record.rack = request.rack;
  record.fenced = true;
  record.log_dirs = request.log_dirs;
  if (is_same_process(known, request)) {
    record.broker_epoch = known->epoch;
    record.fenced = known->fenced;
    record.in_controlled_shutdown = known->in_controlled_shutdown;
  }
  return record;
}

// Whether it says that it has everything of the epoch before its own. When a process registers again, the epoch that is
// known is its own already: what it names was judged the first time, and all that can be new is that it names none.
bool claims_all(const metadata::Broker* known, const BrokerRegistrationRequest& request) {
  if (is_same_process(known, request)) return request.previous_broker_epoch >= 0;
  return known && request.previous_broker_epoch == known->epoch;
}

// From level 1 on, who does not claim to have all has not. Below it a broker need not say what it has lost: who does is
// heard, and a process that comes without a directory that was here before says it without words.
bool lost_data(const metadata::Image& image, const metadata::Broker* known, const BrokerRegistrationRequest& request) {
  if (image.feature(kThalwegFeature) >= 1) return !claims_all(known, request);
  if (!known) return false;
  const auto is_here = [&](Uuid directory) { return contains(request.log_dirs, directory); };
  const bool all_here = is_same_process(known, request) || std::ranges::all_of(known->log_dirs, is_here);
  return !all_here || (tells(request) && !claims_all(known, request));
}

ErrorCode check_registration(const Standing& standing, const Options& options, const BrokerRegistrationRequest& request,
                             bool alive) {
  const auto& image = standing.image();
  if (request.cluster_id != image.cluster_id()) return ErrorCode::kInconsistentClusterId;
  const auto* known = image.broker(request.broker_id);
  const bool another = known && !is_same_process(known, request);
  if (another && alive && request.broker_id != options.self && !took_over(*known, request))
    return ErrorCode::kDuplicateBrokerRegistration;
  if (request.listeners.empty()) return ErrorCode::kInvalidRegistration;  // nobody could reach it
  if (const auto code = check_directories(image, request); code != ErrorCode::kNone) return code;
  return check_features(image, request);
}

// Of what repair() and forget_damaged() change.
using PartitionOfTopic = std::pair<Uuid, PartitionId>;
PartitionOfTopic partition_of(const Record& record) {
  const auto& change = std::get<protocol::PartitionChangeRecord>(record);
  return {change.topic_id, change.partition_id};
}
std::set<PartitionOfTopic> partitions_of(const std::vector<Record>& changes) {
  std::set<PartitionOfTopic> partitions;
  for (const Record& change : changes) partitions.insert(partition_of(change));
  return partitions;
}

protocol::RegisterControllerRecord registration(const protocol::ControllerRegistrationRequest& request) {
  protocol::RegisterControllerRecord record;
  record.controller_id = request.controller_id;
  record.incarnation_id = request.incarnation_id;
  record.zk_migration_ready = request.zk_migration_ready;
  for (const auto& l : request.listeners) record.end_points.push_back({l.name, l.host, l.port, l.security_protocol});
  for (const auto& f : request.features)
    record.features.push_back({f.name, f.min_supported_version, f.max_supported_version});
  return record;
}

}  // namespace

Decision<protocol::ControllerRegistrationResponse> register_controller(
    const metadata::Image& image, const protocol::ControllerRegistrationRequest& request) {
  Decision<protocol::ControllerRegistrationResponse> decision;
  decision.reply.error_message.reset();
  auto record = registration(request);
  const auto known = image.controllers().find(request.controller_id);
  if (known == image.controllers().end() || known->second != metadata::controller_from(record))
    decision.records.emplace_back(std::move(record));
  return decision;
}

BrokerDecision<protocol::BrokerRegistrationResponse> register_broker(const Standing& standing, const Options& options,
                                                                     const BrokerRegistrationRequest& request,
                                                                     bool alive, std::int64_t new_epoch) {
  BrokerDecision<protocol::BrokerRegistrationResponse> decision;
  decision.reply.error_code = check_registration(standing, options, request, alive);
  if (decision.reply.error_code != ErrorCode::kNone) return decision;

  const auto& image = standing.image();
  const auto* known = image.broker(request.broker_id);
  auto record = registration(request, known, new_epoch);
  const auto with_it = standing.with(request.broker_id, metadata::broker_from(record));
  // A process registers again when an answer was lost, or when logs that it opened since tell of losses. Where it is
  // unfenced the request is a late one, and says nothing new.
  const bool listen = !is_same_process(known, request) || known->fenced;
  const bool lost = listen && lost_data(image, known, request);
  Repair forgotten;
  if (lost)
    forgotten = forget_lost(with_it, options, request.broker_id, kBesideRegistration);
  else if (listen)
    forgotten = forget_damaged(with_it, options, request, kBesideRepair);
  decision.records = std::move(forgotten.records);
  // The registration comes last: a controller that takes over half-way must not find the broker clean.
  if (forgotten.rest) {
    decision.rest = Cursor();
    decision.reply.error_code = ErrorCode::kDuplicateBrokerRegistration;
    return decision;
  }
  const auto changed = partitions_of(decision.records);
  decision.reply.broker_epoch = record.broker_epoch;
  decision.records.emplace_back(std::move(record));
  if (lost) {
    decision.rest = Cursor();  // what was sick before, if anything
  } else {
    // A process before took its leaderships with it; directories may have come or gone.
    auto follows = repair(with_it, options);
    for (auto& change : follows.records)
      if (!changed.contains(partition_of(change))) decision.records.push_back(std::move(change));
    decision.rest = std::move(follows.rest);
  }
  return decision;
}

}  // namespace thalweg::controller
