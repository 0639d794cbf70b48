// What a server does with the requests of a connection: their order, their answers, their end. In virtual time.
#include <gtest/gtest.h>

#include "network/channel.h"
#include "network/server.h"
#include "protocol/api_versions_request.h"
#include "protocol/api_versions_response.h"
#include "protocol/find_coordinator_response.h"
#include "protocol/heartbeat_request.h"
#include "protocol/heartbeat_response.h"
#include "protocol/metadata_response.h"
#include "protocol/produce_request.h"
#include "protocol/produce_response.h"
#include "sim/world.h"

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

// A scene runs on one shard, with a server and channels to it.
struct Scene {
  const Shard& shard;
  Broker broker;
  Budget memory;
  std::unique_ptr<Server> server;

  Scene(const Shard& s, ServerOptions options, std::size_t memory_bytes) : shard(s), memory(memory_bytes) {
    broker.shard = &shard;
    server = std::make_unique<Server>(shard, options, memory,
                                      [this](const ConnectionInfo&) { return std::make_unique<TestSession>(broker); });
    auto listener = shard.network.listen({"", 9092});
    CHECK(listener);
    server->serve(std::move(*listener), "PLAINTEXT");
  }
  Instant soon() const { return shard.clock.now() + 5s; }
  Task<ConnectionPtr> connect() {
    auto connection = co_await shard.network.connect({"server", 9092}, soon());
    CHECK(connection);
    co_return std::move(*connection);
  }
  Task<std::shared_ptr<Channel>> open() {
    auto channel = co_await Channel::connect(shard, {"server", 9092}, soon());
    CHECK(channel);
    co_return *channel;
  }
  Task<Result<HeartbeatResponse>> beat(std::shared_ptr<Channel> channel, std::string group, int generation = 0) {
    co_return co_await channel->send<HeartbeatResponse>(heartbeat(std::move(group), generation), std::int16_t{3},
                                                        soon());
  }
  // False if it is not so within a minute.
  Task<bool> until(std::function<bool()> done) {
    for (const Instant end = shard.clock.now() + 1min; !done() && shard.clock.now() < end;)
      co_await shard.clock.sleep_for(1ms);
    co_return done();
  }
};

struct ServerRequests : testing::Test {
  sim::World world{11};
  sim::Node* node = nullptr;

  // Runs the scene to its end, then stops the server: nothing of it and of its memory is left.
  void play(Task<> (*script)(Scene*), ServerOptions options = {}, std::size_t memory = 64u << 20) {
    node = &world.add_node("server", 1,
                           [=](sim::Node& n) { return std::make_shared<Scene>(n.shard(0), options, memory); });
    node->start();
    auto& scene = node->program<Scene>();
    EXPECT_EQ(world.run(*node, played(&scene, script)), true) << "the scene does not end, or the server does not";
    EXPECT_EQ(scene.server->connections(), 0u);
    EXPECT_EQ(scene.broker.sessions, 0);
    EXPECT_EQ(scene.memory.available(), std::int64_t(memory));
  }
  static Task<bool> played(Scene* scene, Task<> (*script)(Scene*)) {
    co_await script(scene);
    scene->broker.release.set(true);
    const bool stopped = co_await scene->server->stop(scene->soon());
    co_await scene->until([scene] { return scene->broker.sessions == 0; });
    co_return stopped;
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

Task<> send_slow(Scene* scene, std::shared_ptr<Channel> channel, std::vector<std::string>* order) {
  const auto response = co_await scene->beat(channel, "slow");
  order->push_back(response ? "slow" : response.error().message);
}

TEST_F(ServerRequests, AnswersManyPipelinedRequestsInOrder) {
  play([](Scene* s) -> Task<> {
    const auto channel = co_await s->open();
    std::vector<int> answers, expected;
    for (int i = 0; i < 1000; ++i) {
      spawn(s->shard, collect(s, channel, i, &answers));
      expected.push_back(i);
    }
    EXPECT_TRUE(co_await s->until([&] { return answers.size() == 1000; }));
    EXPECT_EQ(answers, expected);
  });
}

TEST_F(ServerRequests, StageTwoDoesNotHoldLaterRequestsButTheirResponsesStayInOrder) {
  play([](Scene* s) -> Task<> {
    const auto channel = co_await s->open();
    std::vector<std::string> order;
    spawn(s->shard, send_produce(s, channel, &order));
    spawn(s->shard, send_beat(s, channel, &order));
    EXPECT_TRUE(co_await s->until([&] { return s->broker.started.size() == 2; }));
    EXPECT_EQ(s->broker.started, (std::vector<std::string>{"produce", "g"}));
    EXPECT_TRUE(order.empty());
    s->broker.release.set(true);
    EXPECT_TRUE(co_await s->until([&] { return order.size() == 2; }));
    EXPECT_EQ(order, (std::vector<std::string>{"produced", "beat"}));
  });
}

TEST_F(ServerRequests, StageOneHoldsTheNextRequest) {
  play([](Scene* s) -> Task<> {
    const auto channel = co_await s->open();
    std::vector<std::string> order;
    spawn(s->shard, send_slow(s, channel, &order));
    spawn(s->shard, send_beat(s, channel, &order));
    EXPECT_TRUE(co_await s->until([&] { return !s->broker.started.empty(); }));
    EXPECT_EQ(s->broker.started, (std::vector<std::string>{"slow"}));
    EXPECT_TRUE(co_await s->until([&] { return order.size() == 2; }));
    EXPECT_EQ(s->broker.started, (std::vector<std::string>{"slow", "g"}));
    EXPECT_EQ(order, (std::vector<std::string>{"slow", "beat"}));
  });
}

TEST_F(ServerRequests, NoReplyLeavesTheConnectionInStep) {
  play([](Scene* s) -> Task<> {
    const auto channel = co_await s->open();
    ProduceRequest request;
    request.acks = 0;
    EXPECT_TRUE(co_await channel->send_only(request, 9));
    const auto response = co_await s->beat(channel, "g", 7);
    EXPECT_EQ(response->throttle_time_ms, 7);
  });
}

TEST_F(ServerRequests, ASessionMayCloseTheConnection) {
  play([](Scene* s) -> Task<> {
    const auto channel = co_await s->open();
    const auto response = co_await s->beat(channel, "close");
    EXPECT_EQ(response.error().code, ErrorCode::kNetworkException);
    EXPECT_FALSE(channel->is_open());
  });
}

TEST_F(ServerRequests, NegotiatesVersionsAndSurvivesUnknownOnesOfApiVersions) {
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
  const auto connection = co_await scene->connect();
  co_await connection->write({SharedBytes::copy_of(bytes)});
  std::array<std::byte, 16> into;
  const auto n = co_await connection->read_some(into);
  co_return !n || *n == 0;
}

TEST_F(ServerRequests, ClosesOnWhatIsNotARequest) {
  play([](Scene* s) -> Task<> {
    EXPECT_TRUE(co_await closes_on(s, std::string("\xff\xff\xff\xff", 4)));
    EXPECT_TRUE(co_await closes_on(s, std::string("\x7f\xff\xff\xff", 4)));
    EXPECT_TRUE(co_await closes_on(s, std::string("\0\0\0\2ab", 6)));
    EXPECT_TRUE(co_await closes_on(s, std::string("\0\0\0\xa\x0f\xff\0\0\0\0\0\1\xff\xff", 14)));  // unknown key
    EXPECT_TRUE(co_await closes_on(s, std::string("\0\0\0\xa\0\0\0\x7f\0\0\0\1\xff\xff", 14)));    // unknown version
    EXPECT_TRUE(co_await closes_on(s, std::string("\0\0\0\xa\0\xc\0\0\0\0\0\1\0\x7f", 14)));       // client id too long
  });
}

TEST_F(ServerRequests, ClosesIdleConnectionsAndNoneThatWaitsForUs) {
  play(
      [](Scene* s) -> Task<> {
        const auto channel = co_await s->open();
        const Instant begun = s->shard.clock.now();
        EXPECT_TRUE(co_await s->beat(channel, "slow"));  // longer than idle_max, but not idle
        EXPECT_TRUE(co_await s->until([&] { return !channel->is_open(); }));
        EXPECT_GE(s->shard.clock.now() - begun, Instant(30ms));
        EXPECT_EQ(s->server->connections(), 0u);
      },
      {.idle_max = 10ms});
}

TEST_F(ServerRequests, MutesTheClientAfterTheReply) {
  play([](Scene* s) -> Task<> {
    const auto channel = co_await s->open();
    const Instant before = s->shard.clock.now();
    EXPECT_TRUE(co_await s->beat(channel, "mute"));
    EXPECT_TRUE(co_await s->beat(channel, "g"));
    EXPECT_GE(s->shard.clock.now() - before, Instant(30ms));
  });
}

TEST_F(ServerRequests, RequestsLargerThanTheBudgetAreServedOneByOne) {
  play(
      [](Scene* s) -> Task<> {
        const auto channel = co_await s->open();
        std::vector<int> answers, expected;
        for (int i = 0; i < 20; ++i) {
          spawn(s->shard, collect(s, channel, i, &answers));
          expected.push_back(i);
        }
        EXPECT_TRUE(co_await s->until([&] { return answers.size() == 20; }));
        EXPECT_EQ(answers, expected);
      },
      {}, 10);
}

TEST_F(ServerRequests, StopAnswersWhatWasStarted) {
  play([](Scene* s) -> Task<> {
    const auto channel = co_await s->open();
    std::vector<std::string> order;
    spawn(s->shard, send_produce(s, channel, &order));
    EXPECT_TRUE(co_await s->until([&] { return !s->broker.started.empty(); }));
    const Broker* broker = &s->broker;
    const auto timer = s->shard.clock.call_at(s->shard.clock.now() + 5ms, [broker] { broker->release.set(true); });
    co_await s->server->stop(s->soon());
    EXPECT_TRUE(co_await s->until([&] { return !order.empty(); }));
    EXPECT_EQ(order, (std::vector<std::string>{"produced"}));
  });
}

TEST_F(ServerRequests, ARequestTimesOutAndTheChannelGoesOn) {
  play([](Scene* s) -> Task<> {
    const auto channel = co_await s->open();
    const auto late =
        co_await channel->send<HeartbeatResponse>(heartbeat("slow"), std::int16_t{3}, s->shard.clock.now() + 2ms);
    EXPECT_EQ(late.error().code, ErrorCode::kRequestTimedOut);
    const auto next = co_await s->beat(channel, "g", 5);
    EXPECT_EQ(next->throttle_time_ms, 5);
  });
}

TEST_F(ServerRequests, AChannelTellsWhetherTheOtherEndHungUp) {
  play([](Scene* s) -> Task<> {
    const auto closed = co_await s->open();
    closed->close();
    EXPECT_FALSE(co_await closed->ended());
    const auto hung_up = co_await s->open();
    co_await s->server->stop(s->soon());
    EXPECT_TRUE(co_await hung_up->ended());
  });
}

TEST_F(ServerRequests, AClientThatVanishesLeavesNothingBehind) {
  play([](Scene* s) -> Task<> {
    const auto channel = co_await s->open();
    std::vector<std::string> order;
    spawn(s->shard, send_produce(s, channel, &order));
    EXPECT_TRUE(co_await s->until([&] { return !s->broker.started.empty(); }));
    channel->close();
    EXPECT_TRUE(co_await s->until([&] { return !order.empty(); }));
    s->broker.release.set(true);  // what was started is finished, for nobody
    EXPECT_TRUE(co_await s->until([&] { return s->server->connections() == 0; }));
  });
}

TEST_F(ServerRequests, AnAnswerThatItsVersionCannotCarryIsAnErrorOrTheEnd) {
  play([](Scene* s) -> Task<> {
    EXPECT_TRUE(co_await (co_await s->open())->negotiate(s->soon()));
    protocol::ApiVersionsResponse unsayable;
    unsayable.supported_features.emplace_back().name = std::string(40'000, 'x');  // flexible: can be said
    const Request versions{protocol::find_api(18), 3};
    EXPECT_TRUE(reply_to(versions, unsayable).frame);
    protocol::FindCoordinatorResponse long_host;
    long_host.host = std::string(40'000, 'x');
    const Request find{protocol::find_api(10), 2, 7};
    const auto frame = reply_to(find, long_host).frame;
    EXPECT_TRUE(frame);
    protocol::Writer flat;
    flat.append(*frame);
    protocol::Reader reader(flat.take_bytes());
    std::int32_t size = 0, id = 0;
    reader.read(size);
    reader.read(id);
    EXPECT_EQ(id, 7);
    EXPECT_EQ(protocol::FindCoordinatorResponse::decode(reader, 2)->error_code, ErrorCode::kUnknownServerError);
    protocol::MetadataResponse metadata;  // has no place for an error of the whole
    metadata.cluster_id = std::string(40'000, 'x');
    const Reply closed = reply_to(Request{protocol::find_api(3), 2}, metadata);
    EXPECT_FALSE(closed.frame);
    EXPECT_TRUE(closed.close_after);
  });
}

TEST_F(ServerRequests, AChannelSendsNoRequestThatItsVersionCannotCarry) {
  play([](Scene* s) -> Task<> {
    const auto channel = co_await s->open();
    const auto refused = co_await s->beat(channel, std::string(40'000, 'g'));
    EXPECT_EQ(refused.error().code, ErrorCode::kInvalidRequest);
    EXPECT_TRUE(s->broker.started.empty());
    EXPECT_EQ((co_await s->beat(channel, "g", 9))->throttle_time_ms, 9);
  });
}

}  // namespace
}  // namespace thalweg::network
