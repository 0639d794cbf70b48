// What a step of the machine answers, with what it appends.
#pragma once

#include <utility>
#include <vector>

#include "registry/registry_machine.h"

namespace thalweg::registry {

template <class T>
Effects reply(RequestId id, T answer, std::vector<Record> append = {}) {
  Effects effects;
  effects.append = std::move(append);
  effects.replies.push_back({id, Reply(std::move(answer))});
  return effects;
}

}  // namespace thalweg::registry
