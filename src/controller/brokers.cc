#include "controller/brokers.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <string>
#include <utility>

#include "controller/leader_election.h"

namespace thalweg::controller {
namespace {

template <class Response>
void take(BrokerDecision<Response>& decision, Repair repair) {
  decision.records = std::move(repair.records);
  decision.rest = std::move(repair.rest);
}

// The broker's own record, and what follows for partitions now that it stands like this.
Repair with_partitions(const Standing& standing, const Options& options, Record record) {
  auto follows = repair(standing, options);
  follows.records.insert(follows.records.begin(), std::move(record));
  return follows;
}

Record difference(const metadata::Broker& now, const metadata::Broker& next) {
  // Kafka's record of a change can say that a broker is leaving, and not that it stays.
  if (now.in_controlled_shutdown && !next.in_controlled_shutdown) return metadata::record_of(next);
  protocol::BrokerRegistrationChangeRecord record;
  record.broker_id = now.id;
  record.broker_epoch = now.epoch;
  if (now.fenced != next.fenced) record.fenced = next.fenced ? 1 : -1;
  if (now.in_controlled_shutdown != next.in_controlled_shutdown) record.in_controlled_shutdown = 1;
  if (now.log_dirs != next.log_dirs) record.log_dirs = next.log_dirs;
  if (now.cordoned_log_dirs != next.cordoned_log_dirs) record.cordoned_log_dirs = next.cordoned_log_dirs;
  return record;
}

Repair change(const Standing& standing, const Options& options, const metadata::Broker& now,
              const metadata::Broker& next) {
  return with_partitions(standing.with(now.id, next), options, difference(now, next));
}

bool others_active(const metadata::Image& image, BrokerId id) {
  return std::ranges::any_of(image.brokers(),
                             [&](const auto& entry) { return entry.first != id && entry.second.active(); });
}

bool has_replicas(const metadata::Image& image, BrokerId id) {
  return look_through(image, {}, SIZE_MAX,
                      [id](const metadata::Topic& topic, std::size_t index) {
                        return !contains(topic.partitions[index].replicas, id);
                      })
      .has_value();
}

using Beat = protocol::BrokerHeartbeatRequest;
using Beaten = protocol::BrokerHeartbeatResponse;

// Directories that the broker says are gone are gone until it registers again. Without any left it can hold nothing.
void take_directories(metadata::Broker& next, const Beat& beat) {
  std::erase_if(next.log_dirs,
                [&](Uuid id) { return std::ranges::find(beat.offline_log_dirs, id) != beat.offline_log_dirs.end(); });
  if (!beat.cordoned_log_dirs) return;
  next.cordoned_log_dirs = *beat.cordoned_log_dirs;
  std::erase_if(next.cordoned_log_dirs,
                [&](Uuid id) { return std::ranges::find(next.log_dirs, id) == next.log_dirs.end(); });
}

bool lost_all_directories(const metadata::Broker& now, const Beat& beat) {
  return !now.log_dirs.empty() && std::ranges::all_of(now.log_dirs, [&](Uuid id) {
    return std::ranges::find(beat.offline_log_dirs, id) != beat.offline_log_dirs.end();
  });
}

// Under an old leader epoch nobody may lead again, so who was still counted on stays fenced until that has ended.
bool may_serve(const metadata::Broker& now, const Beat& beat, const Reported& reported) {
  return !beat.want_fence && !beat.want_shut_down && reported.caught_up && !reported.counted_on &&
         !lost_all_directories(now, beat);
}

// Leadership moves first; when clients can find it elsewhere (a later heartbeat), the broker may go.
void drain(const metadata::Image& image, metadata::Broker& next, const Reported& reported, Beaten& reply) {
  const bool waits = next.in_controlled_shutdown ? reported.leads || !reported.in_force
                                                 : reported.leads && others_active(image, next.id);
  if (waits) {
    next.in_controlled_shutdown = true;
    return;
  }
  next.fenced = true;
  reply.should_shut_down = true;
}

}  // namespace

ErrorCode check_broker_epoch(const metadata::Image& image, BrokerId id, std::int64_t epoch) {
  const auto* broker = image.broker(id);
  return broker && broker->epoch == epoch ? ErrorCode::kNone : ErrorCode::kStaleBrokerEpoch;
}

Repair fence(const Standing& standing, const Options& options, const metadata::Broker& broker) {
  auto next = broker;
  next.fenced = true;
  return change(standing, options, broker, next);
}

BrokerDecision<Beaten> heartbeat(const Standing& standing, const Options& options, const Beat& beat,
                                 const Reported& reported) {
  BrokerDecision<Beaten> decision;
  auto& reply = decision.reply;
  reply.error_code = check_broker_epoch(standing.image(), beat.broker_id, beat.broker_epoch);
  if (reply.error_code != ErrorCode::kNone) return decision;
  const auto* now = standing.image().broker(beat.broker_id);
  auto next = *now;
  // Who leaves says so in each report. A goodbye that is not said again was not this broker's: its id and its epoch are
  // small numbers, which anybody may hit. It would be in sync nowhere until its restart; in Apache Kafka it is.
  if (!beat.want_shut_down) next.in_controlled_shutdown = false;
  if (now->fenced) {
    reply.should_shut_down = beat.want_shut_down;
    if (may_serve(*now, beat, reported)) next.fenced = false;
  } else if (beat.want_fence || lost_all_directories(*now, beat)) {
    next.fenced = true;
    reply.should_shut_down = beat.want_shut_down;
  } else if (beat.want_shut_down) {
    drain(standing.image(), next, reported, reply);
  }
  if (!lost_all_directories(*now, beat)) take_directories(next, beat);
  reply.is_caught_up = reported.caught_up;
  reply.is_fenced = next.fenced;
  if (next != *now) take(decision, change(standing, options, *now, next));
  return decision;
}

BrokerDecision<protocol::UnregisterBrokerResponse> unregister_broker(const Standing& standing, const Options& options,
                                                                     const protocol::UnregisterBrokerRequest& request,
                                                                     bool reports) {
  BrokerDecision<protocol::UnregisterBrokerResponse> decision;
  const auto* broker = standing.image().broker(request.broker_id);
  if (!broker) {
    decision.reply.error_code = ErrorCode::kBrokerIdNotRegistered;
    decision.reply.error_message = "Broker ID " + to_string(request.broker_id) + " is not currently registered";
    return decision;
  }
  if (reports && has_replicas(standing.image(), broker->id)) {
    decision.reply.error_code = ErrorCode::kInvalidRequest;
    decision.reply.error_message = fmt::format(
        "Broker ID {0} is at work and has replicas. Stop it first; to remove it for good, move them to others "
        "(thalweg cluster remove {0})",
        broker->id.value);
    return decision;
  }
  protocol::UnregisterBrokerRecord record;
  record.broker_id = broker->id;
  record.broker_epoch = broker->epoch;
  take(decision, with_partitions(standing.with(broker->id, std::nullopt), options, record));
  return decision;
}

Decision<protocol::AllocateProducerIdsResponse> allocate_producer_ids(
    const metadata::Image& image, const protocol::AllocateProducerIdsRequest& request) {
  Decision<protocol::AllocateProducerIdsResponse> decision;
  auto& reply = decision.reply;
  reply.error_code = check_broker_epoch(image, request.broker_id, request.broker_epoch);
  if (reply.error_code != ErrorCode::kNone) return decision;
  const auto start = image.next_producer_id();
  if (start.value > std::numeric_limits<std::int64_t>::max() - kProducerIdBlockSize) {
    reply.error_code = ErrorCode::kUnknownServerError;  // all 2^63 are given out
    return decision;
  }
  reply.producer_id_start = start;
  reply.producer_id_len = kProducerIdBlockSize;
  protocol::ProducerIdsRecord record;
  record.broker_id = request.broker_id;
  record.broker_epoch = request.broker_epoch;
  record.next_producer_id = ProducerId{start.value + kProducerIdBlockSize};
  decision.records.emplace_back(record);
  return decision;
}

}  // namespace thalweg::controller
