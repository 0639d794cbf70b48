// What a server counts of its connections and requests; in virtual time.
#include <gtest/gtest.h>

#include "metrics/families.h"
#include "network/server.h"
#include "protocol/heartbeat_request.h"
#include "protocol/heartbeat_response.h"
#include "protocol/request_header.h"
#include "sim/world.h"

namespace thalweg::network {
namespace {
using namespace std::chrono_literals;
using protocol::HeartbeatRequest;
using protocol::HeartbeatResponse;

// The group of a heartbeat says what becomes of it.
class MeteredSession : public Session {
 public:
  explicit MeteredSession(const Shard& shard) : shard_(shard) {}
  Task<Started> start(Request request) override {
    if (!request.api->decodes(request.version) || request.key() != protocol::ApiKey::kHeartbeat)
      co_return close_connection();
    const auto group = request.decode<HeartbeatRequest>().value().group_id;
    if (group == "work") co_await shard_.clock.sleep_for(10ms);
    if (group == "wait") {
      co_await shard_.clock.sleep_for(10ms);
      co_await shard_.clock.sleep_for(500ms);
      request.noted->waited += 500ms;
    }
    if (group == "later") co_return later(&shard_, std::move(request));
    HeartbeatResponse response;
    if (group == "error") response.error_code = ErrorCode::kRebalanceInProgress;
    co_return reply_to(request, response);
  }

 private:
  static Task<Reply> later(const Shard* shard, Request request) {
    co_await shard->clock.sleep_for(500ms);
    co_return reply_to(request, HeartbeatResponse());
  }
  const Shard& shard_;
};

struct MeteredServer {
  ConnectionLimits limits;
  Budget memory{1 << 20};
  Server server;

  MeteredServer(const Shard& shard, const ConnectionLimits::Bounds& bounds)
      : limits(shard, bounds),
        server(shard, {.idle_max = 10s, .limits = &limits}, memory,
               [&shard](const ConnectionInfo&) { return std::make_unique<MeteredSession>(shard); }) {
    auto listener = shard.network.listen({"", 9092});
    CHECK(listener);
    server.serve(std::move(*listener), "CLIENTS");
  }
};

struct ServerMetrics : testing::Test {
  sim::World world{3};
  sim::Node* server = nullptr;
  sim::Node* client = nullptr;

  void serve(ConnectionLimits::Bounds bounds = {}) {
    server = &world.add_node("server", 1,
                             [=](sim::Node& node) { return std::make_shared<MeteredServer>(node.shard(0), bounds); });
    client = &world.add_node("client", 1, [](sim::Node&) { return nullptr; });
    server->start();
    client->start();
  }

  // A connection that has sent this; what comes back is read.
  ConnectionPtr send(std::string bytes) {
    const Shard& shard = client->shard(0);
    auto connection = world.run(*client, shard.network.connect({"server", 9092}, shard.clock.now() + 1s));
    CHECK(connection && *connection);
    spawn(shard, write(**connection, std::move(bytes)));
    spawn(shard, read(**connection));
    return **connection;
  }
  static Task<> write(ConnectionPtr connection, std::string bytes) {
    co_await connection->write({SharedBytes::copy_of(bytes)});
  }
  static Task<> read(ConnectionPtr connection) {
    std::vector<std::byte> buffer(64 * 1024);
    for (auto n = co_await connection->read_some(buffer); n && *n > 0;) n = co_await connection->read_some(buffer);
  }
  static std::string beat(std::string group, std::int16_t key = 12, std::int16_t version = 4) {
    protocol::Writer writer;
    protocol::RequestHeader{.request_api_key = key, .request_api_version = version, .client_id = "test"}.encode(writer,
                                                                                                                2);
    HeartbeatRequest request;
    request.group_id = std::move(group);
    request.encode(writer, 4);
    const auto frame = writer.take_frame().value();
    return std::string(std::get<SharedBytes>(frame.at(0)).text());
  }

  MetricsSnapshot now() const { return server->shard(0).metrics.snapshot(); }
  std::uint64_t count(const MetricFamily& family, const MetricLabels& labels) const {
    const auto all = now();
    const auto* value = all.find(family, labels);
    return value ? std::get<std::uint64_t>(*value) : 0;
  }
  std::int64_t gauge(const MetricFamily& family, const MetricLabels& labels) const {
    return std::get<std::int64_t>(*now().find(family, labels));
  }
  // How often, and how many milliseconds in all.
  std::pair<std::uint64_t, double> times(const MetricFamily& family) const {
    const auto histogram = std::get<Histogram>(*now().find(family, {"Heartbeat"}));
    return {histogram.count(), double(histogram.sum()) * family.unit};
  }
};

TEST_F(ServerMetrics, CountRequestsByApiVersionAndError) {
  serve();
  const auto connection = send(beat("a") + beat("error") + beat("b") + beat("error") + beat("later"));
  world.run_for(1s);
  EXPECT_EQ(count(family::kRequests, {"Heartbeat", "4"}), 5u);
  EXPECT_EQ(count(family::kRequestErrors, {"Heartbeat", "NONE"}), 3u);
  EXPECT_EQ(count(family::kRequestErrors, {"Heartbeat", "REBALANCE_IN_PROGRESS"}), 2u);
  EXPECT_EQ(times(family::kTotalTime).first, 5u);
}

TEST_F(ServerMetrics, TellWorkAndWaitingApart) {
  serve();
  const auto connection = send(beat("work") + beat("wait") + beat("later"));
  world.run_for(5s);
  EXPECT_EQ(times(family::kLocalTime).first, 3u);
  EXPECT_NEAR(times(family::kLocalTime).second, 20, 0.1);  // "wait" works 10 ms, too
  EXPECT_NEAR(times(family::kRemoteTime).second, 1000, 0.1);
  const double write = times(family::kResponseSendTime).second, queue = times(family::kResponseQueueTime).second;
  EXPECT_NEAR(times(family::kTotalTime).second, 1020 + write + queue, 0.1);
}

// A response that is ready early leaves after those before it.
TEST_F(ServerMetrics, AResponseThatWaitsForItsTurnIsQueued) {
  serve();
  const auto connection = send(beat("later") + beat("a"));
  world.run_for(5s);
  EXPECT_NEAR(times(family::kResponseQueueTime).second, 500, 1);
}

TEST_F(ServerMetrics, CountBytesAsTheyAreOnTheWire) {
  serve();
  const std::string bytes = beat("a") + beat("later");
  const auto connection = send(bytes);
  world.run_for(5s);
  EXPECT_EQ(count(family::kBytesReceived, {"CLIENTS"}), bytes.size());
  EXPECT_EQ(count(family::kBytesSent, {"CLIENTS"}), connection->transferred() - bytes.size());
  EXPECT_EQ(std::get<Histogram>(*now().find(family::kRequestBytes, {"Heartbeat"})).sum(), bytes.size() - 2 * 4);
  EXPECT_EQ(std::get<Histogram>(*now().find(family::kResponseBytes, {"Heartbeat"})).sum(),
            connection->transferred() - bytes.size());
}

TEST_F(ServerMetrics, CountConnectionsThatComeGoAndAreRefused) {
  serve({.per_ip = 2});
  const auto first = send(beat("a"));
  const auto second = send(beat("a"));
  const auto refused = send(beat("a"));
  world.run_for(1s);
  EXPECT_EQ(gauge(family::kConnections, {"CLIENTS"}), 2);
  EXPECT_EQ(count(family::kConnectionsAccepted, {"CLIENTS"}), 2u);
  EXPECT_EQ(count(family::kConnectionsRefused, {"CLIENTS"}), 1u);
  first->close();
  world.run_for(1s);
  EXPECT_EQ(gauge(family::kConnections, {"CLIENTS"}), 1);
  EXPECT_EQ(gauge(family::kConnectionsExpired, {"CLIENTS"}), 0);
  world.run_for(15s);
  EXPECT_EQ(gauge(family::kConnections, {"CLIENTS"}), 0);
  EXPECT_EQ(gauge(family::kConnectionsExpired, {"CLIENTS"}), 1);
  EXPECT_EQ(count(family::kConnectionsAccepted, {"CLIENTS"}), 2u);
}

// Keys, versions and bodies that nobody knows make no series of their own.
TEST_F(ServerMetrics, AreOfBoundedNumberWhateverClientsSend) {
  serve();
  std::vector<ConnectionPtr> connections;
  for (int key = -2; key < 120; ++key) connections.push_back(send(beat("a", std::int16_t(key), 4)));
  for (int version = -300; version < 300; version += 7)  // of ApiVersions, where any number may come
    connections.push_back(send(beat("a", 18, std::int16_t(version))));
  world.run_for(1s);
  const std::size_t before = server->shard(0).metrics.size();
  EXPECT_LE(before, 7 + (protocol::all_apis().size() + 2) * (7 + 3) + 34);
  for (int version = -20'000; version < 20'000; version += 701)
    connections.push_back(send(beat("a", 18, std::int16_t(version))));
  world.run_for(1s);
  EXPECT_EQ(server->shard(0).metrics.size(), before);
}

}  // namespace
}  // namespace thalweg::network
