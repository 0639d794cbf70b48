// What a connection keeps from one request to the next. Owner: the connection's shard.
#pragma once

#include <cstddef>

#include "broker/fetch_session.h"

namespace thalweg::broker {

struct ConnectionMemory {
  static constexpr std::size_t kFollowerSessions = 4;  // one is used at a time

  // A follower's sessions end with its connection, and take no place from consumers.
  FetchSessionCache follower_sessions{kFollowerSessions, 1, 1};
  // Who asks again may have lost a leader a moment ago (lost_leaders.h).
  bool has_been_told_leaders = false;
};

}  // namespace thalweg::broker
