// What all lists do: names are filtered, rows are put in the order that was asked for, and a page is cut out.
//
// Only what the page needs is sorted: 10,214 rows take some tenths of a millisecond. Orders are total, since a name
// decides in the end, so pages fit together.
#pragma once

#include <algorithm>
#include <compare>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "config/option.h"
#include "console/problem.h"
#include "schema/json_schema/pattern.h"

namespace thalweg::console {

inline constexpr std::int32_t kPageMax = 500;

// `from` and `limit` of a list.
Outcome<> check_page(std::int32_t from, std::int32_t limit);

// Text in a name, in any case of ASCII's letters; or a regular expression between slashes, which is matched within
// bounds.
class NameFilter {
 public:
  // The expression is wrong: 400.
  static Outcome<NameFilter> of(const std::optional<std::string>& text);
  bool matches(std::string_view name) const;
  // How many names may be looked at in one go: an expression may take its bound of steps for each.
  std::size_t names_at_once() const { return pattern_ ? 20 : 2000; }

 private:
  std::string text_;  // in lower case
  std::optional<schema::json_schema::Pattern> pattern_;
};
std::string lower(std::string_view text);

// A key by which rows can be put in order, as `sort` names it.
template <class Row>
struct SortKey {
  std::string_view name;
  std::strong_ordering (*compare)(const Row& a, const Row& b);
};

// By what a lambda without captures says of a row. Not as a template's argument: two sources' lambdas may have one name
// there, and the linker would take one for both.
template <class Row, class Of>
constexpr SortKey<Row> sort_key(std::string_view name, Of) {
  return {name, [](const Row& a, const Row& b) -> std::strong_ordering { return Of{}(a) <=> Of{}(b); }};
}

template <class Row>
class Order {
 public:
  // "-partitions,name". `keys` begins with the one that decides in the end. 400 for one that is not there.
  static Outcome<Order> of(std::string_view sort, std::span<const SortKey<Row>> keys) {
    Order order;
    for (const auto& word : config::split_list(sort)) {
      const bool down = word.starts_with('-');
      const auto key = std::ranges::find(keys, std::string_view(word).substr(down ? 1 : 0), &SortKey<Row>::name);
      if (key == keys.end())
        return std::unexpected(invalid("sort", "one of " + names(keys) + ", each with a minus or without"));
      order.steps_.push_back({key->compare, down});
    }
    order.steps_.push_back({keys.front().compare, false});
    return order;
  }
  bool operator()(const Row& a, const Row& b) const {
    for (const auto& [compare, down] : steps_) {
      const auto decided = compare(a, b);
      if (decided != std::strong_ordering::equal) return down ? decided > 0 : decided < 0;
    }
    return false;
  }

 private:
  struct Step {
    std::strong_ordering (*compare)(const Row& a, const Row& b);
    bool down;
  };
  static std::string names(std::span<const SortKey<Row>> keys) {
    std::string all;
    for (const auto& key : keys) all += (all.empty() ? "" : ", ") + std::string(key.name);
    return all;
  }
  std::vector<Step> steps_;
};

// Those of the page, in order. REQUIRES: check_page()
template <class Row>
std::vector<const Row*> page_of(std::vector<const Row*> rows, const Order<Row>& order, std::int32_t from,
                                std::int32_t limit) {
  const auto less = [&order](const Row* a, const Row* b) { return order(*a, *b); };
  const std::size_t first = std::min(std::size_t(from), rows.size());
  const std::size_t last = std::min(first + std::size_t(limit), rows.size());
  const auto at = [&rows](std::size_t place) { return rows.begin() + std::ptrdiff_t(place); };
  std::nth_element(rows.begin(), at(first), rows.end(), less);
  std::partial_sort(at(first), at(last), rows.end(), less);
  return {at(first), at(last)};
}

}  // namespace thalweg::console
