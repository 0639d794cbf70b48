// What becomes of an EndTxn, by the state that its transactional id is in: the tables of KIP-98 and KIP-890.
#pragma once

#include <optional>

#include "base/error_code.h"
#include "transaction/effects.h"

namespace thalweg::transaction {

struct EndVerdict {
  enum class Kind : std::uint8_t {
    kRefused,  // with `error`
    kStored,   // it has ended so already: the answer is what is stored
    kEnds,     // it ends now
  };
  Kind kind;
  ErrorCode error = ErrorCode::kNone;
};

// Before kEpochBumpFrom the epoch must be the current one:
//
//                    abort                  commit
//   Empty            INVALID_TXN_STATE      INVALID_TXN_STATE
//   Ongoing          ends                   ends
//   PrepareX         CONCURRENT_TRANSACTIONS
//   CompleteX        X: stored,             the other: INVALID_TXN_STATE
//
// From then on each end gives the next epoch. Who has the one before asks again, who has the current one asks for the
// end of the next transaction, in which nothing may have been written yet:
//
//                    abort again | abort    commit again | commit
//   Empty            fenced      | ends     fenced       | INVALID_TXN_STATE
//   Ongoing          fenced      | ends     fenced       | ends
//   PrepareX         CONCURRENT_TRANSACTIONS, whoever asks
//   CompleteAbort    stored      | ends     INVALID_TXN_STATE
//   CompleteCommit   INVALID_    | ends     stored       | INVALID_TXN_STATE
EndVerdict judge_end(const TransactionMetadata& now, const EndTransaction& request);

}  // namespace thalweg::transaction
