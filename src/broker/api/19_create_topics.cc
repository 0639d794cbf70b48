// CreateTopics (19), versions 0-7: the controller decides; the answer waits until the topics are in force here.
#include "broker/api/api.h"
#include "broker/api/forward.h"
#include "broker/audit.h"
#include "broker/slices.h"
#include "protocol/create_topics_request.h"
#include "protocol/create_topics_response.h"
#include "runtime/yielding.h"

namespace thalweg::broker {
namespace {

Task<protocol::CreateTopicsResponse> create_topics(const RequestContext& context,
                                                   protocol::CreateTopicsRequest request) {
  std::vector<std::string> names;
  for (const auto& topic : request.topics) names.push_back(topic.name);
  const bool validate_only = request.validate_only;
  auto response = co_await forward<protocol::CreateTopicsResponse>(context, std::move(request));
  if (response) {
    Pace pace(kPartitionsAtOnce);
    for (const auto& topic : response->topics) {
      if (pace.due()) co_await give_way();
      if (topic.error_code == ErrorCode::kNone && !validate_only)
        log::info("topic created", field("topic", topic.name), by(context));
    }
    co_return std::move(*response);
  }
  protocol::CreateTopicsResponse refused;
  for (auto& name : names) {
    auto& topic = refused.topics.emplace_back();
    topic.name = std::move(name);
    topic.error_code = response.error().code;
    topic.error_message = response.error().message;
  }
  co_return refused;
}

}  // namespace

extern const Api kCreateTopics = serve<&create_topics>;

}  // namespace thalweg::broker
