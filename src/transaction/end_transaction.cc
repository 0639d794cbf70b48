#include "transaction/end_transaction.h"

namespace thalweg::transaction {
namespace {

using enum EndVerdict::Kind;

EndVerdict end_refused(ErrorCode error) { return {kRefused, error}; }

EndVerdict judge_with_fixed_epoch(const TransactionMetadata& now, const EndTransaction& request) {
  if (request.producer_id != now.producer_id) return end_refused(ErrorCode::kInvalidProducerIdMapping);
  if (request.producer_epoch != now.producer_epoch) return end_refused(ErrorCode::kProducerFenced);
  if (now.is_ongoing()) return {kEnds};
  if (now.is_prepared()) return end_refused(ErrorCode::kConcurrentTransactions);
  if (now.is_complete() && now.commits() == request.commit) return {kStored};
  return end_refused(ErrorCode::kInvalidTxnState);
}

// Who had the epoch, or the id, before the last end. Nobody is ever given the largest epoch, to which a fence may lead.
bool asks_again(const TransactionMetadata& now, const EndTransaction& request) {
  if (request.producer_id == now.producer_id)
    return now.producer_epoch.value == request.producer_epoch.value + 1 && request.producer_epoch < kLastEpoch;
  return request.producer_id == now.previous_producer_id && request.producer_epoch == kLastEpoch &&
         now.producer_epoch == ProducerEpoch{0};
}

EndVerdict judge_with_own_epoch(const TransactionMetadata& now, const EndTransaction& request) {
  // What is to be said is only known when the markers are written: then the epoch may be one of another id.
  if (now.is_prepared()) return end_refused(ErrorCode::kConcurrentTransactions);
  const bool again = asks_again(now, request);
  if (request.producer_id != now.producer_id && !(now.is_complete() && again))
    return end_refused(ErrorCode::kInvalidProducerIdMapping);
  if (now.is_complete() && again)
    return now.commits() == request.commit ? EndVerdict{kStored} : end_refused(ErrorCode::kInvalidTxnState);
  if (request.producer_epoch != now.producer_epoch) return end_refused(ErrorCode::kProducerFenced);
  // An abort of nothing gives the next epoch, which is what a client wants that does not know what was written.
  return now.is_ongoing() || !request.commit ? EndVerdict{kEnds} : end_refused(ErrorCode::kInvalidTxnState);
}

}  // namespace

EndVerdict judge_end(const TransactionMetadata& now, const EndTransaction& request) {
  return request.client_version >= kEpochBumpFrom ? judge_with_own_epoch(now, request)
                                                  : judge_with_fixed_epoch(now, request);
}

}  // namespace thalweg::transaction
