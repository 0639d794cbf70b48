// The coordinator of all groups that belong to one partition of __consumer_offsets: classic groups and committed
// offsets, also those that are pending in transactions. A machine in the sense of replicated::Host: values in, Effects
// out; it neither waits nor knows the time.
//
// Hard state is rebuilt by apply() alone: committed and pending offsets, and for every group its members and generation
// as of the last completed rebalance. Soft state (who waits, who has been promised an id, timers) dies with the
// leadership.
//
// A step does not apply what it appends; whoever runs the machine does so right after the step, in order.
// Requests that name several groups must name only groups of this partition; the broker splits them.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "group/classic_group.h"
#include "group/committed_offsets.h"
#include "group/effects.h"
#include "group/group_config.h"
#include "group/pending_offsets.h"
#include "protocol/delete_groups_request.h"
#include "protocol/describe_groups_request.h"
#include "protocol/list_groups_request.h"
#include "protocol/offset_commit_request.h"
#include "protocol/offset_delete_request.h"
#include "protocol/txn_offset_commit_request.h"

namespace thalweg::group {

// One group of an OffsetFetch request, in the form that version 8 brought; older requests are put into it.
struct FetchOffsets {
  protocol::OffsetFetchRequest::OffsetFetchRequestGroup group;
  bool require_stable = false;  // not while an offset is pending (KIP-447)
};

// A commit in a transaction, with what was remembered when the transaction's coordinator was asked about it.
struct TransactionalCommit {
  protocol::TxnOffsetCommitRequest request;
  std::optional<machine::Verification> verification = std::nullopt;  // nothing: nobody was asked
};

// Topics are gone, and nobody's position in them means anything any more. Answered with Done.
struct TopicsDeleted {
  std::vector<std::string> topics;
};

// How many groups are in which state.
struct GroupCounts {
  std::size_t empty = 0, preparing_rebalance = 0, completing_rebalance = 0, stable = 0;
  std::size_t all() const { return empty + preparing_rebalance + completing_rebalance + stable; }
};

// One group as those who look on see it.
struct GroupFigures {
  struct Committed {
    std::string topic;
    PartitionId partition;
    Offset offset;
    Timestamp committed_at = kNoTimestamp;
    bool subscribed = false;  // members want the topic, or may
  };
  std::string id;
  GroupState state = GroupState::kEmpty;
  std::size_t members = 0;
  std::int32_t generation = 0;  // rises by one with each rebalance
  std::vector<Committed> offsets;
};

class GroupMachine {
 public:
  using Record = OffsetsRecord;
  using Reply = group::Reply;
  using RequestId = group::RequestId;
  using TimerKey = group::TimerKey;
  using Context = RequestContext;
  using Effects = group::Effects;

  // `new_uuid` names members; random in production, from the seed in simulation.
  GroupMachine(GroupConfig config, std::function<Uuid()> new_uuid) : config_(config), new_uuid_(std::move(new_uuid)) {}

  Effects on(const protocol::JoinGroupRequest&, const RequestContext&, RequestId, Instant now, Timestamp wall);
  Effects on(const protocol::SyncGroupRequest&, const RequestContext&, RequestId, Instant now, Timestamp wall);
  Effects on(const protocol::HeartbeatRequest&, const RequestContext&, RequestId, Instant now, Timestamp wall);
  Effects on(const protocol::LeaveGroupRequest&, const RequestContext&, RequestId, Instant now, Timestamp wall);
  Effects on(const protocol::OffsetCommitRequest&, const RequestContext&, RequestId, Instant now, Timestamp wall);
  // A step that appends records of a transaction, or its end, appends nothing else.
  Effects on(const TransactionalCommit&, const RequestContext&, RequestId, Instant now, Timestamp wall);
  // The end of a transaction that the log is to have; refused by the journal when it is not its time. Answered with
  // Done.
  Effects on(const TransactionEnd&, const RequestContext&, RequestId, Instant now, Timestamp wall);
  Effects on(const FetchOffsets&, const RequestContext&, RequestId, Instant now, Timestamp wall);
  Effects on(const protocol::OffsetDeleteRequest&, const RequestContext&, RequestId, Instant now, Timestamp wall);
  Effects on(const protocol::DescribeGroupsRequest&, const RequestContext&, RequestId, Instant now, Timestamp wall);
  Effects on(const protocol::ListGroupsRequest&, const RequestContext&, RequestId, Instant now, Timestamp wall);
  Effects on(const protocol::DeleteGroupsRequest&, const RequestContext&, RequestId, Instant now, Timestamp wall);
  Effects on(const TopicsDeleted&, const RequestContext&, RequestId, Instant now, Timestamp wall);

  Effects on_timer(const TimerKey& key, Instant now, Timestamp wall);
  Effects on_loaded(Instant now, Timestamp wall);
  void apply(const OffsetsRecord& record);
  // The step just made was refused by the journal: it never happened.
  void undo();

  // For those who look on.
  void add_to(GroupCounts& counts) const;
  // Those behind `after`, in the order of their ids, until so many groups and offsets together are told; at least one,
  // if there is one.
  std::vector<GroupFigures> figures(const std::string& after, std::size_t at_most) const;

 private:
  struct Group {
    explicit Group(const std::string& id) : classic(id) {}
    ClassicGroup classic;
    CommittedOffsets offsets;
  };
  Step step(Instant now, Timestamp wall, const RequestContext* asked = nullptr) {
    before_.clear();
    return {.config = config_, .new_uuid = new_uuid_, .now = now, .wall = wall, .asked = asked};
  }
  // So that undo() finds the group as it is. Costs a copy of it, so only before what may append.
  void remember(const std::string& id, const Group& group) { before_.try_emplace(id, group.classic); }
  Group* find(const std::string& id);
  Group& find_or_create(const std::string& id);
  static void say_created(const std::string& id, const Step& step);
  ErrorCode check_commit(const protocol::OffsetCommitRequest& request, const RequestContext& context, Step& step);
  ErrorCode check_transactional_commit(const protocol::TxnOffsetCommitRequest& request);
  bool has_room_for(const std::vector<OffsetsRecord>& commit) const;
  static void forget(const std::string& group, const std::vector<TopicPartition>& offsets, Step& step);
  using Fetched = std::vector<protocol::OffsetFetchResponse::OffsetFetchResponseTopics>;
  void hide_unstable(const std::string& group, Fetched& fetched) const;
  void expire_offsets(Step& step);
  void apply_one(const OffsetRecord& record);
  void apply_one(const GroupRecord& record);
  void apply_one(const TransactionEnd& end);
  void drop_if_nothing_is_left(const std::string& id);

  const GroupConfig config_;
  const std::function<Uuid()> new_uuid_;
  std::map<std::string, Group> groups_;
  PendingOffsets pending_;                      // of groups that are in groups_
  std::map<std::string, ClassicGroup> before_;  // groups that the step under way may have changed and stores
  bool loaded_ = false;
};

}  // namespace thalweg::group
