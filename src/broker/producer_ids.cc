#include "broker/producer_ids.h"

#include "broker/ask_controller.h"
#include "broker/broker.h"
#include "protocol/allocate_producer_ids_request.h"
#include "protocol/allocate_producer_ids_response.h"

namespace thalweg::broker {
namespace {

// Shorter than producers wait for an id, longer than an election of the controller takes.
constexpr Instant kIdsWithin = std::chrono::seconds(10);

}  // namespace

Task<Result<ProducerId>> ProducerIds::next() {
  // Several may find the block used up at once; each asks for one of its own, and the last one stays. Ids are plenty.
  if (next_ == end_) {
    protocol::AllocateProducerIdsRequest request;
    request.broker_id = broker_.config().node_id;
    request.broker_epoch = broker_.broker_epoch();
    CO_TRY(const auto block,
           co_await ask_controller<protocol::AllocateProducerIdsResponse>(broker_, std::move(request), 0, kIdsWithin));
    if (block.error_code != ErrorCode::kNone) co_return fail(block.error_code, "no producer ids from the controller");
    next_ = block.producer_id_start;
    end_ = ProducerId{block.producer_id_start.value + block.producer_id_len};
  }
  const ProducerId id = next_;
  next_ = ProducerId{next_.value + 1};
  co_return id;
}

}  // namespace thalweg::broker
