#include "raft/heartbeat.h"

#include "raft/core_views.h"

namespace thalweg::raft {
namespace {
constexpr std::uint32_t kHeartbeat = 8;  // MsgHeartbeat of the core
}

bool is_heartbeat(BytesView body) {
  const rr_bytes view = view_of(body);
  rr_peek_t peek{};
  return rr_peek(view.data, view.size, &peek) == RR_OK && peek.type == kHeartbeat;
}

}  // namespace thalweg::raft
