#include "network/server.h"

#include <gtest/gtest.h>

#include "network/channel.h"
#include "platform/testing.h"
#include "protocol/api_versions_request.h"
#include "protocol/api_versions_response.h"
#include "protocol/heartbeat_request.h"
#include "protocol/heartbeat_response.h"
#include "protocol/produce_request.h"
#include "protocol/produce_response.h"

namespace thalweg::network {
namespace {
using namespace std::chrono_literals;
using protocol::HeartbeatRequest;
using protocol::HeartbeatResponse;
using protocol::ProduceRequest;
using protocol::ProduceResponse;

// What the sessions of a test did, and what they wait for.
struct Broker {
  const Shard* shard = nullptr;
  std::vector<std::string> started;
  OneShot<bool> release;
  int sessions = 0;
};

// Heartbeats are answered at once with the group as error code; Produce waits in stage two; group "slow" in stage one.
class TestSession : public Session {
 public:
  explicit TestSession(Broker& broker) : broker_(broker) { ++broker_.sessions; }
  ~TestSession() override { --broker_.sessions; }

  Task<Started> start(Request request) override {
    if (request.key() == protocol::ApiKey::kApiVersions) co_return api_versions(request);
    if (request.key() == protocol::ApiKey::kProduce) co_return produce(request);
    const auto heartbeat = request.decode<HeartbeatRequest>();
    if (!heartbeat) co_return close_connection();
    broker_.started.push_back(heartbeat->group_id);
    if (heartbeat->group_id == "slow") co_await broker_.shard->clock.sleep_for(20ms);
    if (heartbeat->group_id == "close") co_return close_connection();
    HeartbeatResponse response;
    response.throttle_time_ms = heartbeat->generation_id;
    Reply reply = reply_to(request, response);
    if (heartbeat->group_id == "mute") reply.mute = Millis(30);
    co_return reply;
  }

 private:
  static Reply api_versions(const Request& request) {
    protocol::ApiVersionsResponse response;
    response.api_keys.push_back({.api_key = 12, .min_version = 0, .max_version = 3});
    if (request.api->decodes(request.version)) return reply_to(request, response);
    response.error_code = ErrorCode::kUnsupportedVersion;
    return reply_to(request, response, 0);
  }
  Started produce(const Request& request) {
    const auto message = request.decode<ProduceRequest>();
    broker_.started.push_back("produce");
    if (message && message->acks == 0) return no_reply();
    return finish_produce(&broker_, request);
  }
  static Task<Reply> finish_produce(Broker* broker, Request request) {
    if (!broker->release.is_set()) co_await broker->release.wait();
    co_return reply_to(request, ProduceResponse{});
  }
  Broker& broker_;
};

HeartbeatRequest heartbeat(std::string group, int generation = 0) {
  HeartbeatRequest request;
  request.group_id = std::move(group);
  request.generation_id = generation;
  return request;
}

// A scene runs on one shard, with a server and a channel to it.
struct Scene {
  const Shard& shard;
  Broker broker;
  std::unique_ptr<Server> server;
  Endpoint endpoint;

  Scene(const Shard& s, ServerOptions options) : shard(s) {
    broker.shard = &shard;
    server = std::make_unique<Server>(shard, options,
                                      [this](const ConnectionInfo&) { return std::make_unique<TestSession>(broker); });
  }
  Instant soon() const { return shard.clock.now() + 5s; }
  Task<std::shared_ptr<Channel>> open() {
    if (endpoint.port == 0) {
      auto listener = shard.network.listen({"127.0.0.1", 0});
      CHECK(listener);
      endpoint = (*listener)->local();
      server->serve(std::move(*listener), "PLAINTEXT");
    }
    auto channel = co_await Channel::connect(shard, endpoint, soon());
    CHECK(channel);
    co_return *channel;
  }
  Task<Result<HeartbeatResponse>> beat(std::shared_ptr<Channel> channel, std::string group, int generation = 0) {
    co_return co_await channel->send<HeartbeatResponse>(heartbeat(std::move(group), generation), std::int16_t{3},
                                                        soon());
  }
};

struct ServerTest : testing::Test {
  platform::TestShards shards;
  // Runs the scene to its end, then stops the server.
  void play(Task<> (*script)(Scene*), ServerOptions options = {}) {
    platform::run_on(shards[0], played(&shards[0], script, options));
  }
  static Task<> played(const Shard* shard, Task<> (*script)(Scene*), ServerOptions options) {
    Scene scene(*shard, options);
    co_await script(&scene);
    if (!scene.broker.release.is_set()) scene.broker.release.set(true);
    EXPECT_TRUE(co_await scene.server->stop(shard->clock.now() + 5s));
    EXPECT_EQ(scene.server->connections(), 0u);
    while (scene.broker.sessions > 0) co_await shard->clock.sleep_for(1ms);
  }
};

Task<> collect(Scene* scene, std::shared_ptr<Channel> channel, int i, std::vector<int>* answers) {
  const auto response = co_await scene->beat(channel, "g", i);
  answers->push_back(response ? response->throttle_time_ms : -1);
}
Task<> send_produce(Scene* scene, std::shared_ptr<Channel> channel, std::vector<std::string>* order) {
  ProduceRequest request;
  request.acks = -1;
  const auto response = co_await channel->send<ProduceResponse>(request, std::int16_t{9}, scene->soon());
  order->push_back(response ? "produced" : response.error().message);
}
Task<> send_beat(Scene* scene, std::shared_ptr<Channel> channel, std::vector<std::string>* order) {
  const auto response = co_await scene->beat(channel, "g");
  order->push_back(response ? "beat" : response.error().message);
}

TEST_F(ServerTest, AnswersManyPipelinedRequestsInOrder) {
  play([](Scene* s) -> Task<> {
    const auto channel = co_await s->open();
    std::vector<int> answers, expected;
    for (int i = 0; i < 1000; ++i) {
      spawn(s->shard, collect(s, channel, i, &answers));
      expected.push_back(i);
    }
    while (answers.size() < 1000) co_await s->shard.clock.sleep_for(1ms);
    EXPECT_EQ(answers, expected);
  });
}

TEST_F(ServerTest, StageTwoDoesNotHoldLaterRequestsButTheirResponsesStayInOrder) {
  play([](Scene* s) -> Task<> {
    const auto channel = co_await s->open();
    std::vector<std::string> order;
    spawn(s->shard, send_produce(s, channel, &order));
    spawn(s->shard, send_beat(s, channel, &order));
    while (s->broker.started.size() < 2) co_await s->shard.clock.sleep_for(1ms);
    EXPECT_EQ(s->broker.started, (std::vector<std::string>{"produce", "g"}));
    EXPECT_TRUE(order.empty());
    s->broker.release.set(true);
    while (order.size() < 2) co_await s->shard.clock.sleep_for(1ms);
    EXPECT_EQ(order, (std::vector<std::string>{"produced", "beat"}));
  });
}

TEST_F(ServerTest, StageOneHoldsTheNextRequest) {
  play([](Scene* s) -> Task<> {
    const auto channel = co_await s->open();
    std::vector<int> answers;
    spawn(s->shard, collect(s, channel, 1, &answers));
    const auto slow = co_await s->beat(channel, "slow", 2);
    EXPECT_EQ(s->broker.started, (std::vector<std::string>{"g", "slow"}));
    EXPECT_TRUE(slow);
  });
}

TEST_F(ServerTest, NoReplyLeavesTheConnectionInStep) {
  play([](Scene* s) -> Task<> {
    const auto channel = co_await s->open();
    ProduceRequest request;
    request.acks = 0;
    EXPECT_TRUE(co_await channel->send_only(request, 9));
    const auto response = co_await s->beat(channel, "g", 7);
    EXPECT_EQ(response->throttle_time_ms, 7);
  });
}

TEST_F(ServerTest, ASessionMayCloseTheConnection) {
  play([](Scene* s) -> Task<> {
    const auto channel = co_await s->open();
    const auto response = co_await s->beat(channel, "close");
    EXPECT_EQ(response.error().code, ErrorCode::kNetworkException);
    EXPECT_FALSE(channel->is_open());
  });
}

TEST_F(ServerTest, NegotiatesVersionsAndSurvivesUnknownOnesOfApiVersions) {
  play([](Scene* s) -> Task<> {
    const auto channel = co_await s->open();
    EXPECT_TRUE(co_await channel->negotiate(s->soon()));
    EXPECT_EQ(channel->version_of(protocol::ApiKey::kHeartbeat, 0, 4).value(), 3);
    EXPECT_FALSE(channel->version_of(protocol::ApiKey::kProduce, 0, 4));
    EXPECT_TRUE(co_await channel->send<HeartbeatResponse>(heartbeat("g"), s->soon()));
  });
}

// Sends bytes as they are; true if the server closes the connection without a word.
Task<bool> closes_on(Scene* scene, std::string bytes) {
  co_await scene->open();
  auto connection = co_await scene->shard.network.connect(scene->endpoint, scene->soon());
  co_await (*connection)->write({SharedBytes::copy_of(bytes)});
  std::array<std::byte, 16> into;
  const auto n = co_await (*connection)->read_some(into);
  co_return !n || *n == 0;
}

TEST_F(ServerTest, ClosesOnWhatIsNotARequest) {
  play([](Scene* s) -> Task<> {
    EXPECT_TRUE(co_await closes_on(s, std::string("\xff\xff\xff\xff", 4)));
    EXPECT_TRUE(co_await closes_on(s, std::string("\x7f\xff\xff\xff", 4)));
    EXPECT_TRUE(co_await closes_on(s, std::string("\0\0\0\2ab", 6)));
    EXPECT_TRUE(co_await closes_on(s, std::string("\0\0\0\xa\x0f\xff\0\0\0\0\0\1\xff\xff", 14)));  // unknown key
    EXPECT_TRUE(co_await closes_on(s, std::string("\0\0\0\xa\0\0\0\x7f\0\0\0\1\xff\xff", 14)));    // unknown version
    EXPECT_TRUE(co_await closes_on(s, std::string("\0\0\0\xa\0\xc\0\0\0\0\0\1\0\x7f", 14)));       // client id too long
  });
}

TEST_F(ServerTest, ClosesIdleConnections) {
  play(
      [](Scene* s) -> Task<> {
        const auto channel = co_await s->open();
        EXPECT_TRUE(co_await s->beat(channel, "slow"));  // longer than idle_max, but not idle
        while (channel->is_open()) co_await s->shard.clock.sleep_for(1ms);
      },
      {.idle_max = 10ms});
}

TEST_F(ServerTest, MutesTheClientAfterTheReply) {
  play([](Scene* s) -> Task<> {
    const auto channel = co_await s->open();
    const Instant before = s->shard.clock.now();
    EXPECT_TRUE(co_await s->beat(channel, "mute"));
    EXPECT_TRUE(co_await s->beat(channel, "g"));
    EXPECT_GE(s->shard.clock.now() - before, Instant(30ms));
  });
}

TEST_F(ServerTest, OneRequestLargerThanTheBudgetIsServedAllTheSame) {
  play(
      [](Scene* s) -> Task<> {
        const auto channel = co_await s->open();
        std::vector<int> answers;
        for (int i = 0; i < 20; ++i) spawn(s->shard, collect(s, channel, i, &answers));
        while (answers.size() < 20) co_await s->shard.clock.sleep_for(1ms);
      },
      {.in_flight_bytes = 10});
}

TEST_F(ServerTest, IdleClaimsOfLargeFramesDoNotShutOthersOut) {
  play(
      [](Scene* s) -> Task<> {
        const auto channel = co_await s->open();
        std::vector<ConnectionPtr> claiming;
        for (int i = 0; i < 10; ++i) {
          auto connection = co_await s->shard.network.connect(s->endpoint, s->soon());
          CHECK(connection);
          claiming.push_back(std::move(*connection));
          CHECK(
              co_await claiming.back()->write({SharedBytes::copy_of(std::string_view("\x05\xf5\xe1\x00\x00\x03", 6))}));
        }
        EXPECT_TRUE(co_await s->beat(channel, "g"));
      },
      {.in_flight_bytes = 100});
}

TEST_F(ServerTest, StopAnswersWhatWasStarted) {
  play([](Scene* s) -> Task<> {
    const auto channel = co_await s->open();
    std::vector<std::string> order;
    spawn(s->shard, send_produce(s, channel, &order));
    while (s->broker.started.empty()) co_await s->shard.clock.sleep_for(1ms);
    const Broker* broker = &s->broker;
    const auto timer = s->shard.clock.call_at(s->shard.clock.now() + 5ms, [broker] { broker->release.set(true); });
    co_await s->server->stop(s->soon());
    while (order.empty()) co_await s->shard.clock.sleep_for(1ms);
    EXPECT_EQ(order, (std::vector<std::string>{"produced"}));
  });
}

TEST_F(ServerTest, ARequestTimesOutAndTheChannelGoesOn) {
  play([](Scene* s) -> Task<> {
    const auto channel = co_await s->open();
    const auto late =
        co_await channel->send<HeartbeatResponse>(heartbeat("slow"), std::int16_t{3}, s->shard.clock.now() + 2ms);
    EXPECT_EQ(late.error().code, ErrorCode::kRequestTimedOut);
    const auto next = co_await s->beat(channel, "g", 5);
    EXPECT_EQ(next->throttle_time_ms, 5);
  });
}

TEST_F(ServerTest, AClientThatVanishesLeavesNothingBehind) {
  play([](Scene* s) -> Task<> {
    const auto channel = co_await s->open();
    std::vector<std::string> order;
    spawn(s->shard, send_produce(s, channel, &order));
    while (s->broker.started.empty()) co_await s->shard.clock.sleep_for(1ms);
    channel->close();
    while (order.empty()) co_await s->shard.clock.sleep_for(1ms);
    s->broker.release.set(true);
    while (s->server->connections() > 0) co_await s->shard.clock.sleep_for(1ms);
  });
}

}  // namespace
}  // namespace thalweg::network
