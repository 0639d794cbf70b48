// The way from other nodes to the schema registry of this one: the registry stands above the broker, which does not
// know it, and is asked over the listener between brokers (api/20001_thalweg_registry.cc). So registries that listen on
// their loopbacks are one.
//
// Owner: shard 0.
#pragma once

#include <functional>
#include <utility>

#include "protocol/thalweg_registry_request.h"
#include "protocol/thalweg_registry_response.h"
#include "runtime/task.h"

namespace thalweg::broker {

class RegistryDoor {
 public:
  using Request = protocol::ThalwegRegistryRequest;
  using Response = protocol::ThalwegRegistryResponse;
  using Answer = std::function<Task<Response>(Request)>;

  // From now on, what others ask goes to `answer`; until close().
  void open(Answer answer) { answer_ = std::move(answer); }
  void close() { answer_ = nullptr; }

  // kCoordinatorNotAvailable while it is closed: nothing was asked.
  Task<Response> ask(Request request) {
    if (answer_) return answer_(std::move(request));
    return closed();
  }

 private:
  static Task<Response> closed() {
    Response response;
    response.error_code = ErrorCode::kCoordinatorNotAvailable;
    response.error_message = "no schema registry runs there; schema.registry.listeners turns it on";
    co_return response;
  }
  Answer answer_;
};

}  // namespace thalweg::broker
