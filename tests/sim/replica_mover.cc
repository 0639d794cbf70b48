#include "replica_mover.h"

#include <fmt/format.h>

#include <utility>

#include "cluster_node.h"
#include "protocol/alter_partition_reassignments_request.h"
#include "protocol/alter_partition_reassignments_response.h"

namespace thalweg::simulation {
namespace {
using namespace std::chrono_literals;
constexpr std::int16_t kAlterReassignmentsVersion = 1;
constexpr Instant kMovePauseMax = 2s, kMoveRetryMax = 500ms;
}  // namespace

Task<> ReplicaMover::run() {
  for (int i = 0; i < moves_; ++i) {
    co_await pause(&shard_, kMovePauseMax);
    auto replicas = all_shuffled();
    replicas.resize(replicas.size() - shard_.random.next() % 2);  // two have to have what is acknowledged
    co_await move(PartitionId{std::int32_t(shard_.random.next() % kPartitions)}, std::move(replicas));
  }
  for (std::int32_t p = 0; p < kPartitions; ++p) co_await move({p}, all_shuffled());
  done_ = true;
}

std::vector<BrokerId> ReplicaMover::all_shuffled() const {
  std::vector<BrokerId> all;
  for (int node = 1; node <= kClusterNodes; ++node)
    all.insert(all.begin() + std::ptrdiff_t(shard_.random.next() % (all.size() + 1)), BrokerId{node});
  return all;
}

Task<> ReplicaMover::move(PartitionId partition, std::vector<BrokerId> replicas) {
  for (;;) {
    const auto asked = co_await ask(partition, replicas);
    if (asked) break;
    last_error_ = fmt::format("{} {}", name(asked.error().code), asked.error().message);
    co_await pause(&shard_, kMoveRetryMax);
  }
  ++answered_;
}

Task<Result<>> ReplicaMover::ask(PartitionId partition, std::vector<BrokerId> replicas) {
  CO_TRY(const auto channel, co_await route_.to_any());
  protocol::AlterPartitionReassignmentsRequest request;
  auto& topic = request.topics.emplace_back();
  topic.name = kTopic;
  topic.partitions.push_back({.partition_index = partition, .replicas = std::move(replicas)});
  CO_TRY(const auto response, co_await ask_or_close<protocol::AlterPartitionReassignmentsResponse>(
                                  &shard_, channel, std::move(request), kAlterReassignmentsVersion));
  const ErrorCode code = response.error_code != ErrorCode::kNone ? response.error_code
                                                                 : response.responses.at(0).partitions.at(0).error_code;
  if (code == ErrorCode::kNone) co_return Result<>();
  // At the beginning not everybody is registered.
  if (!is_retriable(code) && code != ErrorCode::kInvalidReplicaAssignment)
    history_.violation(fmt::format("a move of replicas was refused: {}", name(code)));
  co_return fail(code, "AlterPartitionReassignments");
}

}  // namespace thalweg::simulation
