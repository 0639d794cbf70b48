#include "thalweg/streams/app.h"

#include <algorithm>
#include <array>
#include <future>

#include "streams/app_core.h"

namespace thalweg::streams {

std::string_view to_string(State state) {
  constexpr std::array<std::string_view, 7> kNames{"CREATED",     "REBALANCING",   "RUNNING", "PENDING_SHUTDOWN",
                                                   "NOT_RUNNING", "PENDING_ERROR", "ERROR"};
  return kNames.at(static_cast<std::size_t>(state));
}

namespace detail {
namespace {

constexpr auto kTopicsWithin = milliseconds(30'000);

Error no_store(const std::string& name) {
  return {.message = "no task with store " + name +
                     " runs here now: it is another instance's, a rebalance is under way, "
                     "or no store has this name",
          .retriable = true};
}

}  // namespace

Result<> ask_stores(AppCore& core, const std::string& store, std::function<bool(StoreBase&)> look) {
  return core.ask(store, look);
}

Error wrong_store_type(const std::string& store) {
  return {.message = "store " + store + " has other types of key and value, or is of another kind"};
}

Result<std::unique_ptr<AppCore>> AppCore::open(const Topology& topology, AppConfig config) {
  std::unique_ptr<AppCore> core(new AppCore());
  if (auto sound = topology.check(); !sound) return std::unexpected(sound.error());
  auto options = options_of(config);
  if (!options) return std::unexpected(options.error());
  Shared& shared = core->shared_;
  shared.graph = topology.graph();
  shared.parts = sub_topologies(*shared.graph);
  shared.config = std::move(config);
  shared.options = *std::move(options);
  shared.memory = std::make_shared<const RocksMemory>();
  shared.phase_changed = [self = core.get()] {
    const std::lock_guard lock(self->mutex_);
    self->dirty_ = true;
    self->changed_.notify_all();
  };
  auto cluster = Cluster::open(shared.options.admin);
  if (!cluster) return std::unexpected(cluster.error());
  core->cluster_ = *std::move(cluster);
  shared.cluster = core->cluster_.get();
  // Their options are found wrong here, before anything runs.
  if (auto producer = Sender::open(shared.options.producer, {}); !producer) return std::unexpected(producer.error());
  auto inputs = Inputs::open(shared.options.main_consumer, shared.config.application_id, {}, [] {});
  if (!inputs) return std::unexpected(inputs.error());
  auto globals = GlobalStores::open(shared.graph, shared.config, shared.options, *core->cluster_);
  if (!globals) return std::unexpected(globals.error());
  core->globals_ = *std::move(globals);
  shared.global_store = [self = core.get()](std::string_view name) { return self->globals_->state(name); };
  return core;
}

void AppCore::become(State state) {
  const State before = state_.exchange(state);
  if (before != state && on_state) on_state(state, before);
}

// Topics, folder, global tables: before the first record.
Result<> AppCore::prepare(const std::stop_token& stop) {
  auto dir = StateDir::open(shared_.config.state_dir, shared_.config.application_id);
  if (!dir) return std::unexpected(dir.error());
  state_dir_.emplace(*std::move(dir));
  shared_.state_dir = &*state_dir_;
  auto there = cluster_->partitions_of(source_topics(*shared_.graph), kTopicsWithin);
  if (!there) return std::unexpected(there.error());
  auto plan =
      plan_topics(*shared_.graph, shared_.parts, shared_.config.application_id, *there, shared_.config.properties);
  if (!plan) return std::unexpected(plan.error());
  shared_.plan = *std::move(plan);
  if (auto made = cluster_->make(shared_.plan.topics, shared_.options.replication_factor, kTopicsWithin); !made)
    return made;
  return globals_->load(stop);
}

Result<> AppCore::run(const std::stop_token& stop) {
  if (ran_.exchange(true)) return client::fail("an App runs once");
  const std::stop_callback waker(stop, [this] { shared_.phase_changed(); });
  become(State::kRebalancing);
  auto ready = prepare(stop);
  if (!ready) error_ = ready.error();
  if (ready && !stop.stop_requested()) (void)start_and_watch(stop);
  state_dir_.reset();
  become(error_ ? State::kError : State::kNotRunning);
  if (error_) return std::unexpected(*error_);
  return {};
}

void AppCore::end_with(const Result<>& result) {
  const std::lock_guard lock(mutex_);
  if (!result && !error_) error_ = result.error();
  ++ended_;
  dirty_ = true;
  changed_.notify_all();
}

// One that ends with an error takes the others with it, as Kafka Streams' SHUTDOWN_CLIENT.
Result<> AppCore::start_and_watch(const std::stop_token& stop) {
  std::stop_source all;
  std::vector<std::jthread> running;
  const unsigned count = shared_.plan.drivers.empty() ? 0 : shared_.config.threads;
  {
    const std::lock_guard lock(mutex_);
    for (unsigned i = 0; i < count; ++i) threads_.push_back(std::make_unique<StreamThread>(shared_, i));
  }
  for (auto* const thread : threads())
    running.emplace_back([this, thread, token = all.get_token()] { end_with(thread->run(token)); });
  if (!globals_->empty()) running.emplace_back([this, token = all.get_token()] { end_with(globals_->follow(token)); });
  const std::size_t total = running.size();
  bool asked = false;
  for (;;) {
    bool failed = false;
    {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [&] { return dirty_; });
      dirty_ = false;
      failed = error_.has_value();
      if (ended_ == total && (asked || total > 0)) break;
    }
    if ((failed || stop.stop_requested()) && !asked) {
      asked = true;
      become(failed ? State::kPendingError : State::kPendingShutdown);
      all.request_stop();
      if (total == 0) break;
    }
    if (!asked) become(state_of_threads());
  }
  running.clear();
  return {};
}

State AppCore::state_of_threads() const {
  for (const auto* const thread : threads())
    if (thread->phase() != Worker::Phase::kRunning) return State::kRebalancing;
  return State::kRunning;
}

std::vector<StreamThread*> AppCore::threads() const {
  const std::lock_guard lock(mutex_);
  std::vector<StreamThread*> all;
  for (const auto& thread : threads_) all.push_back(thread.get());
  return all;
}

Result<> AppCore::ask(const std::string& store, const std::function<bool(StoreBase&)>& look) {
  if (StoreBase* const global = globals_->store(store)) {
    look(*global);
    return {};
  }
  bool found = false, done = false;
  for (auto* const thread : threads()) {
    std::promise<bool> answer;
    thread->ask({.store = store,
                 .look = [&](StoreBase& base) { return done = look(base); },
                 .done = [&](bool found_any) { answer.set_value(found_any); }});
    found |= answer.get_future().get();
    if (done) break;
  }
  if (!found) return std::unexpected(no_store(store));
  return {};
}

std::vector<std::pair<TaskId, std::int64_t>> AppCore::lags() const {
  std::vector<std::pair<TaskId, std::int64_t>> all;
  for (const auto* const thread : threads()) {
    const auto lags = thread->lags();
    all.insert(all.end(), lags.begin(), lags.end());
  }
  std::ranges::sort(all);
  return all;
}

}  // namespace detail

App::App(std::unique_ptr<detail::AppCore> core) : core_(std::move(core)) {}
App::App(App&&) noexcept = default;
App& App::operator=(App&&) noexcept = default;
App::~App() = default;

Result<App> App::open(const Topology& topology, AppConfig config) {
  auto core = detail::AppCore::open(topology, std::move(config));
  if (!core) return std::unexpected(core.error());
  return App(*std::move(core));
}
Result<> App::run(std::stop_token stop) { return core_->run(stop); }
State App::state() const { return core_->state(); }
App& App::on_state(std::function<void(State, State)> listener) {
  core_->on_state = std::move(listener);
  return *this;
}
std::vector<std::pair<TaskId, std::int64_t>> App::lags() const { return core_->lags(); }
std::string App::metrics() const { return core_->metrics(); }

}  // namespace thalweg::streams
