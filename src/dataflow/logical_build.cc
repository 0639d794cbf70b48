#include "dataflow/logical_build.h"

#include <algorithm>
#include <map>
#include <queue>
#include <utility>

namespace thalweg::streams::detail {
namespace {

Draft draft_of(const LogicalParts& parts) {
  Draft draft{.copartitioned = parts.copartitioned, .mistakes = parts.mistakes};
  for (std::size_t i = 0; i < parts.nodes.size(); ++i)
    draft.entries.push_back({.node = parts.nodes[i], .table = parts.tables[i], .priority = parts.nodes[i].priority});
  return draft;
}

// What stands above a join that takes records without a key. (NodesWithRelaxedNullKeyJoinDownstream)
std::vector<bool> above_null_key_joins(const Draft& draft) {
  std::vector<bool> marked(draft.entries.size());
  std::vector<Draft::Id> todo;
  for (Draft::Id id = 0; id < draft.entries.size(); ++id)
    if (draft.entries[id].node.takes_null_keys && !draft.entries[id].removed) todo.push_back(id);
  while (!todo.empty()) {
    const Draft::Id id = todo.back();
    todo.pop_back();
    for (const Draft::Id parent : draft.entries[id].node.parents)
      if (!marked[parent]) marked[parent] = true, todo.push_back(parent);
  }
  return marked;
}

bool all_parents_written(const Draft& draft, Draft::Id id) {
  return std::ranges::all_of(draft.entries[id].node.parents,
                             [&](Draft::Id parent) { return draft.entries[parent].written; });
}

Written told(const Draft& draft, Draft::Id id, bool null_keys) {
  const Draft::Entry& entry = draft.entries[id];
  Written said{.old_values = entry.table.old_values,
               .materialized = entry.table.materialized,
               .null_keys = null_keys,
               .reuse_source_topic = draft.reuse_source_topics};
  for (const Draft::Id parent : entry.node.parents) said.parents.push_back(draft.entries[parent].node.name);
  return said;
}

void write_in_order(Draft& draft, TopologyGraph& graph) {
  using Item = std::pair<std::size_t, Draft::Id>;  // smallest priority first
  std::priority_queue<Item, std::vector<Item>, std::greater<>> queue;
  const auto null_keys = above_null_key_joins(draft);
  for (Draft::Id id = 0; id < draft.entries.size(); ++id)
    if (draft.entries[id].node.parents.empty() && !draft.entries[id].removed)
      queue.emplace(draft.entries[id].priority, id);
  while (!queue.empty()) {
    const Draft::Id id = queue.top().second;
    queue.pop();
    Draft::Entry& entry = draft.entries[id];
    if (entry.written || !all_parents_written(draft, id)) continue;
    if (entry.node.write) entry.node.write(graph, told(draft, id, null_keys[id]));
    entry.written = true;
    for (const Draft::Id child : draft.children(id)) queue.emplace(draft.entries[child].priority, child);
  }
}

}  // namespace

std::vector<Draft::Id> Draft::children(Id id) const {
  std::vector<Id> found;
  for (Id i = 0; i < entries.size(); ++i)
    if (!entries[i].removed && std::ranges::find(entries[i].node.parents, id) != entries[i].node.parents.end())
      found.push_back(i);
  return found;
}

void Draft::replace_parent(Id child, Id from, Id to) {
  remove_parent(child, from);
  auto& parents = entries[child].node.parents;
  if (std::ranges::find(parents, to) == parents.end()) parents.push_back(to);
}

void Draft::remove_parent(Id child, Id parent) { std::erase(entries[child].node.parents, parent); }

void Draft::rename_source(const std::string& from, const std::string& to) {
  for (auto& group : copartitioned)
    if (group.erase(from) > 0) group.insert(to);
}

void merge_sources(Draft& draft) {
  std::map<std::string, Draft::Id> readers;
  for (Draft::Id id = 0; id < draft.entries.size(); ++id) {
    const LogicalNode& node = draft.entries[id].node;
    if (!node.source_type || !node.parents.empty()) continue;
    for (const std::string& topic : node.topics) {
      const auto [at, is_new] = readers.emplace(topic, id);
      if (is_new || at->second == id || draft.entries[id].removed) continue;
      const LogicalNode& first = draft.entries[at->second].node;
      const auto wrong = [&](const std::string& what) {
        draft.mistakes.push_back({.message = node.name + ": topic " + topic + " " + what});
      };
      if (std::set(first.topics.begin(), first.topics.end()) != std::set(node.topics.begin(), node.topics.end())) {
        wrong("is also read by " + first.name + ", with other topics: topics of two streams are the same or none is");
        continue;
      }
      if (*first.source_type != *node.source_type) wrong("is also read by " + first.name + " as other types");
      if (first.reset != node.reset) wrong("is also read by " + first.name + " with another offset reset");
      for (const Draft::Id child : draft.children(id)) draft.replace_parent(child, id, at->second);
      draft.entries[id].removed = true;
      draft.rename_source(node.name, first.name);
    }
  }
}

TopologyGraph written(const LogicalParts& parts, const Properties& properties, const NewRepartition& names) {
  Draft draft = draft_of(parts);
  merge_sources(draft);
  optimize(draft, properties, names);
  TopologyGraph graph;
  write_in_order(draft, graph);
  for (const auto& group : draft.copartitioned)
    if (group.size() > 1) graph.copartitioned.emplace_back(group.begin(), group.end());
  graph.mistakes.insert(graph.mistakes.begin(), draft.mistakes.begin(), draft.mistakes.end());
  return graph;
}

}  // namespace thalweg::streams::detail
