// Sends user events in the three ways there are: wait for each, be called back, or gather batches.
#include <condition_variable>
#include <cstdio>
#include <mutex>

#include "../common/arguments.h"
#include "../common/stop_on_signal.h"
#include "../common/user_event.h"

namespace {

using namespace thalweg::client;
using example::UserEvent;

constexpr std::string_view kHelp = R"(quickstart-produce: sends user events

  --brokers HOST:PORT   where Kafka is (localhost:9092)
  --topic NAME          (user-events)
  --how WAY             wait, async or batch (wait)
  --count N             how many; 0: until Ctrl-C (10)
  --rate N              so many a second; 0: as fast as can be (0)
  --timeout SECONDS     until an event that nobody acknowledged has failed (10)

Examples:
  quickstart-produce
  quickstart-produce --how async --count 100000
  quickstart-produce --count 0 --rate 5
)";

struct Task {
  ProducerConfig config;
  std::string topic;
  long count = 0, rate = 0;
  std::stop_token stop;
  std::chrono::steady_clock::time_point start = std::chrono::steady_clock::now();

  // Waits until event `id` is due; false: there is none any more.
  bool next(long id) const {
    if (stop.stop_requested() || (count != 0 && id == count)) return false;
    if (rate == 0) return true;
    std::mutex mutex;
    std::condition_variable_any due;
    std::unique_lock lock(mutex);
    due.wait_until(lock, stop, start + std::chrono::microseconds(id * 1'000'000 / rate), [] { return false; });
    return !stop.stop_requested();
  }
};

UserEvent registered(long id) {
  return {.user_id = id,
          .event_type = "user_registered",
          .timestamp = example::now_seconds(),
          .data = Json{{"email", example::user_key(id) + "@example.com"}, {"name", "User " + std::to_string(id)}}};
}

Headers headers() { return {{"content-type", "application/json"}}; }

// The broker has an event on disk before the next is sent.
Result<long> wait_for_each(const Task& task) {
  auto producer = Producer::open(task.config);
  if (!producer) return std::unexpected(producer.error());
  long id = 0;
  for (; task.next(id); ++id) {
    auto sent = producer->send(task.topic, example::user_key(id), registered(id), headers());
    if (!sent) return std::unexpected(sent.error());
    std::printf("%s-%d@%lld %s\n", sent->where.topic.c_str(), sent->where.partition,
                static_cast<long long>(sent->offset), example::user_key(id).c_str());
  }
  if (auto closed = producer->close(); !closed) return std::unexpected(closed.error());
  return id;
}

// Many at once. Every event that was accepted gets exactly one answer, on the producer's own thread.
Result<long> be_called_back(const Task& task) {
  long delivered = 0;  // touched by answers only, and read after close(), when no more can come
  std::optional<Error> first_failure;
  auto producer = AsyncProducer::open(task.config, [&](const Message& message, const Result<Delivery>& answer) {
    if (answer) {
      ++delivered;
    } else {
      std::fprintf(stderr, "%s: %s\n", message.key.value_or("").c_str(), answer.error().message.c_str());
      if (!first_failure) first_failure = answer.error();
    }
  });
  if (!producer) return std::unexpected(producer.error());
  for (long id = 0; task.next(id); ++id) {
    auto accepted = producer->send(task.topic, example::user_key(id), registered(id));
    if (!accepted) return std::unexpected(accepted.error());
  }
  if (auto closed = producer->close(); !closed) return std::unexpected(closed.error());
  if (first_failure) return std::unexpected(*first_failure);
  return delivered;
}

// Sends a hundred together, or what there is after a second.
Result<long> gather(const Task& task) {
  auto producer = BatchProducer::open(task.config, {.count = 100, .age = 1s});
  if (!producer) return std::unexpected(producer.error());
  long id = 0;
  for (; task.next(id); ++id)
    if (auto added = producer->add(task.topic, example::user_key(id), registered(id), headers()); !added)
      return std::unexpected(added.error());
  if (auto closed = producer->close(); !closed) return std::unexpected(closed.error());  // sends the last batch
  return id;
}

}  // namespace

int main(int argc, char** argv) {
  const example::StopOnSignal stop;
  const example::Arguments arguments(argc, argv, kHelp, {"brokers", "topic", "how", "count", "rate", "timeout"});
  const Task task{.config = {.brokers = arguments.text("brokers", "localhost:9092"),
                             .compression = Compression::kSnappy,
                             .delivery_timeout = std::chrono::seconds(arguments.number("timeout", 10, 1, 3600))},
                  .topic = arguments.text("topic", "user-events"),
                  .count = arguments.number("count", 10, 0, 1'000'000'000),
                  .rate = arguments.number("rate", 0, 0, 1'000'000),
                  .stop = stop.token()};
  const std::string how = arguments.text("how", "wait");
  Result<long> delivered = 0;
  if (how == "wait") {
    delivered = wait_for_each(task);
  } else if (how == "async") {
    delivered = be_called_back(task);
  } else if (how == "batch") {
    delivered = gather(task);
  } else {
    example::Arguments::wrong("--how is wait, async or batch, not '" + how + "'");
  }
  if (!delivered) {
    std::fprintf(stderr, "not delivered: %s\n", delivered.error().message.c_str());
    return 1;
  }
  std::printf("%ld delivered\n", *delivered);
}
