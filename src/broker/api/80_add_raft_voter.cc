// AddRaftVoter (80), versions 0-1 (KIP-853, KIP-1186): the quorum's leader gives a controller that follows it a vote.
#include "broker/api/api.h"
#include "broker/api/forward.h"
#include "broker/audit.h"
#include "protocol/add_raft_voter_request.h"
#include "protocol/add_raft_voter_response.h"

namespace thalweg::broker {
namespace {

Task<protocol::AddRaftVoterResponse> add_raft_voter(const RequestContext& context,
                                                    protocol::AddRaftVoterRequest request) {
  protocol::AddRaftVoterResponse refused;
  if (!context.allows(Operation::kAlter, kCluster)) {
    refused.error_code = ErrorCode::kClusterAuthorizationFailed;
    co_return refused;
  }
  const BrokerId voter = request.voter_id;
  auto response = co_await forward<protocol::AddRaftVoterResponse>(context, std::move(request));
  if (response) {
    if (response->error_code == ErrorCode::kNone) log::info("voter added", field("node", voter), by(context));
    co_return std::move(*response);
  }
  refused.error_code = response.error().code;
  refused.error_message = response.error().message;
  co_return refused;
}

}  // namespace

extern const Api kAddRaftVoter = serve<&add_raft_voter>;

}  // namespace thalweg::broker
