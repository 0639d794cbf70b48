// The events of the guide, as JSON: one line beside each type is all that it takes.
#pragma once

#include <thalweg/client.h>

#include <ctime>

namespace example {

struct UserEvent {
  std::int64_t user_id = 0;
  std::string event_type;      // "user_registered", "user_updated", "user_deleted", ...
  std::int64_t timestamp = 0;  // seconds since 1970
  std::optional<thalweg::client::Json> data;
};
THALWEG_DESCRIBE(UserEvent, user_id, event_type, timestamp, data)

inline std::int64_t now_seconds() { return std::time(nullptr); }

// All events of a user have one key, so they stay in one partition and in order.
inline std::string user_key(std::int64_t id) { return "user-" + std::to_string(id); }

}  // namespace example
