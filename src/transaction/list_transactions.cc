#include "transaction/list_transactions.h"

#include <re2/re2.h>

#include <algorithm>
#include <optional>
#include <set>

#include "transaction/transaction_machine.h"

namespace thalweg::transaction {
namespace {

using protocol::ListTransactionsRequest;
using protocol::ListTransactionsResponse;

class Filter {
 public:
  // Names of states that do not exist are given back.
  Filter(const ListTransactionsRequest& request, std::vector<std::string>& unknown)
      : duration_(request.duration_filter),
        by_state_(!request.state_filters.empty()),
        producers_(request.producer_id_filters.begin(), request.producer_id_filters.end()) {
    for (const auto& text : request.state_filters) {
      if (const auto state = state_named(text))
        states_.insert(*state);
      else
        unknown.push_back(text);
    }
    if (request.transactional_id_pattern && !request.transactional_id_pattern->empty())
      pattern_.emplace(*request.transactional_id_pattern, RE2::Quiet);
  }
  bool is_valid() const { return !pattern_ || pattern_->ok(); }
  bool passes(const std::string& id, const TransactionMetadata& metadata, Timestamp wall) const {
    return (producers_.empty() || producers_.contains(metadata.producer_id)) &&
           (!by_state_ || states_.contains(metadata.state)) && (duration_ < 0 || wall - metadata.start > duration_) &&
           (!pattern_ || RE2::FullMatch(id, *pattern_));
  }

 private:
  const std::int64_t duration_;
  const bool by_state_;
  std::set<TransactionState> states_;
  const std::set<ProducerId> producers_;
  std::optional<RE2> pattern_;
};

}  // namespace

ListTransactionsResponse judge_filters(const ListTransactionsRequest& request) {
  ListTransactionsResponse response;
  if (!Filter(request, response.unknown_state_filters).is_valid())
    response = {.error_code = ErrorCode::kInvalidRegularExpression};
  return response;
}

Effects TransactionMachine::on(const ListTransactionsRequest& request, const RequestContext&, RequestId id, Instant,
                               Timestamp wall) {
  begin_step();
  ListTransactionsResponse response;
  const Filter filter(request, response.unknown_state_filters);
  if (!filter.is_valid()) {
    response.error_code = ErrorCode::kInvalidRegularExpression;
  } else {
    for (const auto& [key, metadata] : known_)
      if (filter.passes(key, *metadata, wall))
        response.transaction_states.push_back({key, metadata->producer_id, std::string(name(metadata->state))});
  }
  Effects effects;
  effects.replies.push_back({id, std::move(response)});
  return effects;
}

}  // namespace thalweg::transaction
