#include "sim/sim_network.h"

#include <gtest/gtest.h>

#include "sim/world.h"

namespace thalweg::sim {
namespace {
using namespace std::chrono_literals;

std::string pattern(std::size_t size) {
  std::string text(size, ' ');
  for (std::size_t i = 0; i < size; ++i) text[i] = static_cast<char>('a' + i * 7 % 26);
  return text;
}

// Sends back whatever comes.
Task<> echo(ConnectionPtr connection) {
  std::vector<std::byte> buffer(1000);
  for (;;) {
    const auto n = co_await connection->read_some(buffer);
    if (!n || *n == 0) break;
    if (!co_await connection->write({SharedBytes::copy_of(BytesView(buffer).first(*n))})) break;
  }
  connection->close();
}
Task<> accept_echoes(const Shard* shard, Listener* listener) {
  for (;;) {
    auto connection = co_await listener->accept();
    if (!connection) co_return;
    spawn(*shard, echo(*connection));
  }
}
std::shared_ptr<void> echo_server(Node& node) {
  auto listeners = std::make_shared<std::vector<std::unique_ptr<Listener>>>();
  for (unsigned i = 0; i < node.shard_count(); ++i) {
    listeners->push_back(*node.shard(i).network.listen({"", 9092}));
    spawn(node.shard(i), accept_echoes(&node.shard(i), listeners->back().get()));
  }
  return listeners;
}
Task<> send_all(ConnectionPtr connection, std::string text) {
  co_await connection->write({SharedBytes::copy_of(text)});
}

// What comes back, or the error.
Task<std::string> round_trip(const Shard* shard, std::string text) {
  auto connection = co_await shard->network.connect({"server", 9092}, shard->clock.now() + 5s);
  if (!connection) co_return connection.error().message;
  spawn(*shard, send_all(*connection, text));
  std::string back;
  std::vector<std::byte> buffer(3000);
  while (back.size() < text.size()) {
    const auto n = co_await (*connection)->read_some(buffer);
    if (!n) co_return n.error().message;
    if (*n == 0) co_return "end";
    back += as_text(BytesView(buffer).first(*n));
  }
  co_return back;
}

struct SimNetworkTest : testing::Test {
  World world{3};
  Node& server = world.add_node("server", 2, echo_server);
  Node& client = world.add_node("client", 1, [](Node&) { return nullptr; });
  void SetUp() override {
    server.start();
    client.start();
  }
  std::string try_round_trip(std::size_t size) {
    return world.run(client, round_trip(&client.shard(0), pattern(size)), 1min).value_or("hangs");
  }
};

TEST_F(SimNetworkTest, BytesComeInOrderThroughASmallWindow) {
  world.network.faults.window = 5000;
  EXPECT_TRUE(try_round_trip(200'000) == pattern(200'000));
}

TEST_F(SimNetworkTest, RefusesWhereNobodyListens) {
  server.crash(Crash::kKill);
  EXPECT_EQ(try_round_trip(1), "server:9092: connection refused");
  server.start();
  EXPECT_EQ(try_round_trip(1), "a");
}

TEST_F(SimNetworkTest, HostsThatArePartTimeOutAndComeTogether) {
  world.network.part("client", "server");
  EXPECT_EQ(try_round_trip(10), "server:9092: timed out");
  world.simulation.at(world.now() + 1s, [this] { world.network.join("server", "client"); });
  EXPECT_EQ(try_round_trip(10), pattern(10));
}

TEST_F(SimNetworkTest, APortTellsWhoKnocksWhetherSomebodyListens) {
  const auto knock = [this](Endpoint at) {
    return *world.run(client, client.shard(0).network.knock(std::move(at), client.shard(0).clock.now() + 200ms));
  };
  EXPECT_EQ(knock({"server", 9092}), Knock::kTaken);
  EXPECT_EQ(knock({"server", 1}), Knock::kRefused);
  world.network.part("client", "server");
  EXPECT_EQ(knock({"server", 9092}), Knock::kSilent);
  EXPECT_EQ(knock({"server", 1}), Knock::kSilent);
  world.network.join_all();
  server.crash(Crash::kKill);
  EXPECT_EQ(knock({"server", 9092}), Knock::kRefused);
}

TEST_F(SimNetworkTest, ACrashEndsConnections) {
  world.simulation.at(world.now() + 2ms, [this] { server.crash(Crash::kPowerLoss); });
  EXPECT_EQ(try_round_trip(5'000'000), "server:9092: connection reset");
}

TEST_F(SimNetworkTest, AClientThatCrashesFreesTheServer) {
  spawn(client.shard(0),
        [](const Shard* shard) -> Task<> { co_await round_trip(shard, pattern(10'000'000)); }(&client.shard(0)));
  world.run_for(5ms);
  client.crash(Crash::kKill);
  world.run_for(1s);
  client.start();
  EXPECT_EQ(try_round_trip(100), pattern(100));
}

TEST_F(SimNetworkTest, ASlowHostSlowsItsSender) {
  world.network.set_bandwidth("client", 100'000);
  const Instant before = world.now();
  EXPECT_TRUE(try_round_trip(1'000'000) == pattern(1'000'000));
  EXPECT_GT(world.now() - before, Instant(9s));
}

TEST_F(SimNetworkTest, RandomResetsEndConnections) {
  world.network.faults.reset_one_in = 20;
  EXPECT_EQ(try_round_trip(5'000'000), "server:9092: connection reset");
}

}  // namespace
}  // namespace thalweg::sim
