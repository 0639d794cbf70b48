#include "thalweg/streams/test_driver.h"

#include <algorithm>
#include <charconv>
#include <deque>
#include <map>

#include "dataflow/dead_letter.h"
#include "dataflow/memory_stores.h"
#include "dataflow/task.h"

namespace thalweg::streams {
namespace {

using detail::Outgoing, detail::RawRecord, detail::SubTopology, detail::Task;

// All of the topology as one, as TopologyTestDriver has it; or all that is global.
SubTopology everything(const detail::TopologyGraph& graph, bool global) {
  SubTopology all{.is_global = global};
  for (const auto& node : graph.nodes)
    if (node.is_global == global) all.nodes.push_back(&node);
  for (const auto& store : graph.stores)
    if (store.is_global == global) all.stores.push_back(&store);
  return all;
}

milliseconds idle_of(const Properties& properties) {
  const auto found = properties.find("max.task.idle.ms");
  std::int64_t value = 0;
  if (found != properties.end())
    std::from_chars(found->second.data(), found->second.data() + found->second.size(), value);
  return milliseconds(value);
}

// A task, the topics that it reads, and what is kept of its stores.
class Driven {
 public:
  Driven(std::shared_ptr<const detail::TopologyGraph> graph, const SubTopology& part, detail::TaskConfig config)
      : stores_(Task::stores_of(*graph, part, config.application_id)),
        kept_(detail::memory_stores(stores_.size())),
        task_(std::move(graph), part, 0, std::move(config), *kept_),
        next_offset_(task_.inputs().size()) {}

  Task& task() { return task_; }
  void start(Timestamp now) { expect(task_.begin(std::vector<std::string>(task_.inputs().size()), now)); }
  bool add(const client::Message& message, Timestamp now);
  // One record to its end, its punctuations and its commit. False: none was ready.
  bool step(Timestamp now, std::vector<Outgoing>& out);
  void punctuate(Timestamp now, std::vector<Outgoing>& out) {
    expect(task_.punctuate(now, out));
    commit(out);
  }
  template <class T>
  static T expect(Result<T> result) {
    if (!result) throw TestFailure(result.error());
    if constexpr (!std::is_void_v<T>) return *std::move(result);
  }

 private:
  void commit(std::vector<Outgoing>& out);

  const std::vector<detail::TaskStore> stores_;
  const std::unique_ptr<detail::KeptStores> kept_;
  Task task_;
  std::vector<std::int64_t> next_offset_;               // by input
  std::map<std::size_t, std::int64_t> changelog_next_;  // by store
};

bool Driven::add(const client::Message& message, Timestamp now) {
  const auto& inputs = task_.inputs();
  const auto found = std::ranges::find(inputs, message.topic, &detail::TaskInput::topic);
  if (found == inputs.end()) return false;
  const auto input = static_cast<std::size_t>(found - inputs.begin());
  auto owner = std::make_shared<const client::Message>(message);
  RawRecord record{.from = {message.topic, 0},
                   .offset = next_offset_[input]++,
                   .timestamp = message.timestamp.value_or(Timestamp{}),
                   .key = owner->key,
                   .value = owner->value,
                   .headers = owner->headers,
                   .owner = owner};
  task_.add(input, {&record, 1});
  return true;
}

bool Driven::step(Timestamp now, std::vector<Outgoing>& out) {
  for (std::size_t i = 0; i < next_offset_.size(); ++i) task_.at_end(i, next_offset_[i], now);
  if (!expect(task_.process_one(now, out))) return false;
  punctuate(now, out);
  return true;
}

void Driven::commit(std::vector<Outgoing>& out) {
  if (!task_.commit_needed()) return;
  std::vector<Outgoing> flushed;
  (void)task_.prepare_commit(flushed);
  for (Outgoing& one : flushed) {
    for (std::size_t i = 0; one.is_changelog && i < stores_.size(); ++i)
      if (stores_[i].is_logged() && *stores_[i].changelog == one.message.topic) ++changelog_next_[i];
    out.push_back(std::move(one));
  }
  expect(kept_->write(task_.committed(changelog_next_)));
}

}  // namespace

struct TestDriver::Impl {
  Impl(const Topology& topology, AppConfig c, Timestamp start)
      : config(std::move(c)), graph(topology.graph()), now(start) {
    Driven::expect(topology.check());
    if (auto part = everything(*graph, true); !part.nodes.empty()) {
      globals = std::make_unique<Driven>(graph, part, task_config());
      globals->start(now);
    }
    main = std::make_unique<Driven>(graph, everything(*graph, false), task_config());
    main->start(now);
  }

  detail::TaskConfig task_config() {
    return {.application_id = config.application_id,
            .emit_interval = milliseconds(0),
            .max_idle = idle_of(config.properties),
            .resume = [this](const detail::RecordError& error) { return resume(error); },
            .partitions = [](std::string_view) { return 1; },
            .global_store = [this](std::string_view name) { return globals ? globals->task().state(name) : nullptr; }};
  }

  bool resume(const detail::RecordError& error);
  void pipe(const client::Message&);
  void run();
  void advance(milliseconds by);
  void deliver(std::vector<Outgoing>& out);

  const AppConfig config;
  const std::shared_ptr<const detail::TopologyGraph> graph;
  Timestamp now;
  std::vector<client::Message> dead_letters;  // of the record that is processed
  std::vector<client::Message> produced;      // since the last drain_raw()
  std::map<std::string, std::deque<client::Message>> by_topic;
  std::unique_ptr<Driven> globals, main;  // the main one last: it reads the stores of the others
};

bool TestDriver::Impl::resume(const detail::RecordError& error) {
  if (config.dead_letter_topic) dead_letters.push_back(detail::dead_letter(*config.dead_letter_topic, error));
  const auto& handler = error.where == detail::RecordError::Where::kDecode   ? config.on_decode_error
                        : error.where == detail::RecordError::Where::kEncode ? config.on_produce_error
                                                                             : config.on_process_error;
  if (!handler) return false;
  static const Headers kNone;
  ErrorContext context{.node = error.node, .headers = error.record ? error.record->headers : kNone};
  if (error.record) {
    context.topic = error.record->from.topic;
    context.partition = error.record->from.partition;
    context.offset = error.record->offset;
    context.raw_key = error.record->key;
    context.raw_value = error.record->value;
  }
  return handler(context, error.error) == Verdict::kResume;
}

void TestDriver::Impl::pipe(const client::Message& message) {
  const bool read = main->add(message, now);
  const bool read_by_globals = globals && globals->add(message, now);
  if (!read && !read_by_globals) throw std::invalid_argument("the topology does not read " + message.topic);
  run();
}

// What is produced is delivered before the next record is chosen, since it may be earlier than those that wait.
void TestDriver::Impl::run() {
  std::vector<Outgoing> out;
  for (bool more = true; more;) {
    try {
      more = (globals && globals->step(now, out)) || main->step(now, out);
    } catch (const TestFailure&) {
      deliver(out);
      throw;
    }
    deliver(out);
  }
}

void TestDriver::Impl::advance(milliseconds by) {
  now += by;
  std::vector<Outgoing> out;
  if (globals) globals->punctuate(now, out);
  main->punctuate(now, out);
  deliver(out);
  run();
}

void TestDriver::Impl::deliver(std::vector<Outgoing>& out) {
  for (client::Message& letter : dead_letters) out.push_back({.message = std::move(letter)});
  dead_letters.clear();
  for (Outgoing& one : out) {
    if (!one.is_changelog) {
      main->add(one.message, now);
      if (globals) globals->add(one.message, now);
    }
    by_topic[one.message.topic].push_back(one.message);
    produced.push_back(std::move(one.message));
  }
  out.clear();
}

TestDriver::TestDriver(const Topology& topology, AppConfig config, Timestamp start)
    : impl_(std::make_unique<Impl>(topology, std::move(config), start)) {}
TestDriver::TestDriver(TestDriver&&) noexcept = default;
TestDriver::~TestDriver() {
  if (!impl_) return;
  impl_->main->task().close();
  if (impl_->globals) impl_->globals->task().close();
}

void TestDriver::advance_wall_clock(milliseconds by) { impl_->advance(by); }
void TestDriver::pipe_raw(const client::Message& message) { impl_->pipe(message); }
bool TestDriver::has_output(const std::string& topic) const {
  const auto found = impl_->by_topic.find(topic);
  return found != impl_->by_topic.end() && !found->second.empty();
}
std::optional<client::Message> TestDriver::read_raw(const std::string& topic) {
  if (!has_output(topic)) return std::nullopt;
  auto& queue = impl_->by_topic[topic];
  auto message = std::move(queue.front());
  queue.pop_front();
  return message;
}
std::vector<client::Message> TestDriver::drain_raw() { return std::exchange(impl_->produced, {}); }
std::vector<std::string> TestDriver::produced_topics() const {
  std::vector<std::string> topics;
  for (const auto& [topic, messages] : impl_->by_topic) topics.push_back(topic);
  return topics;
}
std::uint64_t TestDriver::dropped_records() const {
  return impl_->main->task().dropped_records() + (impl_->globals ? impl_->globals->task().dropped_records() : 0);
}
detail::StoreBase& TestDriver::any_store(std::string_view name) {
  if (auto* found = impl_->main->task().store(name)) return *found;
  if (auto* found = impl_->globals ? impl_->globals->task().store(name) : nullptr) return *found;
  throw std::invalid_argument("there is no store " + std::string(name));
}

}  // namespace thalweg::streams
