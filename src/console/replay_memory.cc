#include "console/replay_memory.h"

#include <algorithm>

#include "broker/broker_shard.h"
#include "broker/topics.h"
#include "console/ask.h"
#include "console/group_list.h"
#include "console/group_offsets.h"
#include "console/plan.h"
#include "console/problem.h"
#include "letters/replay.h"
#include "protocol/find_coordinator_request.h"
#include "protocol/find_coordinator_response.h"
#include "protocol/offset_commit_request.h"
#include "protocol/offset_commit_response.h"

namespace thalweg::console {
namespace {

constexpr std::int16_t kFindWithOneKey = 3, kCommitByName = 9;
// The first group of a cluster makes the topic that its offsets go to; a coordinator that has just come loads first.
constexpr Instant kCoordinatorWithin = std::chrono::seconds(10), kCoordinatorPause = std::chrono::milliseconds(100);

std::string replay_group() { return std::string(letters::kReplayGroup); }

// The same question with the image of this moment: what is asked for may just have come to be.
Call asked_now(const Call& call) {
  Call now = call;
  now.image = call.broker().shards().front()->image();
  return now;
}

// What is asked has the topic of offsets made, where there is none. The answer itself is for clients: it says where the
// coordinator listens for them, and for the console nobody listens.
Task<Result<BrokerId>> find_replay_coordinator(const Call& call) {
  protocol::FindCoordinatorRequest request;
  request.key = replay_group();
  const Call now = asked_now(call);
  CO_TRY_VOID(co_await ask<protocol::FindCoordinatorResponse>(now, std::move(request), kFindWithOneKey));
  const auto coordinator = coordinator_of(*asked_now(call).image, replay_group());
  if (coordinator == kNoBroker)
    co_return fail(ErrorCode::kCoordinatorNotAvailable, "nobody leads what the group of replays remembers");
  co_return coordinator;
}

Outcome<MarksByPartition> marks_in(const std::vector<GroupOffsets>& groups, const std::string& queue) {
  MarksByPartition marks;
  if (groups.empty()) return marks;
  if (groups.front().error != ErrorCode::kNone) return std::unexpected(problem_of(groups.front().error));
  for (const auto& committed : groups.front().offsets)
    if (committed.partition.topic == queue)
      marks.emplace(committed.partition.partition, letters::ReplayMarks::of(committed.offset, committed.metadata));
  return marks;
}

Task<Outcome<MarksByPartition>> marks_at(const Call& call, BrokerId coordinator, const std::string& queue) {
  CO_TRY(const auto groups, co_await committed_of(call, coordinator, {replay_group()}, {}));
  co_return marks_in(groups, queue);
}

Problem not_remembered(Problem problem) {
  if (problem.code == name(ErrorCode::kUnknownMemberId)) {
    problem = problem_of(ErrorCode::kNonEmptyGroup, "Somebody is a member of the group " + replay_group() +
                                                        ", which remembers what was sent back");
    problem.hint = "stop whoever consumes in this group: replays keep their offsets in it";
  }
  return problem;
}

}  // namespace

Task<Outcome<MarksByPartition>> recall_replayed(const Call& call, const std::string& queue) {
  CO_TRY_VOID(check_allowed(call, broker::Operation::kDescribe, broker::group_resource(replay_group())));
  if (!call.image->topic(std::string_view(broker::kOffsetsTopic))) co_return MarksByPartition();
  co_return co_await marks_at(call, coordinator_of(*call.image, replay_group()), queue);
}

Task<Outcome<ReplayMemory>> ReplayMemory::open(const Call& call, std::string queue,
                                               std::vector<PartitionId> partitions) {
  CO_TRY_VOID(check_allowed(call, broker::Operation::kRead, broker::group_resource(replay_group())));
  std::vector<thalweg::TopicPartition> places;
  for (const auto partition : partitions) places.push_back({queue, partition});
  const auto edges = co_await edges_of(call, std::move(places));
  auto& clock = call.broker().shard0().clock;
  for (const Instant deadline = later(clock.now(), kCoordinatorWithin);;) {
    ReplayMemory memory;
    memory.queue_ = queue;
    auto found = told(co_await find_replay_coordinator(call));
    if (found) memory.coordinator_ = *found;
    const Call now = asked_now(call);
    auto marks = found ? co_await marks_at(now, memory.coordinator_, queue)
                       : Outcome<MarksByPartition>(std::unexpected(std::move(found.error())));
    if (marks) memory.marks_ = std::move(*marks);
    for (std::size_t i = 0; i < partitions.size(); ++i) {
      auto& known = memory.marks_[partitions[i]];
      if (edges[i]) known.raise(edges[i]->start);
    }
    auto kept = marks ? co_await memory.commit(call, partitions) : Outcome<>(std::unexpected(std::move(marks.error())));
    if (kept) co_return memory;
    if (kept.error().status != 503 || clock.now() >= deadline)
      co_return std::unexpected(not_remembered(std::move(kept.error())));
    co_await clock.sleep_for(kCoordinatorPause);
  }
}

Task<Outcome<>> ReplayMemory::add(const Call& call, PartitionId partition, const std::vector<Offset>& letters) {
  for (const auto letter : letters) marks_[partition].add(letter);
  auto kept = co_await commit(call, {partition});
  if (kept) co_return kept;
  Problem problem = not_remembered(std::move(kept.error()));
  problem.title = "Letters were sent, but it could not be remembered: " + problem.title;
  problem.hint = "the next replay sends the last of them again";
  co_return std::unexpected(std::move(problem));
}

Task<Outcome<>> ReplayMemory::commit(const Call& call, std::vector<PartitionId> partitions) const {
  protocol::OffsetCommitRequest request;
  request.group_id = replay_group();
  auto& topic = request.topics.emplace_back();
  topic.name = queue_;
  const auto text_max = std::min(letters::ReplayMarks::kTextMax,
                                 std::size_t(std::max(0, call.broker().config().offset_metadata_max_bytes)));
  for (const auto partition : partitions) {
    const auto& marks = marks_.at(partition);
    auto& into = topic.partitions.emplace_back();
    into.partition_index = partition;
    into.committed_offset = marks.below();
    into.committed_metadata = marks.metadata(text_max);
  }
  const Call now = asked_now(call);
  CO_TRY(const auto response, told(co_await ask_broker<protocol::OffsetCommitResponse>(
                                  now, coordinator_, std::move(request), {.version = kCommitByName})));
  for (const auto& answered : response.topics)
    for (const auto& one : answered.partitions)
      if (one.error_code != ErrorCode::kNone) co_return std::unexpected(problem_of(one.error_code));
  co_return Outcome<>();
}

}  // namespace thalweg::console
