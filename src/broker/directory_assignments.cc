#include "broker/directory_assignments.h"

#include <algorithm>
#include <utility>

#include "base/log.h"

namespace thalweg::broker {
namespace {

// The controller has no such replica of this broker: the image will say so.
bool is_of_no_use(ErrorCode code) {
  return code == ErrorCode::kUnknownTopicId || code == ErrorCode::kUnknownTopicOrPartition ||
         code == ErrorCode::kNotLeaderOrFollower;
}

}  // namespace

DirectoryAssignments::DirectoryAssignments(const Shard& shard, Links links)
    : state_(std::make_shared<State>(shard, std::move(links))) {}

void DirectoryAssignments::opened(replica::PartitionKey key, Uuid directory, Uuid assigned) {
  if (directory == assigned) {
    state_->waiting.erase(key);
    return;
  }
  if (state_->stopping.given()) return;
  state_->waiting.insert_or_assign(key, directory);
  if (std::exchange(state_->running, true)) return;
  spawn(state_->shard, run(state_));
}

void DirectoryAssignments::stop() { state_->stopping.give(); }

// The first request leaves after a pause, so that all that is opened in one go is in it.
Task<> DirectoryAssignments::run(std::shared_ptr<State> state) {
  Instant pause = kRetryFirst;
  for (;;) {
    co_await state->stopping.sleep_until(state->shard.clock, state->shard.clock.now() + pause);
    if (state->stopping.given() || state->waiting.empty()) break;
    pause = std::min<Instant>(2 * pause, kRetryLast);
    if (state->links.broker_epoch() < 0) continue;
    Places asked;
    while (!state->waiting.empty() && asked.size() < kPartitionsMax)
      asked.insert(state->waiting.extract(state->waiting.begin()));
    const auto answer = co_await state->links.ask(request_for(*state, asked));
    if (take(*state, std::move(asked), answer)) pause = kRetryFirst;
  }
  state->running = false;
}

DirectoryAssignments::Request DirectoryAssignments::request_for(const State& state, const Places& asked) {
  Request request;
  request.broker_id = state.links.self;
  request.broker_epoch = state.links.broker_epoch();
  std::map<Uuid, std::map<Uuid, std::vector<PartitionId>>> places;
  for (const auto& [key, directory] : asked) places[directory][key.topic_id].push_back(key.partition);
  for (const auto& [directory, topics] : places) {
    auto& in_directory = request.directories.emplace_back();
    in_directory.id = directory;
    for (const auto& [topic, partitions] : topics) {
      auto& of_topic = in_directory.topics.emplace_back();
      of_topic.topic_id = topic;
      for (const PartitionId partition : partitions) of_topic.partitions.push_back({.partition_index = partition});
    }
  }
  return request;
}

// False: something of it is to be asked again. What was learned meanwhile has the word then.
bool DirectoryAssignments::take(State& state, Places asked, const Result<Response>& answer) {
  if (!answer || answer->error_code != ErrorCode::kNone) {
    log::debug("directories cannot be assigned at the moment", field("partitions", asked.size()),
               field("error", answer ? std::string(name(answer->error_code)) : answer.error().message));
    state.waiting.merge(asked);
    return false;
  }
  bool all = true;
  for (const auto& directory : answer->directories) {
    for (const auto& topic : directory.topics) {
      for (const auto& partition : topic.partitions) {
        const auto place = asked.find({topic.topic_id, partition.partition_index});
        if (place == asked.end() || partition.error_code == ErrorCode::kNone || is_of_no_use(partition.error_code))
          continue;
        state.waiting.insert(asked.extract(place));
        all = false;
      }
    }
  }
  return all;
}

}  // namespace thalweg::broker
