#include "platform/os_network.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/tcp.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include "platform/os_connection.h"
#include "platform/process_info.h"
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
Task<Result<std::string>> through(const Shard* shard, Pieces pieces, ListenOptions options = {}) {
  CO_TRY(const auto listener, shard->network.listen({"127.0.0.1", 0}, options));
  CO_TRY(auto client, co_await shard->network.connect(listener->local(), shard->clock.now() + 5s));
  CO_TRY(auto server, co_await listener->accept());
  std::swap(client, server);  // the accepted side writes, as it has the options
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

TEST(OsNetwork, SendsManyShortFileRangesInOrder) {
  TestShards shards;
  TestDirectory directory;
  auto file = shards[0].disk.open(directory / "log", OpenMode::kCreate);
  ASSERT_TRUE(file && (*file)->write(0, as_bytes(std::string(10'000, 'f'))));
  Pieces pieces;
  std::string expected;
  for (std::size_t i = 0; i < 40; ++i) {  // some are copied, the rest is not
    pieces.insert(pieces.end(), {SharedBytes::copy_of("head"), FilePiece{*file, i, i * 100}});
    expected += "head" + std::string(i * 100, 'f');
  }
  EXPECT_EQ(run_on(shards[0], through(&shards[0], pieces)).value(), expected);
}

TEST(OsNetwork, SendsWhatIsNotInTheFileYet) {
  TestShards shards;
  TestDirectory directory;
  auto file = shards[0].disk.open(directory / "log", OpenMode::kCreate);
  std::string content(700'000, 'x');
  for (std::size_t i = 0; i < content.size(); i += 997) content[i] = static_cast<char>('a' + i % 26);
  const BytesView bytes = as_bytes(content);
  ASSERT_TRUE(file && (*file)->write(0, bytes.first(100'001)));
  ASSERT_TRUE((*file)->write_unread(100'001, bytes.subspan(100'001, 300'000)));
  ASSERT_TRUE((*file)->write_unread(400'001, bytes.subspan(400'001)));
  Pieces pieces{SharedBytes::copy_of("head"), FilePiece{*file, 10, 600'000}, FilePiece{*file, 500'000, 7},
                SharedBytes::copy_of("tail")};
  const auto got = run_on(shards[0], through(&shards[0], pieces));
  ASSERT_TRUE(got);
  EXPECT_TRUE(*got == "head" + content.substr(10, 600'000) + content.substr(500'000, 7) + "tail");
}

// With buffers of the smallest size the socket is full at almost every step.
TEST(OsNetwork, SendsFilesThroughSmallBuffers) {
  TestShards shards;
  TestDirectory directory;
  const std::string content(400'000, 'x');
  auto file = shards[0].disk.open(directory / "log", OpenMode::kCreate);
  ASSERT_TRUE(file && (*file)->write(0, as_bytes(content)));
  Pieces pieces;
  for (int i = 0; i < 4; ++i) pieces.insert(pieces.end(), {SharedBytes::copy_of("head"), FilePiece{*file, 0, 400'000}});
  const auto got = run_on(shards[0], through(&shards[0], pieces, {.send_buffer = 1, .receive_buffer = 1}));
  ASSERT_TRUE(got);
  EXPECT_TRUE(*got == "head" + content + "head" + content + "head" + content + "head" + content);
}

// The peer reads nothing; then it is gone, or this side closes.
Task<std::vector<bool>> stuck_writes_fail(const Shard* shard, FilePtr file, bool peer_leaves) {
  std::vector<bool> failed;
  for (const Piece& piece :
       {Piece(FilePiece{file, 0, 8'000'000}), Piece(SharedBytes::copy_of(std::string(8'000'000, 'x')))}) {
    auto listener = shard->network.listen({"127.0.0.1", 0});
    const auto client = co_await shard->network.connect((*listener)->local(), shard->clock.now() + 5s);
    const auto server = co_await (*listener)->accept();
    const ConnectionPtr leaving = peer_leaves ? *client : *server;
    const auto timer = shard->clock.call_at(shard->clock.now() + 5ms, [leaving] { leaving->close(); });
    failed.push_back(!co_await (*server)->write({piece}));
    failed.push_back(!co_await (*server)->write({piece}));  // no SIGPIPE either
  }
  co_return failed;
}

TEST(OsNetwork, AWriteThatIsStuckFailsWhenEitherSideLeaves) {
  TestShards shards;
  TestDirectory directory;
  auto file = shards[0].disk.open(directory / "log", OpenMode::kCreate);
  ASSERT_TRUE(file && (*file)->write(0, as_bytes(std::string(8'000'000, 'x'))));
  const std::vector<bool> all(4, true);
  EXPECT_EQ(run_on(shards[0], stuck_writes_fail(&shards[0], *file, true)), all);
  EXPECT_EQ(run_on(shards[0], stuck_writes_fail(&shards[0], *file, false)), all);
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

TEST(OsNetwork, APortTellsWhoKnocksWhetherSomebodyListens) {
  TestShards shards;
  std::vector<std::unique_ptr<Listener>> listeners;
  const Endpoint local = run_on(shards[0], listen_on(&shards[0], &listeners, {"127.0.0.1", 0})).value();
  const auto knock = [&](Endpoint at) {
    return run_on(shards[0], shards[0].network.knock(std::move(at), shards[0].clock.now() + 5s));
  };
  EXPECT_EQ(knock(local), Knock::kTaken);
  EXPECT_EQ(knock({"no-such-host.invalid", local.port}), Knock::kSilent);
  EXPECT_EQ(run_on(shards[0], shards[0].network.knock(local, shards[0].clock.now())), Knock::kSilent) << "no time";
  listeners.front()->close();
  EXPECT_EQ(knock(local), Knock::kRefused);
}

// Connects to each host in turn and gives what the listener's side calls the peer, or the error.
Task<std::vector<std::string>> peers_of(const Shard* shard, Listener* listener, std::vector<std::string> hosts) {
  std::vector<std::string> peers;
  for (const auto& host : hosts) {
    const auto client = co_await shard->network.connect({host, listener->local().port}, shard->clock.now() + 5s);
    if (!client) {
      peers.push_back(client.error().message);
      continue;
    }
    const auto server = co_await listener->accept();
    peers.push_back(server ? (*server)->peer().host : server.error().message);
  }
  co_return peers;
}

// Without IPv6, as in some containers, the tests that need it say so.
bool machine_has_ipv6(const TestShards& shards) {
  std::vector<std::unique_ptr<Listener>> listeners;
  return run_on(shards[0], listen_on(&shards[0], &listeners, {"::1", 0})).has_value();
}

TEST(OsNetwork, AnEmptyHostIsEveryAddressOfBothFamilies) {
  TestShards shards;
  std::vector<std::string> hosts{"127.0.0.1"};
  if (machine_has_ipv6(shards)) hosts.push_back("::1");
  std::vector<std::unique_ptr<Listener>> listeners;
  ASSERT_TRUE(run_on(shards[0], listen_on(&shards[0], &listeners, {"", 0})));
  // Each by its plain address: limits per address and listings of members know no mapped ones.
  EXPECT_EQ(run_on(shards[0], peers_of(&shards[0], listeners[0].get(), hosts)), hosts);
}

TEST(OsNetwork, TheWildcardOfIpv4IsNotThatOfIpv6) {
  TestShards shards;
  if (!machine_has_ipv6(shards)) GTEST_SKIP() << "no IPv6";
  std::vector<std::unique_ptr<Listener>> listeners;
  ASSERT_TRUE(run_on(shards[0], listen_on(&shards[0], &listeners, {"0.0.0.0", 0})));
  const auto peers = run_on(shards[0], peers_of(&shards[0], listeners[0].get(), {"127.0.0.1", "::1"}));
  EXPECT_EQ(peers[0], "127.0.0.1");
  EXPECT_TRUE(peers[1].starts_with("cannot connect to [::1]:")) << peers[1];
}

TEST(OsNetwork, OneAddressOfIpv6IsBoundAlone) {
  TestShards shards;
  if (!machine_has_ipv6(shards)) GTEST_SKIP() << "no IPv6";
  std::vector<std::unique_ptr<Listener>> listeners;
  const auto local = run_on(shards[0], listen_on(&shards[0], &listeners, {"::1", 0}));
  ASSERT_TRUE(local);
  EXPECT_EQ(to_string(*local), "[::1]:" + std::to_string(local->port));
  const auto peers = run_on(shards[0], peers_of(&shards[0], listeners[0].get(), {"::1", "127.0.0.1"}));
  EXPECT_EQ(peers[0], "::1");
  EXPECT_TRUE(peers[1].starts_with("cannot connect to 127.0.0.1:")) << peers[1];
}

// Takes descriptors until the process has none left.
class DescriptorFamine {
 public:
  DescriptorFamine() {
    CHECK(::getrlimit(RLIMIT_NOFILE, &before_) == 0);
    const int next = ::dup(0);
    ::close(next);
    const rlimit now{rlim_t(next), before_.rlim_max};
    CHECK(::setrlimit(RLIMIT_NOFILE, &now) == 0);
  }
  ~DescriptorFamine() { end(); }
  void end() { ::setrlimit(RLIMIT_NOFILE, &before_); }

 private:
  rlimit before_{};
};

// Not process_info(), which opens files.
double cpu_seconds() {
  rusage usage{};
  CHECK(::getrusage(RUSAGE_SELF, &usage) == 0);
  return double(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
         double(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

Task<bool> accepts_after_a_famine(const Shard* shard) {
  auto listener = shard->network.listen({"127.0.0.1", 0});
  // The client's descriptor is taken before the famine, and the kernel connects without the server's.
  const int client = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons((*listener)->local().port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  DescriptorFamine famine;
  CHECK(::connect(client, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
  const double cpu = cpu_seconds();
  const auto timer = shard->clock.call_at(shard->clock.now() + 250ms, [&famine] { famine.end(); });
  const auto accepted = co_await (*listener)->accept();
  EXPECT_LT(cpu_seconds() - cpu, 0.1);  // tried again now and then, not all the time
  ::close(client);
  co_return accepted.has_value();
}

TEST(OsNetwork, WithoutDescriptorsAcceptingWaitsAndGoesOn) {
#if __has_feature(undefined_behavior_sanitizer)
  GTEST_SKIP() << "UBSan looks at types through a pipe, and takes it for a wrong type when there is none; TSan's run "
                  "has this test";
#endif
  TestShards shards;
  EXPECT_TRUE(run_on(shards[0], accepts_after_a_famine(&shards[0])));
}

// A limit that leaves a few for connections, for as long as it lives.
class FewDescriptors {
 public:
  FewDescriptors() {
    CHECK(::getrlimit(RLIMIT_NOFILE, &before_) == 0);
    const rlimit now{process_info().open_files + 40, before_.rlim_max};
    CHECK(::setrlimit(RLIMIT_NOFILE, &now) == 0);
  }
  ~FewDescriptors() { ::setrlimit(RLIMIT_NOFILE, &before_); }

 private:
  rlimit before_{};
};

// How many of 30 clients are accepted before one is let go.
Task<std::size_t> accepted_before_one_leaves(const Shard* shard) {
  const auto listener = *shard->network.listen({"127.0.0.1", 0});
  std::vector<ConnectionPtr> clients, accepted;
  bool left = false;
  std::size_t before = 0;
  for (int i = 0; i < 30; ++i) {
    auto client = co_await shard->network.connect(listener->local(), shard->clock.now() + 5s);
    if (!client) break;
    clients.push_back(*client);
    const auto timer = shard->clock.call_at(shard->clock.now() + 250ms, [&] {
      left = true;
      accepted.pop_back();
    });
    const auto server = co_await listener->accept();
    if (!server) break;
    accepted.push_back(*server);
    if (left) co_return before;
    ++before;
  }
  co_return 0;
}

TEST(OsNetwork, ConnectionsLeaveDescriptorsForFiles) {
  const FewDescriptors few;
  TestShards shards;
  TestDirectory directory;
  const std::size_t accepted = run_on(shards[0], accepted_before_one_leaves(&shards[0]));
  EXPECT_GT(accepted, 3u);
  EXPECT_LT(accepted, 16u);
  EXPECT_TRUE(shards[0].disk.open(directory / "log", OpenMode::kCreate));
}

// Names have to reach the disk: a log whose directory cannot be opened just now has not failed.
TEST(OsNetwork, WithoutDescriptorsSyncingADirectoryWaits) {
#if __has_feature(undefined_behavior_sanitizer)
  GTEST_SKIP() << "as WithoutDescriptorsAcceptingWaitsAndGoesOn";
#endif
  TestShards shards;
  TestDirectory directory;
  struct Scene {
    static Task<bool> sync(const Shard* shard, std::string path) {
      DescriptorFamine famine;
      const auto timer = shard->clock.call_at(shard->clock.now() + 50ms, [&famine] { famine.end(); });
      co_return (co_await shard->disk.sync_directory(path)).has_value();
    }
  };
  EXPECT_TRUE(run_on(shards[0], Scene::sync(&shards[0], directory.path())));
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

std::string congestion_control_of(int socket) {
  std::array<char, 16> name{};
  auto size = socklen_t(name.size());
  CHECK(::getsockopt(socket, IPPROTO_TCP, TCP_CONGESTION, name.data(), &size) == 0);
  return name.data();
}

// BBR, which some systems have for all, sets a timer for each packet: a fifth of what replication costs on one machine.
TEST(OsNetwork, ConnectionsWithinTheMachineAreNotPaced) {
  boost::asio::io_context context;
  using boost::asio::ip::tcp;
  tcp::acceptor acceptor(context, tcp::endpoint(boost::asio::ip::make_address("127.0.0.1"), 0));
  tcp::socket client(context);
  client.connect(acceptor.local_endpoint());
  tcp::socket server = acceptor.accept();
  const int fds[] = {client.native_handle(), server.native_handle()};
  const auto here = std::make_shared<OsConnection>(std::move(client), nullptr);
  const auto there = std::make_shared<OsConnection>(std::move(server), nullptr);
  for (const int fd : fds) EXPECT_EQ(congestion_control_of(fd), "reno");
}

TEST(OsNetwork, CloseEndsAReadThatIsUnderWay) {
  TestShards shards;
  EXPECT_TRUE(run_on(shards[0], read_ends_when_closed(&shards[0])));
}

}  // namespace
}  // namespace thalweg::platform
