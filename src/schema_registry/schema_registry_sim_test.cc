// The registry of a broker, asked over HTTP while its process is killed and its machine loses power; in a simulation.
#include <gtest/gtest.h>

#include "json/writer.h"
#include "schema_registry/testing.h"
#include "sim/sim_workers.h"

namespace thalweg::schema_registry {
namespace {
using namespace std::chrono_literals;

std::shared_ptr<void> program(sim::Node& node) {
  return start_program(node, std::make_unique<sim::SimWorkers>(node.world().simulation));
}

std::string schema_text(int number) {
  return R"({"type":"fixed","name":"F)" + std::to_string(number) + R"(","size":4})";
}

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
    const auto answer = co_await ask(client->shard, "server", "POST", "/subjects/" + subject + "/versions", body);
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
    none = world.run(node, ask(&shard, "server", "PUT", "/config", R"({"compatibility":"NONE"})"));
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
    const auto answer = world.run(node, ask(&shard, "server", "GET", "/schemas/ids/" + std::to_string(id), ""));
    ASSERT_TRUE(answer && answer->status == 200) << id;
    EXPECT_EQ(*answer->body.find("schema")->if_string(), text);
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, RegistryInTrouble, testing::Range<std::uint64_t>(1, 41));

}  // namespace
}  // namespace thalweg::schema_registry
