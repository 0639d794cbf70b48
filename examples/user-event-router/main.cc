// Consume, transform, produce: reads user events and writes what follows from them to three other topics.
#include <cstdio>

#include "../common/arguments.h"
#include "../common/pages.h"
#include "../common/stop_on_signal.h"
#include "routes.h"

namespace {

using namespace thalweg::client;

constexpr std::string_view kHelp =
    R"(user-event-router: from user-events to email-events, notification-events, cleanup-events

  --brokers HOST:PORT   where Kafka is (localhost:9092)
  --group NAME          (user-event-router)
  --http PORT           /metrics and /health there; 0: none (0)
  --instance NAME       a static member: started again within the session's time it has its partitions back at once

Examples:
  user-event-router
  user-event-router --brokers kafka-1:9092,kafka-2:9092 --http 9401
)";

Result<> run(const example::Arguments& arguments, std::stop_token stop) {
  const std::string brokers = arguments.text("brokers", "localhost:9092");
  const Metrics metrics;
  const auto http = example::pages(arguments, brokers, metrics);
  if (!http) return std::unexpected(http.error());
  // A member that was killed is waited for until its session is over, unless it comes back under its own name.
  const std::string instance = arguments.text("instance", "");
  auto router = StreamProcessor::open(
      {.input = {.brokers = brokers,
                 .group = arguments.text("group", "user-event-router"),
                 .commit_interval = 1s,
                 .metrics = metrics,
                 .properties = instance.empty() ? Properties() : Properties{{"group.instance.id", instance}}}});
  if (!router) return std::unexpected(router.error());
  return router
      ->on("user-events", [](const example::UserEvent& event,
                             Outbox& out) { return example::route(event, example::now_seconds(), out); })
      .retry({.attempts = 3, .backoff = Backoff::exponential(100ms, 2, 10s)})
      .dead_letters()  // dlq.user-events
      .run(stop);
}

}  // namespace

int main(int argc, char** argv) {
  example::StopOnSignal stop;
  const example::Arguments arguments(argc, argv, kHelp, {"brokers", "group", "http", "instance"});
  const Result<> done = run(arguments, stop.token());
  if (!done) {
    std::fprintf(stderr, "stopped: %s\n", done.error().message.c_str());
    return 1;
  }
  std::printf("stopped\n");
}
