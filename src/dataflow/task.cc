#include "dataflow/task.h"

#include <algorithm>
#include <deque>
#include <set>
#include <stdexcept>

#include "base/check.h"
#include "dataflow/task_impl.h"

namespace thalweg::streams {

std::string to_string(const TaskId& id) { return std::to_string(id.subtopology) + "_" + std::to_string(id.partition); }

namespace detail {

std::vector<TaskInput> Task::inputs_of(const TopologyGraph& graph, const SubTopology& part,
                                       std::string_view application_id) {
  std::vector<TaskInput> inputs;
  for (const NodeSpec* node : part.nodes)
    for (const std::string& topic : node->kind == NodeSpec::Kind::kSource ? node->topics : std::vector<std::string>{})
      inputs.push_back({graph.topic_name(application_id, topic), node->reset});
  std::ranges::sort(inputs, {}, &TaskInput::topic);
  return inputs;
}

std::vector<TaskStore> Task::stores_of(const TopologyGraph& graph, const SubTopology& part,
                                       std::string_view application_id) {
  std::vector<TaskStore> stores;
  for (const StoreSpecData* spec : part.stores) {
    if (spec->is_global != part.is_global) continue;
    TaskStore& store = stores.emplace_back(TaskStore{.spec = spec, .changelog = {}});
    if (spec->source_topic)
      store.changelog = graph.topic_name(application_id, *spec->source_topic);
    else if (spec->logging && !spec->is_global)
      store.changelog = TopologyGraph::changelog_name(application_id, spec->name);
  }
  return stores;
}

Task::Impl::Impl(std::shared_ptr<const TopologyGraph> g, const SubTopology& p, std::int32_t partition, TaskConfig c,
                 KeptStores& k)
    : graph(std::move(g)),
      part(p),
      id{p.number, partition},
      config(std::move(c)),
      kept_stores(k),
      inputs(inputs_of(*graph, part, config.application_id)),
      stores(stores_of(*graph, part, config.application_id)),
      consumed(inputs.size()) {
  make_stores();
  make_nodes();
  group.emplace(make_heads(), config.max_idle);
}

void Task::Impl::make_stores() {
  for (std::size_t i = 0; i < stores.size(); ++i) {
    const StoreSpecData& spec = *stores[i].spec;
    buffers.push_back(std::make_unique<BufferedStore>(spec.name, kept_stores.store(i), i, stores[i].is_logged()));
    typed.push_back(spec.make(*buffers.back(), *this));
  }
  if (!config.global_store) return;
  for (const StoreSpecData& spec : graph->stores)
    if (StateStore* state = spec.is_global ? config.global_store(spec.name) : nullptr)
      globals[spec.name] = spec.make(*state, *this);
}

void Task::Impl::make_nodes() {
  for (const NodeSpec* spec : part.nodes) {
    nodes.push_back(spec->make());
    nodes.back()->set_name(spec->name);
    for (const std::string& name : spec->parents) {
      NodeBase* parent = node(name);
      if (!parent || !parent->add_child(*nodes.back()))
        mistakes.push_back({.message = spec->name + " cannot take what " + name +
                                       " gives: " + std::string(nodes.back()->types()) + " after " +
                                       std::string(parent ? parent->types() : "nothing")});
    }
  }
}

std::vector<std::unique_ptr<Head>> Task::Impl::make_heads() {
  std::vector<std::unique_ptr<Head>> heads;
  for (const TaskInput& input : inputs) {
    for (std::size_t i = 0; i < part.nodes.size(); ++i) {
      const NodeSpec& spec = *part.nodes[i];
      const bool reads = spec.kind == NodeSpec::Kind::kSource &&
                         std::ranges::any_of(spec.topics, [&](const auto& t) { return topic_name(t) == input.topic; });
      if (!reads) continue;
      auto* source = dynamic_cast<SourceBase*>(nodes[i].get());
      CHECK(source != nullptr);
      heads.push_back(source->make_head());
      source_of.push_back(spec.name);
      break;
    }
  }
  CHECK(heads.size() == inputs.size());
  return heads;
}

NodeBase* Task::Impl::node(std::string_view name) const {
  const auto found = std::ranges::find(nodes, name, [](const auto& node) -> std::string_view { return node->name(); });
  return found == nodes.end() ? nullptr : found->get();
}

StoreBase* Task::Impl::typed_store(std::string_view name) const {
  for (std::size_t i = 0; i < stores.size(); ++i)
    if (stores[i].spec->name == name) return typed[i].get();
  const auto global = globals.find(name);
  return global == globals.end() ? nullptr : global->second.get();
}

// How a record comes from where it began to `to`: upwards, for a node has few parents.
std::string Task::Impl::path_to(std::string_view to) const {
  std::deque<std::vector<std::string>> paths{{std::string(to)}};
  for (std::set<std::string> seen; !paths.empty(); paths.pop_front()) {
    const auto& path = paths.front();
    const NodeSpec* spec = graph->node(path.back());
    if (path.back() != origin) {
      for (const std::string& parent : spec ? spec->parents : std::vector<std::string>{}) {
        if (!seen.insert(parent).second) continue;
        auto longer = path;
        longer.push_back(parent);
        paths.push_back(std::move(longer));
      }
      continue;
    }
    std::string text;
    for (auto name = path.rbegin(); name != path.rend(); ++name) text += (text.empty() ? "" : " > ") + *name;
    return text;
  }
  return std::string(to);
}

// ---- What nodes ask for

std::string Task::Impl::changelog_topic(std::string_view store) const {
  const StoreSpecData* spec = graph->store(store);
  if (spec && spec->source_topic) return topic_name(*spec->source_topic);
  return TopologyGraph::changelog_name(config.application_id, store);
}

void Task::Impl::send(Outgoing message) { (out ? *out : early).push_back(std::move(message)); }

StoreBase& Task::Impl::store(std::string_view name) {
  StoreBase* found = typed_store(name);
  if (!found) throw std::invalid_argument("there is no store " + std::string(name) + " in its sub-topology");
  if (initing && !globals.contains(name) && std::ranges::find(initing->stores, name) == initing->stores.end())
    throw std::invalid_argument("the store " + std::string(name) +
                                " is not connected to it; name it where the processor is added");
  return *found;
}

Punctuation Task::Impl::schedule(std::string_view node, milliseconds interval, Clock clock,
                                 std::function<void(Timestamp)> body) {
  if (interval < milliseconds(1)) throw std::invalid_argument("a punctuation's interval is 1 ms at least");
  if (clock == Clock::kWallClock)
    return by_wall_clock.schedule(std::string(node), PunctuationQueue::after(wall, interval), interval,
                                  std::move(body));
  return by_stream_time.schedule(std::string(node), Timestamp{}, interval, std::move(body));
}

bool Task::Impl::resume(std::string_view node, const Error& error) {
  const auto where = error.code == client::kCannotWrite ? RecordError::Where::kEncode : RecordError::Where::kProcess;
  return !initing && ask(where, std::string(node), error, current ? &current->record : nullptr);
}

std::optional<std::int64_t> Task::Impl::kept(std::string_view name) const {
  const auto found = metadata.find(name);
  if (found == metadata.end()) return std::nullopt;
  return found->second;
}

void Task::Impl::keep(std::string_view name, std::int64_t value) {
  metadata.insert_or_assign(std::string(name), value);
  metadata_changed = true;
}

// ---- The outside

Task::Task(std::shared_ptr<const TopologyGraph> graph, const SubTopology& part, std::int32_t partition,
           TaskConfig config, KeptStores& stores)
    : impl_(std::make_unique<Impl>(std::move(graph), part, partition, std::move(config), stores)) {}
Task::~Task() = default;

TaskId Task::id() const { return impl_->id; }
const std::vector<TaskInput>& Task::inputs() const { return impl_->inputs; }
StoreBase* Task::store(std::string_view name) const { return impl_->typed_store(name); }
StateStore* Task::state(std::string_view name) const {
  for (std::size_t i = 0; i < impl_->stores.size(); ++i)
    if (impl_->stores[i].spec->name == name) return impl_->buffers[i].get();
  return nullptr;
}
std::uint64_t Task::dropped_records() const { return impl_->drops; }
Timestamp Task::stream_time() const { return impl_->stream_time(); }

}  // namespace detail
}  // namespace thalweg::streams
