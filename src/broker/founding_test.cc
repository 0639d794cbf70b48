#include "broker/founding.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <functional>
#include <unordered_set>
#include <vector>

namespace thalweg::broker {
namespace {

using Step = Decision::Step;
using Answer = std::optional<Seen>;

const std::vector<BrokerId> kThree{BrokerId{1}, BrokerId{2}, BrokerId{3}};

Seen node(int id, Own own, std::string cluster = "X", bool by_hand = false) {
  return {.node = BrokerId{id},
          .own = own,
          .by_hand = by_hand,
          .cluster_id = own == Own::kEmpty ? "" : std::move(cluster),
          .voters = kThree};
}
Seen empty(int id) { return node(id, Own::kEmpty); }

Decision decided(const Seen& self, std::vector<Answer> asked, bool waited_long = false) {
  return decide(self, asked, waited_long);
}
Step step(const Seen& self, std::vector<Answer> asked, bool waited_long = false) {
  return decided(self, std::move(asked), waited_long).step;
}

TEST(Founding, AMemberStartsWhateverTheOthersAre) {
  EXPECT_EQ(step(node(1, Own::kMember), {std::nullopt, node(3, Own::kMember, "Y")}), Step::kStart);
  EXPECT_EQ(step(node(1, Own::kMember), {empty(2), empty(3)}), Step::kStart);
}

TEST(Founding, AMemberThatWasToldToJoinAnotherClusterIsRefused) {
  Seen self = node(1, Own::kMember);
  self.founds = false;
  EXPECT_EQ(step(self, {node(3, Own::kMember, "Y")}), Step::kRefuse);
  EXPECT_EQ(step(self, {node(3, Own::kMember)}), Step::kStart) << "it has joined already";
  EXPECT_EQ(step(self, {std::nullopt}), Step::kStart) << "the others may be down, and wait for it";
}

TEST(Founding, WhoIsNotAMemberJoinsTheOneThatIs) {
  EXPECT_EQ(decided(empty(1), {std::nullopt, node(3, Own::kMember)}).step, Step::kJoin);
  EXPECT_EQ(decided(empty(1), {std::nullopt, node(3, Own::kMember)}).cluster_id, "X");
  EXPECT_EQ(step(node(1, Own::kFormatted), {std::nullopt, node(3, Own::kMember)}), Step::kJoin);
}

TEST(Founding, ANodeAloneFoundsAlone) {
  EXPECT_EQ(step(empty(1), {}), Step::kFound);
  EXPECT_EQ(step(node(1, Own::kFormatted), {}), Step::kReady);
  EXPECT_EQ(step(node(1, Own::kReady), {}), Step::kStart);
}

// Whatever its id, and whatever the controllers are: it would be a founder that has no vote.
TEST(Founding, WhoIsOnlyABrokerJoinsAndNeverFounds) {
  for (Seen self : {empty(0), empty(9), node(9, Own::kFormatted), node(9, Own::kFormatted, "X", true)}) {
    self.founds = false;
    EXPECT_EQ(step(self, {empty(1), empty(2)}, true), Step::kAskAgain);
    EXPECT_EQ(step(self, {node(1, Own::kFormatted), node(2, Own::kFormatted)}, true), Step::kAskAgain);
    EXPECT_EQ(step(self, {node(1, Own::kReady), node(2, Own::kReady)}, true), Step::kAskAgain);
    EXPECT_EQ(step(self, {std::nullopt, std::nullopt}, true), Step::kAskAgain);
    EXPECT_EQ(step(self, {}, true), Step::kAskAgain);
    EXPECT_EQ(step(self, {std::nullopt, node(2, Own::kMember)}), Step::kJoin);
  }
}

TEST(Founding, AnEmptyNodeWaitsForWhoDoesNotAnswer) {
  EXPECT_EQ(step(empty(1), {empty(2), std::nullopt}), Step::kAskAgain);
  EXPECT_EQ(step(empty(1), {node(2, Own::kFormatted), std::nullopt}, true), Step::kAskAgain);
}

TEST(Founding, TwoEmptiedDisksOfThreeFoundNothing) {
  EXPECT_EQ(step(empty(1), {empty(2), std::nullopt}, true), Step::kAskAgain);
  EXPECT_EQ(step(empty(1), {empty(2), node(3, Own::kReady)}, true), Step::kAskAgain);
  EXPECT_EQ(step(empty(1), {empty(2), node(3, Own::kMember)}, true), Step::kJoin);
}

TEST(Founding, TheLowestOfAllEmptyNodesFounds) {
  EXPECT_EQ(step(empty(1), {empty(3), empty(2)}), Step::kFound);
  EXPECT_EQ(step(empty(2), {empty(1), empty(3)}), Step::kAskAgain);
}

TEST(Founding, NodesWithOtherListsFoundNothing) {
  Seen other = empty(3);
  other.voters = {BrokerId{1}, BrokerId{3}};
  const auto refused = decided(empty(1), {empty(2), other});
  EXPECT_EQ(refused.step, Step::kRefuse);
  EXPECT_NE(refused.why.find("node 1 has [1, 2, 3], node 3 has [1, 3]"), std::string::npos) << refused.why;
  other.voters = {BrokerId{3}, BrokerId{2}, BrokerId{1}};  // the same in another order
  EXPECT_EQ(step(empty(1), {empty(2), other}), Step::kFound);
}

TEST(Founding, AnEmptyNodeAdoptsWhatOthersWereFormattedWith) {
  const auto adopted = decided(empty(2), {node(1, Own::kFormatted), empty(3)});
  EXPECT_EQ(adopted.step, Step::kAdopt);
  EXPECT_EQ(adopted.cluster_id, "X");
  EXPECT_EQ(step(empty(2), {node(1, Own::kFormatted), node(3, Own::kFormatted, "Y")}), Step::kRefuse);
}

TEST(Founding, FormattedNodesAreReadyWhenAllAre) {
  EXPECT_EQ(step(node(1, Own::kFormatted), {node(2, Own::kFormatted), node(3, Own::kReady)}), Step::kReady);
  EXPECT_EQ(step(node(1, Own::kFormatted), {node(2, Own::kFormatted), empty(3)}), Step::kAskAgain);
  EXPECT_EQ(step(node(1, Own::kFormatted), {node(2, Own::kFormatted), std::nullopt}, true), Step::kAskAgain);
}

TEST(Founding, FormattedByHandAMajorityDoesAfterAWhile) {
  const Seen self = node(1, Own::kFormatted, "X", true), other = node(2, Own::kFormatted, "X", true);
  EXPECT_EQ(step(self, {other, std::nullopt}), Step::kAskAgain);
  EXPECT_EQ(step(self, {other, std::nullopt}, true), Step::kStart);
  EXPECT_EQ(step(self, {std::nullopt, std::nullopt}, true), Step::kAskAgain);
  EXPECT_EQ(step(self, {other, empty(3)}, true), Step::kStart);
}

TEST(Founding, ReadyNodesStartWhenAllAreReadyOrOneHasBegun) {
  EXPECT_EQ(step(node(1, Own::kReady), {node(2, Own::kReady), node(3, Own::kReady)}), Step::kStart);
  EXPECT_EQ(step(node(1, Own::kReady), {node(2, Own::kMember), std::nullopt}), Step::kStart);
  EXPECT_EQ(step(node(1, Own::kReady), {node(2, Own::kMember), empty(3)}), Step::kStart);
  EXPECT_EQ(step(node(1, Own::kReady), {node(2, Own::kReady), node(3, Own::kFormatted)}, true), Step::kAskAgain);
  EXPECT_EQ(step(node(1, Own::kReady), {node(2, Own::kReady), std::nullopt}, true), Step::kAskAgain);
  EXPECT_EQ(step(node(1, Own::kReady), {node(2, Own::kReady), empty(3)}, true), Step::kAskAgain);
}

TEST(Founding, ForeignClustersAreRefused) {
  EXPECT_EQ(step(node(1, Own::kFormatted), {node(2, Own::kMember, "Y"), std::nullopt}), Step::kRefuse);
  EXPECT_EQ(step(node(1, Own::kReady), {node(2, Own::kFormatted, "Y"), std::nullopt}), Step::kRefuse);
}

// The other disk of theirs still says which cluster it was.
TEST(Founding, WhoLostItsMetadataLogJoinsAndNeverFounds) {
  EXPECT_EQ(step(node(1, Own::kLost), {node(2, Own::kMember), std::nullopt}), Step::kJoin);
  EXPECT_EQ(decided(node(1, Own::kLost), {node(2, Own::kMember), std::nullopt}).cluster_id, "X");
  EXPECT_EQ(step(node(1, Own::kLost), {node(2, Own::kLost), std::nullopt}, true), Step::kAskAgain);
  EXPECT_EQ(step(node(1, Own::kLost), {node(2, Own::kLost), node(3, Own::kLost)}, true), Step::kAskAgain);
  EXPECT_EQ(step(node(1, Own::kLost), {node(2, Own::kReady), node(3, Own::kReady)}, true), Step::kAskAgain);
  EXPECT_EQ(step(node(1, Own::kLost), {node(2, Own::kMember, "Y"), std::nullopt}), Step::kRefuse);
}

// Since the copy was made it may have voted, and said that it has what was committed.
TEST(Founding, WhoseMetadataLogIsACopyJoinsWhoHasHisOwn) {
  EXPECT_EQ(step(node(1, Own::kCopied), {node(2, Own::kMember), std::nullopt}), Step::kJoin);
  EXPECT_EQ(step(node(1, Own::kCopied), {node(2, Own::kMember), node(3, Own::kCopied)}), Step::kJoin);
  EXPECT_EQ(step(node(1, Own::kCopied), {node(2, Own::kCopied), std::nullopt}, true), Step::kAskAgain);
  EXPECT_EQ(step(node(1, Own::kCopied), {node(2, Own::kMember, "Y"), std::nullopt}), Step::kRefuse);
}

TEST(Founding, WhatIsLeftAreCopiesAndTheyGoOn) {
  EXPECT_EQ(step(node(1, Own::kCopied), {}), Step::kStart);
  EXPECT_EQ(step(node(1, Own::kCopied), {node(2, Own::kCopied), node(3, Own::kCopied)}), Step::kStart);
  EXPECT_EQ(step(node(1, Own::kCopied), {node(2, Own::kCopied), node(3, Own::kLost)}), Step::kStart);
  EXPECT_EQ(step(node(1, Own::kCopied), {node(2, Own::kCopied), empty(3)}), Step::kStart);
}

TEST(Founding, NobodyFoundsBesideACopyOfAMetadataLog) {
  EXPECT_EQ(step(empty(1), {empty(2), node(3, Own::kCopied)}, true), Step::kAskAgain);
  EXPECT_EQ(step(node(1, Own::kLost), {node(2, Own::kLost), node(3, Own::kCopied)}, true), Step::kAskAgain);
  EXPECT_EQ(step(node(1, Own::kFormatted), {node(2, Own::kFormatted), node(3, Own::kCopied)}, true), Step::kAskAgain);
  EXPECT_EQ(step(node(1, Own::kReady), {node(2, Own::kReady), node(3, Own::kCopied)}, true), Step::kAskAgain);
}

TEST(Founding, NobodyFoundsBesideWhoLostItsMetadataLog) {
  EXPECT_EQ(step(empty(1), {empty(2), node(3, Own::kLost)}, true), Step::kAskAgain);
  EXPECT_EQ(step(node(1, Own::kFormatted), {node(2, Own::kFormatted), node(3, Own::kLost)}, true), Step::kAskAgain);
  EXPECT_EQ(step(node(1, Own::kFormatted, "X", true), {node(2, Own::kLost), std::nullopt}, true), Step::kAskAgain);
  EXPECT_EQ(step(node(1, Own::kReady), {node(2, Own::kReady), node(3, Own::kLost)}, true), Step::kAskAgain);
}

// Every combination of two others that may answer, for every self, has an answer, and never a dangerous one.
TEST(Founding, IsTotal) {
  std::vector<Answer> answers{std::nullopt, empty(0)};
  for (const Own own : {Own::kFormatted, Own::kReady, Own::kMember, Own::kLost})
    for (const char* cluster : {"X", "Y"})
      for (const bool by_hand : {false, true}) answers.push_back(node(0, own, cluster, by_hand));
  int decisions = 0;
  for (int id = 1; id <= 3; ++id)
    for (const auto& mine : answers)
      for (auto one : answers)
        for (auto other : answers)
          for (const bool waited : {false, true}) {
            if (!mine) continue;
            Seen self = *mine;
            self.node = BrokerId{id};
            if (one) one->node = BrokerId{id == 1 ? 2 : 1};
            if (other) other->node = BrokerId{id == 3 ? 2 : 3};
            const auto made = decided(self, {one, other}, waited);
            ++decisions;
            const auto is = [](const Answer& a, Own own) { return a && a->own == own; };
            if (made.step == Step::kFound) {
              EXPECT_TRUE(id == 1 && is(one, Own::kEmpty) && is(other, Own::kEmpty));
            }
            if (made.step == Step::kStart && self.own == Own::kFormatted) {
              EXPECT_TRUE(self.by_hand && waited);
            }
            if (made.step == Step::kReady) {
              EXPECT_TRUE(one && other && one->cluster_id == self.cluster_id && other->cluster_id == self.cluster_id);
            }
            if (made.step == Step::kAdopt || made.step == Step::kJoin || made.step == Step::kStart) {
              EXPECT_FALSE(made.cluster_id.empty());
            }
            EXPECT_EQ(made.why.empty(), false);
          }
  EXPECT_EQ(decisions, 3 * 17 * 18 * 18 * 2);
}

// Three nodes that ask one another in every order, decide upon answers that are old by then, and lose their disks at
// any moment: all that can happen is looked at.
class Model {
 public:
  static constexpr int kWipesMax = 2;
  // What a node shows: 0 nothing heard, 1 empty, then formatted, ready, member of cluster 1, of 2, of 3.
  using Shown = std::uint8_t;
  static constexpr Shown kUnheard = 0, kEmptyShown = 1;

  struct State {
    std::array<Shown, 3> own{kEmptyShown, kEmptyShown, kEmptyShown};
    std::array<std::array<Shown, 3>, 3> heard{};
    std::array<std::uint8_t, 3> joined{};   // a member, and no founding voter
    std::array<std::uint8_t, 3> counted{};  // bit per cluster: a disk of this node voted in it beside another's
    std::uint8_t founded = 0, wipes = 0;

    std::uint64_t key() const {
      std::uint64_t key = 0;
      for (int i = 0; i < 3; ++i) {
        key = key * 11 + own[std::size_t(i)];
        for (int j = 0; j < 3; ++j)
          if (i != j) key = key * 11 + heard[std::size_t(i)][std::size_t(j)];
        key = key * 2 + joined[std::size_t(i)];
        key = key * 8 + counted[std::size_t(i)];
      }
      return (key * 4 + founded) * 4 + wipes;
    }
  };

  // How many states there are; every one has been checked.
  std::size_t explore() {
    visit(State{});
    while (!pending_.empty()) {
      const State state = pending_.back();
      pending_.pop_back();
      for (std::size_t i = 0; i < 3; ++i) {
        ask(state, i);
        decide_now(state, i);
        wipe(state, i);
      }
    }
    return seen_.size();
  }
  bool has_founded() const { return clusters_of_three_ > 0; }

 private:
  static Own own_of(Shown shown) { return shown == kEmptyShown ? Own::kEmpty : Own((shown - 2) % 3 + 1); }
  static int cluster_of(Shown shown) { return shown <= kEmptyShown ? 0 : (shown - 2) / 3 + 1; }
  static Shown show(Own own, int cluster) { return Shown(2 + (cluster - 1) * 3 + int(own) - 1); }
  static Seen seen_of(std::size_t id, Shown shown) {
    return node(int(id) + 1, own_of(shown), std::to_string(cluster_of(shown)));
  }

  void visit(const State& state) {
    if (seen_.insert(state.key()).second) pending_.push_back(state);
  }

  void ask(State state, std::size_t i) {
    if (own_of(state.own[i]) == Own::kMember) return;
    for (std::size_t j = 0; j < 3; ++j) {
      if (i == j || state.heard[i][j] != kUnheard) continue;
      State next = state;
      next.heard[i][j] = state.own[j];
      visit(next);
    }
  }

  void wipe(State state, std::size_t i) {
    if (state.wipes == kWipesMax || state.own[i] == kEmptyShown) return;
    ++state.wipes;
    state.own[i] = kEmptyShown;
    state.heard[i] = {};
    state.joined[i] = 0;
    visit(state);
  }

  void decide_now(State state, std::size_t i) {
    if (own_of(state.own[i]) == Own::kMember) return;
    std::vector<Answer> asked;
    for (std::size_t j = 0; j < 3; ++j)
      if (j != i) asked.push_back(state.heard[i][j] == kUnheard ? Answer() : Answer(seen_of(j, state.heard[i][j])));
    const auto made = decide(seen_of(i, state.own[i]), asked, true);
    state.heard[i] = {};
    const int cluster = made.cluster_id.empty() ? 0 : std::stoi(made.cluster_id);
    switch (made.step) {
      case Step::kFound:
        if (state.founded == 3) return;
        state.own[i] = show(Own::kFormatted, ++state.founded);
        break;
      case Step::kAdopt:
        state.own[i] = show(Own::kFormatted, cluster);
        break;
      case Step::kReady:
        state.own[i] = show(Own::kReady, cluster);
        break;
      case Step::kJoin:
        state.own[i] = show(Own::kMember, cluster);
        state.joined[i] = 1;
        break;
      case Step::kStart:
        EXPECT_FALSE(state.counted[i] & (1 << (cluster - 1)))
            << "node " << i + 1 << " votes again in cluster " << cluster << ", without what its former disk knew";
        state.own[i] = show(Own::kMember, cluster);
        break;
      case Step::kAskAgain:
      case Step::kRefuse:
        break;
    }
    note_who_votes_beside_whom(state);
    visit(state);
  }

  void note_who_votes_beside_whom(State& state) {
    int members = 0;
    for (std::size_t i = 0; i < 3; ++i) {
      if (own_of(state.own[i]) != Own::kMember) continue;
      ++members;
      for (std::size_t j = 0; j < 3; ++j) {
        if (i == j || own_of(state.own[j]) != Own::kMember) continue;
        EXPECT_EQ(cluster_of(state.own[i]), cluster_of(state.own[j])) << "two clusters were founded";
        if (!state.joined[i] && !state.joined[j]) state.counted[i] |= std::uint8_t(1 << (cluster_of(state.own[i]) - 1));
      }
    }
    clusters_of_three_ += members == 3;
  }

  std::unordered_set<std::uint64_t> seen_;
  std::vector<State> pending_;
  std::size_t clusters_of_three_ = 0;
};

TEST(Founding, NoOrderOfEventsFoundsTwoClustersOrBringsAVoterBackWithoutItsMemory) {
  Model model;
  const auto states = model.explore();
  EXPECT_TRUE(model.has_founded());
  EXPECT_GT(states, 10'000u);
  RecordProperty("states", int(states));
}

}  // namespace
}  // namespace thalweg::broker
