// A stream thread's tasks: opened, restored from their changelogs, begun, closed.
#include <algorithm>

#include "dataflow/dead_letter.h"
#include "streams/stream_thread.h"

namespace thalweg::streams::detail {
namespace {

constexpr std::size_t kRestoredAtOnce = 1000;
constexpr auto kAskWithin = milliseconds(5000), kRestoreWait = milliseconds(10);

}  // namespace

void StreamThread::open_task(TaskId id, bool wipe) {
  ++turn_;
  Held held{.folder = shared_.state_dir->claim(id)};
  if (!held.folder)
    return perform(worker_.open_failed(
        id, {.code = 56, .message = "task " + to_string(id) + " is open on another thread", .retriable = true}, now()));
  if (wipe) shared_.state_dir->wipe(id);
  auto opened = try_open(id, held);
  if (!opened) {
    held.task.reset();
    return perform(worker_.open_failed(id, opened.error(), now()));
  }
  Held& kept = held_[id] = std::move(held);
  perform(worker_.opened(id, now()));
  if (kept.restoring.empty()) perform(worker_.restored(id, now()));
}

Result<> StreamThread::try_open(TaskId id, Held& held) {
  const SubTopology* const part = shared_.part(id.subtopology);
  if (!part) return client::fail("there is no sub-topology " + std::to_string(id.subtopology));
  const auto& app = shared_.config.application_id;
  const auto stores = Task::stores_of(*shared_.graph, *part, app);
  std::vector<StoreOpening> openings;
  for (const auto& store : stores) openings.push_back({store.spec->name, store.spec->type != StoreType::kInMemory});
  auto kept = rocks_stores(shared_.state_dir->of(id), openings, shared_.memory);
  if (!kept) return std::unexpected(kept.error());
  held.stores = *std::move(kept);
  held.task = std::make_unique<Task>(shared_.graph, *part, id.partition, task_config(id), *held.stores);
  for (const auto& input : held.task->inputs()) {
    held.inputs.push_back({input.topic, id.partition});
    held.is_there.push_back(positions_.contains(held.inputs.back()));
    if (const auto& metrics = shared_.config.metrics)
      held.cells.emplace_back(metrics->cells(), input.topic, shared_.config.application_id);
  }
  held.next.assign(held.inputs.size(), 0);
  held.end_of_store.assign(stores.size(), nullptr);
  for (std::size_t i = 0; i < stores.size(); ++i) {
    if (!stores[i].changelog) continue;
    Restoring one{.store = i, .changelog = {*stores[i].changelog, id.partition}};
    if (!stores[i].spec->source_topic) {
      auto& end = ends_[one.changelog];
      if (!end) end = std::make_unique<ChangelogEnd>(-1);
      *end = -1;
      held.changelogs[one.changelog.topic] = held.end_of_store[i] = end.get();
    }
    held.restoring.push_back(std::move(one));
  }
  return find_changelogs(id, held);
}

// From where to where each store is restored. One that is there already needs no reading.
Result<> StreamThread::find_changelogs(TaskId, Held& held) {
  std::vector<Restoring> left;
  for (auto& one : held.restoring) {
    auto end = shared_.cluster->end_of(one.changelog, kAskWithin);
    if (!end) return std::unexpected(end.error());
    one.limit = *end;
    // A source topic that serves as a changelog: what is not processed yet comes as records.
    if (!held.end_of_store[one.store]) {
      const auto found = positions_.find(one.changelog);
      one.limit = std::min(one.limit, found == positions_.end() ? 0 : std::max<std::int64_t>(found->second.offset, 0));
    }
    const auto kept = held.stores->offset(one.store);
    one.next = kept.value_or(0);
    if (one.next < one.limit || (kept && *kept > *end)) left.push_back(std::move(one));
  }
  held.restoring = std::move(left);
  return {};
}

bool StreamThread::restore() {
  bool any = false;
  const auto turn = turn_;
  for (auto& [id, held] : held_) {
    if (held.restoring.empty() || worker_.runs(id)) continue;
    any |= restore(id, held);
    if (turn != turn_ || ended_) return true;
  }
  return any;
}

bool StreamThread::restore(TaskId id, Held& held) {
  Restoring& one = held.restoring.front();
  bool damaged = false;
  auto restored = restore_some(id, held, one, damaged);
  if (damaged) return perform(worker_.damaged(id, now())), true;
  if (!restored) return perform(worker_.task_failed(restored.error(), now())), true;
  if (one.next < one.limit) return true;
  restorer_->stop(one.changelog);
  held.restoring.erase(held.restoring.begin());
  if (held.restoring.empty()) perform(worker_.restored(id, now()));
  return true;
}

Result<> StreamThread::restore_some(TaskId, Held& held, Restoring& one, bool& damaged) {
  if (!one.started) {
    // Kept beyond the end: the changelog is not the one that this was written from.
    const auto kept = held.stores->offset(one.store);
    if (kept && *kept > one.limit && held.end_of_store[one.store]) return damaged = true, Result<>{};
    if (auto started = restorer_->start(one.changelog, kept); !started) return started;
    one.started = true;
  }
  auto got = restorer_->read(one.changelog, kRestoredAtOnce, kRestoreWait);
  if (got.gone) {
    restorer_->stop(one.changelog);
    return damaged = true, Result<>{};
  }
  auto& records = got.records;
  while (!records.empty() && records.back().offset >= one.limit && !held.end_of_store[one.store]) records.pop_back();
  if (!records.empty()) one.next = records.back().offset + 1;
  if (got.end) one.next = std::max(one.next, *got.end);
  if (records.empty() && !got.end) return {};
  if (auto ok = held.task->restore(one.store, records, one.next); !ok) return ok;
  counts_.restored.fetch_add(records.size(), std::memory_order_relaxed);
  return held.stores->write(held.task->take_restored());
}

void StreamThread::begin_task(TaskId id) {
  ++turn_;
  const auto found = held_.find(id);
  if (found == held_.end()) return;
  Held& held = found->second;
  std::vector<std::string> metadata;
  for (std::size_t i = 0; i < held.inputs.size(); ++i) {
    const auto& position = positions_[held.inputs[i]];
    metadata.push_back(position.metadata);
    held.next[i] = std::max<std::int64_t>(position.offset, 0);
  }
  if (auto begun = held.task->begin(std::move(metadata), wall()); !begun)
    return perform(worker_.task_failed(begun.error(), now()));
  for (std::size_t i = 0; i < held.inputs.size(); ++i)
    if (!held.is_there[i]) held.task->at_end(i, 0, wall());
}

void StreamThread::close_task(TaskId id) {
  ++turn_;
  const auto found = held_.find(id);
  if (found == held_.end()) return;
  Held& held = found->second;
  for (const auto& one : held.restoring)
    if (one.started) restorer_->stop(one.changelog);
  counts_.dropped.fetch_add(held.task->dropped_records(), std::memory_order_relaxed);
  if (const auto& metrics = shared_.config.metrics)
    for (const auto& input : held.inputs)
      metrics->cells().lag.erase(client::lag_labels(input.topic, input.partition, shared_.config.application_id));
  held.task->close();
  held.task.reset();  // before the stores that it stands on
  held.stores.reset();
  shared_.state_dir->touch(id);
  held_.erase(found);
}

TaskConfig StreamThread::task_config(TaskId id) {
  return {.application_id = shared_.config.application_id,
          .buffered_records_per_partition = shared_.options.buffered_records,
          .max_idle = shared_.options.max_idle,
          .resume = [this, id](const RecordError& error) { return resume(id, error); },
          .partitions = [this](std::string_view topic) { return partitions_of(topic); },
          .global_store = shared_.global_store};
}

std::int32_t StreamThread::partitions_of(std::string_view topic) {
  if (const auto found = partitions_.find(topic); found != partitions_.end()) return found->second;
  const std::string name(topic);
  const auto counts = shared_.cluster->partitions_of({name}, kAskWithin);
  if (!counts || counts->at(name) == 0) return 0;  // asked again with the next record
  return partitions_[name] = counts->at(name);
}

bool StreamThread::resume(TaskId id, const RecordError& error) {
  const auto& config = shared_.config;
  const Headers none;
  const RawRecord* const record = error.record;
  const ErrorContext context{.node = error.node,
                             .topic = record ? record->from.topic : "",
                             .partition = record ? record->from.partition : 0,
                             .offset = record ? record->offset : 0,
                             .task = id,
                             .raw_key = record ? record->key : std::nullopt,
                             .raw_value = record ? record->value : std::nullopt,
                             .headers = record ? record->headers : none};
  const auto& handler = error.where == RecordError::Where::kDecode    ? config.on_decode_error
                        : error.where == RecordError::Where::kProcess ? config.on_process_error
                                                                      : config.on_produce_error;
  Verdict verdict = Verdict::kFail;
  try {
    if (handler) verdict = handler(context, error.error);
  } catch (...) {  // a handler that fails says no
  }
  // Written in any case: who fails is told by it, too.
  if (config.dead_letter_topic && record) {
    counts_.dead_letters.fetch_add(1, std::memory_order_relaxed);
    const auto letter = dead_letter(*config.dead_letter_topic, error);
    if (auto sent = sender_->send(letter, nullptr); !sent) return false;
  }
  return verdict == Verdict::kResume;
}

}  // namespace thalweg::streams::detail
