// Reads the guide's three topics as a member of a group: a handler for each, another try for what fails, dead letters
// for what keeps failing, and pages for Prometheus and a load balancer.
#include <atomic>
#include <cstdio>

#include "../common/arguments.h"
#include "../common/pages.h"
#include "../common/stop_on_signal.h"
#include "../common/user_event.h"

namespace {

using namespace thalweg::client;
using example::UserEvent;

constexpr std::string_view kHelp = R"(quickstart-consume: prints user, order and payment events

  --brokers HOST:PORT   where Kafka is (localhost:9092)
  --group NAME          consumers of one group share the partitions (my-consumer-group)
  --count N             leave after so many records; 0: at Ctrl-C (0)
  --http PORT           /metrics and /health there; 0: none (0)

Examples:
  quickstart-consume
  quickstart-consume --group audit --count 10
  quickstart-consume --http 9400     and then: curl localhost:9400/health
)";

// Handlers of different partitions run at once: what they share is atomic.
class Printer {
 public:
  Printer(example::StopOnSignal& stop, long limit) : stop_(stop), limit_(limit) {}

  void print(const Record& record) {
    const auto key = record.key().value_or("(none)"), value = record.value().value_or("(none)");
    std::printf("%s %.*s %.*s\n", record.where().c_str(), static_cast<int>(key.size()), key.data(),
                static_cast<int>(value.size()), value.data());
    std::fflush(stdout);
    if (++handled_ == limit_) stop_.stop();
  }
  long handled() const { return handled_; }

 private:
  example::StopOnSignal& stop_;
  const long limit_;
  std::atomic<long> handled_ = 0;
};

Result<> consume(const example::Arguments& arguments, example::StopOnSignal& stop, Printer& printer) {
  const std::string brokers = arguments.text("brokers", "localhost:9092");
  const Metrics metrics;
  const auto http = example::pages(arguments, brokers, metrics);
  if (!http) return std::unexpected(http.error());
  auto consumer =
      Consumer::open({.brokers = brokers, .group = arguments.text("group", "my-consumer-group"), .metrics = metrics});
  if (!consumer) return std::unexpected(consumer.error());
  return consumer->on("user-events", [&](const UserEvent&, const Record& record) { printer.print(record); })
      .on("order-events", [&](const Json&, const Record& record) { printer.print(record); })
      .on("payment-events",
          [&](const Record& record) -> Result<> {
            if (!record.value()) return fail("a payment without a value");
            printer.print(record);
            return {};
          })
      .retry({.attempts = 3, .backoff = Backoff::growing(100ms)})
      .dead_letters()  // dlq.user-events, dlq.order-events, dlq.payment-events
      .run(stop.token());
}

}  // namespace

int main(int argc, char** argv) {
  example::StopOnSignal stop;
  const example::Arguments arguments(argc, argv, kHelp, {"brokers", "group", "count", "http"});
  Printer printer(stop, arguments.number("count", 0, 0, 1'000'000'000));
  const Result<> done = consume(arguments, stop, printer);
  if (!done) {
    std::fprintf(stderr, "stopped: %s\n", done.error().message.c_str());
    return 1;
  }
  std::printf("%ld handled\n", printer.handled());
}
