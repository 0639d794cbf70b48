// A server on a simulated machine and clients that say what a script says, for the tests of this module.
#pragma once

#include <gtest/gtest.h>

#include "http/server.h"
#include "metrics/families.h"
#include "sim/world.h"

namespace thalweg::http::made_up {
using namespace std::chrono_literals;

inline constexpr std::size_t kPieces = 100, kPieceBytes = 10'000;

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
    router.add("POST", "/size", [this](Request r) { return size(std::move(r)); }, {.body_max = 100'000});
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
  Task<Response> size(Request r) {
    ++served;
    co_return text_response(200, std::to_string(r.body.size()));
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

inline std::string get(const std::string& path, const std::string& more = "") {
  return "GET " + path + " HTTP/1.1\r\nHost: server\r\n" + more + "\r\n";
}
inline const std::string kClose = "Connection: close\r\n";
inline int count(std::string_view text, std::string_view what) {
  int n = 0;
  for (auto at = text.find(what); at != text.npos; at = text.find(what, at + 1)) ++n;
  return n;
}
inline std::string status_of(std::string_view text) { return std::string(text.substr(0, text.find("\r\n"))); }
inline std::string body_of(std::string_view text) { return std::string(text.substr(text.find("\r\n\r\n") + 4)); }

}  // namespace thalweg::http::made_up
