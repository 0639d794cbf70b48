#include "schema/json_schema/walk.h"

#include <algorithm>

namespace thalweg::schema::json_schema {

bool Walk::compatible(const Changes& changes) const {
  return std::ranges::all_of(changes, [&](const Change& change) { return compatible(change.type); });
}

Known Walk::incompatible() const {
  Known all;
  for (const auto& [pair, changes] : known_)
    if (!compatible(changes)) all.emplace(pair, changes);
  return all;
}

// What is known already, which costs something too.
Changes Walk::taken(const Changes& changes) { return take(1 + changes.size()) ? changes : Changes(); }

Changes Walk::compare(const Node* original, const Node* update) {
  if (!original && !update) return {};
  if (!original) return {{"SCHEMA_ADDED", ""}};
  if (!update) return {{"SCHEMA_REMOVED", ""}};
  original = &meant(*original), update = &meant(*update);
  const Pair pair{original, update};
  if (const auto known = known_.find(pair); known != known_.end()) return taken(known->second);
  const Level level(depth_);
  if (!level) give_up();
  if (!take(1)) return {};
  if (!under_way_.insert(pair).second) {
    // A circle: what the pass before found out about it, or that nothing speaks against it.
    if (const auto at = incompatible_.find(pair); at != incompatible_.end()) return taken(at->second);
    assumed_ = true;
    return {};
  }
  Changes changes;
  types(*original, *update, changes);
  under_way_.erase(pair);
  if (changes.size() > kDifferencesMax) changes.resize(kDifferencesMax);
  known_.emplace(pair, changes);
  return changes;
}

// True when one part of what is combined on one side settles it.
bool Walk::settled_by_part(const Node& original, const Node& update, Changes& all) {
  const bool was = original.kind == Kind::kCombined, is = update.kind == Kind::kCombined;
  if (was == is) return false;
  const Node& combined = was ? original : update;
  const bool single = combined.parts.size() == 1;
  const bool sum = combined.criterion != Criterion::kAll;
  if (!single && (is ? !sum : sum)) return false;
  for (const auto* part : combined.parts) {
    const auto changes = is ? compare(&original, part) : compare(part, &update);
    if (!compatible(changes)) continue;
    merge(all, changes);
    if (!single) add(all, is ? "SUM_TYPE_EXTENDED" : "PRODUCT_TYPE_NARROWED");
    return true;
  }
  return false;
}

void Walk::types(const Node& original, const Node& update, Changes& all) {
  if (settled_by_part(original, update, all)) return;
  if (original.kind != update.kind) {
    const bool fits = original.kind == Kind::kNothing || update.kind == Kind::kAnything ||
                      (original.connect_bytes && update.connect_bytes);
    if (!fits) add(all, "TYPE_CHANGED");
    return;
  }
  if (original.id != update.id) add(all, "ID_CHANGED");
  if (original.title != update.title) add(all, "TITLE_CHANGED");
  if (original.description != update.description) add(all, "DESCRIPTION_CHANGED");
  const auto *before = original.default_value, *after = update.default_value;
  if (!before != !after || (before && !json::equivalent(*before, *after))) add(all, "DEFAULT_CHANGED");
  switch (original.kind) {
    case Kind::kString:
      return strings(original, update, all);
    case Kind::kNumber:
      return numbers(original, update, all);
    case Kind::kObject:
      return objects(*this, *original.object, *update.object, all);
    case Kind::kArray:
      return arrays(*this, *original.array, *update.array, all);
    case Kind::kEnum:
      return enums(*this, *original.values, *update.values, all);
    case Kind::kConst:
      if (!json::equivalent(*original.constant, *update.constant)) add(all, "ENUM_ARRAY_CHANGED", "const");
      return;
    case Kind::kNot:
      // The other way round: what must not be has to shrink.
      return add(all, compatible(compare(update.inner, original.inner)) ? "NOT_TYPE_NARROWED" : "NOT_TYPE_EXTENDED",
                 "not");
    case Kind::kCombined:
      return combinations(*this, original, update, all);
    default:
      return;
  }
}

}  // namespace thalweg::schema::json_schema
