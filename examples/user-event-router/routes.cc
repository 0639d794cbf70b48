#include "routes.h"

namespace example {
namespace {

using namespace thalweg::client;

std::unexpected<Error> lacks(const UserEvent& event, const char* what) {
  return bad_bytes(event.event_type + " of user " + std::to_string(event.user_id) + " has no " + what);
}

Result<> welcome(const UserEvent& event, std::int64_t now, Outbox& out) {
  if (!event.data || !event.data->is_object()) return lacks(event, "data");
  const auto email = event.data->find("email");
  if (email == event.data->end() || !email->is_string()) return lacks(event, "data.email, a string");
  return out.send(kEmails, Notice{event.user_id, "welcome_email_sent", now, Json{{"email", *email}}});
}

Result<> notify(const UserEvent& event, std::int64_t now, Outbox& out) {
  if (!event.data) return lacks(event, "data");
  return out.send(kNotifications, Notice{event.user_id, "profile_updated", now, *event.data});
}

}  // namespace

Result<> route(const UserEvent& event, std::int64_t now, Outbox& out) {
  if (event.event_type == "user_registered") return welcome(event, now, out);
  if (event.event_type == "user_updated") return notify(event, now, out);
  if (event.event_type == "user_deleted") return out.send(kCleanups, Cleanup{event.user_id, "user_cleanup", now});
  return {};
}

}  // namespace example
