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

Result<GroupCoordinator::Place> GroupCoordinator::locate(const metadata::Image& image,
                                                         const std::string& group_id) const {
  const auto topic = image.topic(kOffsetsTopic);
  if (!topic || topic->partitions.empty())
    return fail(ErrorCode::kCoordinatorNotAvailable, "there is no group yet, so no coordinator");
  const auto partition = record::coordinator_partition(group_id, static_cast<std::int32_t>(topic->partitions.size()));
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

Task<Result<>> GroupCoordinator::end_transaction(const RequestContext&, PartitionId, TransactionMarker) {
  co_return fail(ErrorCode::kNotLeaderOrFollower, "offsets are not committed in transactions yet");
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
template Task<Result<FetchedGroup>> GroupCoordinator::ask(Context, Id, group::FetchOffsets);
template Task<Result<OffsetDeleteResponse>> GroupCoordinator::ask(Context, Id, OffsetDeleteRequest);
template Task<Result<DescribeGroupsResponse>> GroupCoordinator::ask(Context, Id, DescribeGroupsRequest);
template Task<Result<DeleteGroupsResponse>> GroupCoordinator::ask(Context, Id, DeleteGroupsRequest);
template Task<Result<std::vector<ListGroupsResponse>>> GroupCoordinator::ask_all(Context, ListGroupsRequest);

}  // namespace thalweg::broker
