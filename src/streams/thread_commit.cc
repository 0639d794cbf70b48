// A stream thread's group and commits: the worker's steps, done.
#include <algorithm>

#include "streams/stream_thread.h"

namespace thalweg::streams::detail {
namespace {

// How long one attempt of a step may take; the worker says whether there is another.
constexpr auto kStepWithin = milliseconds(10'000);
// Not every retriable error has waited for something.
constexpr auto kBeforeAnother = milliseconds(20);

}  // namespace

void StreamThread::on_rebalance(Rebalance kind, const std::vector<TopicPartition>& partitions) {
  counts_.rebalances.fetch_add(1, std::memory_order_relaxed);
  in_rebalance_ = true;
  if (kind == Rebalance::kAssigned) {
    const auto tasks = tasks_of(partitions);
    assigned_.clear();
    for (const auto& task : tasks) assigned_[task] = inputs_of(task);
    position_is_new_ = true;
    // Of this assignment: a member that is dropped while it commits has no generation any more, and with none nobody
    // would fence what it commits.
    group_.reset(inputs_->group());
    perform(worker_.assigned(tasks, now()));
  } else {
    std::set<TaskId> tasks;
    for (const auto& [task, inputs] : assigned_) tasks.insert(task);
    perform(kind == Rebalance::kLost ? worker_.lost(now()) : worker_.revoked(tasks, now()));
    assigned_.clear();
  }
  in_rebalance_ = false;
  phase_may_have_changed();
}

std::set<TaskId> StreamThread::tasks_of(const std::vector<TopicPartition>& drivers) const {
  std::set<TaskId> tasks;
  for (const auto& where : drivers)
    for (const auto& [number, topic] : shared_.plan.drivers)
      if (topic == where.topic) tasks.insert({number, where.partition});
  return tasks;
}

// Partition p of the driver brings partition p of the others with it, as far as they have one.
std::vector<TopicPartition> StreamThread::inputs_of(TaskId task) const {
  std::vector<TopicPartition> inputs;
  const SubTopology* const part = shared_.part(task.subtopology);
  if (!part) return inputs;
  for (const auto& source : part->sources) {
    const auto name = shared_.graph->topic_name(shared_.config.application_id, source);
    const auto count = shared_.plan.counts.find(name);
    if (count != shared_.plan.counts.end() && task.partition < count->second) inputs.push_back({name, task.partition});
  }
  return inputs;
}

void StreamThread::do_step(Step step) {
  ++turn_;
  if (step == Step::kPrepare) commit_began_ = now();
  auto tried = try_step(step);
  if (!tried) {
    if (tried.error().retriable) pause(kBeforeAnother);
    if (step != Step::kPosition) counts_.failed_commits.fetch_add(1, std::memory_order_relaxed);
    return perform(worker_.failed(step, tried.error(), now()));
  }
  if (step == Step::kKeep) {
    counts_.commits.fetch_add(1, std::memory_order_relaxed);
    counts_.commit_us.fetch_add(static_cast<std::uint64_t>((now() - commit_began_).count()) * 1000);
  }
  perform(worker_.done(step, now()));
}

Result<> StreamThread::try_step(Step step) {
  switch (step) {
    case Step::kPosition:
      return position();
    case Step::kPrepare:
      return prepare();
    case Step::kFlush:
      return sender_->flush(kStepWithin);
    case Step::kSendOffsets:
      return send_offsets();
    case Step::kCommitTransaction:
      return sender_->commit(kStepWithin);
    case Step::kCommitOffsets:
      return commit_offsets();
    case Step::kKeep:
      return keep();
    case Step::kAbort:
      return sender_->abort(kStepWithin);
    case Step::kNewProducer:
      return new_producer();
  }
  return {};
}

// Where to begin in a topic that nothing was committed of.
OffsetReset StreamThread::reset_of(const std::string& topic_name) const {
  for (const auto& node : shared_.graph->nodes) {
    if (node.kind != NodeSpec::Kind::kSource) continue;
    for (const auto& topic : node.topics) {
      if (shared_.graph->topic_name(shared_.config.application_id, topic) != topic_name) continue;
      if (shared_.graph->is_internal(topic)) return OffsetReset::kEarliest;
      if (node.reset) return *node.reset;
    }
  }
  return shared_.options.reset;
}

// Where every task's inputs are read from. In a rebalance it is the answer to it; later, after something failed, the
// same partitions are read again from where they were committed.
Result<> StreamThread::position() {
  std::vector<TopicPartition> all;
  for (const auto& [task, inputs] : assigned_) all.insert(all.end(), inputs.begin(), inputs.end());
  auto committed = inputs_->committed(all, kStepWithin);
  if (!committed) return std::unexpected(committed.error());
  for (auto& [where, position] : *committed) {
    if (position.offset >= 0) continue;
    const auto reset = reset_of(where.topic);
    if (reset == OffsetReset::kNone)
      return std::unexpected(Error{.code = RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET,
                                   .message = where.topic + "-" + std::to_string(where.partition) +
                                              " has no committed offset, and auto.offset.reset is none"});
    position.offset = reset == OffsetReset::kLatest ? RD_KAFKA_OFFSET_END : RD_KAFKA_OFFSET_BEGINNING;
  }
  positions_ = *std::move(committed);
  if (!position_is_new_ || !in_rebalance_) return inputs_->seek(positions_, kStepWithin);
  position_is_new_ = false;
  return inputs_->assign(positions_);
}

Result<> StreamThread::prepare() {
  for (auto& [id, held] : held_) {
    if (!worker_.runs(id)) continue;
    held.prepared = held.task->prepare_commit(out_);
    Result<> sent;
    for (const auto& one : out_)
      if (sent = send(one, held); !sent) break;
    out_.clear();
    if (!sent) return sent;
  }
  return {};
}

Positions StreamThread::offsets_to_commit() const {
  Positions offsets;
  for (const auto& [id, held] : held_) {
    if (!worker_.runs(id)) continue;
    for (const auto& one : held.prepared.offsets)
      if (positions_.contains({one.topic, id.partition}))
        offsets[{one.topic, id.partition}] = {one.offset, one.metadata};
  }
  return offsets;
}

Result<> StreamThread::commit_offsets() {
  // What was not delivered must not be passed: its records would be lost.
  for (const auto& lost : sender_->take_undelivered())
    if (!judge_send(lost.message, lost.error)) return std::unexpected(lost.error);
  const auto offsets = offsets_to_commit();
  if (offsets.empty()) return {};
  return inputs_->commit(offsets, kStepWithin);
}

Result<> StreamThread::send_offsets() {
  const auto offsets = offsets_to_commit();
  if (offsets.empty()) return {};
  const auto list = list_of(offsets);
  return sender_->send_offsets(list.get(), group_.get(), kStepWithin);
}

Result<> StreamThread::keep() {
  for (auto& [id, held] : held_) {
    if (!worker_.runs(id)) continue;
    std::map<std::size_t, std::int64_t> next;
    for (std::size_t i = 0; i < held.end_of_store.size(); ++i)
      if (auto* const end = held.end_of_store[i])
        if (const auto offset = end->exchange(-1); offset >= 0) next[i] = offset;
    if (auto kept = held.stores->write(held.task->committed(next)); !kept) return kept;
    for (const auto& one : held.prepared.offsets) purge_[{one.topic, id.partition}] = one.offset;
  }
  return {};
}

Result<> StreamThread::new_producer() {
  sender_.reset();  // what it has open ends with it
  std::string id;
  if (shared_.options.worker.exactly_once)
    id = shared_.config.application_id + "-" + shared_.state_dir->process_id() + "-" + std::to_string(index_ + 1);
  auto sender = Sender::open(shared_.options.producer, std::move(id), shared_.config.metrics);
  if (!sender) return std::unexpected(sender.error());
  sender_ = *std::move(sender);
  return {};
}

// In a transaction the commit fails with it; else the record's failure is judged here.
void StreamThread::judge_undelivered() {
  if (ended_ || shared_.options.worker.exactly_once) return;
  for (const auto& lost : sender_->take_undelivered())
    if (!judge_send(lost.message, lost.error)) return perform(worker_.send_failed(lost.error, now()));
}

// Whether to go on without this message.
bool StreamThread::judge_send(const client::Message& message, const Error& error) {
  const auto& handler = shared_.config.on_produce_error;
  if (!handler || error.fatal || error.abortable) return false;
  const ErrorContext context{.node = {},
                             .topic = message.topic,
                             .partition = message.partition.value_or(-1),
                             .offset = -1,
                             .task = {},
                             .raw_key = message.key,
                             .raw_value = message.value,
                             .headers = message.headers};
  try {
    return handler(context, error) == Verdict::kResume;
  } catch (...) {
    return false;
  }
}

// Repartition topics keep everything (retention.ms=-1) but what we have committed.
void StreamThread::purge_behind() {
  if (purge_.empty() || now() - purged_at_ < shared_.options.purge_interval) return;
  std::map<TopicPartition, std::int64_t> before;
  for (const auto& topic : shared_.plan.topics)
    if (!topic.is_changelog)
      for (const auto& [where, offset] : purge_)
        if (where.topic == topic.name) before[where] = offset;
  purge_.clear();
  purged_at_ = now();
  shared_.cluster->purge(before);
}

// One thread looks after the folders of tasks that have gone elsewhere.
void StreamThread::clean_up() {
  if (index_ != 0 || now() - cleaned_at_ < std::max(shared_.options.cleanup_delay, milliseconds(1000))) return;
  cleaned_at_ = now();
  shared_.state_dir->clean_up(shared_.options.cleanup_delay);
}

}  // namespace thalweg::streams::detail
