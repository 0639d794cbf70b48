// The server on simulated machines: slow networks, clients that are slow, silent, hostile or many; in virtual time.
#include "http/server_testing.h"

namespace thalweg::http {
namespace {
using namespace made_up;

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
