// The server and its clients on simulated machines: slow networks, resets, and crashes in the middle of everything.
#include <gtest/gtest.h>

#include <deque>

#include "network/channel.h"
#include "network/server.h"
#include "protocol/heartbeat_request.h"
#include "protocol/heartbeat_response.h"
#include "sim/world.h"

namespace thalweg::network {
namespace {
using namespace std::chrono_literals;
using protocol::HeartbeatRequest;
using protocol::HeartbeatResponse;

// Answers with the number that came, some at once, some in stage one after a while, some in stage two.
class EchoSession : public Session {
 public:
  explicit EchoSession(const Shard& shard) : shard_(shard) {}
  Task<Started> start(Request request) override {
    const auto heartbeat = request.decode<HeartbeatRequest>();
    CHECK(heartbeat);
    CHECK(heartbeat->generation_id > last_);  // in order, nothing twice
    last_ = heartbeat->generation_id;
    if (last_ % 3 == 1) co_await shard_.clock.sleep_for(std::chrono::microseconds(shard_.random.next() % 3000));
    if (last_ % 3 == 2) co_return finish(&shard_, std::move(request), heartbeat->generation_id);
    co_return answer(request, heartbeat->generation_id);
  }

 private:
  static Reply answer(const Request& request, int number) {
    HeartbeatResponse response;
    response.throttle_time_ms = number;
    return reply_to(request, response);
  }
  static Task<Reply> finish(const Shard* shard, Request request, int number) {
    co_await shard->clock.sleep_for(std::chrono::microseconds(shard->random.next() % 3000));
    co_return answer(request, number);
  }
  const Shard& shard_;
  int last_ = 0;
};

struct Servers {
  std::deque<Budget> memory;
  std::vector<std::unique_ptr<Server>> servers;
};
std::shared_ptr<void> start_servers(sim::Node& node) {
  auto all = std::make_shared<Servers>();
  for (unsigned i = 0; i < node.shard_count(); ++i) {
    const Shard& shard = node.shard(i);
    auto& server = all->servers.emplace_back(
        std::make_unique<Server>(shard, ServerOptions{.started_max = 5}, all->memory.emplace_back(2000),
                                 [&shard](const ConnectionInfo&) { return std::make_unique<EchoSession>(shard); }));
    auto listener = shard.network.listen({"", 9092});
    CHECK(listener);
    server->serve(std::move(*listener), "PLAINTEXT");
  }
  return all;
}

struct Tally {
  int answered = 0, failed = 0, wrong = 0, open = 0;
};
Task<> ask(std::shared_ptr<Channel> channel, int number, Instant deadline, Tally* tally) {
  HeartbeatRequest request;
  request.group_id = std::string(static_cast<std::size_t>(number) * 37 % 300, 'g');
  request.generation_id = number;
  const auto response = co_await channel->send<HeartbeatResponse>(std::move(request), std::int16_t{4}, deadline);
  --tally->open;
  if (!response)
    ++tally->failed;
  else
    ++(response->throttle_time_ms == number ? tally->answered : tally->wrong);
}
Task<> client(const Shard* shard, int connections, Tally* tally) {
  for (int i = 0; i < connections; ++i) {
    const auto channel = co_await Channel::connect(*shard, {"server", 9092}, shard->clock.now() + 1s);
    for (int number = 1; channel && number <= 100; ++number) {
      ++tally->open;
      spawn(*shard, ask(*channel, number, shard->clock.now() + 5s, tally));
      if (shard->random.next() % 4 == 0) co_await shard->clock.sleep_for(100us);
    }
    while (tally->open > 0) co_await shard->clock.sleep_for(1ms);
  }
  tally->open = -1;
}

struct Outcome {
  Tally tally;
  std::uint64_t trace;
};
Outcome play(std::uint64_t seed, std::uint64_t reset_one_in, Instant crash_at) {
  sim::World world(seed);
  Tally tally;
  sim::Node& server = world.add_node("server", 2, start_servers);
  sim::Node& node = world.add_node("client", 1, [&tally](sim::Node& n) {
    spawn(n.shard(0), client(&n.shard(0), 5, &tally));
    return nullptr;
  });
  world.network.faults.segment_max = 100;
  world.network.faults.window = 1000;
  world.network.faults.reset_one_in = reset_one_in;
  server.start();
  node.start();
  if (crash_at > Instant(0)) {
    world.simulation.at(crash_at, [&] { server.crash(sim::Crash::kPowerLoss); });
    world.simulation.at(crash_at + 3ms, [&] { server.start(); });
  }
  EXPECT_TRUE(world.run_until([&] { return tally.open == -1; }, 5min)) << "hangs with seed " << seed;
  return {tally, world.simulation.trace()};
}

TEST(ServerSim, EveryRequestIsAnsweredWithItsOwnResponse) {
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    const Outcome outcome = play(seed, 0, Instant(0));
    ASSERT_EQ(outcome.tally.answered, 500) << "seed " << seed;
    ASSERT_EQ(outcome.trace, play(seed, 0, Instant(0)).trace) << "seed " << seed;
  }
}

TEST(ServerSim, ResetsAndCrashesFailRequestsButMixNothingUp) {
  int answered = 0, failed = 0;
  for (std::uint64_t seed = 1; seed <= 100; ++seed) {
    const Outcome outcome = play(seed, 2000, Instant(std::chrono::microseconds(seed * 331)));
    ASSERT_EQ(outcome.tally.wrong, 0) << "seed " << seed;
    answered += outcome.tally.answered;
    failed += outcome.tally.failed;
  }
  EXPECT_GT(answered, 10'000);
  EXPECT_GT(failed, 100);
}

}  // namespace
}  // namespace thalweg::network
