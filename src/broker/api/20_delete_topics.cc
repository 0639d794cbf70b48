// DeleteTopics (20), versions 0-6: the controller decides; the answer waits until the topics are gone here.
#include "broker/api/api.h"
#include "broker/api/forward.h"
#include "broker/audit.h"
#include "broker/slices.h"
#include "protocol/delete_topics_request.h"
#include "protocol/delete_topics_response.h"
#include "runtime/yielding.h"

namespace thalweg::broker {
namespace {

Task<protocol::DeleteTopicsResponse> delete_topics(const RequestContext& context,
                                                   protocol::DeleteTopicsRequest request) {
  protocol::DeleteTopicsResponse refused;
  for (const auto& name : request.topic_names) refused.responses.emplace_back().name = name;
  for (const auto& topic : request.topics) {
    auto& out = refused.responses.emplace_back();
    out.name = topic.name;
    out.topic_id = topic.topic_id;
  }
  auto response = co_await forward<protocol::DeleteTopicsResponse>(context, std::move(request));
  if (response) {
    Pace pace(kPartitionsAtOnce);
    for (const auto& topic : response->responses) {
      if (pace.due()) co_await give_way();
      if (topic.error_code == ErrorCode::kNone)
        log::info("topic deleted", field("topic", topic.name.value_or("")), by(context));
    }
    co_return std::move(*response);
  }
  for (auto& topic : refused.responses) {
    topic.error_code = response.error().code;
    topic.error_message = response.error().message;
  }
  co_return refused;
}

}  // namespace

extern const Api kDeleteTopics = serve<&delete_topics>;

}  // namespace thalweg::broker
