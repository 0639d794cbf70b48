// The registry of a broker, asked over HTTP while its process is killed and its machine loses power; in a simulation.
#include <gtest/gtest.h>

#include <map>

#include "json/parser.h"
#include "json/writer.h"
#include "schema_registry/testing.h"
#include "sim/sim_workers.h"

namespace thalweg::schema_registry {
namespace {
using namespace std::chrono_literals;

struct Answered {
  int status = 0;  // 0: the connection broke, so nobody knows
  json::Value body;
};

std::shared_ptr<void> program(sim::Node& node) {
  return start_program(node, std::make_unique<sim::SimWorkers>(node.world().simulation));
}

Task<Answered> ask(const Shard* shard, std::string method, std::string path, std::string body) {
  auto connection = co_await shard->network.connect({"server", 8081}, shard->clock.now() + 1s);
  if (!connection) co_return Answered{};
  if (!co_await (*connection)->write({request_of(method, path, body)})) co_return Answered{};
  std::string text;
  std::vector<std::byte> buffer(16 * 1024);
  for (;;) {
    const auto got = co_await (*connection)->read_some(buffer);
    if (!got) co_return Answered{};
    if (*got == 0) break;
    text += as_text(BytesView(buffer).first(*got));
  }
  const auto split = text.find("\r\n\r\n");
  if (split == text.npos) co_return Answered{};
  const auto tree = json::parse(std::string_view(text).substr(split + 4));
  if (!tree) co_return Answered{};
  co_return Answered{std::stoi(text.substr(9, 3)), *tree};
}

std::string schema_text(int number) {
  return R"({"type":"fixed","name":"F)" + std::to_string(number) + R"(","size":4})";
}

// What clients were told, and whether it can all be true.
struct History {
  std::map<std::int64_t, std::string> text_of;                                  // by id
  std::map<std::pair<std::string, std::string>, std::int64_t> id_of;            // by subject and text
  std::map<std::pair<std::string, std::int64_t>, std::string> text_of_version;  // by subject
  int acknowledged = 0;

  void registered(const std::string& subject, const std::string& text, const json::Value& answer) {
    const auto id = *answer.find("id")->if_number()->as_int64();
    const auto version = *answer.find("version")->if_number()->as_int64();
    ++acknowledged;
    EXPECT_EQ(text_of.try_emplace(id, text).first->second, text) << "id " << id << " was given out twice";
    EXPECT_EQ(id_of.try_emplace({subject, text}, id).first->second, id) << "one schema, two ids";
    EXPECT_EQ(text_of_version.try_emplace({subject, version}, text).first->second, text)
        << "version " << version << " of " << subject << " was given out twice";
  }
};

struct Client {
  const Shard* shard;
  std::uint64_t seed;
  History* history;
  int left;
};

// Registers schemas of which others register some too, again when it was not told.
Task<> register_some(Client* client) {
  std::uint64_t state = client->seed;
  while (client->left > 0) {
    state = state * 6364136223846793005ULL + 1442695040888963407ULL;
    const std::string subject = "s" + std::to_string((state >> 33) % 3);
    const std::string text = schema_text(int((state >> 40) % 25));
    const auto body = json::write(json::Object::of({{"schema", text}}));
    const auto answer = co_await ask(client->shard, "POST", "/subjects/" + subject + "/versions", body);
    if (answer.status == 200) {
      client->history->registered(subject, text, answer.body);
      --client->left;
    } else {
      co_await client->shard->clock.sleep_for(20ms);
    }
  }
}

class RegistryInTrouble : public testing::TestWithParam<std::uint64_t> {};

TEST_P(RegistryInTrouble, KeepsWhatItSaidAndGivesNoIdTwice) {
  sim::World world{GetParam()};
  auto& server = world.add_node("server", 2, program);
  auto& node = world.add_node("clients", 1, [](sim::Node&) { return nullptr; });
  server.start();
  node.start();
  const Shard& shard = node.shard(0);
  std::optional<Answered> none;
  while (!none || none->status != 200) {
    none = world.run(node, ask(&shard, "PUT", "/config", R"({"compatibility":"NONE"})"));
    ASSERT_TRUE(none);
  }
  History history;
  std::vector<std::unique_ptr<Client>> clients;
  for (std::uint64_t i = 0; i < 4; ++i) {
    clients.push_back(std::make_unique<Client>(Client{&shard, GetParam() * 10 + i, &history, 15}));
    spawn(shard, register_some(clients.back().get()));
  }
  const auto done = [&] { return std::ranges::all_of(clients, [](const auto& client) { return client->left == 0; }); };
  std::uint64_t random = GetParam() * 0x9e3779b97f4a7c15ULL | 1;
  for (int crash = 0; crash < 6 && !done(); ++crash) {
    random ^= random << 13, random ^= random >> 7, random ^= random << 17;
    for (std::uint64_t steps = random % 3000; steps > 0 && !done(); --steps) world.simulation.step();
    server.crash(random & 4096 ? sim::Crash::kKill : sim::Crash::kPowerLoss);
    server.start();
  }
  ASSERT_TRUE(world.run_until(done, 5min));
  server.crash(sim::Crash::kPowerLoss);
  server.start();
  ASSERT_TRUE(world.run_until([&] { return server.program<Program>().started; }, 1min));
  EXPECT_EQ(history.acknowledged, 60);
  for (const auto& [id, text] : history.text_of) {
    const auto answer = world.run(node, ask(&shard, "GET", "/schemas/ids/" + std::to_string(id), ""));
    ASSERT_TRUE(answer && answer->status == 200) << id;
    EXPECT_EQ(*answer->body.find("schema")->if_string(), text);
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, RegistryInTrouble, testing::Range<std::uint64_t>(1, 41));

}  // namespace
}  // namespace thalweg::schema_registry
