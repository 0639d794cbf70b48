// The server on real threads and sockets: what one thread alone cannot show. The rest is in the *_sim_test.cc beside.
#include "network/server.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "network/channel.h"
#include "platform/testing.h"
#include "protocol/heartbeat_request.h"
#include "protocol/heartbeat_response.h"
#include "runtime/gather.h"

namespace thalweg::network {
namespace {
using namespace std::chrono_literals;
using protocol::HeartbeatRequest;
using protocol::HeartbeatResponse;

class PlainEchoSession : public Session {
 public:
  Task<Started> start(Request request) override {
    HeartbeatResponse response;
    response.throttle_time_ms = request.decode<HeartbeatRequest>().value().generation_id;
    co_return reply_to(request, response);
  }
};

Task<bool> beat(std::shared_ptr<Channel> channel, int number, std::size_t size, Instant deadline) {
  HeartbeatRequest request;
  request.group_id = std::string(size, 'g');
  request.generation_id = number;
  const auto response = co_await channel->send<HeartbeatResponse>(std::move(request), std::int16_t{4}, deadline);
  co_return response && response->throttle_time_ms == number;
}

// Large frames on shard 1, whose memory is counted on shard 0, among small ones.
Task<bool> echoes(const Shard* counting, const Shard* here) {
  LargeFrames large(*counting, 200'000);
  Budget memory(50'000);
  Server server(*here, {.large_frames = &large, .large_from = 10'000}, memory,
                [](const ConnectionInfo&) { return std::make_unique<PlainEchoSession>(); });
  auto listener = here->network.listen({"127.0.0.1", 0});
  CHECK(listener);
  const Endpoint endpoint = (*listener)->local();
  server.serve(std::move(*listener), "PLAINTEXT");
  const Instant deadline = here->clock.now() + 30s;
  std::vector<Task<bool>> beats;
  for (int connection = 0; connection < 4; ++connection) {
    const auto channel = co_await Channel::connect(*here, endpoint, deadline);
    CHECK(channel);
    for (int i = 0; i < 50; ++i) beats.push_back(beat(*channel, i, i % 5 == 0 ? 150'000 : 100, deadline));
  }
  const auto answered = co_await gather(std::move(beats));
  EXPECT_EQ(std::ranges::count(answered, true), 200);
  co_return co_await server.stop(deadline);
}

TEST(ServerOnThreads, AnswersSmallAndLargeRequestsOfManyConnections) {
  platform::TestShards shards(2);
  EXPECT_TRUE(platform::run_on(shards[1], echoes(&shards[0], &shards[1])));
}

}  // namespace
}  // namespace thalweg::network
