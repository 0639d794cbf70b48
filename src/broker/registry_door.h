// The way to the schema registry of this node for those that cannot see it, since it stands above the broker: other
// nodes, over the listener between brokers (api/20001_thalweg_registry.cc), so that registries that listen on their
// loopbacks are one; and this node's console.
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

  // Until close(), what others ask goes to `here`, and what this node's own console asks to `anywhere`.
  void open(Answer here, Answer anywhere) {
    here_ = std::move(here);
    anywhere_ = std::move(anywhere);
  }
  void close() { here_ = anywhere_ = nullptr; }
  bool is_open() const { return bool(here_); }

  // Decided here or nowhere. kCoordinatorNotAvailable while it is closed: nothing was asked.
  Task<Response> ask(Request request) { return here_ ? here_(std::move(request)) : closed(); }
  // Whoever leads `_schemas` decides, and the next one when it is lost, as for those who ask over HTTP. The same error.
  Task<Response> ask_anywhere(Request request) { return anywhere_ ? anywhere_(std::move(request)) : closed(); }

 private:
  static Task<Response> closed() {
    Response response;
    response.error_code = ErrorCode::kCoordinatorNotAvailable;
    response.error_message = "no schema registry runs there; schema.registry.listeners turns it on";
    co_return response;
  }
  Answer here_, anywhere_;
};

}  // namespace thalweg::broker
