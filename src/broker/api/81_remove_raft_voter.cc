// RemoveRaftVoter (81), version 0 (KIP-853): the quorum's leader takes a controller's vote; it follows on without one.
#include "broker/api/api.h"
#include "broker/api/forward.h"
#include "broker/audit.h"
#include "protocol/remove_raft_voter_request.h"
#include "protocol/remove_raft_voter_response.h"

namespace thalweg::broker {
namespace {

Task<protocol::RemoveRaftVoterResponse> remove_raft_voter(const RequestContext& context,
                                                          protocol::RemoveRaftVoterRequest request) {
  protocol::RemoveRaftVoterResponse refused;
  if (!context.allows(Operation::kAlter, kCluster)) {
    refused.error_code = ErrorCode::kClusterAuthorizationFailed;
    co_return refused;
  }
  const BrokerId voter = request.voter_id;
  auto response = co_await forward<protocol::RemoveRaftVoterResponse>(context, std::move(request));
  if (response) {
    if (response->error_code == ErrorCode::kNone) log::info("voter removed", field("node", voter), by(context));
    co_return std::move(*response);
  }
  refused.error_code = response.error().code;
  refused.error_message = response.error().message;
  co_return refused;
}

}  // namespace

extern const Api kRemoveRaftVoter = serve<&remove_raft_voter>;

}  // namespace thalweg::broker
