// The walk over two JSON Schemas from their roots: what it found already, what is under way, what it may still cost.
// What each kind of schema makes of a change is in files of their own: scalars, objects, arrays, combinations.
#pragma once

#include <set>

#include "schema/json_schema/changes.h"
#include "schema/limits.h"

namespace thalweg::schema::json_schema {

class Walk {
 public:
  // `incompatible`: what the pass before found out about circles.
  Walk(Policy policy, const Known& incompatible) : policy_(policy), incompatible_(incompatible) {}

  // Null is a schema that is not there.
  Changes compare(const Node* original, const Node* update);
  void compare_at(std::string_view prefix, const Node* original, const Node* update, Changes& all) {
    merge(all, compare(original, update), prefix);
  }
  bool compatible(std::string_view type) const { return is_compatible(type, policy_); }
  bool compatible(const Changes& changes) const;

  // For work beside compare(): false when that was too much, and the comparison with it.
  bool take(std::size_t steps) {
    if (!work_.take(steps)) gave_up_ = true;
    return !gave_up_;
  }
  bool gave_up() const { return gave_up_; }
  // For a recursion of its own.
  std::size_t& depth() { return depth_; }
  void give_up() { gave_up_ = true; }

  // Whether something was taken for granted because it leads back to itself.
  bool assumed() const { return assumed_; }
  // The pairs that turned out not to be compatible.
  Known incompatible() const;

 private:
  Changes taken(const Changes& changes);
  bool settled_by_part(const Node& original, const Node& update, Changes& all);
  void types(const Node& original, const Node& update, Changes& all);

  const Policy policy_;
  const Known& incompatible_;
  Known known_;
  std::set<Pair> under_way_;
  std::size_t depth_ = 0;
  Work work_{kWorkMax / 4};
  bool assumed_ = false, gave_up_ = false;
};

// scalars.cc
void strings(const Node& original, const Node& update, Changes& all);
void numbers(const Node& original, const Node& update, Changes& all);
void enums(Walk& walk, const json::Array& original, const json::Array& update, Changes& all);
// NAME_ADDED, _REMOVED, _INCREASED, _DECREASED
struct BoundNames {
  std::string_view path, added, removed, increased, decreased;
};
void count(const std::optional<std::int64_t>& before, const std::optional<std::int64_t>& after, const BoundNames& names,
           Changes& all);
// objects.cc, arrays.cc
void objects(Walk& walk, const ObjectDemand& original, const ObjectDemand& update, Changes& all);
void arrays(Walk& walk, const ArrayDemand& original, const ArrayDemand& update, Changes& all);
// combinations.cc
void combinations(Walk& walk, const Node& original, const Node& update, Changes& all);

}  // namespace thalweg::schema::json_schema
