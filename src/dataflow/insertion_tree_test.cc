#include "dataflow/insertion_tree.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <numeric>
#include <random>
#include <vector>

namespace thalweg::streams::detail {
namespace {

TEST(InsertionTree, IsInOrderWhateverWasAddedFirst) {
  std::mt19937 random(7);
  for (int round = 0; round < 200; ++round) {
    std::vector<int> items(round % 40);
    std::iota(items.begin(), items.end(), 0);
    const auto sorted = items;
    std::ranges::shuffle(items, random);
    InsertionTree<int, bool (*)(const int&, const int&)> tree([](const int& a, const int& b) { return a < b; });
    for (const int item : items) tree.add(item), tree.add(item);
    EXPECT_EQ(tree.in_order(), sorted);
  }
}

// Nine items, larger first, whose sizes grow while they are added: what grew after each, "which:by:the next one by",
// and the order that java.util.TreeSet ended with.
struct Filling {
  std::vector<std::array<int, 3>> grown;
  std::vector<int> order;
};
const std::vector<Filling> kFillings = {
    {{{0, 2, 1}, {0, 2, 2}, {1, 3, 3}, {1, 0, 4}, {2, 1, 2}, {4, 1, 1}, {1, 1, 0}, {4, 2, 3}, {2, 1, 1}},
     {0, 4, 3, 2, 1, 8, 5, 6, 7}},
    {{{0, 2, 0}, {0, 2, 1}, {2, 1, 2}, {3, 1, 4}, {1, 3, 1}, {5, 3, 3}, {5, 0, 4}, {4, 1, 2}, {4, 3, 0}},
     {0, 4, 7, 6, 2, 3, 1, 5, 8}},
    {{{0, 1, 3}, {1, 0, 0}, {1, 0, 2}, {2, 2, 3}, {4, 2, 4}, {5, 1, 2}, {0, 0, 1}, {0, 3, 3}, {6, 1, 2}},
     {1, 4, 5, 3, 6, 0, 8, 2, 7}},
    {{{0, 3, 1}, {0, 3, 1}, {1, 3, 3}, {0, 0, 4}, {4, 3, 2}, {2, 0, 2}, {2, 2, 0}, {5, 3, 3}, {7, 3, 3}},
     {0, 1, 4, 3, 5, 8, 6, 2, 7}},
    {{{0, 1, 1}, {0, 2, 2}, {2, 3, 1}, {1, 2, 0}, {2, 2, 3}, {2, 0, 2}, {4, 2, 2}, {3, 2, 4}, {1, 3, 0}},
     {0, 2, 8, 1, 5, 6, 7, 3, 4}}};

TEST(InsertionTree, ComparesWithThoseThatJavaWouldCompareWith) {
  for (const Filling& filling : kFillings) {
    std::vector<int> sizes(filling.order.size(), 1);
    const auto larger = [&](int a, int b) { return sizes[a] != sizes[b] ? sizes[a] > sizes[b] : a < b; };
    InsertionTree<int, decltype(larger)> tree(larger);
    const int last = static_cast<int>(sizes.size()) - 1;
    for (int i = 0; i <= last; ++i) {
      tree.add(i);
      const auto [which, by, next_by] = filling.grown[i];
      sizes[which] += by;
      sizes[std::min(last, i + 1)] += next_by;
    }
    EXPECT_EQ(tree.in_order(), filling.order);
  }
}

}  // namespace
}  // namespace thalweg::streams::detail
