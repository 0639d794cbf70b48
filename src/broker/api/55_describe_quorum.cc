// DescribeQuorum (55), versions 0-2 (KIP-595, KIP-642, KIP-853): the quorum's leader answers.
#include "broker/api/api.h"
#include "broker/api/forward.h"
#include "protocol/describe_quorum_request.h"
#include "protocol/describe_quorum_response.h"

namespace thalweg::broker {
namespace {

Task<protocol::DescribeQuorumResponse> ask_the_leader(const RequestContext& context,
                                                      protocol::DescribeQuorumRequest request) {
  auto response = co_await forward<protocol::DescribeQuorumResponse>(context, std::move(request));
  if (response) co_return std::move(*response);
  protocol::DescribeQuorumResponse refused;
  refused.error_code = response.error().code;
  refused.error_message = response.error().message;
  co_return refused;
}

}  // namespace

extern const Api kDescribeQuorum = serve<&ask_the_leader>;

}  // namespace thalweg::broker
