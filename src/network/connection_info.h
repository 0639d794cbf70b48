#pragma once

#include <cstdint>
#include <string>

#include "runtime/network.h"

namespace thalweg::network {

struct ConnectionMetrics;

struct ConnectionInfo {
  std::uint64_t id = 0;  // unique within the shard's acceptor
  Endpoint peer;
  std::string listener;                  // "PLAINTEXT", as `listeners` names it
  ConnectionMetrics* metrics = nullptr;  // of the listener; the acceptor's
};

}  // namespace thalweg::network
