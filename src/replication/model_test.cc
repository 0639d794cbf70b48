// The search. Every wrong variant of a rule is found here, or by what its patch under tests/planted names.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <deque>
#include <random>
#include <unordered_set>

#include "replication/testing_model.h"

namespace thalweg::replication::model {
namespace {

std::string told_again(const Limits& limits, const std::vector<Action>& path) {
  State state(limits);
  std::string text;
  for (const Action& action : path) text += "  " + state.apply(action) + "\n";
  return text + "  " + state.violation();
}

struct Found {
  std::size_t states = 0;
  bool exhaustive = true;
  std::string violation;
};

// Breadth first, until `states_max` are known.
Found search(const Limits& limits, std::size_t states_max) {
  struct Node {
    std::uint32_t parent;
    Action action;
  };
  Found found;
  std::vector<Node> nodes{{0, {}}};
  std::deque<std::pair<State, std::uint32_t>> open;
  std::unordered_set<std::uint64_t> seen;
  open.emplace_back(State(limits), 0);
  seen.insert(open.front().first.hash());
  while (!open.empty()) {
    const auto [state, at] = std::move(open.front());
    open.pop_front();
    for (const Action& action : state.possible()) {
      State next = state;
      next.apply(action);
      if (!next.violation().empty()) {
        std::vector<Action> path{action};
        for (std::uint32_t n = at; n != 0; n = nodes[n].parent) path.push_back(nodes[n].action);
        std::ranges::reverse(path);
        found.violation = told_again(limits, path);
        return found;
      }
      if (!found.exhaustive || !seen.insert(next.hash()).second) continue;
      nodes.push_back({at, action});
      if (nodes.size() >= states_max) found.exhaustive = false;
      open.emplace_back(std::move(next), std::uint32_t(nodes.size() - 1));
    }
    if (!found.exhaustive) break;
  }
  found.states = nodes.size();
  return found;
}

struct Walked {
  std::size_t committed = 0;
  std::string violation;
};

Walked walk(const Limits& limits, std::uint64_t seed, int schedules, int steps) {
  using enum Action::What;
  Walked walked;
  std::mt19937_64 random(seed);
  for (int s = 0; s < schedules; ++s) {
    State state(limits);
    std::vector<Action> path;
    for (int k = 0; k < steps; ++k) {
      const auto possible = state.possible();
      if (possible.empty()) break;
      const auto is_fault = [](const Action& a) { return a.what == kFence || a.what == kKill || a.what == kPower; };
      Action action = possible[random() % possible.size()];
      while (is_fault(action) && random() % 100 >= 8 && !std::ranges::all_of(possible, is_fault))
        action = possible[random() % possible.size()];
      path.push_back(action);
      state.apply(action);
      if (state.violation().empty()) continue;
      walked.violation = told_again(limits, path);
      return walked;
    }
    walked.committed += state.committed();
  }
  return walked;
}

// THALWEG_MODEL_STATES=2000000 searches deeper, THALWEG_MODEL_WALKS=1000000 longer.
std::size_t from_environment(const char* name, std::size_t otherwise) {
  const char* value = std::getenv(name);
  return value ? std::strtoull(value, nullptr, 10) : otherwise;
}

class Model : public ::testing::TestWithParam<Limits> {};

TEST_P(Model, NoScheduleWithinTheseLimitsLosesWhatWasAcknowledged) {
  const auto found = search(GetParam(), from_environment("THALWEG_MODEL_STATES", 7'000));
  EXPECT_EQ(found.violation, "");
  EXPECT_GT(found.states, 1000u);
  RecordProperty("states", int(found.states));
}

INSTANTIATE_TEST_SUITE_P(Limits, Model,
                         ::testing::Values(Limits{.values = 1, .power = 1, .fences = 1},
                                           Limits{.values = 2, .power = 1}, Limits{.values = 2, .fences = 1},
                                           Limits{.values = 1, .shrinks = 2},
                                           Limits{.values = 1, .fences = 1, .shrinks = 1},
                                           Limits{.values = 1, .power = 1, .shrinks = 1, .min = 1}));

TEST(ModelAtRandom, NoScheduleLosesWhatWasAcknowledged) {
  const auto schedules = int(from_environment("THALWEG_MODEL_WALKS", 600));
  std::size_t committed = 0;
  for (const int min : {2, 1}) {
    const Limits limits{.values = 3, .kills = 1, .power = 3, .fences = 3, .shrinks = 2, .min = min};
    const auto walked = walk(limits, 11 + std::uint64_t(min), schedules, 100);
    EXPECT_EQ(walked.violation, "") << "min " << min;
    committed += walked.committed;
  }
  EXPECT_GT(committed, std::size_t(schedules) / 2) << "nothing was at stake";
}

}  // namespace
}  // namespace thalweg::replication::model
