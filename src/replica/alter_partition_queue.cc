#include "replica/alter_partition_queue.h"

#include <algorithm>
#include <utility>

#include "base/log.h"

namespace thalweg::replica {
namespace {

using Request = protocol::AlterPartitionRequest;

// Nothing of it was done by this attempt.
bool is_refusal(ErrorCode code) {
  return code == ErrorCode::kIneligibleReplica || code == ErrorCode::kOperationNotAttempted ||
         code == ErrorCode::kInvalidRequest;
}

// Somebody has looked at each partition; else nobody knows what has become of them.
bool is_answer(const Result<protocol::AlterPartitionResponse>& answer) {
  return answer && answer->error_code == ErrorCode::kNone;
}

}  // namespace

AlterPartitionQueue::AlterPartitionQueue(const Shard& shard, Links links)
    : state_(std::make_shared<State>(shard, std::move(links))) {}

void AlterPartitionQueue::propose(IsrProposal proposal) {
  if (state_->stopping.given()) return;
  state_->waiting.insert_or_assign(proposal.key, Proposal{.wanted = std::move(proposal.wanted)});
  if (std::exchange(state_->running, true)) return;
  spawn(state_->shard, run(state_));
}

void AlterPartitionQueue::stop() { state_->stopping.give(); }

void AlterPartitionQueue::add(Request& request, const PartitionKey& key, const Proposal& proposal) {
  const auto& wanted = proposal.wanted;
  if (request.topics.empty() || request.topics.back().topic_id != key.topic_id)
    request.topics.emplace_back().topic_id = key.topic_id;
  auto& partition = request.topics.back().partitions.emplace_back();
  partition.partition_index = key.partition;
  partition.leader_epoch = wanted.leader_epoch;
  partition.partition_epoch = wanted.partition_epoch;
  partition.withdrawn = proposal.withdrawn;
  if (proposal.withdrawn) return;
  const BrokerId self = request.broker_id;
  partition.log_offline = std::ranges::find(wanted.isr, self) == wanted.isr.end();
  for (std::size_t i = 0; i < wanted.isr.size(); ++i)
    partition.new_isr_with_epochs.push_back(
        {.broker_id = wanted.isr[i],
         .broker_epoch = wanted.isr[i] == self ? request.broker_epoch : wanted.broker_epochs[i]});
}

Task<> AlterPartitionQueue::run(std::shared_ptr<State> state) {
  Instant retry = kRetryFirst;
  while (!state->waiting.empty() && !state->stopping.given()) {
    if (state->links.broker_epoch() < 0) {  // not registered yet, so nothing would be done for it
      co_await state->stopping.sleep_until(state->shard.clock, state->shard.clock.now() + kRetryLast);
      continue;
    }
    Request request;
    request.broker_id = state->links.self;
    request.broker_epoch = state->links.broker_epoch();
    Proposals asked;
    while (!state->waiting.empty() && asked.size() < kPartitionsMax) {
      const auto next = asked.insert(state->waiting.extract(state->waiting.begin())).position;
      add(request, next->first, next->second);
    }
    const auto answer = co_await state->links.ask(std::move(request));
    if (retry == kRetryFirst && !is_answer(answer))
      log::info("in-sync replicas cannot be changed at the moment", field("partitions", asked.size()),
                field("error", answer ? std::string(name(answer->error_code)) : answer.error().message));
    if (take(*state, std::move(asked), answer)) {
      retry = kRetryFirst;
      continue;
    }
    co_await state->stopping.sleep_until(state->shard.clock, state->shard.clock.now() + retry);
    retry = std::min<Instant>(2 * retry, kRetryLast);
  }
  state->running = false;
}

// False: something of it is to be asked again. A newer proposal of the same partition has the word then.
bool AlterPartitionQueue::take(State& state, Proposals asked, const Result<protocol::AlterPartitionResponse>& answer) {
  if (!is_answer(answer)) {
    for (auto& [key, proposal] : asked) proposal.unsure = true;
    state.waiting.merge(asked);
    return false;
  }
  bool all = true;
  for (const auto& topic : answer->topics) {
    for (const auto& partition : topic.partitions) {
      const PartitionKey key{topic.topic_id, partition.partition_index};
      const auto proposal = asked.find(key);
      if (proposal == asked.end()) continue;
      if (partition.error_code == ErrorCode::kNotController) {  // it is behind what we know; the next one is not
        state.waiting.insert(asked.extract(proposal));
        all = false;
      } else if (!is_refusal(partition.error_code)) {
        continue;
      } else if (proposal->second.unsure) {
        proposal->second.withdrawn = true;
        state.waiting.insert(asked.extract(proposal));
        all = false;
      } else {
        state.links.refused(key, proposal->second.wanted.partition_epoch);
      }
    }
  }
  return all;
}

}  // namespace thalweg::replica
