// What has changed, asked of a server that was killed, lost its power or was stopped in between.
#include <algorithm>
#include <set>

#include "base/log.h"
#include "console/changes.h"
#include "console/testing.h"
#include "protocol/delete_topics_request.h"
#include "protocol/delete_topics_response.h"

namespace thalweg::console {
namespace {

struct ChangesOfTest : ChangesTest {
  json::Value changes() { return get("/changes", "/changes"); }
  std::vector<std::string> sentences() { return sentences_of(changes()); }
  static std::vector<std::string> sentences_of(const json::Value& list) {
    std::vector<std::string> all;
    for (const auto& one : *at(list, "items").if_array()) all.push_back(text_at(one, "sentence"));
    return all;
  }
  // How often one begins so.
  std::ptrdiff_t said(const std::string& begin) {
    return std::ranges::count_if(sentences(), [&](const auto& one) { return one.starts_with(begin); });
  }
  json::Value of(const std::string& begin) {
    const auto list = changes();
    for (const auto& one : *at(list, "items").if_array())
      if (text_at(one, "sentence").starts_with(begin)) return one;
    return {};
  }
  void crash(sim::Crash how) {
    server->crash(how);
    server->start();
    wait_for_start();
  }
  void stop() {
    world.run(*server, stopped(&server->program<Program>()));
    crash(sim::Crash::kKill);
  }
  static Task<bool> stopped(Program* program) {
    co_await program->console->stop();
    co_await program->broker->stop();
    co_return true;
  }
  void create_here(const std::string& topic) {
    carried_out("POST", "/topics", "/topics", R"({"name":")" + topic + R"(","partitions":2})");
  }
  void remove(const std::string& topic) {
    protocol::DeleteTopicsRequest request;
    request.topic_names = {topic};
    request.timeout_ms = 10'000;
    const auto answer = kafka<protocol::DeleteTopicsResponse>(std::move(request), 4);
    CHECK(answer.responses.at(0).error_code == ErrorCode::kNone);
  }
};

TEST_F(ChangesOfTest, AreThereOnceEachAfterAKill) {
  start();
  create("orders", 1);
  create_here("users");
  world.run_for(3s);
  carried_out("PATCH", "/topics/orders/config", "/topics/{topic}/config",
              R"({"set":[{"name":"retention.ms","value":"60000"}],"unset":[]})");
  remove("orders");
  world.run_for(3s);
  const auto before = changes();
  for (int n = 0; n < 3; ++n) {
    crash(sim::Crash::kKill);
    world.run_for(1s);
  }
  const auto after = changes();
  EXPECT_EQ(number_at(after, "since"), number_at(before, "since"));
  auto all = sentences_of(after);
  std::erase_if(all, [](const auto& one) { return one.starts_with("server 1 was killed"); });
  EXPECT_EQ(all, sentences_of(before));
  EXPECT_EQ(all.size(), at(after, "items").if_array()->size() - 3) << "each start is told";
  const auto created = of("Create the topic users");
  EXPECT_EQ(text_at(created, "by"), "User:ANONYMOUS@client") << testing::PrintToString(sentences());
  EXPECT_EQ(text_at(created, "source"), "console");
  EXPECT_TRUE(*at(of("orders is deleted"), "gone").if_bool());
}

// Nothing of it has been looked at before the end.
TEST_F(ChangesOfTest, DoneInTheLastMomentAreFoundInTheMetadata) {
  start();
  world.run_for(3s);
  changes();
  const auto seen = number_at(changes(), "as_of");
  create("orders", 3);
  crash(sim::Crash::kKill);
  EXPECT_EQ(said("orders is created, with 3 partitions"), 1);
  const auto found = of("orders is created");
  EXPECT_GE(number_at(found, "after"), seen - 60'000);
  EXPECT_LT(number_at(found, "after"), number_at(found, "at"));
  crash(sim::Crash::kKill);
  EXPECT_EQ(said("orders is created, with 3 partitions"), 1) << "and never again";
}

TEST_F(ChangesOfTest, DoneThroughTheConsoleAreThereWhenTheServerIsKilledWithTheAnswer) {
  start();
  create_here("orders");
  crash(sim::Crash::kKill);
  EXPECT_EQ(said("Create the topic orders"), 1);
  EXPECT_EQ(said("orders is created"), 1);
}

// Without a sync each would survive by luck alone.
TEST_F(ChangesOfTest, SurviveAPowerLossAMinuteLater) {
  start();
  for (int n = 0; n < 10; ++n) {
    create_here("orders-" + std::to_string(n));
    world.run_for(Changes::kSynced + Changes::kSettles + 2s);
    crash(sim::Crash::kPowerLoss);
  }
  EXPECT_EQ(said("Create the topic orders-"), 10);
  EXPECT_EQ(said("orders-"), 10);
}

TEST_F(ChangesOfTest, SayThatTheServerWasStopped) {
  start();
  create("orders", 1);
  EXPECT_EQ(said("server 1 was"), 0) << "it was not there before";
  stop();
  EXPECT_EQ(sentences().front(), "server 1 was stopped, and has started again");
  EXPECT_EQ(text_at(of("server 1"), "source"), "server");
  EXPECT_LE(number_at(of("server 1"), "after"), number_at(of("server 1"), "at"));
  EXPECT_EQ(said("orders is created"), 1);
  crash(sim::Crash::kKill);
  EXPECT_EQ(sentences().front(), "server 1 was killed, or lost its power, and has started again");
}

TEST_F(ChangesOfTest, AreSeenASecondAfterTheyWereDone) {
  start();
  world.run_for(10s);
  create("orders", 1);
  world.run_for(Changes::kSettles + 500ms);
  const auto now = number_at(get("/cluster", "/cluster"), "as_of");
  world.run_for(10s);
  EXPECT_LE(number_at(of("orders is created"), "at"), now);
}

TEST_F(ChangesOfTest, WithAClockThatWasSetBackKeepTheirOrder) {
  start();
  create_here("first");
  world.run_for(3s);
  server->jump_wall(-3600 * 1000ms);
  create_here("second");
  world.run_for(3s);
  const auto before = sentences();
  EXPECT_EQ(before.front(), "second is created, with 2 partitions");
  EXPECT_LE(number_at(changes(), "since"), number_at(changes(), "items/0/at"));
  server->crash(sim::Crash::kKill);
  server->start();
  wait_for_start();
  server->jump_wall(-48 * 3600 * 1000ms);
  auto after = sentences();
  after.erase(after.begin());
  EXPECT_EQ(after, before);
}

TEST_F(ChangesOfTest, GoOnWhereTheFileIsRotten) {
  start();
  create_here("orders");
  world.run_for(3s);
  {
    const auto file = server->disk().open("/data/console.changes", OpenMode::kReadWrite).value();
    const auto text = server->disk().read_file("/data/console.changes").value();
    CHECK(file->write(text.text().find("Create the topic"), as_bytes("rotten")));
  }
  crash(sim::Crash::kKill);
  EXPECT_EQ(said("Create the topic"), 0);
  EXPECT_EQ(said("orders is created"), 1);
  EXPECT_TRUE(sentences().front().ends_with("; 1 line of what it remembered cannot be read")) << sentences().front();
  CHECK(server->disk().remove("/data/console.changes"));
  crash(sim::Crash::kKill);
  EXPECT_TRUE(sentences().empty());
}

// A change is answered, and is told, while nothing can be written of it.
TEST_F(ChangesOfTest, AreToldThoughTheFileCannotBeWritten) {
  start();
  CHECK(server->disk().remove("/data/console.changes"));
  CHECK(server->disk().make_directory("/data/console.changes"));
  crash(sim::Crash::kKill);
  create_here("orders");
  world.run_for(3s);
  EXPECT_EQ(said("Create the topic orders"), 1);
  EXPECT_EQ(said("orders is created"), 1);
}

}  // namespace
}  // namespace thalweg::console
