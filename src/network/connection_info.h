#pragma once

#include <cstdint>
#include <string>

#include "runtime/network.h"

namespace thalweg::network {

struct ConnectionInfo {
  std::uint64_t id = 0;  // unique within the shard's acceptor
  Endpoint peer;
  std::string listener;  // "PLAINTEXT", as `listeners` names it
};

}  // namespace thalweg::network
