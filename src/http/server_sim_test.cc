// The server on simulated machines: slow networks, clients that are slow, silent, hostile or many; in virtual time.
#include <gtest/gtest.h>

#include "http/server.h"
#include "metrics/families.h"
#include "sim/world.h"

namespace thalweg::http {
namespace {
using namespace std::chrono_literals;

constexpr std::size_t kPieces = 100, kPieceBytes = 10'000;

class Pieces100 : public BodyStream {
 public:
  Pieces100(const Shard& shard, int* made, bool fails) : shard_(shard), made_(made), fails_(fails) {}
  Task<Result<std::string>> next() override {
    co_await shard_.clock.sleep_for(1ms);
    if (fails_ && *made_ == 3) co_return fail(ErrorCode::kUnknownServerError, "broken");
    if (std::size_t(*made_) == kPieces) co_return std::string();
    ++*made_;
    co_return std::string(kPieceBytes, '.');
  }

 private:
  const Shard& shard_;
  int* const made_;
  const bool fails_;
};

struct Program {
  explicit Program(const Shard& s) : shard(s) {
    router.add("GET", "/hello/{name}", [this](Request r) { return hello(std::move(r)); });
    router.add("POST", "/echo", [this](Request r) { return echo(std::move(r)); }, {.body_max = 100'000});
    router.add("GET", "/slow", [this](Request r) { return slow(std::move(r)); });
    router.add("GET", "/stream", [this](Request r) { return stream(std::move(r), false); });
    router.add("GET", "/broken", [this](Request r) { return stream(std::move(r), true); });
  }
  Task<Response> hello(Request r) {
    ++served;
    co_return text_response(200, "hello " + r.parameters.front());
  }
  Task<Response> echo(Request r) {
    ++served;
    held_max = std::max(held_max, std::int64_t(memory.total()) - memory.available());
    co_return text_response(200, std::string(r.body.text()));
  }
  Task<Response> slow(Request) {
    ++served;
    co_await shard.clock.sleep_for(30s);
    co_return text_response(200, "late");
  }
  Task<Response> stream(Request, bool fails) {
    Response response;
    response.body = std::make_unique<Pieces100>(shard, &made, fails);
    co_return response;
  }

  const Shard& shard;
  Router router;
  Budget memory{1u << 20};
  std::unique_ptr<network::ConnectionLimits> limits;
  std::unique_ptr<Server> server;
  int served = 0, made = 0;
  std::int64_t held_max = 0;
};

// What one client has to say, and how.
struct Script {
  std::vector<std::string> say;
  Instant pause{0};  // before each but the first
  Instant listen_after{0};
  std::size_t read_at_once = 64 * 1024;
  Instant read_pause{0};
};
struct Heard {
  std::string text;
  bool ended = false;  // by the server
};

struct HttpServer : testing::Test {
  sim::World world{7};
  network::ConnectionLimits::Bounds bounds;
  sim::Node* server = nullptr;
  sim::Node* client = nullptr;

  Program& serve() {
    server = &world.add_node("server", 1, [this](sim::Node& node) { return program(node); });
    client = &world.add_node("client", 1, [](sim::Node&) { return nullptr; });
    server->start();
    client->start();
    return server->program<Program>();
  }
  std::shared_ptr<void> program(sim::Node& node) const {
    const Shard& shard = node.shard(0);
    auto program = std::make_shared<Program>(shard);
    program->limits = std::make_unique<network::ConnectionLimits>(shard, bounds);
    program->server = std::make_unique<Server>(shard, ServerOptions{.limits = program->limits.get()}, program->memory,
                                               program->router);
    auto listener = shard.network.listen({"", 80});
    CHECK(listener);
    program->server->serve(std::move(*listener), "http");
    return program;
  }
  static Task<> read(const Shard* shard, ConnectionPtr connection, Script script, std::shared_ptr<Heard> heard) {
    co_await shard->clock.sleep_for(script.listen_after);
    std::vector<std::byte> buffer(script.read_at_once);
    for (;;) {
      const auto got = co_await connection->read_some(buffer);
      if (!got || *got == 0) break;
      heard->text += as_text(BytesView(buffer).first(*got));
      co_await shard->clock.sleep_for(script.read_pause);
    }
    heard->ended = true;
  }
  static Task<> talk(const Shard* shard, Script script, std::shared_ptr<Heard> heard) {
    auto connection = co_await shard->network.connect({"server", 80}, shard->clock.now() + 1s);
    CHECK(connection);
    spawn(*shard, read(shard, *connection, script, heard));
    for (std::size_t i = 0; i < script.say.size() && !heard->ended; ++i) {
      if (i > 0) co_await shard->clock.sleep_for(script.pause);
      const auto written = co_await (*connection)->write({SharedBytes::copy_of(script.say[i])});
      if (!written) break;
    }
  }
  std::shared_ptr<Heard> begin(Script script) {
    auto heard = std::make_shared<Heard>();
    spawn(client->shard(0), talk(&client->shard(0), std::move(script), heard));
    return heard;
  }
  // All that the server says until it ends the connection.
  std::string ask(std::string text) {
    const auto heard = begin({.say = {std::move(text)}});
    EXPECT_TRUE(world.run_until([&] { return heard->ended; }, 5min));
    return heard->text;
  }
  std::string metric(int status) const {
    const auto snapshot = server->shard(0).metrics.snapshot();
    const auto* count = snapshot.find(family::kHttpRequests, {"http", std::to_string(status)});
    return count ? std::to_string(std::get<std::uint64_t>(*count)) : "0";
  }
};

std::string get(const std::string& path, const std::string& more = "") {
  return "GET " + path + " HTTP/1.1\r\nHost: server\r\n" + more + "\r\n";
}
const std::string kClose = "Connection: close\r\n";
int count(std::string_view text, std::string_view what) {
  int n = 0;
  for (auto at = text.find(what); at != text.npos; at = text.find(what, at + 1)) ++n;
  return n;
}
std::string status_of(std::string_view text) { return std::string(text.substr(0, text.find("\r\n"))); }
std::string body_of(std::string_view text) { return std::string(text.substr(text.find("\r\n\r\n") + 4)); }

TEST_F(HttpServer, AnswersAndCloses) {
  serve();
  const auto text = ask(get("/hello/a%2Fb", kClose));
  EXPECT_EQ(status_of(text), "HTTP/1.1 200 OK");
  EXPECT_EQ(body_of(text), "hello a/b");
  EXPECT_EQ(count(text, "\r\nContent-Length: 9\r\n"), 1);
  EXPECT_EQ(count(text, "\r\nConnection: close\r\n"), 1);
  EXPECT_EQ(count(text, "\r\nDate: Thu, 01 Jan 2026 00:00:0"), 1);
  EXPECT_EQ(metric(200), "1");
}

TEST_F(HttpServer, AnswersWhatWasSentAheadInOrder) {
  serve();
  std::string all;
  for (int i = 0; i < 50; ++i) all += get("/hello/" + std::to_string(i), i == 49 ? kClose : "");
  const auto text = ask(all);
  std::size_t at = 0;
  for (int i = 0; i < 50; ++i) {
    const auto next = text.find("\r\n\r\nhello " + std::to_string(i), at);
    ASSERT_NE(next, text.npos) << i;
    at = next + 1;
  }
}

TEST_F(HttpServer, RubbishAfterARequestEndsTheConnectionAfterItsAnswer) {
  auto& program = serve();
  const auto text = ask(get("/hello/1") + "\x01\x02 rubbish\r\n\r\n" + get("/hello/2"));
  EXPECT_EQ(count(text, "hello 1"), 1);
  EXPECT_EQ(count(text, "HTTP/1.1 400 Bad Request"), 1);
  EXPECT_EQ(program.served, 1);
}

TEST_F(HttpServer, HeadHasNoBodyAndTheLengthOfOne) {
  serve();
  const auto text = ask("HEAD /hello/you HTTP/1.1\r\nHost: server\r\n" + kClose + "\r\n");
  EXPECT_EQ(count(text, "Content-Length: 9"), 1);
  EXPECT_EQ(body_of(text), "");
}

TEST_F(HttpServer, SpeaksTheOldVersion) {
  serve();
  EXPECT_EQ(body_of(ask("GET /hello/you HTTP/1.0\r\n\r\n")), "hello you");
  EXPECT_EQ(body_of(ask("GET /stream HTTP/1.0\r\n\r\n")), std::string(kPieces * kPieceBytes, '.'));
}

TEST_F(HttpServer, BodiesComeWithALengthOrInChunks) {
  serve();
  const std::string head = "POST /echo HTTP/1.1\r\nHost: server\r\n" + kClose;
  const std::string big(100'000, 'x');
  EXPECT_EQ(body_of(ask(head + "Content-Length: 100000\r\n\r\n" + big)), big);
  EXPECT_EQ(body_of(ask(head + "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n")), "abc");
  EXPECT_EQ(status_of(ask(head + "Content-Length: 100001\r\n\r\n" + big)), "HTTP/1.1 413 Content Too Large");
  EXPECT_EQ(status_of(ask(head + "Transfer-Encoding: chunked\r\n\r\n186a1\r\n" + big + "x\r\n")),
            "HTTP/1.1 413 Content Too Large");
  EXPECT_EQ(status_of(ask("GET /hello/a HTTP/1.1\r\nHost: server\r\nContent-Length: 1\r\n\r\nx")),
            "HTTP/1.1 413 Content Too Large");
}

TEST_F(HttpServer, ABodyIsChargedWhileItIsThere) {
  auto& program = serve();
  ask("POST /echo HTTP/1.1\r\nHost: server\r\n" + kClose + "Content-Length: 5000\r\n\r\n" + std::string(5000, 'x'));
  EXPECT_EQ(program.held_max, 5000);
  EXPECT_EQ(program.memory.available(), std::int64_t(program.memory.total()));
}

TEST_F(HttpServer, WhoAsksFirstIsToldToGoOn) {
  serve();
  const auto heard = begin(
      {.say = {"POST /echo HTTP/1.1\r\nHost: server\r\nExpect: 100-continue\r\nContent-Length: 2\r\n" + kClose + "\r\n",
               "ok"},
       .pause = 1s});
  ASSERT_TRUE(world.run_until([&] { return heard->ended; }, 1min));
  EXPECT_EQ(heard->text.find("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n"), 0u);
  const auto refused =
      ask("POST /echo HTTP/1.1\r\nHost: server\r\nExpect: 100-continue\r\nContent-Length: 200000\r\n\r\n");
  EXPECT_EQ(status_of(refused), "HTTP/1.1 413 Content Too Large");
}

TEST_F(HttpServer, AStreamIsMadeAsItIsRead) {
  auto& program = serve();
  world.network.faults.window = 20'000;
  const auto heard = begin({.say = {get("/stream", kClose)}, .listen_after = 5s});
  world.run_for(4s);
  EXPECT_LT(program.made, 10);  // nobody has read
  ASSERT_TRUE(world.run_until([&] { return heard->ended; }, 1min));
  EXPECT_EQ(count(heard->text, "\r\n2710\r\n"), int(kPieces));
  EXPECT_TRUE(heard->text.ends_with("\r\n0\r\n\r\n"));
  EXPECT_EQ(program.memory.available(), std::int64_t(program.memory.total()));
}

TEST_F(HttpServer, AStreamThatFailsIsSeenToEndTooEarly) {
  serve();
  EXPECT_FALSE(ask(get("/broken")).ends_with("0\r\n\r\n"));
}

TEST_F(HttpServer, SlowHeadsAreCutOff) {
  auto& program = serve();
  std::vector<std::string> letters;
  for (const char c : get("/hello/you", std::string(200, 'x') + ": y\r\n")) letters.emplace_back(1, c);
  const Instant begun = world.now();
  const auto heard = begin({.say = letters, .pause = 1s});
  ASSERT_TRUE(world.run_until([&] { return heard->ended; }, 5min));
  EXPECT_LT(world.now() - begun, 12s);
  EXPECT_EQ(program.served, 0);
}

TEST_F(HttpServer, SilentConnectionsAreCutOff) {
  auto& program = serve();
  const auto heard = begin({.say = {get("/hello/you")}});
  world.run_for(50s);
  EXPECT_FALSE(heard->ended);
  world.run_for(15s);
  EXPECT_TRUE(heard->ended);
  EXPECT_EQ(program.server->connections(), 0u);
}

TEST_F(HttpServer, SlowBodiesAndSlowReadersAreCutOff) {
  auto& program = serve();
  std::vector<std::string> bytes(1000, "x");
  bytes.insert(bytes.begin(), "POST /echo HTTP/1.1\r\nHost: server\r\nContent-Length: 1000\r\n\r\n");
  const auto writer = begin({.say = bytes, .pause = 1s});
  world.network.faults.window = 1000;
  const auto reader = begin({.say = {get("/stream")}, .read_at_once = 10, .read_pause = 1s});
  world.run_for(2min);
  EXPECT_EQ(program.served, 0);
  EXPECT_EQ(program.server->connections(), 0u);
  EXPECT_EQ(program.memory.available(), std::int64_t(program.memory.total()));
}

TEST_F(HttpServer, ALongAnswerIsNotAnIdleConnection) {
  serve();
  EXPECT_EQ(body_of(ask(get("/slow", kClose))), "late");
}

TEST_F(HttpServer, ManyConnectionsOfOneAddressDoNotKeepOthersOut) {
  bounds.per_ip = 10;
  auto& program = serve();
  std::vector<std::shared_ptr<Heard>> all;
  for (int i = 0; i < 1000; ++i) all.push_back(begin({.say = {"GET"}}));
  world.run_for(1s);
  EXPECT_EQ(program.server->connections(), 10u);
  auto& other = world.add_node("other", 1, [](sim::Node&) { return nullptr; });
  other.start();
  client = &other;
  EXPECT_EQ(body_of(ask(get("/hello/you", kClose))), "hello you");
}

TEST_F(HttpServer, AStopAnswersWhatWasBegun) {
  auto& program = serve();
  const auto slow = begin({.say = {get("/slow") + get("/hello/you")}});
  const auto idle = begin({.say = {get("/hello/me")}});
  world.run_for(1s);
  const Shard& shard = server->shard(0);
  const auto stopped = world.run(*server, program.server->stop(shard.clock.now() + 1min));
  EXPECT_EQ(stopped, true);
  world.run_for(1s);
  EXPECT_EQ(count(slow->text, "late"), 1);
  EXPECT_EQ(count(slow->text, "hello"), 0);
  EXPECT_EQ(count(slow->text, "Connection: close"), 1);
  EXPECT_TRUE(idle->ended);
}

TEST_F(HttpServer, RefusalsAreCounted) {
  serve();
  EXPECT_EQ(status_of(ask(get("/nothing", kClose))), "HTTP/1.1 404 Not Found");
  EXPECT_EQ(status_of(ask("POST /hello/x HTTP/1.1\r\nHost: server\r\n" + kClose + "\r\n")),
            "HTTP/1.1 405 Method Not Allowed");
  EXPECT_EQ(status_of(ask(get("/hello/you", "Origin: http://evil.example\r\nUser-Agent: Mozilla/5.0\r\n"))),
            "HTTP/1.1 421 Misdirected Request");
  EXPECT_EQ(status_of(ask(get("/%zz"))), "HTTP/1.1 400 Bad Request");
  EXPECT_EQ(status_of(ask(get("/hello/you", "X: " + std::string(1'000'000, 'x') + "\r\n"))),
            "HTTP/1.1 431 Request Header Fields Too Large");
  EXPECT_EQ(metric(404) + metric(405) + metric(421) + metric(400) + metric(431), "11111");
}

}  // namespace
}  // namespace thalweg::http
