// What ListTransactions asks for (KIP-664, KIP-994, KIP-1152).
#pragma once

#include "protocol/list_transactions_request.h"
#include "protocol/list_transactions_response.h"

namespace thalweg::transaction {

// The answer without any transaction: names of states that do not exist, or kInvalidRegularExpression.
protocol::ListTransactionsResponse judge_filters(const protocol::ListTransactionsRequest& request);

}  // namespace thalweg::transaction
