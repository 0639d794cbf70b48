// The client against simulated servers: of ours, slow, silent, broken or hostile ones; in virtual time.
#include <gtest/gtest.h>

#include "http/client.h"
#include "http/server.h"
#include "sim/world.h"

namespace thalweg::http {
namespace {
using namespace std::chrono_literals;

// Says one thing to every connection, in pieces, and then closes it or keeps silent.
struct Rude {
  std::vector<std::string> says;
  Instant pause{0};
  bool closes = true;
  std::string heard;
};

Task<Response> echo(Request r) {
  co_return text_response(201, std::string(r.head.headers.find("Accept").value_or("")) + std::string(r.body.text()));
}

// A server of ours on port 80, a rude one on port 81.
struct Program {
  Program(const Shard& shard, Rude& rude) : limits(shard, {}), server(shard, {.limits = &limits}, memory, router) {
    router.add("POST", "/echo", echo, {.body_max = 100'000});
    auto listener = shard.network.listen({"", 80});
    CHECK(listener);
    server.serve(std::move(*listener), "http");
    auto other = shard.network.listen({"", 81});
    CHECK(other);
    spawn(shard, accept(&shard, std::move(*other), &rude));
  }
  static Task<> accept(const Shard* shard, std::unique_ptr<Listener> listener, Rude* rude) {
    for (;;) {
      auto connection = co_await listener->accept();
      if (!connection) co_return;
      spawn(*shard, answer(shard, *connection, rude));
    }
  }
  static Task<> answer(const Shard* shard, ConnectionPtr connection, Rude* rude) {
    std::array<std::byte, 4096> buffer;
    const auto read = co_await connection->read_some(buffer);
    if (read) rude->heard += as_text(BytesView(buffer).first(*read));
    for (const auto& piece : rude->says) {
      if (!co_await connection->write({SharedBytes::copy_of(piece)})) co_return;
      co_await shard->clock.sleep_for(rude->pause);
    }
    if (!rude->closes) co_await shard->clock.sleep_for(1h);
    connection->close();
  }

  Router router;
  Budget memory{1u << 20};
  network::ConnectionLimits limits;
  Server server;
};

struct HttpClient : testing::Test {
  Rude rude;
  sim::World world{11};
  sim::Node* client = nullptr;

  HttpClient() {
    world.add_node("server", 1, [this](sim::Node& node) { return std::make_shared<Program>(node.shard(0), rude); })
        .start();
    client = &world.add_node("client", 1, [](sim::Node&) { return nullptr; });
    client->start();
  }

  Result<ClientResponse> ask(std::uint16_t port, ClientRequest request = {}, ClientOptions options = {}) {
    std::optional<Result<ClientResponse>> answer;
    spawn(client->shard(0), run(&client->shard(0), port, std::move(request), options, &answer));
    EXPECT_TRUE(world.run_until([&] { return answer.has_value(); }, 1min));
    return answer ? *answer : fail(ErrorCode::kUnknownServerError, "no end");
  }
  std::optional<ErrorCode> failure(std::vector<std::string> says, bool closes = true) {
    rude = {.says = std::move(says), .closes = closes};
    const auto answer = ask(81);
    return answer ? std::nullopt : std::optional(answer.error().code);
  }

  static Task<> run(const Shard* shard, std::uint16_t port, ClientRequest request, ClientOptions options,
                    std::optional<Result<ClientResponse>>* answer) {
    *answer = co_await exchange(*shard, {"server", port}, std::move(request), shard->clock.now() + 5s, options);
  }
};

TEST_F(HttpClient, TalksToOurServer) {
  const std::string big(100'000, 'x');
  const auto answer = ask(80, {.method = "POST", .target = "/echo", .headers = {{"Accept", "a"}}, .body = big});
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(answer->status, 201);
  EXPECT_EQ(answer->body, "a" + big);
  EXPECT_EQ(ask(80, {.target = "/nowhere"})->status, 404);
  // Refused before it was read: the answer comes all the same.
  EXPECT_EQ(ask(80, {.method = "POST", .target = "/echo", .body = big + "x"})->status, 413);
}

TEST_F(HttpClient, SendsWhatRfc9112Wants) {
  rude = {.says = {"HTTP/1.1 204 No Content\r\n\r\n"}};
  ask(81, {.method = "PUT", .target = "/a%20b"});
  EXPECT_EQ(rude.heard, "PUT /a%20b HTTP/1.1\r\nHost: server:81\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
}

TEST_F(HttpClient, ReadsChunksPiecesAndInterimAnswers) {
  rude = {.says = {"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 2", "00 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nab",
                   "c\r\n0\r\n", "\r\n"},
          .pause = 100ms};
  const auto answer = ask(81);
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(answer->body, "abc");
}

TEST_F(HttpClient, SaysWhyThereIsNoAnswer) {
  EXPECT_EQ(ask(82).error().code, ErrorCode::kNetworkException);
  EXPECT_EQ(failure({}), ErrorCode::kNetworkException);
  EXPECT_EQ(failure({"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf"}), ErrorCode::kNetworkException);
  EXPECT_EQ(failure({"SSH-2.0-OpenSSH_9.2\r\n"}), ErrorCode::kCorruptMessage);
  EXPECT_EQ(failure({}, false), ErrorCode::kRequestTimedOut);
  EXPECT_EQ(failure({"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf"}, false), ErrorCode::kRequestTimedOut);
}

TEST_F(HttpClient, TakesNoMoreThanItsBounds) {
  EXPECT_EQ(failure(std::vector<std::string>(100, "HTTP/1.1 100 Continue\r\n\r\n")), ErrorCode::kCorruptMessage);
  EXPECT_EQ(failure({"HTTP/1.1 200 OK\r\nX: " + std::string(100'000, 'x')}, false), ErrorCode::kMessageTooLarge);
  rude = {.says = {"HTTP/1.1 200 OK\r\n\r\n" + std::string(1001, 'x')}};
  EXPECT_EQ(ask(81, {}, {.body_bytes_max = 1000}).error().code, ErrorCode::kMessageTooLarge);
  EXPECT_EQ(ask(81, {}, {.body_bytes_max = 1001})->body.size(), 1001u);
}

TEST_F(HttpClient, OneRequestIsNeverTwo) {
  rude = {.says = {"HTTP/1.1 204 No Content\r\n\r\n"}};
  EXPECT_EQ(ask(81, {.target = "/a HTTP/1.1\r\nX: y"}).error().code, ErrorCode::kInvalidRequest);
  EXPECT_EQ(ask(81, {.headers = {{"X", "y\r\nZ: z"}}}).error().code, ErrorCode::kInvalidRequest);
  EXPECT_EQ(ask(81, {.method = "HEAD"}).error().code, ErrorCode::kInvalidRequest);
  EXPECT_EQ(rude.heard, "");
}

}  // namespace
}  // namespace thalweg::http
