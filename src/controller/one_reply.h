// The effects of a decision that answers one request.
#pragma once

#include <utility>

#include "controller/controller_machine.h"

namespace thalweg::controller {

template <class Response>
ControllerMachine::Effects one_reply(Decision<Response> decision, ControllerMachine::RequestId id) {
  ControllerMachine::Effects effects{.append = std::move(decision.records)};
  effects.replies.push_back({id, std::move(decision.reply)});
  return effects;
}

}  // namespace thalweg::controller
