// ElectLeaders (43), versions 0-2 (KIP-183, unclean elections KIP-460): the controller decides; the answer waits until
// the leaders are in force here.
#include "broker/api/api.h"
#include "broker/api/forward.h"
#include "controller/elections.h"

namespace thalweg::broker {
namespace {

Task<protocol::ElectLeadersResponse> elect_leaders(const RequestContext& context,
                                                   protocol::ElectLeadersRequest request) {
  auto response = co_await forward<protocol::ElectLeadersResponse>(context, request);
  if (response) co_return std::move(*response);
  auto refused = controller::refused_elections(request, response.error());
  if (context.version == 0) refused.error_code = ErrorCode::kNone;  // it has an error for each partition only
  co_return refused;
}

}  // namespace

extern const Api kElectLeaders = serve<&elect_leaders>;

}  // namespace thalweg::broker
