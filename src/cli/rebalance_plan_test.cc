#include "cli/rebalance_plan.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

namespace thalweg::cli {
namespace {

using Brokers = std::vector<admin::BrokerDescription>;
using Partitions = std::vector<PartitionState>;
using Sizes = std::map<TopicPartition, std::int64_t>;

std::vector<BrokerId> replicas(std::initializer_list<int> ids) {
  std::vector<BrokerId> all;
  for (const int id : ids) all.push_back(BrokerId{id});
  return all;
}

Brokers brokers(int count, int racks = 0) {
  Brokers all;
  for (int id = 1; id <= count; ++id) {
    admin::BrokerDescription broker;
    broker.id = BrokerId{id};
    if (racks > 0) broker.rack = "rack-" + std::to_string(id % racks);
    all.push_back(std::move(broker));
  }
  return all;
}

void add(Partitions& all, std::vector<BrokerId> on) {
  PartitionState p;
  p.id = {"orders", PartitionId{std::int32_t(all.size())}};
  p.now.id = p.id.partition;
  p.now.leader = on.front();
  p.now.replicas = p.now.isr = std::move(on);
  all.push_back(std::move(p));
}

// How the partitions lie when all is moved.
std::map<TopicPartition, std::vector<BrokerId>> after(const Partitions& all, const std::vector<PlannedMove>& moves) {
  std::map<TopicPartition, std::vector<BrokerId>> lie;
  for (const auto& p : all) lie[p.id] = p.now.replicas;
  for (const auto& move : moves) lie[move.partition] = move.to;
  return lie;
}

struct Loads {
  std::map<BrokerId, int> replicas, leaders;
  std::map<BrokerId, std::int64_t> bytes;
};
Loads loads(const Brokers& all, const std::map<TopicPartition, std::vector<BrokerId>>& lie, const Sizes& sizes = {}) {
  Loads loads;
  for (const auto& broker : all) loads.replicas[broker.id] = loads.leaders[broker.id] = 0;
  for (const auto& [tp, on] : lie) {
    ++loads.leaders[on.front()];
    for (const BrokerId id : on) {
      ++loads.replicas[id];
      loads.bytes[id] += sizes.contains(tp) ? sizes.at(tp) : 0;
    }
  }
  return loads;
}
template <class T>
T spread(const std::map<BrokerId, T>& loads) {
  const auto [least, most] = std::ranges::minmax(loads | std::views::values);
  return most - least;
}
std::size_t copies(const std::vector<PlannedMove>& moves) {
  std::size_t count = 0;
  for (const auto& move : moves) count += move.adds().size();
  return count;
}

TEST(RebalancePlan, FillsABrokerThatWasAdded) {
  Partitions all;
  for (int i = 0; i < 12; ++i) add(all, i % 2 ? replicas({1, 2}) : replicas({2, 1}));
  const auto moves = plan_rebalance(brokers(3), all, {});
  const auto now = loads(brokers(3), after(all, moves));
  EXPECT_EQ(now.replicas, (std::map<BrokerId, int>{{BrokerId{1}, 8}, {BrokerId{2}, 8}, {BrokerId{3}, 8}}));
  EXPECT_EQ(now.leaders, (std::map<BrokerId, int>{{BrokerId{1}, 4}, {BrokerId{2}, 4}, {BrokerId{3}, 4}}));
  EXPECT_EQ(copies(moves), 8u) << "what the new one gets, and no more";
}

TEST(RebalancePlan, IsEmptyWhereAllIsEven) {
  Partitions all;
  add(all, replicas({1, 2}));
  add(all, replicas({2, 3}));
  add(all, replicas({3, 1}));
  EXPECT_TRUE(plan_rebalance(brokers(3), all, {}).empty());
}

TEST(RebalancePlan, LeadersAreEvenedOutWithoutACopyWhereReplicasAreEven) {
  Partitions all;
  add(all, replicas({1, 2}));
  add(all, replicas({1, 3}));
  add(all, replicas({1, 2}));
  add(all, replicas({3, 1}));
  add(all, replicas({3, 2}));
  add(all, replicas({3, 2}));
  const auto moves = plan_rebalance(brokers(3), all, {});
  EXPECT_EQ(copies(moves), 0u);
  EXPECT_EQ(spread(loads(brokers(3), after(all, moves)).leaders), 0);
}

TEST(RebalancePlan, ChoosesByBytes) {
  Partitions all;
  for (int i = 0; i < 4; ++i) add(all, replicas({1}));
  const Sizes sizes{{all[0].id, 10}, {all[1].id, 1}, {all[2].id, 9}, {all[3].id, 2}};
  const auto now = loads(brokers(2), after(all, plan_rebalance(brokers(2), all, sizes)), sizes);
  EXPECT_LE(spread(now.bytes), 2);
}

TEST(RebalancePlan, SpreadsOverRacks) {
  Brokers all = brokers(3);
  all[0].rack = all[1].rack = "a";
  all[2].rack = "b";
  Partitions partitions;
  add(partitions, replicas({1, 2}));
  const auto moves = plan_rebalance(all, partitions, {});
  ASSERT_EQ(moves.size(), 1u);
  EXPECT_TRUE(std::ranges::find(moves[0].to, BrokerId{3}) != moves[0].to.end());
}

TEST(RebalancePlan, LeavesAloneWhatIsDownAndWhatMoves) {
  Brokers all = brokers(3);
  all[2].fenced = true;
  Partitions partitions;
  for (int i = 0; i < 6; ++i) add(partitions, replicas({1}));
  add(partitions, replicas({3}));
  partitions[0].now.replicas = replicas({2, 1});
  partitions[0].move =
      admin::Reassignment{.partition = partitions[0].id, .adding = replicas({2}), .removing = replicas({1})};
  const auto moves = plan_rebalance(all, partitions, {});
  for (const auto& move : moves) {
    EXPECT_NE(move.partition, partitions[0].id);
    EXPECT_EQ(move.to, replicas({2}));
  }
  EXPECT_EQ(moves.size(), 2u) << "of five, as one is on its way";
}

// Random clusters: what the header promises.
TEST(RebalancePlan, KeepsItsPromises) {
  for (unsigned seed = 1; seed <= 400; ++seed) {
    SCOPED_TRACE(seed);
    std::mt19937 random(seed);
    const auto below = [&](int n) { return int(random() % unsigned(n)); };
    const int count = 2 + below(6), racks = below(3) == 0 ? 2 + below(3) : 0;
    const auto all = brokers(count, racks);
    Partitions partitions;
    Sizes sizes;
    for (int i = below(60); i >= 0; --i) {
      std::vector<BrokerId> on;
      for (const auto& broker : all) on.push_back(broker.id);
      std::ranges::shuffle(on, random);
      on.resize(std::size_t(1 + below(std::min(count, 3))));
      if (below(2) == 0) std::ranges::sort(on);  // the first ones lead
      add(partitions, on);
      sizes[partitions.back().id] = below(1'000'000);
    }
    const auto moves = plan_rebalance(all, partitions, sizes);
    const auto rack_count = [&](const std::vector<BrokerId>& on) {
      std::set<std::string> found;
      for (const BrokerId id : on) found.insert(all[std::size_t(id.value - 1)].rack.value_or(""));
      return found.size();
    };
    for (const auto& move : moves) {
      ASSERT_EQ(move.to.size(), move.from.size());
      ASSERT_EQ(std::set(move.to.begin(), move.to.end()).size(), move.to.size()) << "two on one broker";
      ASSERT_GE(rack_count(move.to), rack_count(move.from)) << "fewer racks";
    }
    const auto before = loads(all, after(partitions, {})), now = loads(all, after(partitions, moves));
    if (racks == 0) {
      ASSERT_LE(spread(now.replicas), 1);
      int all_replicas = 0, above = 0;
      for (const auto& [id, carried] : before.replicas) all_replicas += carried;
      for (const auto& [id, carried] : before.replicas) above += std::max(0, carried - all_replicas / count);
      ASSERT_LE(copies(moves), std::size_t(above)) << "more moves than are needed";
    }
    Partitions moved = partitions;
    for (auto& p : moved) p.now.replicas = after(partitions, moves).at(p.id);
    ASSERT_TRUE(plan_rebalance(all, moved, sizes).empty()) << "a plan that is carried out is the end of it";
  }
}

}  // namespace
}  // namespace thalweg::cli
