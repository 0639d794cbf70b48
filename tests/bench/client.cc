// What the toolkit costs: N messages by send_future, then the same N by handlers.
//   client_bench BROKERS [messages=1000000] [bytes=100] [topic=client-bench] [queue_messages=100000]
// Prints messages per second of wall time, and CPU seconds of this process per million.
#include <sys/resource.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <string>

#include "thalweg/client/consumer.h"

using namespace thalweg::client;
using Clock = std::chrono::steady_clock;

namespace {

double cpu_seconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

void report(const char* what, std::size_t messages, Clock::time_point began, double cpu_before) {
  const double wall = std::chrono::duration<double>(Clock::now() - began).count();
  std::printf("%-12s %9.0f messages/s  %.2f CPU s per million\n", what, static_cast<double>(messages) / wall,
              (cpu_seconds() - cpu_before) * 1e6 / static_cast<double>(messages));
}

int fail_with(const Error& error) {
  std::fprintf(stderr, "%s\n", error.message.c_str());
  return 1;
}

Result<> produce(const std::string& brokers, const std::string& topic, std::size_t messages, std::size_t bytes,
                 std::size_t queue) {
  auto producer = AsyncProducer::open({.brokers = brokers, .queue_messages = queue});
  if (!producer) return std::unexpected(producer.error());
  const std::string value(bytes, 'v');
  std::deque<std::future<Result<Delivery>>> answers;
  const auto began = Clock::now();
  const double cpu = cpu_seconds();
  for (std::size_t i = 0; i < messages; ++i)
    answers.push_back(producer->send_future({.topic = topic, .key = std::to_string(i), .value = value}));
  for (auto& answer : answers)
    if (auto result = answer.get(); !result) return std::unexpected(result.error());
  report("send_future", messages, began, cpu);
  return producer->close();
}

Result<> consume(const std::string& brokers, const std::string& topic, std::size_t messages) {
  auto consumer = Consumer::open({.brokers = brokers, .group = "client-bench-" + std::to_string(getpid())});
  if (!consumer) return std::unexpected(consumer.error());
  std::stop_source stop;
  std::atomic<std::size_t> handled{0};
  std::atomic<bool> begun{false};
  Clock::time_point first;
  double cpu = 0;
  auto result = consumer
                    ->on(topic,
                         [&](const Record& record) {
                           if (!begun.exchange(true)) {
                             first = Clock::now();
                             cpu = cpu_seconds();
                           }
                           if (record.value() && handled.fetch_add(1) + 1 == messages) {
                             report("handlers", messages, first, cpu);
                             stop.request_stop();
                           }
                         })
                    .run(stop.get_token());
  return result;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2)
    return fail_with({.message = "usage: client_bench BROKERS [messages] [bytes] [topic] [queue_messages]"});
  const std::size_t messages = argc > 2 ? std::strtoul(argv[2], nullptr, 10) : 1'000'000;
  const std::size_t bytes = argc > 3 ? std::strtoul(argv[3], nullptr, 10) : 100;
  const std::string topic = argc > 4 ? argv[4] : "client-bench";
  const std::size_t queue = argc > 5 ? std::strtoul(argv[5], nullptr, 10) : 100'000;
  if (auto sent = produce(argv[1], topic, messages, bytes, queue); !sent) return fail_with(sent.error());
  if (auto read = consume(argv[1], topic, messages); !read) return fail_with(read.error());
}
