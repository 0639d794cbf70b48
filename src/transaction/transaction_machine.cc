#include "transaction/transaction_machine.h"

#include <utility>

#include "base/check.h"
#include "base/log.h"
#include "transaction/end_transaction.h"

namespace thalweg::transaction {
namespace {

// A slice of a look at all ids: some hundred microseconds.
constexpr std::size_t kIdsAtOnce = 1000;
// Transactions handed out with one answer.
constexpr std::size_t kMarkersAtOnce = 100;
// What an end adds to a record, at most: two producer ids with their tags, and what grows with them. A transaction
// whose record would not fit with it could be begun and never ended.
constexpr std::size_t kEndBytesMax = 64;

void reply(Effects& effects, RequestId id, Reply answer) { effects.replies.push_back({id, std::move(answer)}); }

ProducerReply refused(ErrorCode error) { return {.error = error}; }
constexpr ProducerReply kWantsProducerId{.wants_producer_id = true};

// Its answer was lost: nobody else has begun since, or there would be no previous epoch.
bool was_given_the_present(const TransactionMetadata& now, const InitProducer& request) {
  const bool of_the_id = request.producer_id == now.producer_id ||
                         (request.producer_id == now.previous_producer_id && is_exhausted(request.producer_epoch));
  return of_the_id && request.producer_epoch != kNoProducerEpoch &&
         request.producer_epoch == now.previous_producer_epoch && now.producer_epoch <= kLastEpoch;
}

}  // namespace

const TransactionMetadata* TransactionMachine::find(const std::string& transactional_id) const {
  const auto at = known_.find(transactional_id);
  return at == known_.end() ? nullptr : at->second.get();
}

TransactionRecord TransactionMachine::record_of(const std::string& transactional_id, TransactionMetadata then) const {
  return {.transactional_id = transactional_id,
          .value = std::make_shared<const TransactionMetadata>(std::move(then)),
          .version = static_cast<std::int16_t>(cluster_version_() >= kFlexibleRecordsFrom ? 1 : 0)};
}

void TransactionMachine::append(Effects& effects, const std::string& transactional_id, TransactionMetadata then) const {
  effects.append.push_back(record_of(transactional_id, std::move(then)));
}

void TransactionMachine::end(Effects& effects, const std::string& transactional_id, const TransactionMetadata& now,
                             const Ending& ending, Timestamp wall) {
  append(effects, transactional_id, prepared(now, ending, wall));
  if (worker_) {
    before_ = std::exchange(worker_, std::nullopt);
    reply(effects, *before_, Work{.markers = {{transactional_id, effects.append.back().value}}});
  } else {
    to_hand_out_.insert(transactional_id);  // refused or not: who takes it looks whether it is prepared
  }
}

// ------------------------------------------------------------------------------------------------ producers

Effects TransactionMachine::on(const InitProducer& request, const RequestContext& context, RequestId id, Instant,
                               Timestamp wall) {
  begin_step();
  Effects effects;
  const auto& key = request.transactional_id;
  if (key.empty() || key.size() > kStringMax) {
    reply(effects, id, refused(ErrorCode::kInvalidRequest));
  } else if (request.timeout_ms <= 0 || Millis(request.timeout_ms) > config_.timeout_max) {
    reply(effects, id, refused(ErrorCode::kInvalidTransactionTimeout));
  } else if (const auto* known = find(key)) {
    init_known(effects, request, context, id, *known, wall);
  } else if (context.new_producer_id == kNoProducerId) {
    // Also when it says which one it had: the id was forgotten meanwhile, and there is nobody to be protected from it.
    reply(effects, id, kWantsProducerId);
  } else {
    TransactionMetadata fresh{.producer_id = context.new_producer_id};
    fresh = with_next_epoch(fresh, request.timeout_ms, false, wall);
    fresh.previous_producer_id = kNoProducerId;
    reply(effects, id, ProducerReply{.producer_id = fresh.producer_id, .producer_epoch = fresh.producer_epoch});
    append(effects, key, std::move(fresh));
  }
  return effects;
}

void TransactionMachine::init_known(Effects& effects, const InitProducer& request, const RequestContext& context,
                                    RequestId id, const TransactionMetadata& now, Timestamp wall) {
  const bool continues = request.producer_id != kNoProducerId;
  const bool has_current = request.producer_id == now.producer_id && request.producer_epoch == now.producer_epoch;
  if (now.is_prepared()) return reply(effects, id, refused(ErrorCode::kConcurrentTransactions));
  if (now.is_ongoing()) {
    // Who has an older epoch ends nothing.
    if (continues && !has_current) return reply(effects, id, refused(ErrorCode::kProducerFenced));
    Ending ending = fence();
    ending.next_producer_id = context.new_producer_id;
    if (uses_up_epochs(now, ending) && ending.next_producer_id == kNoProducerId)
      return reply(effects, id, kWantsProducerId);
    if (!uses_up_epochs(now, ending)) ending.next_producer_id = kNoProducerId;
    end(effects, request.transactional_id, now, ending, wall);
    // Once more when the markers are written; the epoch of the fence is nobody's.
    return reply(effects, id, refused(ErrorCode::kConcurrentTransactions));
  }
  if (continues && !has_current) {
    if (!was_given_the_present(now, request)) return reply(effects, id, refused(ErrorCode::kProducerFenced));
    return reply(effects, id, ProducerReply{.producer_id = now.producer_id, .producer_epoch = now.producer_epoch});
  }
  if (is_exhausted(now.producer_epoch) && context.new_producer_id == kNoProducerId)
    return reply(effects, id, kWantsProducerId);
  auto then = is_exhausted(now.producer_epoch)
                  ? with_producer_id(now, context.new_producer_id, request.timeout_ms, continues, wall)
                  : with_next_epoch(now, request.timeout_ms, continues, wall);
  reply(effects, id, ProducerReply{.producer_id = then.producer_id, .producer_epoch = then.producer_epoch});
  append(effects, request.transactional_id, std::move(then));
}

// ------------------------------------------------------------------------------------------------ the transaction

Effects TransactionMachine::on(const AddPartitions& request, const RequestContext&, RequestId id, Instant,
                               Timestamp wall) {
  begin_step();
  Effects effects;
  const auto answer = [&](ErrorCode error) { reply(effects, id, PartitionsReply{.error = error}); };
  const auto* known = find(request.transactional_id);
  if (request.transactional_id.empty()) {
    answer(ErrorCode::kInvalidRequest);
  } else if (!known || known->producer_id != request.producer_id) {
    answer(ErrorCode::kInvalidProducerIdMapping);
  } else if (known->producer_epoch != request.producer_epoch) {
    answer(ErrorCode::kProducerFenced);
  } else if (known->is_prepared()) {
    answer(ErrorCode::kConcurrentTransactions);
  } else if (request.verify_only) {
    PartitionsReply verified;
    for (const auto& [topic, partitions] : request.partitions)
      for (const PartitionId partition : partitions)
        if (!known->has(topic, partition)) verified.missing.push_back({topic, partition});
    reply(effects, id, std::move(verified));
  } else if (known->is_ongoing() && known->has_all(request.partitions)) {
    answer(ErrorCode::kNone);
  } else {
    auto record =
        record_of(request.transactional_id, with_partitions(*known, request.partitions, request.client_version, wall));
    const auto size = size_in_batch(record);
    // Kafka's answer to what its log cannot hold.
    if (!size || *size + kEndBytesMax > config_.append_bytes_max) {
      answer(ErrorCode::kUnknownServerError);
    } else {
      effects.append.push_back(std::move(record));
      answer(ErrorCode::kNone);
    }
  }
  return effects;
}

Effects TransactionMachine::on(const EndTransaction& request, const RequestContext& context, RequestId id, Instant,
                               Timestamp wall) {
  begin_step();
  Effects effects;
  const auto* known = find(request.transactional_id);
  if (!known) {
    const bool named = !request.transactional_id.empty();
    reply(effects, id, refused(named ? ErrorCode::kInvalidProducerIdMapping : ErrorCode::kInvalidRequest));
    return effects;
  }
  const auto verdict = judge_end(*known, request);
  Ending ending{.commit = request.commit, .client_version = request.client_version};
  const bool own_epoch = request.client_version >= kEpochBumpFrom;
  if (verdict.kind == EndVerdict::Kind::kRefused) {
    reply(effects, id, refused(verdict.error));
  } else if (verdict.kind == EndVerdict::Kind::kStored) {
    reply(effects, id,
          own_epoch ? ProducerReply{.producer_id = known->producer_id, .producer_epoch = known->producer_epoch}
                    : ProducerReply{});
  } else if (uses_up_epochs(*known, ending) && context.new_producer_id == kNoProducerId) {
    reply(effects, id, kWantsProducerId);
  } else {
    if (uses_up_epochs(*known, ending)) ending.next_producer_id = context.new_producer_id;
    end(effects, request.transactional_id, *known, ending, wall);
    // What the producer goes on with once the markers are written.
    const auto then = completed(*effects.append.back().value, wall);
    reply(effects, id,
          own_epoch ? ProducerReply{.producer_id = then.producer_id, .producer_epoch = then.producer_epoch}
                    : ProducerReply{});
  }
  return effects;
}

// ------------------------------------------------------------------------------------------------ markers

Effects TransactionMachine::on(const TakeWork& request, const RequestContext&, RequestId id, Instant, Timestamp) {
  begin_step();
  Effects effects;
  if (worker_) reply(effects, *std::exchange(worker_, std::nullopt), Work{});
  if (request.all) to_hand_out_ = prepared_;
  Work work;
  while (!to_hand_out_.empty() && work.markers.size() < kMarkersAtOnce) {
    const auto key = std::move(to_hand_out_.extract(to_hand_out_.begin()).value());
    const auto at = known_.find(key);
    if (at != known_.end() && at->second->is_prepared()) work.markers.push_back({key, at->second});
  }
  while (!timed_out_.empty() && work.timed_out.size() < kMarkersAtOnce) {
    const auto key = std::move(timed_out_.extract(timed_out_.begin()).value());
    const auto* known = find(key);
    if (known && known->is_ongoing()) work.timed_out.push_back({key, known->producer_id, known->producer_epoch});
  }
  if (work.markers.empty() && work.timed_out.empty())
    worker_ = id;
  else
    reply(effects, id, std::move(work));
  return effects;
}

Effects TransactionMachine::on(const MarkersWritten& request, const RequestContext&, RequestId id, Instant,
                               Timestamp wall) {
  begin_step();
  Effects effects;
  const auto* known = find(request.transactional_id);
  // Else it is an answer that comes for the second time.
  if (known && known->is_prepared() && known->last_update == request.prepared_at)
    append(effects, request.transactional_id, completed(*known, wall));
  reply(effects, id, Done{});
  return effects;
}

// ------------------------------------------------------------------------------------------------ looking on

Effects TransactionMachine::on(const DescribeTransaction& request, const RequestContext&, RequestId id, Instant,
                               Timestamp) {
  begin_step();
  Effects effects;
  Described described{.transactional_id = request.transactional_id};
  const auto* known = find(request.transactional_id);
  if (request.transactional_id.empty()) {
    described.error_code = ErrorCode::kInvalidRequest;
  } else if (!known) {
    described.error_code = ErrorCode::kTransactionalIdNotFound;
  } else {
    described.transaction_state = name(known->state);
    described.transaction_timeout_ms = known->timeout_ms;
    described.transaction_start_time_ms = known->start;
    described.producer_id = known->producer_id;
    described.producer_epoch = known->producer_epoch;
    for (const auto& [topic, partitions] : known->partitions)
      described.topics.push_back({topic, {partitions.begin(), partitions.end()}});
  }
  reply(effects, id, std::move(described));
  return effects;
}

// ------------------------------------------------------------------------------------------------ time

Effects TransactionMachine::on_loaded(Instant now, Timestamp) {
  begin_step();
  Effects effects;
  effects.timers.push_back({{TimerKey::Kind::kAbort, {}}, later(now, config_.abort_check_interval)});
  effects.timers.push_back({{TimerKey::Kind::kExpire, {}}, later(now, config_.expiration_check_interval)});
  return effects;
}

bool TransactionMachine::abort_if_timed_out(Effects& effects, const std::string& transactional_id,
                                            const TransactionMetadata& now, Timestamp wall) {
  if (!now.is_ongoing() || wall - now.start <= now.timeout_ms) return false;
  if (uses_up_epochs(now, fence())) {
    if (worker_)
      reply(effects, *std::exchange(worker_, std::nullopt),
            Work{.timed_out = {{transactional_id, now.producer_id, now.producer_epoch}}});
    else
      timed_out_.insert(transactional_id);
    return true;
  }
  log::info("transaction aborted, its time is over", field("transactional_id", transactional_id),
            field("producer_id", now.producer_id), field("timeout_ms", now.timeout_ms));
  end(effects, transactional_id, now, fence(), wall);
  return true;
}

Effects TransactionMachine::on(const AbortTimedOut& request, const RequestContext& context, RequestId id, Instant,
                               Timestamp wall) {
  begin_step();
  Effects effects;
  const auto* known = find(request.transactional_id);
  if (known && known->is_ongoing() && known->producer_id == request.producer_id &&
      known->producer_epoch == request.producer_epoch && wall - known->start > known->timeout_ms &&
      context.new_producer_id != kNoProducerId) {
    Ending ending = fence();
    if (uses_up_epochs(*known, ending)) ending.next_producer_id = context.new_producer_id;
    end(effects, request.transactional_id, *known, ending, wall);
  }
  reply(effects, id, Done{});
  return effects;
}

bool TransactionMachine::has_expired(const TransactionMetadata& metadata, Timestamp wall) const {
  return !metadata.is_ongoing() && !metadata.is_prepared() && wall - metadata.last_update >= config_.expiration.count();
}

// A slice of all ids, from the one behind `key.after` on. A transaction that has to be aborted ends the slice: each has
// a batch of its own, and a step that asks for a producer id appends nothing.
Effects TransactionMachine::on_timer(const TimerKey& key, Instant now, Timestamp wall) {
  begin_step();
  Effects effects;
  const bool aborts = key.kind == TimerKey::Kind::kAbort;
  auto at = key.after.empty() ? known_.begin() : known_.upper_bound(key.after);
  std::string looked_at;
  bool full = false;
  for (std::size_t n = 0; at != known_.end() && n < kIdsAtOnce && !full; ++n, ++at) {
    looked_at = at->first;
    if (aborts)
      full = abort_if_timed_out(effects, at->first, *at->second, wall);
    else if (has_expired(*at->second, wall))
      effects.append.push_back({.transactional_id = at->first});
  }
  if (at == known_.end())
    effects.timers.push_back(
        {{key.kind, {}}, later(now, aborts ? config_.abort_check_interval : config_.expiration_check_interval)});
  else
    effects.timers.push_back({{key.kind, std::move(looked_at)}, now});
  return effects;
}

// ------------------------------------------------------------------------------------------------ the log

void TransactionMachine::apply(const TransactionRecord& record) {
  if (!record.value) {
    known_.erase(record.transactional_id);
    prepared_.erase(record.transactional_id);
    return;
  }
  if (record.value->is_prepared())
    prepared_.insert(record.transactional_id);
  else
    prepared_.erase(record.transactional_id);
  known_[record.transactional_id] = record.value;
}

void TransactionMachine::undo() {
  if (before_) worker_ = before_;
  before_.reset();
}

}  // namespace thalweg::transaction
