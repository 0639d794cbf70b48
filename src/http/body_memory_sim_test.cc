// Memory follows the bytes of bodies that have come, whatever their senders claim or keep to themselves.
#include "http/server_testing.h"

namespace thalweg::http {
namespace {
using namespace made_up;

constexpr std::int64_t kBodyMax = 100'000, kReadMax = 64 * 1024;

const std::string kChunked = "POST /echo HTTP/1.1\r\nHost: server\r\n" + kClose + "Transfer-Encoding: chunked\r\n\r\n";
std::string length(std::size_t bytes) {
  return "POST /echo HTTP/1.1\r\nHost: server\r\n" + kClose + "Content-Length: " + std::to_string(bytes) + "\r\n\r\n";
}
std::string chunk(std::size_t bytes) { return fmt::format("{:x}\r\n", bytes) + std::string(bytes, 'x') + "\r\n"; }

struct BodyMemory : HttpServer {
  std::int64_t least = 0;  // that was ever available
  bool run_until(Program& program, const std::function<bool()>& done, Instant within) {
    return world.run_until(
        [&] {
          least = std::min(least, program.memory.available());
          return done();
        },
        within);
  }
  static bool all_ended(const std::vector<std::shared_ptr<Heard>>& all) {
    return std::ranges::all_of(all, [](const auto& heard) { return heard->ended; });
  }
};

// They claim, or may send, six times what the budget has.
TEST_F(BodyMemory, SlowSendersHoldWhatTheyHaveSent) {
  auto& program = serve();
  std::vector<std::shared_ptr<Heard>> slow;
  for (int i = 0; i < 64; ++i) {
    std::vector<std::string> say = {i % 2 ? kChunked : length(std::size_t(kBodyMax))};
    for (int part = 0; part < 4; ++part) say.push_back(i % 2 ? chunk(2000) : std::string(2000, 'x'));
    slow.push_back(begin({.say = say, .pause = 1s}));
  }
  world.run_for(6s);
  EXPECT_EQ(program.served, 0);
  EXPECT_EQ(program.server->connections(), 64u);
  const auto held = std::int64_t(program.memory.total()) - program.memory.available();
  EXPECT_GE(held, 64 * 8000);
  EXPECT_LT(held, 64 * (8000 + 5000));  // and what each reads into
  const Instant asked = world.now();
  EXPECT_EQ(body_of(ask(kChunked + chunk(50'000) + "0\r\n\r\n")), std::string(50'000, 'x'));
  EXPECT_LT(world.now() - asked, 1s);
}

TEST_F(BodyMemory, ManyLargeBodiesAtOnceAreAllRead) {
  auto& program = serve();
  std::vector<std::shared_ptr<Heard>> all;
  for (int i = 0; i < 60; ++i) {
    std::string text = "POST /size HTTP/1.1\r\nHost: server\r\n" + kClose + "Transfer-Encoding: chunked\r\n\r\n";
    for (int part = 0; part < 10; ++part) text += chunk(9000 + std::size_t(i));
    all.push_back(begin({.say = {text + "0\r\n\r\n"}}));
  }
  ASSERT_TRUE(run_until(program, [&] { return all_ended(all); }, 1min));
  for (std::size_t i = 0; i < all.size(); ++i) EXPECT_EQ(body_of(all[i]->text), std::to_string(10 * (9000 + i)));
  EXPECT_EQ(program.served, 60);
  EXPECT_GE(least, -(kBodyMax + kReadMax));
  EXPECT_EQ(program.memory.available(), std::int64_t(program.memory.total()));
}

// Who has sent it all but the end: the memory is really gone. They go on at ten kilobytes a second, which is no reason
// to close a connection until others wait.
TEST_F(BodyMemory, WhoKeepsOthersWaitingIsClosed) {
  auto& program = serve();
  std::vector<std::shared_ptr<Heard>> slow;
  for (int i = 0; i < 40; ++i)
    slow.push_back(begin({.say = {kChunked + chunk(60'000), chunk(2000), chunk(2000), chunk(2000), chunk(2000),
                                  chunk(2000), chunk(2000), chunk(2000), chunk(2000), chunk(2000), chunk(2000),
                                  chunk(2000), chunk(2000), chunk(2000), chunk(2000)},
                          .pause = 2s}));
  world.run_for(1s);
  const auto other = begin({.say = {length(10) + "0123456789"}});
  ASSERT_TRUE(run_until(program, [&] { return other->ended; }, 15s));
  EXPECT_EQ(body_of(other->text), "0123456789");
  EXPECT_GE(least, -(kBodyMax + kReadMax));
  ASSERT_TRUE(run_until(program, [&] { return all_ended(slow); }, 5min));
  EXPECT_EQ(program.memory.available(), std::int64_t(program.memory.total()));
}

}  // namespace
}  // namespace thalweg::http
