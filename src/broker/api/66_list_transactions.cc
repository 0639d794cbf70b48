// ListTransactions (66), versions 0-2: the transactional ids that this broker coordinates and that pass the filters; a
// client asks every broker (KIP-664, KIP-994, KIP-1152).
#include <iterator>

#include "broker/api/api.h"
#include "broker/broker.h"
#include "broker/broker_shard.h"
#include "broker/transaction_coordinator.h"
#include "protocol/list_transactions_request.h"
#include "protocol/list_transactions_response.h"
#include "transaction/list_transactions.h"

namespace thalweg::broker {
namespace {

using protocol::ListTransactionsRequest;
using protocol::ListTransactionsResponse;

Task<ListTransactionsResponse> list_transactions(const RequestContext& context, ListTransactionsRequest request) {
  // The filters' own mistakes are said where no id is coordinated, too.
  ListTransactionsResponse response = transaction::judge_filters(request);
  if (response.error_code != ErrorCode::kNone) co_return response;
  auto answers = co_await context.here.broker.transactions().ask_all<ListTransactionsResponse>(std::move(request));
  if (!answers) {
    response.error_code = answers.error().code;
    co_return response;
  }
  for (auto& answer : *answers)
    for (auto& state : answer.transaction_states)
      if (context.allows(Operation::kDescribe, transactional_id_resource(state.transactional_id)))
        response.transaction_states.push_back(std::move(state));
  co_return response;
}

}  // namespace

extern const Api kListTransactions = serve<&list_transactions>;

}  // namespace thalweg::broker
