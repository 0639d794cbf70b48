// UpdateRaftVoter (82), version 0 (KIP-853): a voter tells the quorum's leader its new addresses.
#include "broker/api/api.h"
#include "broker/api/at_controller.h"
#include "protocol/update_raft_voter_request.h"
#include "protocol/update_raft_voter_response.h"

namespace thalweg::broker {
namespace {

Task<protocol::UpdateRaftVoterResponse> update_raft_voter(const RequestContext& context,
                                                          protocol::UpdateRaftVoterRequest request) {
  co_return co_await answer_as_controller<protocol::UpdateRaftVoterResponse>(context, std::move(request));
}

}  // namespace

extern const Api kUpdateRaftVoter = serve<&update_raft_voter>;

}  // namespace thalweg::broker
