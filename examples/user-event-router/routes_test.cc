// A handler is a function: it is tested without a broker, a thread or a wait. Exits 0 when all is as it should be.
#include "routes.h"

#include <cstdio>

namespace {

using namespace thalweg::client;
using example::UserEvent;

int failures = 0;

void expect(bool holds, const char* what) {
  if (holds) return;
  ++failures;
  std::fprintf(stderr, "FAILED: %s\n", what);
}

struct Routed {
  Result<> result;
  std::vector<Message> sent;
};

Routed routed(const UserEvent& event) {
  const Record cause(Message{.topic = "user-events", .key = "user-7", .value = {}});
  Outbox out(cause);
  auto result = example::route(event, 1000, out);
  return {std::move(result), std::move(out.messages())};
}

bool is(const Routed& routed, const char* topic, const char* value) {
  return routed.result && routed.sent.size() == 1 && routed.sent[0].topic == topic && routed.sent[0].key == "user-7" &&
         Json::parse(routed.sent[0].value.value_or("")) == Json::parse(value);
}

}  // namespace

int main() {
  const Json person{{"email", "ann@example.com"}, {"name", "Ann"}};
  expect(is(routed({7, "user_registered", 1, person}), "email-events",
            R"({"user_id":7,"event_type":"welcome_email_sent","timestamp":1000,"data":{"email":"ann@example.com"}})"),
         "a registration leads to a welcome mail that has the address only");
  expect(is(routed({7, "user_updated", 1, person}), "notification-events",
            R"({"user_id":7,"event_type":"profile_updated","timestamp":1000,
                "data":{"email":"ann@example.com","name":"Ann"}})"),
         "an update leads to a notification with all of the data");
  expect(is(routed({7, "user_deleted", 1, {}}), "cleanup-events",
            R"({"user_id":7,"event_type":"user_cleanup","timestamp":1000})"),
         "a deletion leads to a cleanup");
  const auto login = routed({7, "user_login", 1, {}});
  expect(login.result && login.sent.empty(), "what is of no concern leads to nothing");
  for (const std::optional<Json>& data : {std::optional<Json>(), std::optional(Json(3)), std::optional(Json::object()),
                                          std::optional(Json{{"email", 3}})}) {
    const auto refused = routed({7, "user_registered", 1, data});
    expect(!refused.result && !refused.result.error().retriable && refused.sent.empty(),
           "a registration without an address is refused, for good");
  }
  std::printf(failures == 0 ? "all routes are right\n" : "%d failures\n", failures);
  return failures == 0 ? 0 : 1;
}
