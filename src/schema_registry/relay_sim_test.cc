// Three brokers with registries that are one, asked at any of them, while they are killed, paused and come back; in a
// simulation.
#include <gtest/gtest.h>

#include "base/log.h"
#include "broker/broker_shard.h"
#include "broker/registry_door.h"
#include "json/writer.h"
#include "schema_registry/testing.h"
#include "sim/sim_workers.h"

namespace thalweg::schema_registry {
namespace {
using namespace std::chrono_literals;

constexpr int kNodes = 3;

std::string host_of(int node) { return "broker-" + std::to_string(node); }

config::Properties options_of(int node) {
  return {{"process.roles", "broker,controller"},
          {"node.id", std::to_string(node)},
          {"controller.quorum.voters", "1@broker-1:9093,2@broker-2:9093,3@broker-3:9093"},
          {"listeners", "PLAINTEXT://:9092,CONTROLLER://:9093"},
          {"advertised.listeners", "PLAINTEXT://" + host_of(node) + ":9092"},
          {"controller.listener.names", "CONTROLLER"}};
}

std::string fixed(int number) { return R"({"type":"fixed","name":"F)" + std::to_string(number) + R"(","size":4})"; }
std::string asking_for(const std::string& text) { return json::write(json::Object::of({{"schema", text}})); }

class Registries : public testing::TestWithParam<std::uint64_t> {
 protected:
  void SetUp() override {
    log::set_level(log::Level::kNone);
    for (int node = 1; node <= kNodes; ++node) {
      nodes_.push_back(&world_.add_node(host_of(node), 1, [node](sim::Node& machine) {
        return start_program(machine, std::make_unique<sim::SimWorkers>(machine.world().simulation), options_of(node));
      }));
    }
    clients_->start();
    for (int id = 1; id <= kNodes; ++id) node(id).start();
    ASSERT_TRUE(until([this] { return serving() > 0; }, 1min));
    // The topic is made when not all are there yet, and has a replica on each all the same.
    const int first = serves(1) ? 1 : serves(2) ? 2 : 3;
    ASSERT_EQ(ask(first, "PUT", "/config", R"({"compatibility":"NONE"})").status, 200);
    ASSERT_TRUE(until([this] { return serving() == kNodes && in_sync() == kNodes; }, 1min));
  }
  void TearDown() override { log::set_level(log::Level::kInfo); }

  sim::Node& node(int id) { return *nodes_.at(std::size_t(id - 1)); }
  Program* at(int id) { return node(id).is_up() ? &node(id).program<Program>() : nullptr; }
  bool serves(int id) { return at(id) && at(id)->started; }
  int serving() { return int(serves(1)) + int(serves(2)) + int(serves(3)); }
  const Shard& clients() { return clients_->shard(0); }
  bool until(const std::function<bool()>& done, Instant within) { return world_.run_until(done, within); }
  Answered ask(int id, const std::string& method, const std::string& path, const std::string& body = "") {
    auto answer = world_.run(*clients_, schema_registry::ask(&clients(), host_of(id), method, path, body));
    CHECK(answer);
    return *answer;
  }
  Answered put(int id, const std::string& subject, const std::string& text) {
    return ask(id, "POST", "/subjects/" + subject + "/versions", asking_for(text));
  }

  // By what is in force at some node that serves.
  const metadata::Partition* partition(int id) {
    const auto topic = at(id)->broker->shards().front()->image()->topic(kSchemasTopic);
    return topic ? &topic->partitions.front() : nullptr;
  }
  int leader(int asked) { return partition(asked)->leader.value; }
  int in_sync() {
    for (int id = 1; id <= kNodes; ++id)
      if (serves(id) && partition(id)) return int(partition(id)->isr.size());
    return 0;
  }
  int follower() { return leader(1) == 1 ? 2 : 1; }

  sim::World world_{GetParam()};
  std::vector<sim::Node*> nodes_;
  sim::Node* clients_ = &world_.add_node("clients", 1, [](sim::Node&) { return nullptr; });
};

TEST_P(Registries, AreOne) {
  for (int id = 1; id <= kNodes; ++id) {
    const auto answer = put(id, "s", fixed(id));
    ASSERT_EQ(answer.status, 200);
    EXPECT_EQ(answer.body.find("id")->if_number()->as_int64(), id);
    for (int other = 1; other <= kNodes; ++other) {  // at once, wherever it is asked
      const auto got = ask(other, "GET", "/schemas/ids/" + std::to_string(id));
      ASSERT_EQ(got.status, 200);
      EXPECT_EQ(*got.body.find("schema")->if_string(), fixed(id));
    }
  }
  for (int id = 1; id <= kNodes; ++id) {
    EXPECT_EQ(json::write(ask(id, "GET", "/contexts/.c/subjects").body), "[]");
    EXPECT_EQ(json::write(ask(id, "GET", "/subjects?subjectPrefix=%3A*%3A").body), R"(["s"])");
    EXPECT_EQ(ask(id, "GET", "/schemas/ids/9").status, 404);
    EXPECT_EQ(ask(id, "GET", "/nowhere").status, 404);
    EXPECT_EQ(put(id, "s", "{}").status, 422);
    EXPECT_EQ(ask(id, "GET", "/status/ready").status, 200);
  }
  EXPECT_EQ(ask(follower(), "DELETE", "/subjects/s/versions/1").status, 200);
  EXPECT_EQ(ask(leader(1), "DELETE", "/subjects/s/versions/1").status, 404);
}

// A node's own console asks as those do who come over HTTP, and others ask whoever leads.
TEST_P(Registries, AreAskedThroughTheDoorOfAnyNode) {
  ASSERT_EQ(put(1, "s", fixed(1)).status, 200);
  const auto asked = [&](int id, bool anywhere) {
    broker::RegistryDoor::Request request;
    request.method = "GET";
    request.target = "/subjects/s/versions";
    auto& door = at(id)->broker->registry_door();
    return *world_.run(node(id), anywhere ? door.ask_anywhere(std::move(request)) : door.ask(std::move(request)));
  };
  for (int id = 1; id <= kNodes; ++id) {
    EXPECT_EQ(asked(id, true).status, 200) << id;
    EXPECT_EQ(asked(id, true).body.text(), "[1]") << id;
    EXPECT_EQ(asked(id, false).error_code, id == leader(1) ? ErrorCode::kNone : ErrorCode::kNotLeaderOrFollower);
  }
}

// As Confluent's registries say that a request has been passed on: nobody passes it on again.
TEST_P(Registries, PassARequestOnOnce) {
  const std::string said = "GET /subjects HTTP/1.0\r\nX-Forward: true\r\n\r\n";
  const auto raw = [](const Shard* shard, std::string host, std::string text) -> Task<std::string> {
    auto connection = co_await shard->network.connect({host, 8081}, shard->clock.now() + 1s);
    CHECK(connection && co_await (*connection)->write({SharedBytes::copy_of(text)}));
    std::vector<std::byte> buffer(16 * 1024);
    std::string answer;
    for (;;) {
      const auto got = co_await (*connection)->read_some(buffer);
      if (!got || *got == 0) co_return answer;
      answer += as_text(BytesView(buffer).first(*got));
    }
  };
  const auto asked = [&](int id) { return *world_.run(*clients_, raw(&clients(), host_of(id), said)); };
  EXPECT_TRUE(asked(leader(1)).contains(" 200 ")) << asked(leader(1));
  EXPECT_TRUE(asked(follower()).contains(R"("error_code":50004)")) << asked(follower());
}

struct Steady {
  const Shard* shard;
  std::string host, subject;
  int number = 0;
  int failed = 0;
  Instant slowest{0};
  bool stop = false, stopped = false;
};

// One schema after the other, each asked once.
Task<> register_steadily(Steady* steady) {
  while (!steady->stop) {
    const Instant begun = steady->shard->clock.now();
    const auto answer = co_await ask(steady->shard, steady->host, "POST", "/subjects/" + steady->subject + "/versions",
                                     asking_for(fixed(1000 + ++steady->number)));
    steady->failed += answer.status != 200;
    steady->slowest = std::max(steady->slowest, steady->shard->clock.now() - begun);
  }
  steady->stopped = true;
}

class LeaderLost : public Registries {
 protected:
  // At a node that lives on; what happens to the leader is `trouble`.
  void lose_leader(const std::function<void(sim::Node&)>& trouble, Instant bound) {
    // Several, so that some wait for an answer whenever it happens.
    std::vector<std::unique_ptr<Steady>> all;
    for (int i = 0; i < 4; ++i) {
      all.push_back(std::make_unique<Steady>(Steady{&clients(), host_of(follower()), "steady" + std::to_string(i)}));
      spawn(clients(), register_steadily(all.back().get()));
    }
    const auto each = [&](const auto& is) {
      return std::ranges::all_of(all, [&](const auto& steady) { return is(*steady); });
    };
    sim::Node& lost = node(leader(1));
    ASSERT_TRUE(until([&] { return each([](const Steady& s) { return s.number > 20; }); }, 1min));
    trouble(lost);
    const int then = (*std::ranges::max_element(all, {}, [](const auto& steady) { return steady->number; }))->number;
    ASSERT_TRUE(until([&] { return each([&](const Steady& s) { return s.number > then + 20; }); }, 1min));
    for (auto& steady : all) steady->stop = true;
    ASSERT_TRUE(until([&] { return each([](const Steady& s) { return s.stopped; }); }, 1min));
    for (const auto& steady : all) {
      EXPECT_EQ(steady->failed, 0) << "of " << steady->number;
      EXPECT_LT(steady->slowest, bound);
    }
  }
};

TEST_P(LeaderLost, ByAKillIsAPause) {
  lose_leader([](sim::Node& node) { node.crash(sim::Crash::kKill); }, 2s);
}
// Its connections stay, and nothing comes over them.
TEST_P(LeaderLost, BySilenceIsAPause) {
  lose_leader([](sim::Node& node) { node.stall(); }, 5s);
}

struct Asker {
  const Shard* shard;
  std::uint64_t state;
  History* history;
  int left;
};

// At any of the nodes, again when it was not told.
Task<> register_anywhere(Asker* asker) {
  auto& state = asker->state;
  while (asker->left > 0) {
    state = state * 6364136223846793005ULL + 1442695040888963407ULL;
    const std::string subject = "s" + std::to_string((state >> 33) % 3), text = fixed(int((state >> 40) % 25));
    const std::string host = host_of(1 + int((state >> 50) % kNodes));
    const auto answer =
        co_await ask(asker->shard, host, "POST", "/subjects/" + subject + "/versions", asking_for(text));
    if (answer.status == 200) {
      asker->history->registered(subject, text, answer.body);
      --asker->left;
    } else {
      co_await asker->shard->clock.sleep_for(20ms);
    }
  }
}

TEST_P(Registries, GiveNoIdTwiceWhileTheyAreKilled) {
  History history;
  std::vector<std::unique_ptr<Asker>> askers;
  for (std::uint64_t i = 0; i < 4; ++i) {
    askers.push_back(std::make_unique<Asker>(Asker{&clients(), GetParam() * 10 + i, &history, 15}));
    spawn(clients(), register_anywhere(askers.back().get()));
  }
  const auto done = [&] { return std::ranges::all_of(askers, [](const auto& asker) { return asker->left == 0; }); };
  std::uint64_t random = GetParam() * 0x9e3779b97f4a7c15ULL | 1;
  for (int kill = 0; kill < 4 && !done(); ++kill) {
    random ^= random << 13, random ^= random >> 7, random ^= random << 17;
    world_.run_for(std::chrono::milliseconds(random % 400));
    // Most of the time whoever leads.
    const int victim = random & 4096 ? leader(1) : 1 + int((random >> 20) % kNodes);
    if (victim < 1) continue;
    node(victim).crash(random & 8192 ? sim::Crash::kKill : sim::Crash::kPowerLoss);
    world_.run_for(std::chrono::milliseconds((random >> 30) % 3000));
    node(victim).start();
    ASSERT_TRUE(until([this] { return serving() == kNodes && in_sync() == kNodes; }, 2min));
  }
  ASSERT_TRUE(until(done, 5min));
  EXPECT_EQ(history.acknowledged, 60);
  for (int id = 1; id <= kNodes; ++id)
    for (const auto& [schema, text] : history.text_of) {
      const auto answer = ask(id, "GET", "/schemas/ids/" + std::to_string(schema));
      ASSERT_EQ(answer.status, 200) << schema << " at " << id;
      EXPECT_EQ(*answer.body.find("schema")->if_string(), text);
    }
}

INSTANTIATE_TEST_SUITE_P(Seeds, Registries, testing::Range<std::uint64_t>(1, 9));
INSTANTIATE_TEST_SUITE_P(Seeds, LeaderLost, testing::Range<std::uint64_t>(1, 6));

}  // namespace
}  // namespace thalweg::schema_registry
