#include "broker/controller_link.h"

namespace thalweg::broker {
namespace {

using Answer = OneShot<Result<ControllerLink::Reply>>;

// What the quorum knows, as opposed to what the controller decides.
Task<Result<protocol::DescribeQuorumResponse>> response_of(ControllerService* service,
                                                           protocol::DescribeQuorumRequest request, std::int16_t) {
  return service->describe_quorum(std::move(request));
}
Task<Result<protocol::AddRaftVoterResponse>> response_of(ControllerService* service,
                                                         protocol::AddRaftVoterRequest request, std::int16_t) {
  return service->add_raft_voter(std::move(request));
}
Task<Result<protocol::RemoveRaftVoterResponse>> response_of(ControllerService* service,
                                                            protocol::RemoveRaftVoterRequest request, std::int16_t) {
  return service->remove_raft_voter(std::move(request));
}
Task<Result<protocol::UpdateRaftVoterResponse>> response_of(ControllerService* service,
                                                            protocol::UpdateRaftVoterRequest request, std::int16_t) {
  return service->update_raft_voter(std::move(request));
}
template <class Asked>
Task<Result<ResponseTo<Asked>>> response_of(ControllerService* service, Asked request, std::int16_t version) {
  return service->handle<ResponseTo<Asked>>(std::move(request), version);
}

template <class Asked>
Task<> ask_service(ControllerService* service, Asked request, std::int16_t version, Answer answer) {
  auto response = co_await response_of(service, std::move(request), version);
  if (response)
    answer.set(ControllerLink::Reply(std::move(*response)));
  else
    answer.set(std::unexpected(std::move(response.error())));
}

}  // namespace

Task<Result<ControllerLink::Reply>> LocalControllerLink::ask_once(Request request, std::int16_t version,
                                                                  Instant deadline) {
  const Answer answer;
  spawn(shard_,
        std::visit([&](auto& asked) { return ask_service(&service_, std::move(asked), version, answer); }, request));
  const auto timer = shard_.clock.call_at(deadline, [answer] {
    answer.set(fail(ErrorCode::kRequestTimedOut, "the controller did not answer in time; the outcome is unknown"));
  });
  co_return co_await answer.wait();
}

}  // namespace thalweg::broker
