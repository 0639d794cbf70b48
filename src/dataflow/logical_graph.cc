#include "thalweg/streams/detail/logical_graph.h"

#include <algorithm>
#include <map>
#include <utility>

#include "dataflow/logical_build.h"
#include "dataflow/names.h"

namespace thalweg::streams::detail {

struct LogicalGraph::Impl {
  int next_number = 0;
  std::size_t next_priority = 0;
  std::map<Id, std::optional<Id>> shared_repartitions;
  LogicalParts parts;
};

LogicalGraph::LogicalGraph() : impl_(std::make_unique<Impl>()) {}
LogicalGraph::~LogicalGraph() = default;

std::string LogicalGraph::new_name(std::string_view prefix) { return generated_name(prefix, impl_->next_number++); }

std::string LogicalGraph::name_or_new(const std::string& given, std::string_view prefix) {
  return suffixed_or_new(given, "", prefix);
}

std::string LogicalGraph::suffixed_or_new(const std::string& given, std::string_view suffix, std::string_view prefix) {
  if (given.empty()) return new_name(prefix);
  burn();
  check_name(given);
  return given + std::string(suffix);
}

std::string LogicalGraph::new_store_name(std::string_view prefix) {
  return new_name(std::string(prefix) + "STATE-STORE-");
}

std::optional<milliseconds> LogicalGraph::window_grace(Id id) const {
  const LogicalNode& node = impl_->parts.nodes[id];
  if (node.window_grace) return node.window_grace;
  std::optional<milliseconds> longest;
  for (const Id parent : node.parents)
    if (const auto grace = window_grace(parent); grace && (!longest || *grace > *longest)) longest = grace;
  return longest;
}

void LogicalGraph::burn(int count) { impl_->next_number += count; }

RepartitionNames LogicalGraph::repartition_names(const std::string& prefix) {
  constexpr int kNodes = 3;
  auto names = repartition_names_of(prefix, impl_->next_number);
  burn(kNodes);
  return names;
}

LogicalGraph::Id LogicalGraph::add(LogicalNode node) {
  auto& nodes = impl_->parts.nodes;
  // A stream joined with itself is one parent, not two.
  std::vector<Id> parents;
  for (const Id parent : node.parents)
    if (std::ranges::find(parents, parent) == parents.end()) parents.push_back(parent);
  node.parents = std::move(parents);
  node.priority = impl_->next_priority++;
  nodes.push_back(std::move(node));
  impl_->parts.tables.emplace_back();
  return nodes.size() - 1;
}

LogicalGraph::Id LogicalGraph::add_processor(std::string name, std::vector<Id> parents,
                                             std::function<std::unique_ptr<NodeBase>()> make,
                                             std::vector<std::string> stores) {
  auto write = [name, make = std::move(make), stores = std::move(stores)](TopologyGraph& graph,
                                                                          const Written& written) {
    add_node(graph, name, written.parents, make, stores);
  };
  return add({.name = std::move(name), .parents = std::move(parents), .write = std::move(write)});
}

LogicalNode& LogicalGraph::node(Id id) { return impl_->parts.nodes[id]; }

void LogicalGraph::touch(Id id) { node(id).priority = impl_->next_priority++; }

std::optional<LogicalGraph::Id>& LogicalGraph::shared_repartition(Id stream) {
  return impl_->shared_repartitions[stream];
}

void LogicalGraph::mistake(const std::string& node, std::string what) {
  impl_->parts.mistakes.push_back({.message = node + ": " + std::move(what)});
}

void LogicalGraph::check_name(const std::string& name) {
  if (!is_valid_name(name))
    mistake("\"" + name + "\"", "a name has 1 to 249 letters, digits, '.', '_' or '-', and is not '.' or '..'");
}

void LogicalGraph::copartition(std::set<std::string> sources) {
  if (sources.size() > 1) impl_->parts.copartitioned.push_back(std::move(sources));
}

void LogicalGraph::is_table(Id table, std::vector<Id> above) { impl_->parts.tables[table].above = std::move(above); }

void LogicalGraph::need_old_values(Id table) {
  TableState& state = impl_->parts.tables[table];
  if (state.old_values) return;
  state.old_values = true;
  if (state.above.empty()) state.materialized = true;
  for (const Id id : std::vector<Id>(state.above)) need_old_values(id);
}

bool LogicalGraph::ask_for_old_values(Id table) {
  const TableState state = impl_->parts.tables[table];
  const bool has_them = state.above.empty() ? state.old_values || state.materialized
                                            : state.above.size() > 1 || ask_for_old_values(state.above.front());
  if (has_them) need_old_values(table);
  return has_them;
}

bool LogicalGraph::needs_old_values(Id table) const { return impl_->parts.tables[table].old_values; }

void LogicalGraph::materialize(Id table) { impl_->parts.tables[table].materialized = true; }

Result<std::shared_ptr<const TopologyGraph>> LogicalGraph::build(const Properties& properties) {
  const int number = impl_->next_number;
  auto graph = std::make_shared<TopologyGraph>(
      written(impl_->parts, properties, [this](const std::string& prefix) { return repartition_names(prefix); }));
  impl_->next_number = number;
  if (auto checked = check(*graph); !checked) return std::unexpected(std::move(checked.error()));
  return graph;
}

void add_node(TopologyGraph& graph, std::string name, std::vector<std::string> parents,
              std::function<std::unique_ptr<NodeBase>()> make, std::vector<std::string> stores) {
  // A table that is looked into twice is connected once.
  std::vector<std::string> each;
  for (auto& store : stores)
    if (std::ranges::find(each, store) == each.end()) each.push_back(std::move(store));
  graph.nodes.push_back(
      {.name = std::move(name), .parents = std::move(parents), .stores = std::move(each), .make = std::move(make)});
}

}  // namespace thalweg::streams::detail
