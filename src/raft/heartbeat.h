// For transports that look at what they carry.
#pragma once

#include "base/bytes.h"

namespace thalweg::raft {

// Whether a message is a leader's sign of life. A newer one says all that an older one to the same member says, so a
// transport that is behind may send the newest alone.
bool is_heartbeat(BytesView body);

}  // namespace thalweg::raft
