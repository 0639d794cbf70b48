// topology.optimization: fewer topics for the same results. (InternalStreamsBuilder.mergeRepartitionTopics)
#include <algorithm>
#include <map>
#include <optional>
#include <utility>

#include "dataflow/logical_build.h"

namespace thalweg::streams::detail {
namespace {

using Id = Draft::Id;

bool has_parent(const Draft& draft, Id id, Id parent) {
  return std::ranges::find(draft.entries[id].node.parents, parent) != draft.entries[id].node.parents.end();
}

// `start` itself or the nearest above it that fits, depth first.
template <class Fits>
std::optional<Id> upward(const Draft& draft, Id start, const Fits& fits) {
  if (fits(start)) return start;
  for (const Id parent : draft.entries[start].node.parents) {
    if (fits(parent)) return parent;
    if (auto found = upward(draft, parent, fits)) return found;
  }
  return {};
}

// The operation that changed the key, where nothing between it and the repartition changed values.
std::optional<Id> key_changer(const Draft& draft, Id repartition) {
  const auto changes_key = [&](Id id) { return draft.entries[id].node.changes_key; };
  const auto either =
      upward(draft, repartition, [&](Id id) { return changes_key(id) || draft.entries[id].node.changes_value; });
  const auto key = upward(draft, repartition, changes_key);
  return either == key ? key : std::nullopt;
}

// In the order of their operations, each with the repartitions below it.
using Groups = std::vector<std::pair<Id, std::vector<Id>>>;

Groups groups_of(const Draft& draft) {
  Groups groups;
  for (Id id = 0; id < draft.entries.size(); ++id) {
    if (draft.entries[id].removed) continue;
    if (draft.entries[id].node.changes_key) groups.emplace_back(id, std::vector<Id>{});
    if (draft.entries[id].node.repartition_topic.empty()) continue;
    const auto changer = key_changer(draft, id);
    for (auto& [key, repartitions] : groups)
      if (key == changer) repartitions.push_back(id);
  }
  return groups;
}

// What hangs below a merge of re-keyed streams is repartitioned once, after the merge.
void gather_below_merges(const Draft& draft, Groups& groups) {
  Groups below_merges;
  std::vector<Id> taken;
  for (Id merge = 0; merge < draft.entries.size(); ++merge) {
    if (draft.entries[merge].removed || !draft.entries[merge].node.merges) continue;
    std::vector<Id> repartitions;
    for (const auto& [key, of_key] : groups) {
      const bool all_below = std::ranges::all_of(of_key, [&](Id id) {
        return upward(draft, id, [&](Id at) { return has_parent(draft, at, merge); }).has_value();
      });
      const bool key_above = upward(draft, merge, [&](Id at) { return has_parent(draft, at, key); }).has_value();
      if (!all_below || !key_above) continue;
      for (const Id id : of_key)
        if (std::ranges::find(repartitions, id) == repartitions.end()) repartitions.push_back(id);
      taken.push_back(key);
    }
    below_merges.emplace_back(merge, std::move(repartitions));
  }
  std::erase_if(groups, [&](const auto& group) { return std::ranges::find(taken, group.first) != taken.end(); });
  groups.insert(groups.end(), below_merges.begin(), below_merges.end());
}

void replace_repartition(Draft& draft, Id key, Id merged, Id old) {
  const auto below_key = upward(draft, old, [&](Id at) { return has_parent(draft, at, key); });
  if (!below_key) return;
  const std::string name = draft.entries[old].node.name;
  draft.replace_parent(*below_key, key, merged);
  const auto parents = draft.entries[old].node.parents;
  for (const Id child : draft.children(old)) {
    draft.remove_parent(child, old);
    for (const Id parent : parents)
      if (!has_parent(draft, child, parent)) draft.entries[child].node.parents.push_back(parent);
  }
  draft.entries[old].removed = true;
  draft.rename_source(name, draft.entries[merged].node.name);
}

void merge_repartitions(Draft& draft, const NewRepartition& names) {
  Groups groups = groups_of(draft);
  gather_below_merges(draft, groups);
  for (const auto& [key, repartitions] : groups) {
    if (repartitions.empty()) continue;
    const LogicalNode& first = draft.entries[repartitions.front()].node;
    const RepartitionNames under = names(first.repartition_topic);
    const Id merged = draft.entries.size();
    draft.entries.push_back({.node = {.name = under.source, .write = first.write_repartition(under)},
                             .priority = draft.entries[key].priority});
    for (const Id old : repartitions) replace_repartition(draft, key, merged, old);
    draft.entries[merged].node.parents = {key};
  }
}

std::vector<std::string> rules_in(std::string_view text) {
  std::vector<std::string> rules;
  while (true) {
    const auto comma = text.find(',');
    std::string_view rule = text.substr(0, comma);
    while (rule.starts_with(' ')) rule.remove_prefix(1);
    while (rule.ends_with(' ')) rule.remove_suffix(1);
    rules.emplace_back(rule);
    if (comma == std::string_view::npos) return rules;
    text.remove_prefix(comma + 1);
  }
}

}  // namespace

void optimize(Draft& draft, const Properties& properties, const NewRepartition& names) {
  const auto option = properties.find("topology.optimization");
  if (option == properties.end()) return;
  bool merges = false;
  for (const std::string& rule : rules_in(option->second)) {
    const bool all = rule == "all";
    if (all || rule == "reuse.ktable.source.topics") draft.reuse_source_topics = true;
    if (all || rule == "merge.repartition.topics") merges = true;
    // One store for a stream that is joined with itself is an optimization that we do not have: results are the same.
    if (!all && rule != "none" && rule != "reuse.ktable.source.topics" && rule != "merge.repartition.topics" &&
        rule != "single.store.self.join")
      draft.mistakes.push_back({.message = "topology.optimization: \"" + rule +
                                           "\" is none of all, none, reuse.ktable.source.topics, "
                                           "merge.repartition.topics, single.store.self.join"});
  }
  if (merges) merge_repartitions(draft, names);
}

}  // namespace thalweg::streams::detail
