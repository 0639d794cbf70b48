#include "platform/os_network.h"

#include <gtest/gtest.h>

#include "platform/testing.h"

namespace thalweg::platform {
namespace {
using namespace std::chrono_literals;

Task<Result<std::string>> read_all(ConnectionPtr connection) {
  std::string all;
  std::vector<std::byte> buffer(64 * 1024);
  for (;;) {
    CO_TRY(const std::size_t n, co_await connection->read_some(buffer));
    if (n == 0) co_return all;
    all += as_text(BytesView(buffer).first(n));
  }
}

// Sends the pieces over a real connection within one shard and gives what arrives.
Task<Result<std::string>> through(const Shard* shard, Pieces pieces) {
  CO_TRY(const auto listener, shard->network.listen({"127.0.0.1", 0}));
  CO_TRY(auto client, co_await shard->network.connect(listener->local(), shard->clock.now() + 5s));
  CO_TRY(auto server, co_await listener->accept());
  struct Write {
    static Task<> all_then_close(ConnectionPtr to, Pieces pieces) {
      const auto written = co_await to->write(std::move(pieces));
      EXPECT_TRUE(written) << written.error().message;
      to->close();
    }
  };
  spawn(*shard, Write::all_then_close(client, std::move(pieces)));
  co_return co_await read_all(server);
}

TEST(OsNetwork, SendsManyPiecesInOrder) {
  TestShards shards;
  Pieces pieces;
  std::string expected;
  for (int i = 0; i < 1000; ++i) {
    const std::string text = i % 7 == 0 ? "" : std::string(i, static_cast<char>('a' + i % 26));
    pieces.push_back(SharedBytes::copy_of(text));
    expected += text;
  }
  EXPECT_EQ(run_on(shards[0], through(&shards[0], pieces)).value(), expected);
}

TEST(OsNetwork, SendsFileRangesBetweenMemory) {
  TestShards shards;
  TestDirectory directory;
  std::string content(3'000'000, 'x');
  for (std::size_t i = 0; i < content.size(); i += 997) content[i] = static_cast<char>('a' + i % 26);
  auto file = shards[0].disk.open(directory / "log", OpenMode::kCreate);
  ASSERT_TRUE(file && (*file)->write(0, as_bytes(content)));
  Pieces pieces{SharedBytes::copy_of("head"), FilePiece{*file, 10, 2'500'000}, FilePiece{*file, 5, 0},
                SharedBytes::copy_of("tail")};
  const auto got = run_on(shards[0], through(&shards[0], pieces));
  ASSERT_TRUE(got);
  EXPECT_TRUE(*got == "head" + content.substr(10, 2'500'000) + "tail");
}

TEST(OsNetwork, AFileThatEndsEarlyFailsTheWriteInsteadOfHanging) {
  TestShards shards;
  TestDirectory directory;
  auto file = shards[0].disk.open(directory / "log", OpenMode::kCreate);
  ASSERT_TRUE(file && (*file)->write(0, as_bytes("short")));
  struct Scene {
    static Task<bool> write_fails(const Shard* shard, FilePtr file) {
      auto listener = shard->network.listen({"127.0.0.1", 0});
      auto client = co_await shard->network.connect((*listener)->local(), shard->clock.now() + 5s);
      const auto written = co_await (*client)->write({FilePiece{file, 0, 100}});
      co_return !written;
    }
  };
  EXPECT_TRUE(run_on(shards[0], Scene::write_fails(&shards[0], *file)));
}

Task<Result<Endpoint>> listen_on(const Shard* shard, std::vector<std::unique_ptr<Listener>>* into, Endpoint endpoint) {
  CO_TRY(auto listener, shard->network.listen(endpoint));
  into->push_back(std::move(listener));
  co_return into->back()->local();
}

TEST(OsNetwork, PortZeroIsTheSamePortOnEveryShard) {
  TestShards shards(3);
  std::vector<std::unique_ptr<Listener>> listeners;
  std::vector<Endpoint> first, second;
  for (auto* round : {&first, &second})
    for (int i = 0; i < 3; ++i)
      round->push_back(run_on(shards[i], listen_on(&shards[i], &listeners, {"127.0.0.1", 0})).value());
  EXPECT_EQ(first[0], first[1]);
  EXPECT_EQ(first[0], first[2]);
  EXPECT_EQ(second[0], second[2]);
  EXPECT_NE(first[0], second[0]);
  EXPECT_NE(first[0].port, 0);
}

TEST(OsNetwork, RefusesAPortOfAnotherProcess) {
  TestShards one, other;  // as good as two processes: they share no Ports
  std::vector<std::unique_ptr<Listener>> listeners;
  const Endpoint taken = run_on(one[0], listen_on(&one[0], &listeners, {"127.0.0.1", 0})).value();
  EXPECT_FALSE(run_on(other[0], listen_on(&other[0], &listeners, taken)));
}

TEST(OsNetwork, ConnectsByNameAndFailsWithWords) {
  TestShards shards;
  std::vector<std::unique_ptr<Listener>> listeners;
  const Endpoint local = run_on(shards[0], listen_on(&shards[0], &listeners, {"127.0.0.1", 0})).value();
  const Instant deadline = shards[0].clock.now() + 5s;
  EXPECT_TRUE(run_on(shards[0], shards[0].network.connect({"localhost", local.port}, deadline)));
  const auto unknown = run_on(shards[0], shards[0].network.connect({"no-such-host.invalid", 1}, deadline));
  ASSERT_FALSE(unknown);
  EXPECT_NE(unknown.error().message.find("no-such-host.invalid:1"), std::string::npos);
}

Task<bool> read_ends_when_closed(const Shard* shard) {
  auto listener = shard->network.listen({"127.0.0.1", 0});
  auto client = co_await shard->network.connect((*listener)->local(), shard->clock.now() + 5s);
  const ConnectionPtr connection = *client;
  const auto timer = shard->clock.call_at(shard->clock.now() + 1ms, [connection] { connection->close(); });
  std::array<std::byte, 16> into;
  const auto n = co_await connection->read_some(into);
  co_return !n && n.error().code == ErrorCode::kNetworkException &&
      !co_await connection->write({SharedBytes::copy_of("x")});
}

TEST(OsNetwork, CloseEndsAReadThatIsUnderWay) {
  TestShards shards;
  EXPECT_TRUE(run_on(shards[0], read_ends_when_closed(&shards[0])));
}

}  // namespace
}  // namespace thalweg::platform
