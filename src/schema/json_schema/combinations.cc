// allOf, anyOf and oneOf: the parts of the one side paired with those of the other.
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "schema/json_schema/walk.h"

namespace thalweg::schema::json_schema {
namespace {

// Which new parts an old one fits, and what changed on the way.
using Fits = std::vector<std::pair<std::size_t, Changes>>;

std::vector<const Node*> distinct(const Node& combined) {
  std::vector<const Node*> parts;
  std::set<std::string_view> texts;
  for (const auto* part : combined.parts)
    if (texts.insert(part->text).second) parts.push_back(part);
  return parts;
}

// Kuhn's way to a maximum matching: find a partner, if need be by finding another one for who has it.
bool pair_up(Walk& walk, std::size_t i, const std::vector<Fits>& fits, std::vector<std::size_t>& partner,
             std::vector<bool>& tried) {
  const Level level(walk.depth());
  if (!level || !walk.take(1 + fits[i].size())) {
    walk.give_up();
    return false;
  }
  for (const auto& [j, changes] : fits[i]) {
    if (tried[j]) continue;
    tried[j] = true;
    if (partner[j] == fits.size() || pair_up(walk, partner[j], fits, partner, tried)) {
      partner[j] = i;
      return true;
    }
  }
  return false;
}

}  // namespace

void combinations(Walk& walk, const Node& original, const Node& update, Changes& all) {
  if (original.criterion != update.criterion) {
    const bool was_single = original.parts.size() == 1, is_single = update.parts.size() == 1;
    const bool extended = update.criterion == Criterion::kAny || (was_single && is_single) ||
                          (was_single && update.criterion == Criterion::kOne) ||
                          (is_single && original.criterion == Criterion::kAll);
    add(all, extended ? "COMBINED_TYPE_EXTENDED" : "COMBINED_TYPE_CHANGED");
    if (!extended) return;
  }
  const auto before = distinct(original), after = distinct(update);
  if (before.size() < after.size())
    add(all, update.criterion == Criterion::kAll ? "PRODUCT_TYPE_EXTENDED" : "SUM_TYPE_EXTENDED");
  if (before.size() > after.size())
    add(all, original.criterion == Criterion::kAll ? "PRODUCT_TYPE_NARROWED" : "SUM_TYPE_NARROWED");
  // Which old part fits which new one, and then as many pairs of them as there can be.
  std::vector<Fits> fits(before.size());
  for (std::size_t i = 0; i < before.size(); ++i)
    for (std::size_t j = 0; j < after.size() && !walk.gave_up(); ++j) {
      auto changes = walk.compare(before[i], after[j]);
      if (walk.compatible(changes)) fits[i].emplace_back(j, std::move(changes));
    }
  std::vector<std::size_t> partner(after.size(), before.size());
  std::size_t matched = 0;
  for (std::size_t i = 0; i < before.size() && !walk.gave_up(); ++i) {
    std::vector<bool> tried(after.size());
    matched += pair_up(walk, i, fits, partner, tried) ? 1 : 0;
  }
  for (std::size_t i = 0; i < before.size(); ++i)
    for (const auto& [j, changes] : fits[i])
      if (partner[j] == i) merge(all, changes, fmt::format("{}/{}", name(original.criterion), i));
  if (matched < std::min(before.size(), after.size())) add(all, "COMBINED_TYPE_SUBSCHEMAS_CHANGED");
}

}  // namespace thalweg::schema::json_schema
