#include "console/listing.h"

#include <gtest/gtest.h>

#include <random>

namespace thalweg::console {
namespace {

struct Item {
  std::string name;
  int size = 0;
};
constexpr SortKey<Item> kItemKeys[] = {
    {"name", [](const Item& a, const Item& b) { return a.name <=> b.name; }},
    {"size", [](const Item& a, const Item& b) { return a.size <=> b.size; }},
};

std::vector<const Item*> pointers(const std::vector<Item>& items) {
  std::vector<const Item*> rows;
  for (const auto& item : items) rows.push_back(&item);
  return rows;
}
std::string names_of(const std::vector<const Item*>& rows) {
  std::string all;
  for (const auto* row : rows) all += row->name;
  return all;
}

TEST(Listing, SortsBySeveralKeysEachWayAndByNameInTheEnd) {
  const std::vector<Item> items{{"c", 1}, {"a", 2}, {"d", 1}, {"b", 2}};
  const auto sorted = [&](std::string_view by) {
    return names_of(page_of(pointers(items), *Order<Item>::of(by, kItemKeys), 0, 10));
  };
  EXPECT_EQ(sorted(""), "abcd");
  EXPECT_EQ(sorted("-name"), "dcba");
  EXPECT_EQ(sorted("size"), "cdab");
  EXPECT_EQ(sorted("-size"), "abcd");
  EXPECT_EQ(sorted("-size,-name"), "badc");
}

TEST(Listing, RefusesAKeyThatIsNotThereAndNamesThoseThatAre) {
  const auto order = Order<Item>::of("size,-weight", kItemKeys);
  ASSERT_FALSE(order);
  EXPECT_EQ(order.error().status, 400);
  EXPECT_EQ(order.error().title, "sort has to be one of name, size, each with a minus or without");
  EXPECT_EQ(order.error().fields->front().path, "sort");
}

// Against a plain sort: every page of a random list, whatever its length.
TEST(Listing, PagesTogetherAreTheWholeListInOrder) {
  std::mt19937 random(5);
  for (int round = 0; round < 200; ++round) {
    std::vector<Item> items(random() % 40);
    for (std::size_t i = 0; i < items.size(); ++i) items[i] = {std::to_string(i), int(random() % 5)};
    const auto order = *Order<Item>::of(round % 2 ? "size" : "-size,-name", kItemKeys);
    auto whole = pointers(items);
    std::ranges::sort(whole, [&](const Item* a, const Item* b) { return order(*a, *b); });
    const int limit = 1 + int(random() % 9);
    std::vector<const Item*> together;
    for (int from = 0; from <= int(items.size()); from += limit)
      for (const auto* row : page_of(pointers(items), order, from, limit)) together.push_back(row);
    EXPECT_EQ(together, whole);
  }
}

TEST(Listing, APageHasBounds) {
  EXPECT_TRUE(check_page(0, 1));
  EXPECT_TRUE(check_page(INT32_MAX, kPageMax));
  EXPECT_EQ(check_page(-1, 1).error().fields->front().path, "from");
  EXPECT_EQ(check_page(0, 0).error().fields->front().path, "limit");
  EXPECT_EQ(check_page(0, kPageMax + 1).error().fields->front().path, "limit");
  const std::vector<Item> items{{"a", 1}};
  EXPECT_TRUE(page_of(pointers(items), *Order<Item>::of("", kItemKeys), INT32_MAX, kPageMax).empty());
}

TEST(NameFilter, FindsTextInAnyCaseOrAnExpressionBetweenSlashes) {
  const auto matches = [](const std::string& text, std::string_view name) {
    return NameFilter::of(text)->matches(name);
  };
  EXPECT_TRUE(NameFilter::of(std::nullopt)->matches("anything"));
  EXPECT_TRUE(matches("ORD", "my.orders.v1"));
  EXPECT_TRUE(matches("ers.v", "my.OrdERS.V1"));
  EXPECT_FALSE(matches("orders.v2", "my.orders.v1"));
  EXPECT_TRUE(matches("a.c", "xa.cx"));
  EXPECT_FALSE(matches("a.c", "abc"));  // no expression
  EXPECT_TRUE(matches("/^a.c$/", "abc"));
  EXPECT_FALSE(matches("/^a.c$/", "abcd"));
  EXPECT_TRUE(matches("/", "a/b"));
  EXPECT_EQ(NameFilter::of("/(/").error().status, 400);
}

// Steps are counted, so one that would take for ever matches nothing instead.
TEST(NameFilter, AnExpressionThatExplodesGivesUp) {
  const auto filter = NameFilter::of("/^(a+)+$/");
  ASSERT_TRUE(filter);
  EXPECT_FALSE(filter->matches(std::string(200, 'a') + "b"));
  EXPECT_LT(filter->names_at_once(), NameFilter::of("text")->names_at_once() / 10);
}

}  // namespace
}  // namespace thalweg::console
