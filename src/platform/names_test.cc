#include "platform/names.h"

#include <gtest/gtest.h>

#include <atomic>
#include <future>

#include "platform/testing.h"

namespace thalweg::platform {
namespace {
using namespace std::chrono_literals;

// Name servers that answer when the test lets them: 127.0.0.1, for every name but `localhost`, which is known at once.
struct NameServers {
  std::promise<void> silence;
  std::shared_future<void> answer = silence.get_future().share();
  std::atomic<int> asked = 0;
};
ShardThreads::Options with(const std::shared_ptr<NameServers>& servers) {
  return {.shards = 2, .lookup = [servers](const std::string& host) -> Result<std::vector<std::string>> {
            ++servers->asked;
            if (host != "localhost") servers->answer.wait();
            return std::vector<std::string>{"127.0.0.1"};
          }};
}

struct NamesTest : testing::Test {
  // A lookup that never ends holds up neither the test nor the end of its shards; only then is it let go.
  ~NamesTest() override {
    shards.reset();
    servers->silence.set_value();
  }
  static Task<Result<ConnectionPtr>> connect(const Shard* shard, Endpoint to, Instant patience) {
    co_return co_await shard->network.connect(std::move(to), shard->clock.now() + patience);
  }
  std::string error_of(Endpoint endpoint, Instant patience) {
    const auto connected = run_on((*shards)[0], connect(&(*shards)[0], std::move(endpoint), patience));
    return connected ? "connected" : connected.error().message;
  }

  std::shared_ptr<NameServers> servers = std::make_shared<NameServers>();
  std::optional<TestShards> shards{std::in_place, with(servers)};
};

TEST_F(NamesTest, ServersThatDoNotAnswerAreGivenUpAtTheDeadline) {
  const Instant begun = (*shards)[0].clock.now();
  EXPECT_EQ(error_of({"stuck", 9092}, 50ms), "cannot resolve stuck:9092: the name servers did not answer in time");
  EXPECT_LT((*shards)[0].clock.now() - begun, 5s);
  const auto known = run_on((*shards)[0], shards->threads.known_host("stuck", (*shards)[0].clock.now() + 50ms));
  EXPECT_FALSE(known);
}

TEST_F(NamesTest, OthersAreNotHeldUp) {
  for (const auto* host : {"a", "b", "c", "d"}) EXPECT_NE(error_of({host, 1}, 1ms), "connected");
  EXPECT_EQ(error_of({"localhost", 1}, 10s), "cannot connect to localhost:1: Connection refused");
}

TEST_F(NamesTest, ANameIsAskedForOnceAtATime) {
  for (int i = 0; i < 5; ++i) error_of({"stuck", 1}, 1ms);
  EXPECT_EQ(servers->asked, 1);
}

TEST_F(NamesTest, OnlySoManyNamesAreAskedForAtATime) {
  for (int i = 0; i < 100; ++i) error_of({"stuck-" + std::to_string(i), 1}, 1ms);
  EXPECT_LE(servers->asked, 16);
  EXPECT_EQ(error_of({"another", 1}, 10s), "cannot resolve another:1: too many other names are being looked up");
}

// Two who wait on two shards get one answer.
struct Both {
  std::promise<void> done;
  std::atomic<int> refused = 0;
};
Task<> connect_twice(const Shard* shard, Both* both, int expected) {
  const auto connected = co_await shard->network.connect({"late", 1}, shard->clock.now() + 60s);
  if (!connected && connected.error().message.ends_with("Connection refused") && ++both->refused == expected)
    both->done.set_value();
}

TEST_F(NamesTest, TheAnswerReachesEverybodyWhoWaits) {
  Both both;
  for (const std::size_t shard : {0u, 1u, 1u})
    (*shards)[shard].post([shard = &(*shards)[shard], &both] { spawn(*shard, connect_twice(shard, &both, 3)); });
  while (servers->asked == 0) std::this_thread::yield();
  servers->silence.set_value();
  both.done.get_future().wait();
  EXPECT_LE(servers->asked, 3);  // one, unless the answer was faster than who asked last
  servers->silence = {};
}

TEST(LookUpHost, KnowsThisMachineAndSaysWhyNot) {
  const auto known = look_up_host("localhost");
  ASSERT_TRUE(known) << known.error().message;
  EXPECT_TRUE(known->front() == "127.0.0.1" || known->front() == "::1") << known->front();
  const auto unknown = look_up_host("no-such-host.invalid");
  ASSERT_FALSE(unknown);
  EXPECT_FALSE(unknown.error().message.empty());
}

}  // namespace
}  // namespace thalweg::platform
