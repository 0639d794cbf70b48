// Does an idle client's memory grow? client_idle BROKERS TOPIC SECONDS.
//
// Two producers and two consumers do nothing, one of each without a broker, while statistics are asked for every
// millisecond, connections fail without a pause and everything is logged; meanwhile /metrics and /health are asked for
// again and again. (librdkafka tells of a broker that stays away as an error once, and then only logs it.) Prints how
// much came of what, and what is allocated in the middle and at the end; exits with 1 when it grew. A control, a client
// of librdkafka that nobody polls, must grow, or the measure is blind.
#include <arpa/inet.h>
#include <librdkafka/rdkafka.h>
#include <malloc.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <thread>

#include "thalweg/client.h"

using namespace thalweg::client;
using Clock = std::chrono::steady_clock;

namespace {

constexpr std::size_t kGrowthMost = 256 * 1024;

std::size_t allocated() { return mallinfo2().uordblks + mallinfo2().hblkhd; }

std::size_t resident() {
  std::size_t pages = 0;
  if (std::FILE* file = std::fopen("/proc/self/statm", "r")) {
    if (std::fscanf(file, "%*s %zu", &pages) != 1) pages = 0;
    std::fclose(file);
  }
  return pages * static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
}

bool get(int port, const std::string& path) {
  const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in to{
      .sin_family = AF_INET, .sin_port = htons(static_cast<std::uint16_t>(port)), .sin_addr = {htonl(INADDR_LOOPBACK)}};
  const std::string request = "GET " + path + " HTTP/1.1\r\nHost: x\r\n\r\n";
  std::string answer;
  char buffer[4096];
  if (::connect(fd, reinterpret_cast<sockaddr*>(&to), sizeof to) == 0 &&
      ::write(fd, request.data(), request.size()) > 0)
    while (const auto size = ::read(fd, buffer, sizeof buffer)) {
      if (size < 0) break;
      answer.append(buffer, static_cast<std::size_t>(size));
    }
  ::close(fd);
  return answer.starts_with("HTTP/1.1 200");
}

// The lowest of a while: what is really kept, not what is in use for a moment.
std::size_t kept(Clock::time_point until, int port, std::size_t& pages) {
  std::size_t least = SIZE_MAX;
  while (Clock::now() < until) {
    pages += get(port, "/metrics") && get(port, "/health");
    least = std::min(least, allocated());
  }
  return least;
}

std::size_t growth_of_who_is_not_polled() {
  rd_kafka_conf_t* conf = rd_kafka_conf_new();
  rd_kafka_conf_set(conf, "statistics.interval.ms", "1", nullptr, 0);
  rd_kafka_t* handle = rd_kafka_new(RD_KAFKA_PRODUCER, conf, nullptr, 0);
  const std::size_t before = allocated();
  const auto until = Clock::now() + 3s;
  while (Clock::now() < until && allocated() < before + 2 * kGrowthMost) usleep(10'000);
  const std::size_t after = allocated();
  rd_kafka_destroy(handle);
  return after > before ? after - before : 0;
}

Properties noisy(const char* debug) {
  return {{"statistics.interval.ms", "1"},
          {"reconnect.backoff.ms", "1"},
          {"reconnect.backoff.max.ms", "1"},
          {"debug", debug},
          {"log.queue", "true"}};
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) return std::fprintf(stderr, "usage: client_idle BROKERS TOPIC SECONDS\n"), 2;
  const std::string brokers = argv[1], topic = argv[2], nobody = "127.0.0.1:1";
  const auto half = std::chrono::seconds(std::atoi(argv[3])) / 2;
  std::atomic<std::size_t> errors{0};
  const auto on_error = [&](const Error&) { ++errors; };
  Metrics metrics;
  auto http = HttpEndpoint::listen("127.0.0.1:0");
  if (!http) return std::fprintf(stderr, "%s\n", http.error().message.c_str()), 2;
  http->metrics(metrics).health(HealthChecker({.brokers = brokers, .topics = {topic}, .properties = noisy("generic")}));
  std::vector<AsyncProducer> producers;
  std::vector<Consumer> consumers;
  for (const auto& at : {brokers, nobody}) {
    auto producer =
        AsyncProducer::open({.brokers = at, .metrics = metrics, .on_error = on_error, .properties = noisy("all")});
    auto consumer = Consumer::open(
        {.brokers = at, .group = "idle", .metrics = metrics, .on_error = on_error, .properties = noisy("all")});
    if (!producer || !consumer) return 2;
    producers.push_back(*std::move(producer));
    consumers.push_back(*std::move(consumer));
    consumers.back().on(topic, [](const Record&) {});
  }
  std::size_t pages = 0;
  bool grew = false;
  {
    std::vector<std::jthread> running;
    for (auto& consumer : consumers) running.emplace_back([&](std::stop_token stop) { (void)consumer.run(stop); });
    (void)kept(Clock::now() + half / 2, http->port(), pages);  // until everything has been allocated once
    const std::size_t first = kept(Clock::now() + half / 2, http->port(), pages), rss = resident();
    const std::size_t last = kept(Clock::now() + half, http->port(), pages), rss_at_end = resident();
    grew = last > first + kGrowthMost;
    std::printf("%zu errors, %zu times both pages; allocated %zu then %zu KiB, resident %zu then %zu KiB\n",
                errors.load(), pages, first / 1024, last / 1024, rss / 1024, rss_at_end / 1024);
  }
  const std::size_t control = growth_of_who_is_not_polled();
  std::printf("the control grew by %zu KiB\n", control / 1024);
  return grew || pages == 0 || control < kGrowthMost ? 1 : 0;
}
