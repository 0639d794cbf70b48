// CreatePartitions (37), versions 0-3: the controller decides; every topic of the request is in the answer.
#include "broker/api/api.h"
#include "broker/api/forward.h"
#include "protocol/create_partitions_request.h"
#include "protocol/create_partitions_response.h"

namespace thalweg::broker {
namespace {

Task<protocol::CreatePartitionsResponse> create_partitions(const RequestContext& context,
                                                           protocol::CreatePartitionsRequest request) {
  protocol::CreatePartitionsResponse refused;
  for (const auto& topic : request.topics) refused.results.emplace_back().name = topic.name;
  auto response = co_await forward<protocol::CreatePartitionsResponse>(context, std::move(request));
  if (response) co_return std::move(*response);
  for (auto& topic : refused.results) {
    topic.error_code = response.error().code;
    topic.error_message = response.error().message;
  }
  co_return refused;
}

}  // namespace

extern const Api kCreatePartitions = serve<&create_partitions>;

}  // namespace thalweg::broker
