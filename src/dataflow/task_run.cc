// How a task runs: restore, records, punctuations, commits.
#include <algorithm>

#include "base/check.h"
#include "dataflow/offset_metadata.h"
#include "dataflow/task_impl.h"

namespace thalweg::streams::detail {

// ---- Errors

template <class Body>
Result<> Task::Impl::guarded(Body body) {
  try {
    body();
    return {};
  } catch (const NodeFailure& e) {
    return std::unexpected(failure(e.error));
  } catch (const StoreFailure& e) {
    return std::unexpected(failure(e.error));
  } catch (const std::exception& e) {
    return std::unexpected(failure({.message = e.what()}));
  }
}

Error Task::Impl::failure(Error error) const {
  std::string where = "task " + to_string(id);
  if (current)
    where += ", " + current->where.from.topic + "-" + std::to_string(current->where.from.partition) + "@" +
             std::to_string(current->where.offset);
  error.message = where + ": " + error.message;
  return error;
}

bool Task::Impl::ask(RecordError::Where where, const std::string& node, const Error& error, const RawRecord* record) {
  if (!config.resume) return false;
  const RecordError question{
      .where = where, .node = node, .path = path_to(node), .error = error, .record = record, .time = time};
  try {
    if (!config.resume(question)) return false;
  } catch (...) {
    return false;  // a handler that fails decides nothing
  }
  ++drops;
  return true;
}

bool Task::Impl::judge_decode(std::size_t input, const RawRecord& record, const Error& error) {
  origin = source_of[input];
  time = record.timestamp;
  return ask(RecordError::Where::kDecode, origin, error, &record);
}

// ---- Stores

Result<> Task::restore(std::size_t store, std::span<const RawRecord> records, std::int64_t next) {
  auto done = impl_->guarded([&] {
    for (const RawRecord& record : records) impl_->typed[store]->restore(record);
  });
  if (done) impl_->restored[store] = next;
  return done;
}

KeptBatch Task::take_restored() {
  KeptBatch batch;
  for (const auto& buffer : impl_->buffers) buffer->take(batch);
  batch.offsets = std::exchange(impl_->restored, {});
  return batch;
}

// ---- Records

Result<> Task::begin(std::vector<std::string> committed, Timestamp now) {
  Impl& task = *impl_;
  if (!task.mistakes.empty()) return std::unexpected(task.failure(task.mistakes.front()));
  task.wall = now;
  for (std::size_t i = 0; i < task.inputs.size() && i < committed.size(); ++i) {
    const OffsetMetadata metadata = decode_offset_metadata(committed[i]);
    task.group->set_partition_time(i, metadata.partition_time);
    for (const auto& [name, value] : metadata.kept) {
      const auto [at, is_new] = task.metadata.emplace(name, value);
      if (!is_new) at->second = std::max(at->second, value);
    }
  }
  auto inited = task.init_nodes();
  task.initing = nullptr;
  return inited;
}

Result<> Task::Impl::init_nodes() {
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    initing = part.nodes[i];
    auto inited = guarded([&] {
      try {
        nodes[i]->init(*this);
      } catch (...) {
        judge(*this, nodes[i]->name());
      }
    });
    if (!inited) return inited;
  }
  return {};
}

void Task::add(std::size_t input, std::span<RawRecord> records) { impl_->group->add(input, records); }

void Task::at_end(std::size_t input, std::int64_t position, Timestamp now) {
  Impl& task = *impl_;
  const auto before = task.group->position(input);
  task.group->at_end(input, position, now);
  // Only markers of transactions were passed: that is committed, too, or a tool sees a lag for ever.
  if (task.consumed[input] && task.group->queued(input) == 0 && task.group->position(input) != before)
    task.needed = true;
}

bool Task::wants(std::size_t input) const {
  return impl_->group->queued(input) < impl_->config.buffered_records_per_partition;
}

std::optional<Timestamp> Task::ready_at(Timestamp now) const { return impl_->group->ready_at(now); }

Result<bool> Task::process_one(Timestamp now, std::vector<Outgoing>& out) {
  Impl& task = *impl_;
  task.wall = now;
  std::ranges::move(std::exchange(task.early, {}), std::back_inserter(out));
  const PassedOver passed_over{
      .resume = [&](std::size_t input, const RawRecord& r, const Error& e) { return task.judge_decode(input, r, e); },
      .dropped = [&](const RawRecord&) { ++task.drops; }};
  auto next = task.group->next(now, passed_over);
  if (!next) return std::unexpected(task.failure(next.error()));
  if (!*next) return false;
  PartitionGroup::Next& taken = **next;
  task.consumed[taken.input] = task.needed = true;
  if (!taken.head) return true;
  task.origin = task.source_of[taken.input];
  task.time = Timestamp(milliseconds(taken.timestamp));
  SourceRecord where{taken.record.from, taken.record.offset};
  task.current.emplace(std::move(taken.record), std::move(where));
  task.out = &out;
  auto processed = task.guarded([&] { taken.head->process(); });
  task.out = nullptr;
  task.current.reset();
  if (!processed) return std::unexpected(processed.error());
  return true;
}

Result<bool> Task::punctuate(Timestamp now, std::vector<Outgoing>& out) {
  Impl& task = *impl_;
  task.wall = now;
  bool any = false;
  task.out = &out;
  auto done = task.guarded([&] {
    const auto run = [&](Timestamp at) {
      return [&task, at](const std::string& node, const PunctuationQueue::Body& body) {
        task.run_punctuation(node, body, at);
      };
    };
    const Timestamp stream = task.stream_time();
    if (task.group->stream_time() >= 0) any = task.by_stream_time.punctuate(stream, run(stream));
    any |= task.by_wall_clock.punctuate(now, run(now));
  });
  task.out = nullptr;
  if (!done) return std::unexpected(done.error());
  task.needed |= any;
  return any;
}

void Task::Impl::run_punctuation(const std::string& node, const PunctuationQueue::Body& body, Timestamp now) {
  origin = node;
  time = now;
  try {
    body(now);
  } catch (...) {
    judge(*this, node);
  }
}

std::optional<Timestamp> Task::next_wall_punctuation() const { return impl_->by_wall_clock.next(); }

// ---- Commits

bool Task::commit_needed() const { return impl_->needed || impl_->requested; }
bool Task::commit_requested() const { return impl_->requested; }

Task::Prepared Task::prepare_commit(std::vector<Outgoing>& out) {
  Impl& task = *impl_;
  std::ranges::move(std::exchange(task.early, {}), std::back_inserter(out));
  for (std::size_t i = 0; i < task.stores.size(); ++i)
    if (task.stores[i].is_logged()) task.buffers[i]->flush(*task.stores[i].changelog, task.id.partition, out);
  Prepared prepared;
  for (std::size_t i = 0; i < task.inputs.size(); ++i) {
    const auto position = task.group->position(i);
    if (!position || !(task.consumed[i] || task.metadata_changed)) continue;
    prepared.offsets.push_back({task.inputs[i].topic, *position,
                                encode({.partition_time = task.group->partition_time(i), .kept = task.metadata})});
  }
  return prepared;
}

KeptBatch Task::committed(const std::map<std::size_t, std::int64_t>& changelog_next) {
  Impl& task = *impl_;
  KeptBatch batch;
  for (std::size_t i = 0; i < task.stores.size(); ++i) {
    task.buffers[i]->take(batch);
    const auto& spec = *task.stores[i].spec;
    if (!spec.source_topic || spec.is_global) continue;
    const auto input = std::ranges::find(task.inputs, *task.stores[i].changelog, &TaskInput::topic);
    if (input == task.inputs.end()) continue;
    if (const auto position = task.group->position(static_cast<std::size_t>(input - task.inputs.begin())))
      batch.offsets[i] = *position;
  }
  for (const auto& [store, next] : changelog_next) batch.offsets[store] = next;
  task.needed = task.requested = task.metadata_changed = false;
  return batch;
}

std::size_t Task::buffered_bytes() const {
  std::size_t bytes = 0;
  for (const auto& buffer : impl_->buffers) bytes += buffer->uncommitted_bytes();
  return bytes;
}

void Task::close() {
  for (const auto& node : impl_->nodes) (void)impl_->guarded([&] { node->close(); });
  impl_->by_stream_time.clear();
  impl_->by_wall_clock.clear();
}

}  // namespace thalweg::streams::detail
