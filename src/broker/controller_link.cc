#include "broker/controller_link.h"

namespace thalweg::broker {
namespace {

// The alternative of Reply at the place of `Asked` among the requests.
template <class Asked, std::size_t I = 0>
constexpr std::size_t place_of() {
  if constexpr (std::is_same_v<Asked, std::variant_alternative_t<I, ControllerLink::Request>>)
    return I;
  else
    return place_of<Asked, I + 1>();
}

using Answer = OneShot<Result<ControllerLink::Reply>>;

template <class Asked>
Task<> ask_service(ControllerService* service, Asked request, std::int16_t version, Answer answer) {
  using Response = std::variant_alternative_t<place_of<Asked>(), ControllerLink::Reply>;
  auto response = co_await service->handle<Response>(std::move(request), version);
  if (response)
    answer.set(ControllerLink::Reply(std::move(*response)));
  else
    answer.set(std::unexpected(std::move(response.error())));
}

}  // namespace

Task<Result<ControllerLink::Reply>> LocalControllerLink::ask_once(Request request, std::int16_t version,
                                                                  Instant deadline) {
  static_assert(std::variant_size_v<Request> == std::variant_size_v<Reply>);
  const Answer answer;
  spawn(shard_,
        std::visit([&](auto& asked) { return ask_service(&service_, std::move(asked), version, answer); }, request));
  const auto timer = shard_.clock.call_at(deadline, [answer] {
    answer.set(fail(ErrorCode::kRequestTimedOut, "the controller did not answer in time; the outcome is unknown"));
  });
  co_return co_await answer.wait();
}

}  // namespace thalweg::broker
