// What counting costs: nanoseconds of processor time a request, and milliseconds a scrape.
//   ninja -C build/release request_metrics_bench && build/release/bin/request_metrics_bench
#include <cstdio>
#include <string>

#include "network/request_metrics.h"
#include "protocol/produce_response.h"
#include "seconds_each.h"

using namespace thalweg;
using namespace thalweg::network;

namespace {

Reply produced(const protocol::ApiInfo& api) {
  Request request;
  request.api = &api;
  request.version = 9;
  protocol::ProduceResponse response;
  response.responses.emplace_back().partition_responses.emplace_back();
  return reply_to(request, response);
}

double nanoseconds_a_request(protocol::ApiKey key) {
  Metrics metrics;
  RequestMetrics counted(metrics);
  const auto& api = protocol::info(key);
  const Reply reply = produced(protocol::info(protocol::ApiKey::kProduce));
  constexpr int kMany = 10'000;
  std::int64_t now = 0;
  const double all = seconds_each(0.3, [&] {
    for (int i = 0; i < kMany; ++i) {
      now += 20'000;
      Measured request{.api = &api, .version = 9, .bytes = std::size_t(100 + i)};
      request.arrived = Instant(now);
      request.handled = Instant(now + 10'000 + i);
      request.ready = Instant(now + 900'000 + 50 * i);
      counted.ready(request, reply);
      counted.sent(request, Instant(now + 1'000'000), Instant(now + 1'000'000 + i));
    }
  });
  return all / kMany * 1e9;
}

// Of topics, as they are of one shard.
double seconds_of_topics(std::size_t count, std::size_t shards) {
  TopicMetrics topics;
  for (std::size_t i = 1; i <= count; ++i)
    topics.of(Uuid{i * 0x9e3779b97f4a7c15ULL, i}, "a.topic-" + std::to_string(i));
  return seconds_each(0.3, [&] {
    MetricsSnapshot all;
    for (std::size_t shard = 0; shard < shards; ++shard) {
      MetricsSnapshot one;
      one.add(topics.rows());
      all.merge(std::move(one));
    }
  });
}

double seconds_of_requests() {
  Metrics metrics;
  RequestMetrics counted(metrics);
  const Reply reply = produced(protocol::info(protocol::ApiKey::kProduce));
  for (const auto& api : protocol::all_apis()) {
    for (int i = 1; i < 1'000'000'000; i *= 2) {
      Measured request{.api = &api, .version = api.max_version};
      request.handled = request.ready = Instant(i);
      counted.ready(request, reply);
      counted.sent(request, Instant(i), Instant(2 * i));
    }
  }
  return seconds_each(0.3, [&] { metrics.snapshot(); });
}

}  // namespace

int main() {
  std::printf("a produce      %6.0f ns\n", nanoseconds_a_request(protocol::ApiKey::kProduce));
  std::printf("a fetch        %6.0f ns, counted under two names\n", nanoseconds_a_request(protocol::ApiKey::kFetch));
  std::printf("a snapshot     %6.2f ms of a shard to which every API came\n", seconds_of_requests() * 1e3);
  std::printf("10,000 topics  %6.2f ms of two shards together\n", seconds_of_topics(10'000, 2) * 1e3);
}
