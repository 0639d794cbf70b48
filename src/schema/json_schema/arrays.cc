#include <fmt/format.h>

#include <algorithm>

#include "schema/json_schema/content_model.h"

namespace thalweg::schema::json_schema {
namespace {

constexpr Names kOfItems{"ITEM_REMOVED_FROM_OPEN_CONTENT_MODEL",
                         "ITEM_WITH_FALSE_REMOVED_FROM_CLOSED_CONTENT_MODEL",
                         "ITEM_REMOVED_FROM_CLOSED_CONTENT_MODEL",
                         "ITEM_REMOVED_IS_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL",
                         "ITEM_REMOVED_NOT_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL",
                         "ITEM_ADDED_IS_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL",
                         "ITEM_ADDED_NOT_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL",
                         {"additionalItems", "ADDITIONAL_ITEMS_ADDED", "ADDITIONAL_ITEMS_REMOVED",
                          "ADDITIONAL_ITEMS_NARROWED", "ADDITIONAL_ITEMS_EXTENDED"},
                         {"unevaluatedItems", "UNEVALUATED_ITEMS_ADDED", "UNEVALUATED_ITEMS_REMOVED",
                          "UNEVALUATED_ITEMS_NARROWED", "UNEVALUATED_ITEMS_EXTENDED"}};

void item_added(Walk& walk, const std::string& path, const Node* now, const ArrayDemand& original, Changes& all) {
  if (is_open(original))
    return add(
        all,
        is_anything(now) ? "ITEM_WITH_EMPTY_SCHEMA_ADDED_TO_OPEN_CONTENT_MODEL" : "ITEM_ADDED_TO_OPEN_CONTENT_MODEL",
        path);
  if (const auto* was = covering(original))
    return covered(walk, path, was, now, kOfItems.added_covered, kOfItems.added_not_covered, all);
  add(all, "ITEM_ADDED_TO_CLOSED_CONTENT_MODEL", path);
}

void counts(const ArrayDemand& original, const ArrayDemand& update, Changes& all) {
  count(original.max_items, update.max_items,
        {"maxItems", "MAX_ITEMS_ADDED", "MAX_ITEMS_REMOVED", "MAX_ITEMS_INCREASED", "MAX_ITEMS_DECREASED"}, all);
  count(original.min_items, update.min_items,
        {"minItems", "MIN_ITEMS_ADDED", "MIN_ITEMS_REMOVED", "MIN_ITEMS_INCREASED", "MIN_ITEMS_DECREASED"}, all);
  if (original.unique != update.unique)
    add(all, original.unique ? "UNIQUE_ITEMS_REMOVED" : "UNIQUE_ITEMS_ADDED", "uniqueItems");
  count(
      original.max_contains, update.max_contains,
      {"maxContains", "MAX_CONTAINS_ADDED", "MAX_CONTAINS_REMOVED", "MAX_CONTAINS_INCREASED", "MAX_CONTAINS_DECREASED"},
      all);
  count(
      original.min_contains, update.min_contains,
      {"minContains", "MIN_CONTAINS_ADDED", "MIN_CONTAINS_REMOVED", "MIN_CONTAINS_INCREASED", "MIN_CONTAINS_DECREASED"},
      all);
}

}  // namespace

void arrays(Walk& walk, const ArrayDemand& original, const ArrayDemand& update, Changes& all) {
  walk.compare_at("items", original.all, update.all, all);
  for (std::size_t i = 0; i < std::max(original.tuple.size(), update.tuple.size()); ++i) {
    const std::string path = fmt::format("items/{}", i);
    if (i >= update.tuple.size())
      removed(walk, path, original.tuple[i], is_open(update), covering(update), kOfItems, all);
    else if (i >= original.tuple.size())
      item_added(walk, path, update.tuple[i], original, all);
    else
      walk.compare_at(path, original.tuple[i], update.tuple[i], all);
  }
  models(walk, original, update, kOfItems, all);
  counts(original, update, all);
}

}  // namespace thalweg::schema::json_schema
