// Assignments, revocations and commits: the polling thread, inside librdkafka's callbacks.
#include <algorithm>

#include "client/consumer_core.h"

namespace thalweg::client {
namespace {

// A commit that is waited for: at a revocation, where the next owner begins with what it says.
constexpr auto kCommitWithin = 5s;

std::vector<TopicPartition> partitions_of(const rd_kafka_topic_partition_list_t* list) {
  std::vector<TopicPartition> partitions;
  for (int i = 0; i < list->cnt; ++i) partitions.push_back({list->elems[i].topic, list->elems[i].partition});
  return partitions;
}

}  // namespace

void ConsumerCore::rebalanced(rd_kafka_resp_err_t code, rd_kafka_topic_partition_list_t* partitions) {
  if (code == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS) {
    assign(partitions);
    return;
  }
  revoke(partitions);
  if (code != RD_KAFKA_RESP_ERR__REVOKE_PARTITIONS) report(error_of(code, "rebalance"));
}

void ConsumerCore::assign(rd_kafka_topic_partition_list_t* list) {
  const auto partitions = partitions_of(list);
  if (offsets_from) {
    auto asked = guarded([&]() -> Result<> {
      for (int i = 0; i < list->cnt; ++i)
        if (const auto offset = offsets_from(partitions[static_cast<std::size_t>(i)])) list->elems[i].offset = *offset;
      return {};
    });
    if (!asked) {  // to begin elsewhere would be worse than not to begin
      rd_kafka_assign(handle_.get(), nullptr);
      end_with(asked.error());
      return;
    }
  }
  const auto cooperative = is_cooperative(handle_.get());
  if (!cooperative) return;
  if (*cooperative) {
    if (auto* error = rd_kafka_incremental_assign(handle_.get(), list)) report(error_of(error, "assign"));
  } else if (const auto code = rd_kafka_assign(handle_.get(), list); code) {
    report(error_of(code, "assign"));
  }
  for (const auto& where : partitions) {
    const auto found = handlers_.find(where.topic);
    if (found == handlers_.end()) continue;
    Assigned assigned{.where = where,
                      .reader = std::make_unique<PartitionReader>(handle_, where, signal_),
                      .handler = &found->second};
    if (config_.metrics) assigned.cells.emplace(config_.metrics->cells(), where.topic, config_.group);
    std::optional<dispatch::Batching> batching;
    if (const auto& limits = found->second.batching)
      batching = {
          .count = std::max<std::size_t>(limits->count, 1), .bytes = limits->bytes, .age = bounded(limits->age)};
    const std::lock_guard lock(mutex_);
    const dispatch::Slot slot = dispatcher_->assign(batching);
    slot_of_[where] = slot;
    assigned_.emplace(slot, std::move(assigned));
  }
  wake();
  if (on_assigned) {
    auto told = guarded([&]() -> Result<> {
      on_assigned(partitions);
      return {};
    });
    if (!told) end_with(told.error());
  }
}

std::vector<dispatch::Slot> ConsumerCore::slots_of(const rd_kafka_topic_partition_list_t* list) {
  std::vector<dispatch::Slot> slots;
  for (const auto& where : partitions_of(list))
    if (const auto found = slot_of_.find(where); found != slot_of_.end()) slots.push_back(found->second);
  return slots;
}

void ConsumerCore::wait_until_idle(const std::vector<dispatch::Slot>& slots) {
  std::unique_lock lock(mutex_);
  const auto idle = [&] { return std::ranges::all_of(slots, [&](auto slot) { return dispatcher_->idle(slot); }); };
  if (idle_.wait_for(lock, config_.drain, idle)) return;
  for (const auto slot : slots)
    if (!dispatcher_->idle(slot))
      stuck_.push_back(assigned_.at(slot).where.topic + "-" + std::to_string(assigned_.at(slot).where.partition));
}

void ConsumerCore::revoke(rd_kafka_topic_partition_list_t* list) {
  std::vector<dispatch::Slot> slots;
  {
    const std::lock_guard lock(mutex_);
    slots = slots_of(list);
    for (const auto slot : slots) {
      dispatcher_->revoke(slot);
      assigned_.at(slot).stopping->store(true);
    }
  }
  wait_until_idle(slots);
  if (!rd_kafka_assignment_lost(handle_.get())) commit(true, &slots);
  const auto partitions = partitions_of(list);
  if (on_revoked && !partitions.empty()) {
    auto told = guarded([&]() -> Result<> {
      on_revoked(partitions);
      return {};
    });
    if (!told) end_with(told.error());
  }
  std::vector<Assigned> gone;  // destroyed without the lock: it calls librdkafka
  {
    const std::lock_guard lock(mutex_);
    for (const auto slot : slots) {
      Assigned& assigned = assigned_.at(slot);
      slot_of_.erase(assigned.where);
      if (config_.metrics)
        config_.metrics->cells().lag.erase(lag_labels(assigned.where.topic, assigned.where.partition, config_.group));
      if (dispatcher_->idle(slot)) {
        dispatcher_->forget(slot);
        gone.push_back(std::move(assigned));
        assigned_.erase(slot);
      } else {  // a handler that does not return: its slot stays until it does
        gone.push_back({.where = assigned.where, .reader = std::move(assigned.reader)});
      }
    }
  }
  gone.clear();
  if (const auto cooperative = is_cooperative(handle_.get()); cooperative && *cooperative) {
    if (auto* error = rd_kafka_incremental_unassign(handle_.get(), list)) report(error_of(error, "unassign"));
  } else if (cooperative) {
    rd_kafka_assign(handle_.get(), nullptr);
  }
  revoked_at_ = std::chrono::steady_clock::now();
}

void ConsumerCore::commit(bool wait, const std::vector<dispatch::Slot>* only) {
  PartitionList offsets = new_list();
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [slot, assigned] : assigned_) {
      if (only ? std::ranges::count(*only, slot) == 0 : !assigned.reader) continue;
      const auto position = dispatcher_->committable(slot);
      if (!position || position == assigned.committed) continue;
      rd_kafka_topic_partition_list_add(offsets.get(), assigned.where.topic.c_str(), assigned.where.partition)->offset =
          position->value;
    }
  }
  if (offsets->cnt == 0) return;
  if (!wait) {
    rd_kafka_commit(handle_.get(), offsets.get(), 1);
    return;
  }
  // Not rd_kafka_commit(): it waits for as long as the coordinator is away.
  struct Answer {
    ConsumerCore* core;
    bool come = false;
  };
  QueueHandle queue(rd_kafka_queue_new(handle_.get()));
  Answer answer{this};
  const auto on_answer = [](rd_kafka_t*, rd_kafka_resp_err_t code, rd_kafka_topic_partition_list_t* list,
                            void* opaque) {
    auto* answer = static_cast<Answer*>(opaque);
    answer->come = true;
    if (list) answer->core->committed(code, list);
  };
  rd_kafka_commit_queue(handle_.get(), offsets.get(), queue.get(), on_answer, &answer);
  const auto deadline = std::chrono::steady_clock::now() + kCommitWithin;
  while (!answer.come && std::chrono::steady_clock::now() < deadline) rd_kafka_queue_poll_callback(queue.get(), 100);
  if (!answer.come)
    report(Error{
        .code = RD_KAFKA_RESP_ERR__TIMED_OUT,
        .message =
            "offsets could not be committed within 5 s; what was handled since the last commit will be handled again",
        .retriable = true});
}

void ConsumerCore::committed(rd_kafka_resp_err_t code, const rd_kafka_topic_partition_list_t* offsets) {
  std::optional<Error> problem;
  if (code && code != RD_KAFKA_RESP_ERR__NO_OFFSET) problem = error_of(code, "commit");
  {
    const std::lock_guard lock(mutex_);
    for (int i = 0; i < offsets->cnt; ++i) {
      const auto& element = offsets->elems[i];
      if (element.err)
        problem =
            error_of(element.err, std::string("commit of ") + element.topic + "-" + std::to_string(element.partition));
      const auto slot = slot_of_.find({element.topic, element.partition});
      if (code || element.err || slot == slot_of_.end()) continue;
      assigned_.at(slot->second).committed = Offset{element.offset};
    }
  }
  if (problem) report(*problem);
}

void ConsumerCore::measure_lag() {
  if (!config_.metrics) return;
  std::vector<std::pair<TopicPartition, std::int64_t>> positions;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [slot, assigned] : assigned_) {
      if (!assigned.reader) continue;
      if (!assigned.records.empty())
        positions.emplace_back(assigned.where, assigned.records.front().offset());
      else if (const auto at = dispatcher_->committable(slot))
        positions.emplace_back(assigned.where, at->value);
      else if (assigned.seen_end)
        positions.emplace_back(assigned.where, *assigned.seen_end);
    }
  }
  for (const auto& [where, position] : positions) {
    std::int64_t low = 0, high = 0;
    if (rd_kafka_get_watermark_offsets(handle_.get(), where.topic.c_str(), where.partition, &low, &high) || high < 0)
      continue;
    config_.metrics->cells()
        .lag.at(lag_labels(where.topic, where.partition, config_.group))
        .store(std::max<std::int64_t>(high - position, 0));
  }
}

}  // namespace thalweg::client
