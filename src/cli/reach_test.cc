#include "cli/reach.h"

#include <gtest/gtest.h>

#include <future>

#include "admin/testing.h"
#include "cli/testing.h"

namespace thalweg::cli {
namespace {
using namespace std::chrono_literals;
using Kind = Sighting::Kind;

struct Answer {
  int code;
  std::string text;
  Instant took;
};

// `thalweg topic list` on a terminal, against an address.
Task<Answer> list_topics_at(const Shard* shard, std::string brokers, Arguments more = {}) {
  FakeTerminal terminal;
  terminal.is_terminal = true;
  terminal.variables["NO_COLOR"] = "1";
  Arguments arguments{"topic", "list", "--brokers", std::move(brokers)};
  arguments.insert(arguments.end(), more.begin(), more.end());
  const Instant begun = shard->clock.now();
  const int code = co_await run_thalweg({*shard, terminal}, arguments);
  co_return Answer{code, terminal.err_text, shard->clock.now() - begun};
}

template <class Script>
void play(Script script) {
  platform::TestShards shards;
  platform::run_on(shards[0], script(&shards[0]));
}

void expect_soon(const Answer& answer, const std::string& text) {
  EXPECT_EQ(answer.code, 1);
  EXPECT_TRUE(answer.text.contains(text)) << answer.text;
  EXPECT_LT(answer.took, 2s) << answer.text;
}

TEST(Reach, TellsApartWhatAnswers) {
  play([](const Shard* shard) -> Task<> {
    const Stranger silent(*shard, ""), web(*shard, "HTTP/1.1 400 Bad Request\r\n\r\n");
    const Stranger tls(*shard, std::string("\x15\x03\x01\0\2\2\x28", 7)), other(*shard, "220 mail ready\r\n");
    const std::pair<Endpoint, Kind> all[] = {
        {silent.endpoint, Kind::kSilent},   {web.endpoint, Kind::kHttp},
        {tls.endpoint, Kind::kTls},         {other.endpoint, Kind::kStranger},
        {{"127.0.0.1", 1}, Kind::kRefused}, {{"no-such-host.invalid", 9092}, Kind::kUnresolved}};
    for (const auto& [endpoint, kind] : all) {
      const auto seen = co_await look_at(*shard, endpoint, 100ms);
      EXPECT_EQ(static_cast<int>(seen.kind), static_cast<int>(kind)) << to_string(endpoint) << " " << seen.detail;
    }
    admin::FakeBroker broker(*shard);
    EXPECT_EQ(static_cast<int>((co_await look_at(*shard, broker.endpoint, 5s)).kind), static_cast<int>(Kind::kKafka));
    co_await broker.stop();
  });
}

TEST(Reach, SaysSoonOnATerminalWhatIsWrong) {
  play([](const Shard* shard) -> Task<> {
    const Stranger silent(*shard, ""), web(*shard, "HTTP/1.1 400 Bad Request\r\n\r\n");
    expect_soon(co_await list_topics_at(shard, to_string(silent.endpoint)), "takes connections but does not answer");
    expect_soon(co_await list_topics_at(shard, to_string(web.endpoint)), "is a web server");
    expect_soon(co_await list_topics_at(shard, "127.0.0.1:1"), "nothing listens at 127.0.0.1:1");
    expect_soon(co_await list_topics_at(shard, "no-such-host.invalid"), "the name 'no-such-host.invalid' cannot be");
  });
}

// Behind a dead VPN, say: the system goes on asking for a minute.
TEST(Reach, SaysSoonThatNoNameServerAnswers) {
  std::promise<void> silence;
  const platform::HostLookup never = [answer = silence.get_future().share()](const auto&) {
    answer.wait();
    return Result<std::vector<std::string>>{fail(ErrorCode::kNetworkException, "too late")};
  };
  {
    platform::TestShards shards(platform::ShardThreads::Options{.shards = 1, .lookup = never});
    const auto answer = platform::run_on(shards[0], list_topics_at(&shards[0], "a.example,b.example,c.example"));
    expect_soon(answer, "the name 'a.example' cannot be resolved (the name servers did not answer in time)");
  }
  silence.set_value();
}

TEST(Reach, SaysItAtOnceAlsoWhenThereIsTimeAndTriesOn) {
  play([](const Shard* shard) -> Task<> {
    const auto answer = co_await list_topics_at(shard, "127.0.0.1:1", {"--timeout", "1500"});
    EXPECT_EQ(answer.code, 1);
    EXPECT_TRUE(answer.text.contains("Trying on for 1500 ms")) << answer.text;
    EXPECT_GT(answer.took, 1500ms);
  });
}

TEST(Reach, NamesAnAdvertisedAddressThatLeadsNowhere) {
  play([](const Shard* shard) -> Task<> {
    admin::FakeBroker broker(*shard);
    broker.on<protocol::MetadataRequest, protocol::MetadataResponse>([](const auto&) {
      protocol::MetadataResponse response;
      response.brokers.push_back({.node_id = {7}, .host = "no-such-host.invalid", .port = 9999, .rack = {}});
      return response;
    });
    const auto answer = co_await list_topics_at(shard, to_string(broker.endpoint));
    expect_soon(answer, "sends clients on to broker 7 at no-such-host.invalid:9999");
    EXPECT_TRUE(answer.text.contains("advertised.listeners")) << answer.text;
    co_await broker.stop();
  });
}

}  // namespace
}  // namespace thalweg::cli
