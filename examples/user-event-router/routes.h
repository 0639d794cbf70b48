// What follows from a user event. No broker, no clock: a test calls it as the processor does.
#pragma once

#include "../common/user_event.h"

namespace example {

struct Notice {
  std::int64_t user_id = 0;
  std::string event_type;
  std::int64_t timestamp = 0;
  thalweg::client::Json data;
};
THALWEG_DESCRIBE(Notice, user_id, event_type, timestamp, data)

struct Cleanup {
  std::int64_t user_id = 0;
  std::string event_type;
  std::int64_t timestamp = 0;
};
THALWEG_DESCRIBE(Cleanup, user_id, event_type, timestamp)

inline constexpr auto kEmails = "email-events", kNotifications = "notification-events", kCleanups = "cleanup-events";

// Puts at most one event into `out`: a registration leads to a welcome mail, an update to a notification, a deletion to
// a cleanup. Other types lead to nothing. An event that lacks what its type needs is an error which no other try mends.
thalweg::client::Result<> route(const UserEvent& event, std::int64_t now, thalweg::client::Outbox& out);

}  // namespace example
