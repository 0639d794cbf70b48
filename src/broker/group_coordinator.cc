#include "broker/group_coordinator.h"

#include <algorithm>
#include <iterator>

#include "broker/broker.h"
#include "broker/broker_shard.h"
#include "broker/group_shard.h"
#include "broker/leadership.h"
#include "broker/topics.h"
#include "protocol/delete_groups_request.h"
#include "protocol/describe_groups_request.h"
#include "protocol/heartbeat_request.h"
#include "protocol/join_group_request.h"
#include "protocol/leave_group_request.h"
#include "protocol/list_groups_request.h"
#include "protocol/offset_commit_request.h"
#include "protocol/offset_delete_request.h"
#include "protocol/sync_group_request.h"
#include "record/hash.h"
#include "runtime/yielding.h"

namespace thalweg::broker {

struct GroupCoordinator::Groups : coordinator::Coordinator<group::GroupMachine, OffsetsCodec> {
  using Coordinator::Coordinator;
};

GroupCoordinator::GroupCoordinator(Broker& broker)
    : broker_(broker),
      groups_(std::make_unique<Groups>(shards_of(broker), "group coordinator", group_machines(broker.config()))) {
  follow_leadership(broker, kOffsetsTopic, *groups_);
}
GroupCoordinator::~GroupCoordinator() = default;

Task<> GroupCoordinator::start() { return groups_->start(); }
Task<> GroupCoordinator::stop() { return groups_->stop(); }

void GroupCoordinator::topic_deleted(const std::string& topic) {
  for (std::size_t i = 0; i < broker_.shards().size(); ++i) {
    const Shard& shard = broker_.shards()[i]->shard;
    shard.post([&shard, mine = &groups_->on_shard(i), topic] { forget_topic(shard, *mine, topic); });
  }
}

group::GroupCounts GroupCoordinator::count_on(std::size_t shard) {
  group::GroupCounts counts;
  groups_->on_shard(shard).each_machine([&](const group::GroupMachine& machine) { machine.add_to(counts); });
  return counts;
}

Task<std::vector<group::GroupFigures>> GroupCoordinator::figures_on(std::size_t shard) {
  constexpr std::size_t kAtOnce = 2000;  // groups and offsets: some hundred microseconds
  std::vector<group::GroupFigures> all;
  auto& here = groups_->on_shard(shard);
  for (const auto partition : here.partitions()) {
    // A machine may go between two slices.
    for (std::string after; const auto* machine = here.machine_of(partition);) {
      auto some = machine->figures(after, kAtOnce);
      if (some.empty()) break;
      after = some.back().id;
      std::ranges::move(some, std::back_inserter(all));
      co_await give_way();
    }
  }
  co_return all;
}

Result<PartitionId> GroupCoordinator::partition_of(const metadata::Image& image, const std::string& group_id) {
  const auto topic = image.topic(kOffsetsTopic);
  if (!topic || topic->partitions.empty())
    return fail(ErrorCode::kCoordinatorNotAvailable, "there is no group yet, so no coordinator");
  return record::coordinator_partition(group_id, static_cast<std::int32_t>(topic->partitions.size()));
}

Result<GroupCoordinator::Place> GroupCoordinator::locate(const metadata::Image& image,
                                                         const std::string& group_id) const {
  TRY(const auto partition, partition_of(image, group_id));
  const auto topic = image.topic(kOffsetsTopic);
  if (topic->partition(partition)->leader != broker_.config().node_id)
    return fail(ErrorCode::kNotCoordinator, "another broker coordinates group " + group_id);
  const auto& owner = broker_.owner_of({topic->id, partition});
  return Place{owner.shard.id, partition};
}

namespace {

group::RequestContext group_context(const RequestContext& context) {
  return {.version = context.version,
          .client_id = context.client_id,
          .client_host = "/" + context.connection->client_host,
          .principal = context.connection->principal};
}

}  // namespace

template <class Response, class Request>
Task<Result<Response>> GroupCoordinator::ask(const RequestContext& context, const std::string& group_id,
                                             Request request) {
  CO_TRY(const auto place, locate(*context.image, group_id));
  const Instant begun = context.now();
  auto answer =
      co_await groups_->ask<Response>(place.shard, place.partition, std::move(request), group_context(context));
  context.note_wait_since(begun);
  co_return answer;
}

template <class Response, class Request>
Task<Result<std::vector<Response>>> GroupCoordinator::ask_all(const RequestContext& context, Request request) {
  return groups_->ask_all<Response>(std::move(request), group_context(context));
}

namespace {

// The coordinator of transactions knows nothing of those of groups: it is to look who leads the partition, and try
// again.
Error as_marker_error(Error error) {
  if (error.code == ErrorCode::kNotCoordinator || error.code == ErrorCode::kCoordinatorLoadInProgress ||
      error.code == ErrorCode::kCoordinatorNotAvailable)
    error.code = ErrorCode::kNotLeaderOrFollower;
  return error;
}

// On the partition's shard.
Task<Result<>> end_on(BrokerShard& owner, GroupShard* groups, replica::PartitionKey key, TransactionMarker marker,
                      group::RequestContext context) {
  const auto led = owner.partitions.find(key);
  if (!led || !led->is_leader()) co_return fail(ErrorCode::kNotLeaderOrFollower);
  const LeaderEpoch epoch = led->leader_epoch();
  const Instant deadline = later(owner.shard.clock.now(), owner.broker.config().request_timeout);
  const auto answer =
      co_await groups->ask(key.partition, replicated::asking<group::GroupMachine>(marker, std::move(context)));
  if (answer) co_return Result<>{};
  // It may repeat a marker that was written a moment ago, and who hears this takes it for written (KIP-1228).
  if (answer.error().code == ErrorCode::kInvalidProducerEpoch)
    CO_TRY_VOID(co_await led->committed(led->log().end_offset(), epoch, deadline));
  co_return std::unexpected(as_marker_error(answer.error()));
}

}  // namespace

Task<Result<>> GroupCoordinator::end_transaction(const RequestContext& context, PartitionId partition,
                                                 TransactionMarker marker) {
  const auto topic = context.image->topic(kOffsetsTopic);
  if (!topic || !topic->partition(partition)) co_return fail(ErrorCode::kUnknownTopicOrPartition);
  const replica::PartitionKey key{topic->id, partition};
  auto& owner = broker_.owner_of(key);
  // Not groups_->ask(), whose errors are for clients of groups: markers go by those of the log.
  co_return co_await owner.shard.call(owner, &end_on, &groups_->on_shard(owner.shard.id), key, marker,
                                      group_context(context));
}

// All that is asked of groups; a new request adds its line.
using Context = const RequestContext&;
using Id = const std::string&;
using namespace protocol;
using FetchedGroup = OffsetFetchResponse::OffsetFetchResponseGroup;
template Task<Result<JoinGroupResponse>> GroupCoordinator::ask(Context, Id, JoinGroupRequest);
template Task<Result<SyncGroupResponse>> GroupCoordinator::ask(Context, Id, SyncGroupRequest);
template Task<Result<HeartbeatResponse>> GroupCoordinator::ask(Context, Id, HeartbeatRequest);
template Task<Result<LeaveGroupResponse>> GroupCoordinator::ask(Context, Id, LeaveGroupRequest);
template Task<Result<OffsetCommitResponse>> GroupCoordinator::ask(Context, Id, OffsetCommitRequest);
template Task<Result<TxnOffsetCommitResponse>> GroupCoordinator::ask(Context, Id, group::TransactionalCommit);
template Task<Result<FetchedGroup>> GroupCoordinator::ask(Context, Id, group::FetchOffsets);
template Task<Result<OffsetDeleteResponse>> GroupCoordinator::ask(Context, Id, OffsetDeleteRequest);
template Task<Result<DescribeGroupsResponse>> GroupCoordinator::ask(Context, Id, DescribeGroupsRequest);
template Task<Result<DeleteGroupsResponse>> GroupCoordinator::ask(Context, Id, DeleteGroupsRequest);
template Task<Result<std::vector<ListGroupsResponse>>> GroupCoordinator::ask_all(Context, ListGroupsRequest);

}  // namespace thalweg::broker
