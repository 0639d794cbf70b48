#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>
#include <unordered_map>

#include "json/writer.h"
#include "schema/json_schema/advice.h"
#include "schema/json_schema/json_schema.h"
#include "schema/limits.h"

namespace thalweg::schema::json_schema {
namespace {

constexpr std::array kCompatible = std::to_array<std::string_view>({
    "ID_CHANGED",
    "DESCRIPTION_CHANGED",
    "TITLE_CHANGED",
    "DEFAULT_CHANGED",
    "SCHEMA_REMOVED",
    "TYPE_EXTENDED",
    "MAX_LENGTH_INCREASED",
    "MAX_LENGTH_REMOVED",
    "MIN_LENGTH_DECREASED",
    "MIN_LENGTH_REMOVED",
    "PATTERN_REMOVED",
    "MAXIMUM_INCREASED",
    "MAXIMUM_REMOVED",
    "MINIMUM_DECREASED",
    "MINIMUM_REMOVED",
    "EXCLUSIVE_MAXIMUM_INCREASED",
    "EXCLUSIVE_MAXIMUM_REMOVED",
    "EXCLUSIVE_MINIMUM_DECREASED",
    "EXCLUSIVE_MINIMUM_REMOVED",
    "MULTIPLE_OF_REDUCED",
    "MULTIPLE_OF_REMOVED",
    "REQUIRED_ATTRIBUTE_WITH_DEFAULT_ADDED",
    "REQUIRED_ATTRIBUTE_REMOVED",
    "DEPENDENCY_ARRAY_NARROWED",
    "DEPENDENCY_ARRAY_REMOVED",
    "DEPENDENCY_SCHEMA_REMOVED",
    "MAX_PROPERTIES_INCREASED",
    "MAX_PROPERTIES_REMOVED",
    "MIN_PROPERTIES_DECREASED",
    "MIN_PROPERTIES_REMOVED",
    "ADDITIONAL_PROPERTIES_ADDED",
    "ADDITIONAL_PROPERTIES_EXTENDED",
    "UNEVALUATED_PROPERTIES_ADDED",
    "UNEVALUATED_PROPERTIES_EXTENDED",
    "PROPERTY_WITH_EMPTY_SCHEMA_ADDED_TO_OPEN_CONTENT_MODEL",
    "REQUIRED_PROPERTY_WITH_DEFAULT_ADDED_TO_UNOPEN_CONTENT_MODEL",
    "OPTIONAL_PROPERTY_ADDED_TO_UNOPEN_CONTENT_MODEL",
    "PROPERTY_WITH_FALSE_REMOVED_FROM_CLOSED_CONTENT_MODEL",
    "PROPERTY_REMOVED_FROM_OPEN_CONTENT_MODEL",
    "PROPERTY_ADDED_IS_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL",
    "PROPERTY_REMOVED_IS_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL",
    "MAX_ITEMS_INCREASED",
    "MAX_ITEMS_REMOVED",
    "MIN_ITEMS_DECREASED",
    "MIN_ITEMS_REMOVED",
    "MAX_CONTAINS_INCREASED",
    "MAX_CONTAINS_REMOVED",
    "MIN_CONTAINS_DECREASED",
    "MIN_CONTAINS_REMOVED",
    "UNIQUE_ITEMS_REMOVED",
    "ADDITIONAL_ITEMS_ADDED",
    "ADDITIONAL_ITEMS_EXTENDED",
    "UNEVALUATED_ITEMS_ADDED",
    "UNEVALUATED_ITEMS_EXTENDED",
    "ITEM_WITH_EMPTY_SCHEMA_ADDED_TO_OPEN_CONTENT_MODEL",
    "ITEM_ADDED_TO_CLOSED_CONTENT_MODEL",
    "ITEM_WITH_FALSE_REMOVED_FROM_CLOSED_CONTENT_MODEL",
    "ITEM_REMOVED_FROM_OPEN_CONTENT_MODEL",
    "ITEM_ADDED_IS_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL",
    "ITEM_REMOVED_IS_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL",
    "ENUM_ARRAY_EXTENDED",
    "COMBINED_TYPE_EXTENDED",
    "PRODUCT_TYPE_NARROWED",
    "SUM_TYPE_EXTENDED",
    "NOT_TYPE_NARROWED",
});
constexpr std::array kCompatibleIfLenient = std::to_array<std::string_view>({
    "ADDITIONAL_PROPERTIES_NARROWED",
    "ADDITIONAL_PROPERTIES_REMOVED",
    "UNEVALUATED_PROPERTIES_NARROWED",
    "UNEVALUATED_PROPERTIES_REMOVED",
    "REQUIRED_PROPERTY_WITH_DEFAULT_ADDED_TO_OPEN_CONTENT_MODEL",
    "OPTIONAL_PROPERTY_ADDED_TO_OPEN_CONTENT_MODEL",
    "PROPERTY_REMOVED_FROM_CLOSED_CONTENT_MODEL",
    "PROPERTY_ADDED_NOT_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL",
    "PROPERTY_REMOVED_NOT_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL",
});

// A change, and where it is, seen from the pair that was compared: "" or "properties/a".
struct Change {
  std::string_view type;
  std::string path;
};
using Changes = std::vector<Change>;
using Pair = std::pair<const Node*, const Node*>;
struct PairHash {
  std::size_t operator()(const Pair& p) const {
    return std::hash<const Node*>()(p.first) * 31 + std::hash<const Node*>()(p.second);
  }
};
using Known = std::unordered_map<Pair, Changes, PairHash>;

const Node& meant(const Node& node) { return node.is_reference ? *node.target : node; }
bool is_anything(const Node* node) { return meant(*node).kind == Kind::kAnything; }
bool is_nothing(const Node* node) { return meant(*node).kind == Kind::kNothing; }

// Whether `a` is a whole number of times `b`; both above zero. As decimals: 0.3 is three times 0.1.
bool divides(const json::Decimal& b, const json::Decimal& a) {
  const auto exponent = std::min(a.exponent, b.exponent);
  if (a.exponent - exponent > 60 || b.exponent - exponent > 60 || a.digits.size() > 60 || b.digits.size() > 30)
    return false;
  unsigned __int128 divisor = 0;
  const auto digits = [&](const json::Decimal& d) {
    return d.digits + std::string(static_cast<std::size_t>(d.exponent - exponent), '0');
  };
  const auto text = digits(b);
  if (text.size() > 30 || text.empty()) return false;
  for (const char c : text) divisor = divisor * 10 + static_cast<unsigned>(c - '0');
  unsigned __int128 rest = 0;
  for (const char c : digits(a)) rest = (rest * 10 + static_cast<unsigned>(c - '0')) % divisor;
  return rest == 0;
}

class Walk {
 public:
  Walk(Policy policy, const Known& incompatible) : policy_(policy), incompatible_(incompatible) {}

  bool compatible(std::string_view type) const {
    return std::ranges::find(kCompatible, type) != kCompatible.end() ||
           (policy_ == Policy::kLenient && std::ranges::find(kCompatibleIfLenient, type) != kCompatibleIfLenient.end());
  }
  bool compatible(const Changes& changes) const {
    return std::ranges::all_of(changes, [&](const Change& change) { return compatible(change.type); });
  }

  // Null is a schema that is not there.
  Changes compare(const Node* original, const Node* update) {
    if (!original && !update) return {};
    if (!original) return {{"SCHEMA_ADDED", ""}};
    if (!update) return {{"SCHEMA_REMOVED", ""}};
    original = &meant(*original), update = &meant(*update);
    const Pair pair{original, update};
    if (const auto known = known_.find(pair); known != known_.end()) return take(known->second);
    const Level level(depth_);
    if (!level || !work_.take()) return give_up();
    if (!under_way_.insert(pair).second) {
      // A circle: what the pass before found out about it, or that nothing speaks against it.
      if (const auto at = incompatible_.find(pair); at != incompatible_.end()) return take(at->second);
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

  bool assumed() const { return assumed_; }
  bool gave_up() const { return gave_up_; }
  // Those that turned out not to be compatible.
  Known incompatible() const {
    Known all;
    for (const auto& [pair, changes] : known_)
      if (!compatible(changes)) all.emplace(pair, changes);
    return all;
  }

 private:
  Changes give_up() {
    gave_up_ = true;
    return {};
  }
  Changes take(const Changes& changes) {
    if (!work_.take(1 + changes.size())) return give_up();
    return changes;
  }
  static void add(Changes& all, std::string_view type, std::string_view path = "") {
    all.push_back({type, std::string(path)});
  }
  // What was found below `prefix`.
  static void merge(Changes& all, const Changes& more, std::string_view prefix = "") {
    for (const auto& change : more) {
      if (all.size() >= kDifferencesMax) return;
      all.push_back({change.type, prefix.empty()        ? change.path
                                  : change.path.empty() ? std::string(prefix)
                                                        : fmt::format("{}/{}", prefix, change.path)});
    }
  }
  void compare_at(std::string_view prefix, const Node* original, const Node* update, Changes& all) {
    merge(all, compare(original, update), prefix);
  }

  // ------------------------------------------------------------------------------------------ kinds

  // True when one part of what is combined on one side settles it.
  bool settled_by_part(const Node& original, const Node& update, Changes& all) {
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

  void types(const Node& original, const Node& update, Changes& all) {
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
        return objects(*original.object, *update.object, all);
      case Kind::kArray:
        return arrays(*original.array, *update.array, all);
      case Kind::kEnum:
        return enums(*original.values, *update.values, all);
      case Kind::kConst:
        if (!json::equivalent(*original.constant, *update.constant)) add(all, "ENUM_ARRAY_CHANGED", "const");
        return;
      case Kind::kNot:
        // The other way round: what must not be has to shrink.
        return add(all, compatible(compare(update.inner, original.inner)) ? "NOT_TYPE_NARROWED" : "NOT_TYPE_EXTENDED",
                   "not");
      case Kind::kCombined:
        return combinations(original, update, all);
      default:
        return;
    }
  }

  // NAME_ADDED, _REMOVED, _INCREASED, _DECREASED
  struct Names {
    std::string_view path, added, removed, increased, decreased;
  };
  template <class T, class Order>
  static void bound(const std::optional<T>& before, const std::optional<T>& after, const Names& names, Order order,
                    Changes& all) {
    if (!before && !after) return;
    if (!before) return add(all, names.added, names.path);
    if (!after) return add(all, names.removed, names.path);
    const auto change = order(*before, *after);
    if (change < 0) add(all, names.increased, names.path);
    if (change > 0) add(all, names.decreased, names.path);
  }
  static void count(const std::optional<std::int64_t>& before, const std::optional<std::int64_t>& after,
                    const Names& names, Changes& all) {
    bound(before, after, names, [](auto a, auto b) { return a <=> b; }, all);
  }
  static void decimal(const std::optional<json::Decimal>& before, const std::optional<json::Decimal>& after,
                      const Names& names, Changes& all) {
    bound(before, after, names, [](const auto& a, const auto& b) { return json::compare(a, b); }, all);
  }

  static void strings(const Node& original, const Node& update, Changes& all) {
    count(original.max_length, update.max_length,
          {"maxLength", "MAX_LENGTH_ADDED", "MAX_LENGTH_REMOVED", "MAX_LENGTH_INCREASED", "MAX_LENGTH_DECREASED"}, all);
    count(original.min_length, update.min_length,
          {"minLength", "MIN_LENGTH_ADDED", "MIN_LENGTH_REMOVED", "MIN_LENGTH_INCREASED", "MIN_LENGTH_DECREASED"}, all);
    if (original.pattern == update.pattern) return;
    add(all, !original.pattern ? "PATTERN_ADDED" : !update.pattern ? "PATTERN_REMOVED" : "PATTERN_CHANGED", "pattern");
  }

  static void numbers(const Node& original, const Node& update, Changes& all) {
    decimal(original.maximum, update.maximum,
            {"maximum", "MAXIMUM_ADDED", "MAXIMUM_REMOVED", "MAXIMUM_INCREASED", "MAXIMUM_DECREASED"}, all);
    decimal(original.minimum, update.minimum,
            {"minimum", "MINIMUM_ADDED", "MINIMUM_REMOVED", "MINIMUM_INCREASED", "MINIMUM_DECREASED"}, all);
    decimal(original.exclusive_maximum, update.exclusive_maximum,
            {"exclusiveMaximum", "EXCLUSIVE_MAXIMUM_ADDED", "EXCLUSIVE_MAXIMUM_REMOVED", "EXCLUSIVE_MAXIMUM_INCREASED",
             "EXCLUSIVE_MAXIMUM_DECREASED"},
            all);
    decimal(original.exclusive_minimum, update.exclusive_minimum,
            {"exclusiveMinimum", "EXCLUSIVE_MINIMUM_ADDED", "EXCLUSIVE_MINIMUM_REMOVED", "EXCLUSIVE_MINIMUM_INCREASED",
             "EXCLUSIVE_MINIMUM_DECREASED"},
            all);
    const auto &before = original.multiple_of, &after = update.multiple_of;
    if (before != after) {
      add(all,
          !before                    ? "MULTIPLE_OF_ADDED"
          : !after                   ? "MULTIPLE_OF_REMOVED"
          : divides(*before, *after) ? "MULTIPLE_OF_EXPANDED"
          : divides(*after, *before) ? "MULTIPLE_OF_REDUCED"
                                     : "MULTIPLE_OF_CHANGED",
          "multipleOf");
    }
    if (original.integer != update.integer) add(all, original.integer ? "TYPE_EXTENDED" : "TYPE_NARROWED");
  }

  void enums(const json::Array& original, const json::Array& update, Changes& all) {
    if (!work_.take(original.size() + update.size())) gave_up_ = true;
    const auto texts = [](const json::Array& values) {
      std::set<std::string> set;
      for (const auto& value : values) {
        json::Value sorted = value;
        json::sort_members(sorted);
        // Numbers of one value are one.
        set.insert(sorted.if_number() ? number_text(*sorted.if_number()) : json::write(sorted));
      }
      return set;
    };
    const auto before = texts(original), after = texts(update);
    if (before == after) return;
    add(all,
        std::ranges::includes(after, before)   ? "ENUM_ARRAY_EXTENDED"
        : std::ranges::includes(before, after) ? "ENUM_ARRAY_NARROWED"
                                               : "ENUM_ARRAY_CHANGED",
        "enum");
  }
  static std::string number_text(const json::Number& number) {
    const auto d = json::decimal(number);
    return fmt::format("{}{}e{}", d.negative ? "-" : "", d.digits, d.exponent);
  }

  // ------------------------------------------------------------------------------------------ objects

  static bool is_open(const ObjectDemand& object) {
    return object.permits_additional && !object.additional && object.patterns.empty() &&
           (!object.unevaluated || is_anything(object.unevaluated));
  }
  // The schema that a property without one of its own has to fit; null when there is none.
  const Node* covering(const ObjectDemand& object, std::string_view name) {
    if (!work_.take(object.patterns.size())) gave_up_ = true;
    if (gave_up_) return nullptr;
    for (const auto& [pattern, schema] : object.patterns)
      if (pattern.finds(name)) return schema;
    if (object.additional) return object.additional;
    const auto* rest = object.permits_additional ? object.unevaluated : nullptr;
    return rest && !is_anything(rest) && !is_nothing(rest) ? rest : nullptr;
  }

  void objects(const ObjectDemand& original, const ObjectDemand& update, Changes& all) {
    for (const auto& [name, schema] : original.properties) {
      const auto now = update.by_name.find(name);
      if (now == update.by_name.end()) continue;
      const bool was = original.required.contains(name), is = update.required.contains(name);
      const std::string path = "required/" + name;
      if (was && !is) add(all, "REQUIRED_ATTRIBUTE_REMOVED", path);
      if (!was && is)
        add(all, now->second->default_value ? "REQUIRED_ATTRIBUTE_WITH_DEFAULT_ADDED" : "REQUIRED_ATTRIBUTE_ADDED",
            path);
    }
    for (const auto& [name, schema] : original.properties) {
      const std::string path = "properties/" + name;
      if (const auto now = update.by_name.find(name); now != update.by_name.end())
        compare_at(path, schema, now->second, all);
      else
        removed(path, name, schema, update, all);
      if (gave_up_) return;
    }
    for (const auto& [name, schema] : update.properties)
      if (!original.by_name.contains(name)) added("properties/" + name, name, schema, original, update, all);
    dependencies(original, update, all);
    additional("additionalProperties", "ADDITIONAL_PROPERTIES", original, update, all);
    unevaluated("unevaluatedProperties", "PROPERTIES", original.unevaluated, update.unevaluated, all);
    count(original.max_properties, update.max_properties,
          {"maxProperties", "MAX_PROPERTIES_ADDED", "MAX_PROPERTIES_REMOVED", "MAX_PROPERTIES_INCREASED",
           "MAX_PROPERTIES_DECREASED"},
          all);
    count(original.min_properties, update.min_properties,
          {"minProperties", "MIN_PROPERTIES_ADDED", "MIN_PROPERTIES_REMOVED", "MIN_PROPERTIES_INCREASED",
           "MIN_PROPERTIES_DECREASED"},
          all);
  }

  void removed(const std::string& path, const std::string& name, const Node* was, const ObjectDemand& update,
               Changes& all) {
    if (is_open(update)) return add(all, "PROPERTY_REMOVED_FROM_OPEN_CONTENT_MODEL", path);
    if (const auto* now = covering(update, name)) {
      const auto changes = compare(was, now);
      merge(all, changes, path);
      return add(all,
                 compatible(changes) ? "PROPERTY_REMOVED_IS_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL"
                                     : "PROPERTY_REMOVED_NOT_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL",
                 path);
    }
    add(all,
        is_nothing(was) ? "PROPERTY_WITH_FALSE_REMOVED_FROM_CLOSED_CONTENT_MODEL"
                        : "PROPERTY_REMOVED_FROM_CLOSED_CONTENT_MODEL",
        path);
  }

  void added(const std::string& path, const std::string& name, const Node* now, const ObjectDemand& original,
             const ObjectDemand& update, Changes& all) {
    const bool required = update.required.contains(name), has_default = now->default_value != nullptr;
    if (is_open(original)) {
      if (is_anything(now)) return add(all, "PROPERTY_WITH_EMPTY_SCHEMA_ADDED_TO_OPEN_CONTENT_MODEL", path);
      if (!required) return add(all, "OPTIONAL_PROPERTY_ADDED_TO_OPEN_CONTENT_MODEL", path);
      return add(all,
                 has_default ? "REQUIRED_PROPERTY_WITH_DEFAULT_ADDED_TO_OPEN_CONTENT_MODEL"
                             : "REQUIRED_PROPERTY_ADDED_TO_OPEN_CONTENT_MODEL",
                 path);
    }
    if (const auto* was = covering(original, name)) {
      const auto changes = compare(was, now);
      merge(all, changes, path);
      add(all,
          compatible(changes) ? "PROPERTY_ADDED_IS_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL"
                              : "PROPERTY_ADDED_NOT_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL",
          path);
    }
    add(all,
        !required     ? "OPTIONAL_PROPERTY_ADDED_TO_UNOPEN_CONTENT_MODEL"
        : has_default ? "REQUIRED_PROPERTY_WITH_DEFAULT_ADDED_TO_UNOPEN_CONTENT_MODEL"
                      : "REQUIRED_PROPERTY_ADDED_TO_UNOPEN_CONTENT_MODEL",
        path);
  }

  void dependencies(const ObjectDemand& original, const ObjectDemand& update, Changes& all) {
    for (const auto& [name, was] : original.property_dependencies) {
      const std::string path = "dependencies/" + name;
      const auto now = update.property_dependencies.find(name);
      if (now == update.property_dependencies.end())
        add(all, "DEPENDENCY_ARRAY_REMOVED", path);
      else if (was != now->second)
        add(all,
            std::ranges::includes(now->second, was)   ? "DEPENDENCY_ARRAY_EXTENDED"
            : std::ranges::includes(was, now->second) ? "DEPENDENCY_ARRAY_NARROWED"
                                                      : "DEPENDENCY_ARRAY_CHANGED",
            path);
    }
    for (const auto& [name, now] : update.property_dependencies)
      if (!original.property_dependencies.contains(name)) add(all, "DEPENDENCY_ARRAY_ADDED", "dependencies/" + name);
    for (const auto& [name, was] : original.schema_dependencies) {
      const std::string path = "dependencies/" + name;
      if (const auto now = update.schema_dependencies.find(name); now != update.schema_dependencies.end())
        compare_at(path, was, now->second, all);
      else
        add(all, "DEPENDENCY_SCHEMA_REMOVED", path);
    }
    for (const auto& [name, now] : update.schema_dependencies)
      if (!original.schema_dependencies.contains(name)) add(all, "DEPENDENCY_SCHEMA_ADDED", "dependencies/" + name);
  }

  template <class Demand>
  void additional(std::string_view path, std::string_view what, const Demand& original, const Demand& update,
                  Changes& all) {
    const bool items = what == "ADDITIONAL_ITEMS";
    if (original.permits_additional != update.permits_additional)
      return add(all,
                 update.permits_additional ? (items ? "ADDITIONAL_ITEMS_ADDED" : "ADDITIONAL_PROPERTIES_ADDED")
                                           : (items ? "ADDITIONAL_ITEMS_REMOVED" : "ADDITIONAL_PROPERTIES_REMOVED"),
                 path);
    if (!original.additional && update.additional)
      return add(all, items ? "ADDITIONAL_ITEMS_NARROWED" : "ADDITIONAL_PROPERTIES_NARROWED", path);
    if (original.additional && !update.additional)
      return add(all, items ? "ADDITIONAL_ITEMS_EXTENDED" : "ADDITIONAL_PROPERTIES_EXTENDED", path);
    compare_at(path, original.additional, update.additional, all);
  }

  // Absent is as open as true, but not said.
  void unevaluated(std::string_view path, std::string_view what, const Node* original, const Node* update,
                   Changes& all) {
    const bool items = what == "ITEMS";
    const auto say = [&](std::string_view of_items, std::string_view of_properties) {
      add(all, items ? of_items : of_properties, path);
    };
    if (!original && !update) return;
    const bool was_nothing = original && is_nothing(original), is_nothing_now = update && is_nothing(update);
    const bool was_open = !original || is_anything(original), is_open_now = !update || is_anything(update);
    if (was_nothing != is_nothing_now)
      return is_nothing_now ? say("UNEVALUATED_ITEMS_REMOVED", "UNEVALUATED_PROPERTIES_REMOVED")
                            : say("UNEVALUATED_ITEMS_ADDED", "UNEVALUATED_PROPERTIES_ADDED");
    if (!original || (was_open && !is_open_now))
      return say("UNEVALUATED_ITEMS_NARROWED", "UNEVALUATED_PROPERTIES_NARROWED");
    if (!update || (!was_open && is_open_now))
      return say("UNEVALUATED_ITEMS_EXTENDED", "UNEVALUATED_PROPERTIES_EXTENDED");
    compare_at(path, original, update, all);
  }

  // ------------------------------------------------------------------------------------------ arrays

  static bool is_open(const ArrayDemand& array) {
    return array.permits_additional && !array.additional && (!array.unevaluated || is_anything(array.unevaluated));
  }
  static const Node* covering(const ArrayDemand& array) {
    if (array.additional) return array.additional;
    const auto* rest = array.permits_additional ? array.unevaluated : nullptr;
    return rest && !is_anything(rest) && !is_nothing(rest) ? rest : nullptr;
  }

  void arrays(const ArrayDemand& original, const ArrayDemand& update, Changes& all) {
    compare_at("items", original.all, update.all, all);
    for (std::size_t i = 0; i < std::max(original.tuple.size(), update.tuple.size()); ++i) {
      const std::string path = fmt::format("items/{}", i);
      if (i >= update.tuple.size())
        item_removed(path, original.tuple[i], update, all);
      else if (i >= original.tuple.size())
        item_added(path, update.tuple[i], original, all);
      else
        compare_at(path, original.tuple[i], update.tuple[i], all);
    }
    additional("additionalItems", "ADDITIONAL_ITEMS", original, update, all);
    unevaluated("unevaluatedItems", "ITEMS", original.unevaluated, update.unevaluated, all);
    count(original.max_items, update.max_items,
          {"maxItems", "MAX_ITEMS_ADDED", "MAX_ITEMS_REMOVED", "MAX_ITEMS_INCREASED", "MAX_ITEMS_DECREASED"}, all);
    count(original.min_items, update.min_items,
          {"minItems", "MIN_ITEMS_ADDED", "MIN_ITEMS_REMOVED", "MIN_ITEMS_INCREASED", "MIN_ITEMS_DECREASED"}, all);
    if (original.unique != update.unique)
      add(all, original.unique ? "UNIQUE_ITEMS_REMOVED" : "UNIQUE_ITEMS_ADDED", "uniqueItems");
    count(original.max_contains, update.max_contains,
          {"maxContains", "MAX_CONTAINS_ADDED", "MAX_CONTAINS_REMOVED", "MAX_CONTAINS_INCREASED",
           "MAX_CONTAINS_DECREASED"},
          all);
    count(original.min_contains, update.min_contains,
          {"minContains", "MIN_CONTAINS_ADDED", "MIN_CONTAINS_REMOVED", "MIN_CONTAINS_INCREASED",
           "MIN_CONTAINS_DECREASED"},
          all);
  }

  void item_removed(const std::string& path, const Node* was, const ArrayDemand& update, Changes& all) {
    if (is_open(update)) return add(all, "ITEM_REMOVED_FROM_OPEN_CONTENT_MODEL", path);
    if (const auto* now = covering(update)) {
      const auto changes = compare(was, now);
      merge(all, changes, path);
      return add(all,
                 compatible(changes) ? "ITEM_REMOVED_IS_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL"
                                     : "ITEM_REMOVED_NOT_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL",
                 path);
    }
    add(all,
        is_nothing(was) ? "ITEM_WITH_FALSE_REMOVED_FROM_CLOSED_CONTENT_MODEL"
                        : "ITEM_REMOVED_FROM_CLOSED_CONTENT_MODEL",
        path);
  }
  void item_added(const std::string& path, const Node* now, const ArrayDemand& original, Changes& all) {
    if (is_open(original))
      return add(
          all,
          is_anything(now) ? "ITEM_WITH_EMPTY_SCHEMA_ADDED_TO_OPEN_CONTENT_MODEL" : "ITEM_ADDED_TO_OPEN_CONTENT_MODEL",
          path);
    if (const auto* was = covering(original)) {
      const auto changes = compare(was, now);
      merge(all, changes, path);
      return add(all,
                 compatible(changes) ? "ITEM_ADDED_IS_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL"
                                     : "ITEM_ADDED_NOT_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL",
                 path);
    }
    add(all, "ITEM_ADDED_TO_CLOSED_CONTENT_MODEL", path);
  }

  // ------------------------------------------------------------------------------------------ combinations

  static std::vector<const Node*> distinct(const Node& combined) {
    std::vector<const Node*> parts;
    std::set<std::string_view> texts;
    for (const auto* part : combined.parts)
      if (texts.insert(part->text).second) parts.push_back(part);
    return parts;
  }

  void combinations(const Node& original, const Node& update, Changes& all) {
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
    std::vector<std::vector<std::pair<std::size_t, Changes>>> fits(before.size());
    for (std::size_t i = 0; i < before.size(); ++i)
      for (std::size_t j = 0; j < after.size() && !gave_up_; ++j) {
        auto changes = compare(before[i], after[j]);
        if (compatible(changes)) fits[i].emplace_back(j, std::move(changes));
      }
    std::vector<std::size_t> partner(after.size(), before.size());
    std::size_t matched = 0;
    for (std::size_t i = 0; i < before.size() && !gave_up_; ++i) {
      std::vector<bool> tried(after.size());
      matched += pair_up(i, fits, partner, tried) ? 1 : 0;
    }
    for (std::size_t i = 0; i < before.size(); ++i)
      for (const auto& [j, changes] : fits[i])
        if (partner[j] == i) merge(all, changes, fmt::format("{}/{}", name(original.criterion), i));
    if (matched < std::min(before.size(), after.size())) add(all, "COMBINED_TYPE_SUBSCHEMAS_CHANGED");
  }
  // Kuhn's way to a maximum matching: find a partner, if need be by finding another one for who has it.
  bool pair_up(std::size_t i, const std::vector<std::vector<std::pair<std::size_t, Changes>>>& fits,
               std::vector<std::size_t>& partner, std::vector<bool>& tried) {
    const Level level(depth_);
    if (!level || !work_.take(1 + fits[i].size())) {
      gave_up_ = true;
      return false;
    }
    for (const auto& [j, changes] : fits[i]) {
      if (tried[j]) continue;
      tried[j] = true;
      if (partner[j] == fits.size() || pair_up(partner[j], fits, partner, tried)) {
        partner[j] = i;
        return true;
      }
    }
    return false;
  }

  const Policy policy_;
  const Known& incompatible_;
  Known known_;
  std::set<Pair> under_way_;
  std::size_t depth_ = 0;
  Work work_{kWorkMax / 4};
  bool assumed_ = false, gave_up_ = false;
};

// "PROPERTY_REMOVED" as words.
std::string words(std::string_view type) {
  std::string text;
  for (const char c : type) text += c == '_' ? ' ' : c >= 'A' && c <= 'Z' ? char(c + 32) : c;
  return text;
}

std::string message(std::string_view type, const std::string& path, bool fits, const Sides& sides) {
  const std::string what_to_do = fits ? "" : advice(type, sides);
  return fmt::format("{{errorType:\"{}\", description:\"'#/{}': from the {} to the {} schema, {}{}{}\"}}", type, path,
                     sides.writer, sides.reader, words(type), what_to_do.empty() ? "" : ": ", what_to_do);
}

}  // namespace

Comparison compare(const Graph& original, const Graph& update, Policy policy, const Sides& sides) {
  constexpr int kPassesMax = 8;
  Known incompatible;
  for (int pass = 0; pass < kPassesMax; ++pass) {
    Walk walk(policy, incompatible);
    const Changes changes = walk.compare(original.root, update.root);
    Comparison result;
    if (walk.gave_up()) {
      result.failure = "the schemas are too complex to be compared";
      return result;
    }
    auto found = walk.incompatible();
    // Nothing was assumed, or nothing that proved wrong: it is settled.
    const bool settled = !walk.assumed() || found.size() == incompatible.size();
    incompatible = std::move(found);
    if (!settled) continue;
    for (const auto& [type, path] : changes) {
      const bool fits = walk.compatible(type);
      result.differences.push_back({std::string(type), "#/" + path, message(type, path, fits, sides), fits});
    }
    return result;
  }
  return {.differences = {}, .failure = "the schemas lead to each other in too many circles to be compared"};
}

}  // namespace thalweg::schema::json_schema
