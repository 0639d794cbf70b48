#include "controller/brokers.h"

#include <algorithm>
#include <limits>
#include <set>
#include <string>
#include <utility>

#include "controller/leader_election.h"

namespace thalweg::controller {
namespace {

protocol::BrokerRegistrationChangeRecord change_of(const metadata::Broker& broker) {
  protocol::BrokerRegistrationChangeRecord record;
  record.broker_id = broker.id;
  record.broker_epoch = broker.epoch;
  return record;
}

// The broker's own record, and what follows for partitions now that it is active, or is not.
Repair with_partitions(const metadata::Image& image, const Options& options, BrokerId broker, bool active,
                       Record record) {
  auto follows = repair(image, options, [&](BrokerId id) { return id == broker ? active : is_active(image, id); });
  follows.records.insert(follows.records.begin(), std::move(record));
  return follows;
}

template <class Response>
void take(BrokerDecision<Response>& decision, Repair repair) {
  decision.records = std::move(repair.records);
  decision.more = repair.more;
}

bool leads_something(const metadata::Image& image, BrokerId id) {
  for (const auto& [name, topic] : image.topics())
    for (const auto& partition : topic->partitions)
      if (partition.leader == id) return true;
  return false;
}

bool others_active(const metadata::Image& image, BrokerId id) {
  return std::ranges::any_of(image.brokers(),
                             [&](const auto& entry) { return entry.first != id && entry.second.active(); });
}

ErrorCode check_directories(const std::vector<Uuid>& directories) {
  std::set<Uuid> seen;
  for (const auto& id : directories)
    if (id.high == 0 || !seen.insert(id).second) return ErrorCode::kInvalidRegistration;  // reserved, or twice
  return ErrorCode::kNone;
}

// A broker has to speak the level of every finalized feature.
ErrorCode check_features(const metadata::Image& image, const protocol::BrokerRegistrationRequest& request) {
  for (const auto& [name, level] : image.features()) {
    const auto it = std::ranges::find(request.features, name, &protocol::BrokerRegistrationRequest::Feature::name);
    if (it == request.features.end() || level < it->min_supported_version || level > it->max_supported_version)
      return ErrorCode::kUnsupportedVersion;
  }
  return ErrorCode::kNone;
}

protocol::RegisterBrokerRecord registration(const protocol::BrokerRegistrationRequest& request, std::int64_t epoch) {
  protocol::RegisterBrokerRecord record;
  record.broker_id = request.broker_id;
  record.incarnation_id = request.incarnation_id;
  record.broker_epoch = epoch;
  for (const auto& l : request.listeners) record.end_points.push_back({l.name, l.host, l.port, l.security_protocol});
  for (const auto& f : request.features)
    record.features.push_back({f.name, f.min_supported_version, f.max_supported_version});
  record.rack = request.rack;
  record.fenced = true;
  record.log_dirs = request.log_dirs;
  return record;
}

}  // namespace

Repair fence(const metadata::Image& image, const Options& options, const metadata::Broker& broker) {
  auto record = change_of(broker);
  record.fenced = 1;
  return with_partitions(image, options, broker.id, false, std::move(record));
}

BrokerDecision<protocol::BrokerRegistrationResponse> register_broker(const metadata::Image& image,
                                                                     const Options& options,
                                                                     const protocol::BrokerRegistrationRequest& request,
                                                                     bool alive, std::int64_t new_epoch) {
  BrokerDecision<protocol::BrokerRegistrationResponse> decision;
  auto& reply = decision.reply;
  const auto refuse = [&](ErrorCode code) {
    reply.error_code = code;
    return decision;
  };
  if (request.cluster_id != image.cluster_id()) return refuse(ErrorCode::kInconsistentClusterId);
  const auto* known = image.broker(request.broker_id);
  const bool same_process = known && known->incarnation == request.incarnation_id;
  if (known && !same_process && alive && request.broker_id != options.self)
    return refuse(ErrorCode::kDuplicateBrokerRegistration);
  if (const auto code = check_directories(request.log_dirs); code != ErrorCode::kNone) return refuse(code);
  if (const auto code = check_features(image, request); code != ErrorCode::kNone) return refuse(code);

  reply.broker_epoch = same_process ? known->epoch : new_epoch;
  auto record = registration(request, reply.broker_epoch);
  if (same_process) {
    record.fenced = known->fenced;
    record.in_controlled_shutdown = known->in_controlled_shutdown;
    decision.records.emplace_back(std::move(record));
  } else {
    // A process before took its leaderships with it.
    take(decision, with_partitions(image, options, request.broker_id, false, std::move(record)));
  }
  return decision;
}

BrokerDecision<protocol::BrokerHeartbeatResponse> heartbeat(const metadata::Image& image, const Options& options,
                                                            const protocol::BrokerHeartbeatRequest& request) {
  BrokerDecision<protocol::BrokerHeartbeatResponse> decision;
  auto& reply = decision.reply;
  const auto* broker = image.broker(request.broker_id);
  if (!broker || broker->epoch != request.broker_epoch) {
    reply.error_code = broker ? ErrorCode::kStaleBrokerEpoch : ErrorCode::kBrokerIdNotRegistered;
    return decision;
  }
  reply.is_caught_up = !request.want_fence;
  reply.is_fenced = broker->fenced;
  if (broker->fenced) {
    reply.should_shut_down = request.want_shut_down;
    // Who has said goodbye comes back as a new process, which registers.
    if (request.want_fence || request.want_shut_down || broker->in_controlled_shutdown) return decision;
    // What its former process led is still being handed over; under the same leader epoch it must not lead again.
    if (counted_on(image, broker->id)) return decision;
    auto record = change_of(*broker);
    record.fenced = -1;
    take(decision, with_partitions(image, options, broker->id, true, std::move(record)));
    reply.is_fenced = false;
  } else if (request.want_shut_down) {
    // Leadership moves first; when clients can find it elsewhere (a later heartbeat), the broker may go.
    const bool leads = leads_something(image, broker->id);
    if (broker->in_controlled_shutdown && leads) return decision;
    if (leads && others_active(image, broker->id)) {
      auto record = change_of(*broker);
      record.in_controlled_shutdown = 1;
      take(decision, with_partitions(image, options, broker->id, false, std::move(record)));
    } else {
      take(decision, fence(image, options, *broker));
      reply.is_fenced = true;
      reply.should_shut_down = true;
    }
  } else if (request.want_fence) {
    take(decision, fence(image, options, *broker));
    reply.is_fenced = true;
  }
  return decision;
}

BrokerDecision<protocol::UnregisterBrokerResponse> unregister_broker(const metadata::Image& image,
                                                                     const Options& options,
                                                                     const protocol::UnregisterBrokerRequest& request) {
  BrokerDecision<protocol::UnregisterBrokerResponse> decision;
  const auto* broker = image.broker(request.broker_id);
  if (!broker) {
    decision.reply.error_code = ErrorCode::kBrokerIdNotRegistered;
    decision.reply.error_message = "Broker ID " + to_string(request.broker_id) + " is not currently registered";
    return decision;
  }
  protocol::UnregisterBrokerRecord record;
  record.broker_id = broker->id;
  record.broker_epoch = broker->epoch;
  take(decision, with_partitions(image, options, broker->id, false, record));
  return decision;
}

Decision<protocol::AllocateProducerIdsResponse> allocate_producer_ids(
    const metadata::Image& image, const protocol::AllocateProducerIdsRequest& request) {
  Decision<protocol::AllocateProducerIdsResponse> decision;
  auto& reply = decision.reply;
  const auto* broker = image.broker(request.broker_id);
  if (!broker || broker->epoch != request.broker_epoch) {
    reply.error_code = broker ? ErrorCode::kStaleBrokerEpoch : ErrorCode::kBrokerIdNotRegistered;
    return decision;
  }
  const auto start = image.next_producer_id();
  if (start.value > std::numeric_limits<std::int64_t>::max() - kProducerIdBlockSize) {
    reply.error_code = ErrorCode::kUnknownServerError;  // all 2^63 are given out
    return decision;
  }
  reply.producer_id_start = start;
  reply.producer_id_len = kProducerIdBlockSize;
  protocol::ProducerIdsRecord record;
  record.broker_id = broker->id;
  record.broker_epoch = broker->epoch;
  record.next_producer_id = ProducerId{start.value + kProducerIdBlockSize};
  decision.records.emplace_back(record);
  return decision;
}

}  // namespace thalweg::controller
