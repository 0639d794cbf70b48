#include "streams/global_stores.h"

#include <mutex>
#include <shared_mutex>

namespace thalweg::streams::detail {
namespace {

constexpr std::size_t kAtOnce = 1000;
constexpr auto kAskGlobalWithin = milliseconds(5000);

class CopiedEntries final : public ByteCursor {
 public:
  explicit CopiedEntries(std::vector<std::pair<std::string, std::string>> entries) : entries_(std::move(entries)) {}
  bool next() override { return at_++ < entries_.size(); }
  std::string_view key() const override { return entries_[at_ - 1].first; }
  std::string_view value() const override { return entries_[at_ - 1].second; }

 private:
  std::vector<std::pair<std::string, std::string>> entries_;
  std::size_t at_ = 0;
};

// One writer, the global thread.
class GlobalState final : public StateStore {
 public:
  explicit GlobalState(std::string name) : name_(std::move(name)) {}
  const std::string& name() const override { return name_; }
  std::optional<std::string> get(std::string_view key) const override {
    const std::shared_lock lock(mutex_);
    const auto found = entries_.find(key);
    return found == entries_.end() ? std::nullopt : std::optional(found->second);
  }
  std::unique_ptr<ByteCursor> scan(std::string_view from, std::optional<std::string_view> to,
                                   bool backward) const override {
    const std::shared_lock lock(mutex_);
    const auto first = entries_.lower_bound(from);
    const auto last = to ? entries_.lower_bound(*to) : entries_.end();
    std::vector<std::pair<std::string, std::string>> copied;
    if (!to || from < *to) copied.assign(first, last);
    if (backward) std::reverse(copied.begin(), copied.end());
    return std::make_unique<CopiedEntries>(std::move(copied));
  }
  void put(std::string_view key, std::optional<std::string_view> value) override {
    const std::lock_guard lock(mutex_);
    if (value)
      entries_.insert_or_assign(std::string(key), std::string(*value));
    else if (const auto found = entries_.find(key); found != entries_.end())
      entries_.erase(found);
  }
  void expire(std::string_view from, std::string_view to) override {
    const std::lock_guard lock(mutex_);
    entries_.erase(entries_.lower_bound(from), entries_.lower_bound(to));
  }
  void log(std::string_view, std::optional<std::string_view>, std::optional<Timestamp>, Headers) override {}

 private:
  const std::string name_;
  mutable std::shared_mutex mutex_;
  std::map<std::string, std::string, std::less<>> entries_;
};

// What a typed store asks for; nothing is processed here.
class RuntimeOfGlobals final : public TaskRuntime {
 public:
  RuntimeOfGlobals(std::shared_ptr<const TopologyGraph> graph, std::string application_id)
      : graph_(std::move(graph)), application_id_(std::move(application_id)) {}
  TaskId task() const override { return {-1, -1}; }
  Timestamp stream_time() const override { return Timestamp(milliseconds(-1)); }
  Timestamp wall_clock() const override { return {}; }
  Timestamp record_time() const override { return {}; }
  const SourceRecord* source() const override { return nullptr; }
  std::string topic_name(std::string_view topic) const override { return graph_->topic_name(application_id_, topic); }
  std::string changelog_topic(std::string_view store) const override {
    const auto* const spec = graph_->store(store);
    return spec && spec->source_topic ? topic_name(*spec->source_topic) : std::string();
  }
  std::int32_t partitions(std::string_view) const override { return 0; }
  void send(Outgoing) override {}
  StoreBase& store(std::string_view name) override {
    throw StoreFailure({.message = "no store " + std::string(name) + " among global tables"});
  }
  Punctuation schedule(std::string_view, milliseconds, Clock, std::function<void(Timestamp)>) override { return {}; }
  void request_commit() override {}
  void dropped(std::string_view, std::string_view) override {}
  bool resume(std::string_view, const Error&) override { return false; }
  std::optional<std::int64_t> kept(std::string_view) const override { return {}; }
  void keep(std::string_view, std::int64_t) override {}

 private:
  std::shared_ptr<const TopologyGraph> graph_;
  std::string application_id_;
};

}  // namespace

struct GlobalStores::Impl {
  struct One {
    std::unique_ptr<GlobalState> state;
    std::unique_ptr<StoreBase> store;
    std::string topic;
  };
  struct Part {
    TopicPartition where;
    One* of;
    std::int64_t next = 0, limit = 0;
  };
  // Applies what has come of one partition.
  Result<bool> step(Part& part, milliseconds within) {
    auto got = restorer->read(part.where, kAtOnce, within);
    if (got.gone)
      return std::unexpected(
          Error{.message = "records of " + part.where.topic + " are gone while it is read; start again"});
    try {
      for (const auto& record : got.records) of(part).restore(record);
    } catch (const std::exception& e) {
      return std::unexpected(Error{.message = "global table of " + part.where.topic + ": " + e.what()});
    }
    records += got.records.size();
    if (!got.records.empty()) part.next = got.records.back().offset + 1;
    if (got.end) part.next = std::max(part.next, *got.end);
    return !got.records.empty();
  }
  StoreBase& of(Part& part) { return *part.of->store; }

  std::unique_ptr<RuntimeOfGlobals> runtime;
  std::map<std::string, One, std::less<>> stores;
  std::vector<Part> parts;
  Cluster* cluster = nullptr;
  std::unique_ptr<Restorer> restorer;
  std::atomic<std::uint64_t> records{0};
};

GlobalStores::~GlobalStores() = default;

Result<std::unique_ptr<GlobalStores>> GlobalStores::open(std::shared_ptr<const TopologyGraph> graph,
                                                         const AppConfig& config, const Options& options,
                                                         Cluster& cluster) {
  std::unique_ptr<GlobalStores> all(new GlobalStores());
  all->impl_ = std::make_unique<Impl>();
  Impl& impl = *all->impl_;
  impl.cluster = &cluster;
  impl.runtime = std::make_unique<RuntimeOfGlobals>(graph, config.application_id);
  for (const auto& spec : graph->stores) {
    if (!spec.is_global || !spec.source_topic) continue;
    auto& one = impl.stores[spec.name];
    one.topic = *spec.source_topic;
    one.state = std::make_unique<GlobalState>(spec.name);
    one.store = spec.make(*one.state, *impl.runtime);
  }
  if (impl.stores.empty()) return all;
  auto restorer = Restorer::open(options.restore_consumer);
  if (!restorer) return std::unexpected(restorer.error());
  impl.restorer = *std::move(restorer);
  return all;
}

bool GlobalStores::empty() const { return impl_->stores.empty(); }

Result<> GlobalStores::load(const std::stop_token& stop) {
  for (auto& [name, one] : impl_->stores) {
    auto counts = impl_->cluster->partitions_of({one.topic}, kAskGlobalWithin);
    if (!counts) return std::unexpected(counts.error());
    for (std::int32_t p = 0; p < counts->at(one.topic); ++p) {
      Impl::Part part{.where = {one.topic, p}, .of = &one};
      auto end = impl_->cluster->end_of(part.where, kAskGlobalWithin);
      if (!end) return std::unexpected(end.error());
      part.limit = *end;
      if (auto started = impl_->restorer->start(part.where, std::nullopt); !started) return started;
      impl_->parts.push_back(std::move(part));
    }
  }
  for (auto& part : impl_->parts)
    while (part.next < part.limit && !stop.stop_requested())
      if (auto ok = impl_->step(part, milliseconds(20)); !ok) return std::unexpected(ok.error());
  return {};
}

Result<> GlobalStores::follow(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    bool any = false;
    for (auto& part : impl_->parts) {
      // Where nothing comes, all of them together wait a moment.
      auto ok = impl_->step(part, milliseconds(any ? 0 : 20));
      if (!ok) return std::unexpected(ok.error());
      any |= *ok;
    }
  }
  return {};
}

StateStore* GlobalStores::state(std::string_view name) const {
  const auto found = impl_->stores.find(name);
  return found == impl_->stores.end() ? nullptr : found->second.state.get();
}
StoreBase* GlobalStores::store(std::string_view name) const {
  const auto found = impl_->stores.find(name);
  return found == impl_->stores.end() ? nullptr : found->second.store.get();
}
std::uint64_t GlobalStores::records() const { return impl_->records; }

}  // namespace thalweg::streams::detail
