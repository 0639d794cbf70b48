// Does a partition in back-off delay the others? client_isolation BROKERS TOPIC [seconds=60]
//
// TOPIC has 100 partitions. 2,000 records a second go round all of them; how long each of partitions 1 to 99 takes from
// send() to its handler is written down, first while all is well, then while the record of partition 0 fails and waits
// a minute. Prints both.
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <string>
#include <thread>

#include "thalweg/client/consumer.h"

using namespace thalweg::client;
using Clock = std::chrono::steady_clock;

namespace {

constexpr int kPartitions = 100;
constexpr auto kEvery = std::chrono::microseconds(500);
constexpr auto kSettling = std::chrono::seconds(5);  // the group forms, connections open

std::int64_t now_us() {
  return std::chrono::duration_cast<std::chrono::microseconds>(Clock::now().time_since_epoch()).count();
}

int measure(const char* what, const std::string& brokers, const std::string& topic, std::chrono::seconds lasts,
            bool zero_fails) {
  auto consumer = Consumer::open(
      {.brokers = brokers, .group = "isolation-" + std::to_string(getpid()) + what, .reset = OffsetReset::kLatest});
  auto producer = AsyncProducer::open({.brokers = brokers, .linger = 1ms});
  if (!consumer || !producer) return 1;
  std::mutex mutex;
  std::vector<std::int64_t> took;
  std::atomic<bool> settled{false};
  std::atomic<int> failures{0};
  consumer
      ->on(topic,
           [&](const std::int64_t& sent, const Record& record) -> Result<> {
             if (record.partition() == 0) {
               if (!zero_fails) return {};
               ++failures;
               return fail("not today");
             }
             if (!settled) return {};
             const std::lock_guard lock(mutex);
             took.push_back(now_us() - sent);
             return {};
           })
      .retry({.attempts = 1'000'000, .backoff = Backoff::fixed(1min)});
  std::jthread running([&](std::stop_token stop) { (void)consumer->run(stop); });
  const auto began = Clock::now();
  auto next = began;
  for (int i = 0; next < began + kSettling + lasts; ++i, next += kEvery) {
    std::this_thread::sleep_until(next);
    settled = next > began + kSettling;
    std::string value;
    (void)serde_of<std::int64_t>().write(now_us(), value, {});
    (void)producer->send({.topic = topic, .value = std::move(value), .partition = i % kPartitions});
  }
  (void)producer->close();
  running.request_stop();
  running.join();
  std::ranges::sort(took);
  if (took.empty()) return 1;
  const auto at = [&](double share) {
    return static_cast<double>(took[static_cast<std::size_t>(share * static_cast<double>(took.size() - 1))]) / 1000;
  };
  std::printf(
      "%-22s %7zu records of partitions 1 to 99: p50 %.1f ms, p99 %.1f ms, p99.9 %.1f ms; %d failures of partition 0\n",
      what, took.size(), at(0.5), at(0.99), at(0.999), failures.load());
  return zero_fails && failures == 0 ? 1 : 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) return std::fprintf(stderr, "usage: client_isolation BROKERS TOPIC [seconds]\n"), 2;
  const std::chrono::seconds lasts(argc > 3 ? std::atoi(argv[3]) : 60);
  return measure("all well:", argv[1], argv[2], lasts, false) +
         measure("partition 0 in back-off:", argv[1], argv[2], lasts, true);
}
