// Clients that are slow, silent or too many, and what the others feel of them; in virtual time.
#include <gtest/gtest.h>

#include <deque>

#include "network/server.h"
#include "protocol/heartbeat_request.h"
#include "protocol/request_header.h"
#include "sim/world.h"

namespace thalweg::network {
namespace {
using namespace std::chrono_literals;

constexpr std::size_t kSmall = 8, kBig = 1'000'000;  // bytes of an answer

struct Program {
  std::unique_ptr<ConnectionLimits> limits;
  std::unique_ptr<LargeFrames> large_frames;
  std::deque<Budget> memory;  // of each shard
  std::vector<std::unique_ptr<Server>> servers;
  std::vector<std::string> started;  // the groups of the requests
  bool gate_open = false;
  std::size_t connections() const {
    std::size_t sum = 0;
    for (const auto& server : servers) sum += server->connections();
    return sum;
  }
};

// The group of a heartbeat says what is done with it: "hold" waits at the gate in stage one, "later" in stage two,
// "big" gets a big answer.
class GroupSession : public Session {
 public:
  GroupSession(const Shard& shard, Program& program) : shard_(shard), program_(program) {}
  Task<Started> start(Request request) override {
    const auto group = request.decode<protocol::HeartbeatRequest>().value().group_id;
    program_.started.push_back(group);
    if (group.starts_with("hold")) co_await gate(&shard_, &program_);
    if (group.starts_with("later")) co_return answer_later(&shard_, &program_);
    co_return answer(group.starts_with("big") ? kBig : kSmall);
  }

 private:
  static Task<> gate(const Shard* shard, Program* program) {
    while (!program->gate_open) co_await shard->clock.sleep_for(1ms);
  }
  static Task<Reply> answer_later(const Shard* shard, Program* program) {
    co_await gate(shard, program);
    co_return answer(kSmall);
  }
  static Reply answer(std::size_t size) { return {.frame = Pieces{SharedBytes::copy_of(std::string(size, '.'))}}; }
  const Shard& shard_;
  Program& program_;
};

struct ServerLimits : testing::Test {
  sim::World world{7};
  ServerOptions options{.idle_max = 10s};
  ConnectionLimits::Bounds bounds;
  std::size_t memory = 64u << 20;
  std::optional<std::size_t> large_memory;
  sim::Node* server = nullptr;

  Program& serve(unsigned shards = 1) {
    server = &world.add_node("server", shards, [this](sim::Node& node) { return program(node); });
    server->start();
    return server->program<Program>();
  }
  std::shared_ptr<void> program(sim::Node& node) const {
    auto program = std::make_shared<Program>();
    program->limits = std::make_unique<ConnectionLimits>(node.shard(0), bounds);
    if (large_memory) program->large_frames = std::make_unique<LargeFrames>(node.shard(0), *large_memory);
    for (unsigned i = 0; i < node.shard_count(); ++i) {
      const Shard& shard = node.shard(i);
      ServerOptions own = options;
      own.limits = program->limits.get();
      own.large_frames = program->large_frames.get();
      program->memory.emplace_back(memory);
      auto& server = program->servers.emplace_back(std::make_unique<Server>(
          shard, own, program->memory.back(),
          [&shard, p = program.get()](const ConnectionInfo&) { return std::make_unique<GroupSession>(shard, *p); }));
      auto listener = shard.network.listen({"", 9092});
      CHECK(listener);
      server->serve(std::move(*listener), "PLAINTEXT");
    }
    return program;
  }
  sim::Node& machine(const std::string& name) {
    auto& node = world.add_node(name, 1, [](sim::Node&) { return nullptr; });
    node.start();
    return node;
  }

  // A connection that has sent these bytes.
  ConnectionPtr send(sim::Node& from, Pieces bytes) {
    const Shard& shard = from.shard(0);
    auto connection = world.run(from, shard.network.connect({"server", 9092}, shard.clock.now() + 1s));
    CHECK(connection && *connection);
    spawn(shard, write(**connection, std::move(bytes)));
    return **connection;
  }
  static Task<> write(ConnectionPtr connection, Pieces bytes) { co_await connection->write(std::move(bytes)); }
  static Pieces beat(std::string group) {
    protocol::Writer writer;
    protocol::RequestHeader{.request_api_key = 12, .request_api_version = 4, .client_id = "test"}.encode(writer, 2);
    protocol::HeartbeatRequest request;
    request.group_id = std::move(group);
    request.encode(writer, 4);
    return writer.take_frame().value();
  }

  // The same, with somebody who counts what comes back.
  struct Talk {
    ConnectionPtr connection;
    std::shared_ptr<std::size_t> received;
  };
  Talk talk(sim::Node& from, Pieces bytes) {
    Talk talk{send(from, std::move(bytes)), std::make_shared<std::size_t>(0)};
    spawn(from.shard(0), read(talk));
    return talk;
  }
  static Task<> read(Talk talk) {
    std::vector<std::byte> buffer(64 * 1024);
    for (;;) {
      const auto n = co_await talk.connection->read_some(buffer);
      if (!n || *n == 0) break;
      *talk.received += *n;
    }
  }
  // What a stop within two seconds answers, and after how long.
  std::pair<std::optional<bool>, Instant> stop(const Program& program) {
    const Instant begun = world.now();
    const auto ended = world.run(*server, program.servers[0]->stop(server->shard(0).clock.now() + 2s));
    return {ended, world.now() - begun};
  }
  static bool has_answer(const Talk& talk) { return *talk.received == kSmall; }
  bool is_answered(const Talk& talk, std::size_t size = kSmall, Instant within = 5s) {
    return world.run_until([&] { return *talk.received >= size; }, within) && *talk.received == size;
  }
};

TEST_F(ServerLimits, AClientThatReadsNothingIsIdle) {
  const Program& program = serve();
  world.network.faults.window = 1000;
  const auto connection = send(machine("client"), beat("big"));
  world.run_for(5s);
  EXPECT_EQ(program.connections(), 1u);
  world.run_for(20s);
  EXPECT_EQ(program.connections(), 0u);
}

TEST_F(ServerLimits, HalfARequestIsIdle) {
  const Program& program = serve();
  const auto connection = send(machine("client"), {SharedBytes::copy_of(std::string_view("\0\0\1\0abc", 7))});
  world.run_for(25s);
  EXPECT_EQ(program.connections(), 0u);
}

TEST_F(ServerLimits, SlowReadingIsNotIdle) {
  serve();
  world.network.faults.window = 1000;
  world.network.set_bandwidth("client", 20'000);
  auto& client = machine("client");
  EXPECT_TRUE(is_answered(talk(client, beat("big")), kBig, 10min));
  EXPECT_GT(world.now(), Instant(3 * options.idle_max));
}

TEST_F(ServerLimits, SlowSendingIsNotIdle) {
  serve();
  world.network.faults.segment_max = 500;
  world.network.set_bandwidth("server", 500);
  auto& client = machine("client");
  EXPECT_TRUE(is_answered(talk(client, beat(std::string(20'000, 'g'))), kSmall, 10min));
  EXPECT_GT(world.now(), Instant(3 * options.idle_max));
}

TEST_F(ServerLimits, WaitingForUsIsNotIdle) {
  for (const char* group : {"hold", "later"}) {
    Program& program = server ? server->program<Program>() : serve();
    program.gate_open = false;
    auto& client = machine(group);
    const auto waiting = talk(client, beat(group));
    EXPECT_FALSE(is_answered(waiting, kSmall, 60s));
    program.gate_open = true;
    EXPECT_TRUE(is_answered(waiting)) << group;
  }
}

TEST_F(ServerLimits, ARequestThatWaitsHoldsItsOwnConnectionOnly) {
  Program& program = serve();
  auto& client = machine("client");
  const auto held = talk(client, beat("hold"));
  world.run_for(1s);
  EXPECT_TRUE(is_answered(talk(client, beat("other"))));
  program.gate_open = true;
  EXPECT_TRUE(is_answered(held));
}

TEST_F(ServerLimits, ASpentBudgetHoldsEverybodyUntilItIsGivenBack) {
  memory = 1000;
  Program& program = serve();
  auto& client = machine("client");
  const auto large = talk(client, beat("hold" + std::string(2000, '.')));
  world.run_for(1s);
  const auto first = talk(client, beat("first"));
  world.run_for(1s);
  const auto second = talk(client, beat("second"));
  world.run_for(5s);
  EXPECT_EQ(program.started.size(), 1u);
  program.gate_open = true;
  EXPECT_TRUE(is_answered(large));
  EXPECT_TRUE(is_answered(second));
  EXPECT_EQ(program.started.at(1), "first");
}

TEST_F(ServerLimits, WhatWaitsInStageTwoHoldsNoBytesOfItsRequest) {
  memory = 1000;
  Program& program = serve();
  auto& client = machine("client");
  const auto waiting = talk(client, beat("later" + std::string(2000, '.')));
  EXPECT_TRUE(is_answered(talk(client, beat("other"))));
  program.gate_open = true;
  EXPECT_TRUE(is_answered(waiting));
}

// Its second request waits for the memory that the answer to its first one takes.
TEST_F(ServerLimits, AClientThatVanishesWhileItsRequestWaitsHasNothingDoneForItAndHoldsNothing) {
  memory = 10'000;
  Program& program = serve();
  world.network.faults.window = 1000;
  Pieces both = beat("big");
  std::ranges::move(beat("gone"), std::back_inserter(both));
  const auto connection = send(machine("client"), std::move(both));
  world.run_for(1s);
  EXPECT_LT(program.memory[0].available(), 0);
  connection->close();
  world.run_for(10s);
  EXPECT_EQ(program.started, std::vector<std::string>{"big"});
  EXPECT_EQ(program.connections(), 0u);
  EXPECT_EQ(program.memory[0].available(), 10'000);
}

// Pieces of a frame that claims more than it sends.
Pieces part_of_frame(std::uint32_t claimed, std::size_t sent) {
  std::string bytes(4 + sent, 'x');
  for (int i = 0; i < 4; ++i) bytes[std::size_t(i)] = static_cast<char>(claimed >> (24 - 8 * i));
  return {SharedBytes::copy_of(bytes)};
}

struct StalledClients : ServerLimits {
  static constexpr std::size_t kLarge = 100'000;
  StalledClients() {
    options.idle_max = 10min;
    options.large_from = 10'000;
    memory = 30'000;
    large_memory = 150'000;  // of which any two large frames take more
  }
};

TEST_F(StalledClients, TakeNoMoreMemoryTogetherThanTheBudgetAndDelayNoSmallRequest) {
  const Program& program = serve(3);
  auto& client = machine("client");
  std::vector<ConnectionPtr> stalled;
  for (int i = 0; i < 40; ++i) stalled.push_back(send(client, part_of_frame(kLarge, kLarge - 5000)));
  for (int i = 0; i < 20; ++i) {
    world.run_for(100ms);
    EXPECT_GE(program.large_frames->budget().available(), 0);
    EXPECT_TRUE(is_answered(talk(client, beat("small")), kSmall, 1s));
  }
}

TEST_F(StalledClients, LoseTheirPlaceToALargeRequestThatIsWhole) {
  const Program& program = serve(3);
  auto& client = machine("client");
  std::vector<ConnectionPtr> stalled;
  for (int i = 0; i < 10; ++i) stalled.push_back(send(client, part_of_frame(kLarge, kLarge / 2)));
  world.run_for(1s);
  EXPECT_TRUE(is_answered(talk(client, beat("whole" + std::string(kLarge, '.'))), kSmall, 60s));
  world.run_for(60s);
  EXPECT_LE(program.connections(), 2u);  // the last of them keeps nobody waiting, and the client that was answered
  stalled.clear();
  world.run_for(60s);
  EXPECT_EQ(program.large_frames->budget().available(), 150'000);
  for (const auto& memory_of_shard : program.memory) EXPECT_EQ(memory_of_shard.available(), 30'000);
}

TEST_F(StalledClients, AreLeftAloneWhileNobodyNeedsWhatTheyHold) {
  const Program& program = serve();
  auto& client = machine("client");
  const auto stalled = send(client, part_of_frame(kLarge, 1000));
  const auto small = send(client, part_of_frame(9000, 1000));
  world.run_for(5min);
  EXPECT_EQ(program.connections(), 2u);
}

TEST_F(StalledClients, WithSmallFramesLoseTheirPlaceToo) {
  const Program& program = serve();
  auto& client = machine("client");
  std::vector<ConnectionPtr> stalled;
  for (int i = 0; i < 30; ++i) stalled.push_back(send(client, part_of_frame(9000, 8000)));
  world.run_for(1s);
  EXPECT_LT(program.memory[0].available(), 9000);
  EXPECT_TRUE(is_answered(talk(client, beat("small" + std::string(5000, '.'))), kSmall, 60s));
}

// A byte now and then is no progress where others wait.
Task<> drip(const Shard* shard, ConnectionPtr connection) {
  for (;;) {
    co_await shard->clock.sleep_for(500ms);
    if (!co_await connection->write({SharedBytes::copy_of("x")})) break;
  }
}

TEST_F(StalledClients, ThatDripAreStalled) {
  serve();
  auto& client = machine("client");
  const auto dripping = send(client, part_of_frame(kLarge, 1000));
  spawn(client.shard(0), drip(&client.shard(0), dripping));
  world.run_for(1s);
  EXPECT_TRUE(is_answered(talk(client, beat("whole" + std::string(kLarge, '.'))), kSmall, 30s));
}

TEST_F(StalledClients, ThatReadNoAnswersGiveTheirMemoryBack) {
  memory = 2 * kBig;
  const Program& program = serve();
  auto& client = machine("client");
  world.network.faults.window = 1000;
  std::vector<ConnectionPtr> deaf;
  for (int i = 0; i < 4; ++i) deaf.push_back(send(client, beat("big")));
  world.run_for(1s);
  EXPECT_LE(program.memory[0].available(), 0);
  EXPECT_TRUE(is_answered(talk(client, beat("small")), kSmall, 30s));
}

// What else listens on the network gives errors for a while.
class FailingListener : public Listener {
 public:
  FailingListener(std::unique_ptr<Listener> real, int failures) : real_(std::move(real)), failures_(failures) {}
  Task<Result<ConnectionPtr>> accept() override {
    if (failures_ > 0) {
      --failures_;
      co_return fail(ErrorCode::kNetworkException, "too many open files");
    }
    co_return co_await real_->accept();
  }
  void close() override { real_->close(); }
  Endpoint local() const override { return real_->local(); }

 private:
  std::unique_ptr<Listener> real_;
  int failures_;
};

TEST_F(ServerLimits, AListenerThatFailsIsTriedAgain) {
  Program& program = serve();
  const Shard& shard = server->shard(0);
  auto real = shard.network.listen({"", 9093});
  program.servers[0]->serve(std::make_unique<FailingListener>(std::move(*real), 20), "OTHER");
  auto& client = machine("client");
  const Shard& there = client.shard(0);
  const auto connection = world.run(client, there.network.connect({"server", 9093}, there.clock.now() + 1s));
  world.run_for(1s);
  EXPECT_EQ(program.connections(), 0u);
  world.run_for(10s);
  EXPECT_EQ(program.connections(), 1u);
  const auto [ended, took] = stop(program);
  EXPECT_EQ(ended, true);
}

TEST_F(ServerLimits, ConnectionsBeyondTheLimitOfTheBrokerWaitForAPlace) {
  bounds.total = 2;
  serve(3);
  auto& client = machine("client");
  const auto first = talk(client, beat("1"));
  const auto second = talk(client, beat("2"));
  EXPECT_TRUE(is_answered(first));
  EXPECT_TRUE(is_answered(second));
  const auto third = talk(client, beat("3"));
  EXPECT_FALSE(is_answered(third));
  first.connection->close();
  EXPECT_TRUE(is_answered(third));
}

// Clients hold all that they may, and a node that comes back has to reach the others all the same.
TEST_F(ServerLimits, NodesOfTheClusterAreLetInWhateverClientsHold) {
  bounds.total = bounds.per_ip = 1;
  bounds.rate = 1;
  const Program& program = serve();
  auto& client = machine("client");
  const auto held = talk(client, beat("g"));
  const auto waiting = talk(client, beat("g"));
  world.run_for(1s);
  auto listener = server->shard(0).network.listen({"", 9093});
  CHECK(listener);
  program.servers[0]->serve(std::move(*listener), "CONTROLLER", ListenerFor::kNodes);
  const Shard& node = client.shard(0);
  std::vector<ConnectionPtr> nodes;
  for (int i = 0; i < 3; ++i) {
    auto connection = world.run(client, node.network.connect({"server", 9093}, node.clock.now() + 1s));
    ASSERT_TRUE(connection && *connection);
    nodes.push_back(**connection);
  }
  world.run_for(100ms);
  EXPECT_EQ(program.connections(), 4u);
  for (const auto& connection : nodes) connection->close();
  world.run_for(100ms);
  EXPECT_EQ(program.connections(), 1u) << "nor do they leave their places to clients";
  held.connection->close();
  EXPECT_TRUE(is_answered(waiting));
}

TEST_F(ServerLimits, ConnectionsBeyondTheLimitOfAnAddressAreClosed) {
  bounds.per_ip = 2;
  const Program& program = serve(3);
  auto &one = machine("one"), &other = machine("other");
  std::vector<Talk> connections;
  for (int i = 0; i < 2; ++i) {
    connections.push_back(talk(one, beat("g")));
    EXPECT_TRUE(is_answered(connections.back()));
  }
  EXPECT_FALSE(is_answered(talk(one, beat("g"))));
  EXPECT_TRUE(is_answered(talk(other, beat("g"))));
  connections.front().connection->close();
  world.run_for(1s);
  EXPECT_TRUE(is_answered(talk(one, beat("g"))));
  EXPECT_EQ(program.started.size(), 4u);
}

TEST_F(ServerLimits, AnAddressThatIsRefusedLeavesItsPlaceToTheNext) {
  bounds.total = 2;
  bounds.per_ip = 1;
  serve(2);
  auto &one = machine("one"), &two = machine("two"), &three = machine("three");
  const auto first = talk(one, beat("g"));
  const auto second = talk(two, beat("g"));
  EXPECT_TRUE(is_answered(first));
  EXPECT_TRUE(is_answered(second));
  const auto again = talk(one, beat("g"));
  world.run_for(1s);
  const auto waiting = talk(three, beat("g"));
  world.run_for(1s);
  second.connection->close();
  EXPECT_TRUE(is_answered(waiting));
  EXPECT_FALSE(is_answered(again));
}

TEST_F(ServerLimits, SomeAddressesHaveALimitOfTheirOwn) {
  auto &trusted = machine("trusted"), &banned = machine("banned"), &other = machine("other");
  bounds.per_ip = 1;
  bounds.of_ip = {{trusted.host(), 2}, {banned.host(), 0}};
  serve(2);
  const std::vector<Talk> of_trusted{talk(trusted, beat("g")), talk(trusted, beat("g")), talk(trusted, beat("g"))};
  const std::vector<Talk> of_other{talk(other, beat("g")), talk(other, beat("g"))};
  const auto of_banned = talk(banned, beat("g"));
  world.run_for(1s);
  EXPECT_EQ(std::ranges::count_if(of_trusted, &ServerLimits::has_answer), 2);
  EXPECT_EQ(std::ranges::count_if(of_other, &ServerLimits::has_answer), 1);
  EXPECT_FALSE(has_answer(of_banned));
}

TEST_F(ServerLimits, NewConnectionsComeAtTheRateAtMost) {
  bounds.rate = 5;
  serve(3);
  auto& client = machine("client");
  std::vector<Talk> connections;
  const Instant begun = world.now();
  for (int i = 0; i < 20; ++i) connections.push_back(talk(client, beat("g")));
  const auto answered = [&] { return std::ranges::count_if(connections, &ServerLimits::has_answer); };
  while (answered() < 20) {
    world.run_for(50ms);
    const Instant past = world.now() - begun;
    EXPECT_LE(answered(), 6 + 5 * past / 1s);  // five saved up by a quiet second, and the one that is due
    EXPECT_GE(answered(), std::min<std::int64_t>(20, 5 * (past - 500ms) / 1s));
    ASSERT_LE(past, Instant(10s));
  }
  EXPECT_GE(world.now() - begun, Instant(2s));
}

TEST_F(ServerLimits, StopEndsTheWaitForTheRate) {
  bounds.rate = 0;
  const Program& program = serve();
  auto& client = machine("client");
  const auto connection = talk(client, beat("g"));
  world.run_for(10s);
  EXPECT_FALSE(has_answer(connection));
  const auto [ended, took] = stop(program);
  EXPECT_EQ(ended, true);
  EXPECT_LE(took, Instant(1s));
}

TEST_F(ServerLimits, StopDoesNotWaitForAHandlerThatDoesNotEnd) {
  const Program& program = serve();
  auto& client = machine("client");
  const auto connection = talk(client, beat("hold"));
  world.run_for(1s);
  const auto [ended, took] = stop(program);
  EXPECT_EQ(ended, false);
  EXPECT_GE(took, Instant(2s));
  EXPECT_LE(took, Instant(3s));
}

TEST_F(ServerLimits, StopEndsTheWaitForAPlace) {
  bounds.total = 1;
  const Program& program = serve();
  auto& client = machine("client");
  const auto first = talk(client, beat("g"));
  EXPECT_TRUE(is_answered(first));
  const auto waiting = talk(client, beat("g"));
  world.run_for(1s);
  const auto [ended, took] = stop(program);
  EXPECT_EQ(ended, true);
  EXPECT_LE(took, Instant(1s));
  EXPECT_FALSE(is_answered(waiting));
}

}  // namespace
}  // namespace thalweg::network
