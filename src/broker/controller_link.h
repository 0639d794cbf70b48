// How this broker asks the controller, wherever it runs. Whoever asks does not know where that is: on this node
// (LocalControllerLink) today; a link over a network::Channel to another node is one more class with the same ask_once.
//
// Owner: shard 0.
#pragma once

#include <memory>
#include <utility>
#include <variant>

#include "base/check.h"
#include "broker/controller_service.h"
#include "runtime/shard.h"

namespace thalweg::broker {

class ControllerLink {
 public:
  using Request = std::variant<
      protocol::CreateTopicsRequest, protocol::DeleteTopicsRequest, protocol::CreatePartitionsRequest,
      protocol::AlterConfigsRequest, protocol::IncrementalAlterConfigsRequest, protocol::ElectLeadersRequest,
      protocol::AlterPartitionReassignmentsRequest, protocol::AlterPartitionRequest,
      protocol::BrokerRegistrationRequest, protocol::BrokerHeartbeatRequest, protocol::UnregisterBrokerRequest,
      protocol::AllocateProducerIdsRequest, protocol::UpdateFeaturesRequest, protocol::AssignReplicasToDirsRequest,
      protocol::ControllerRegistrationRequest, controller::BrokerGone>;
  using Reply = controller::ControllerMachine::Reply;  // the response at the request's place

  virtual ~ControllerLink() = default;

  // One attempt. kNotController: there is none there at the moment, or it went while it was at it. kRequestTimedOut: no
  // answer. In both cases a change may have been made, or may yet be.
  virtual Task<Result<Reply>> ask_once(Request request, std::int16_t version, Instant deadline) = 0;

  // A client's request: whether to try again is the client's to know.
  template <class Response, class Asked>
  Task<Result<Response>> forward(Asked request, std::int16_t version, Instant deadline) {
    auto reply = co_await ask_once(Request(std::move(request)), version, deadline);
    if (!reply) co_return std::unexpected(std::move(reply.error()));
    auto* response = std::get_if<Response>(&*reply);
    CHECK(response);
    co_return std::move(*response);
  }

  // The same for who is on another shard and has no clock of this one.
  template <class Response, class Asked>
  Task<Result<Response>> forward_within(Asked request, std::int16_t version, Instant span) {
    return forward<Response>(std::move(request), version, clock().now() + span);
  }

  // The broker's own business: asks until a controller has answered, or the deadline. Only for requests that may be
  // made twice, since an answer may get lost.
  template <class Response, class Asked>
  Task<Result<Response>> ask(Asked request, std::int16_t version, Instant deadline) {
    Instant backoff = kBackoffFirst;
    for (;;) {
      auto answer = co_await forward<Response>(request, version, deadline);
      if (answer || clock().now() + backoff >= deadline || !may_be_asked_again(answer.error())) co_return answer;
      co_await clock().sleep_for(backoff);
      backoff = std::min<Instant>(2 * backoff, kBackoffLast);
    }
  }

  static constexpr Instant kBackoffFirst = std::chrono::milliseconds(1), kBackoffLast = std::chrono::milliseconds(100);

 protected:
  virtual Clock& clock() = 0;

 private:
  static bool may_be_asked_again(const Error& error) {
    return error.code == ErrorCode::kNotController || error.code == ErrorCode::kRequestTimedOut ||
           error.code == ErrorCode::kThrottlingQuotaExceeded || error.code == ErrorCode::kKafkaStorageError;
  }
};

// The controller of this node, which is the only one while the quorum has one voter.
class LocalControllerLink : public ControllerLink {
 public:
  LocalControllerLink(const Shard& shard, ControllerService& service) : shard_(shard), service_(service) {}

  Task<Result<Reply>> ask_once(Request request, std::int16_t version, Instant deadline) override;

 protected:
  Clock& clock() override { return shard_.clock; }

 private:
  const Shard& shard_;
  ControllerService& service_;
};

}  // namespace thalweg::broker
