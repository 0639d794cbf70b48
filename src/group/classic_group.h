// One classic consumer group: members, generation, and where the rebalance stands.
//
//   Empty ──join──► PreparingRebalance ──all rejoined, or time is up──► CompletingRebalance ──leader's sync──► Stable
//                           ▲                                                   │                               │
//                           └────────────── join with news, leave, member expired ──────────────────────────────┘
//
// PreparingRebalance collects joins and answers all of them at once; CompletingRebalance collects syncs and answers
// them when the leader has sent the assignment. Who waits is a RequestId in its Member; time is told by timers of the
// machine.
//
// Only what store() appends survives this broker; the rest is soft state and comes back through the members' requests.
// Invariants: leader_ is a member unless there are none; static_members_ maps to members; pending_ are not members.
// Plain values, used inside GroupMachine only.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/error_code.h"
#include "base/time.h"
#include "group/effects.h"
#include "protocol/heartbeat_request.h"
#include "protocol/join_group_request.h"
#include "protocol/leave_group_request.h"
#include "protocol/sync_group_request.h"

namespace thalweg::group {

enum class GroupState { kEmpty, kPreparingRebalance, kCompletingRebalance, kStable };
// Kafka's spelling: "PreparingRebalance".
std::string_view name(GroupState state);

// Who a request claims to come from.
struct Identity {
  std::string_view member_id;
  std::optional<std::string_view> instance_id;  // group.instance.id of a static member
};

class ClassicGroup {
 public:
  explicit ClassicGroup(std::string id) : id_(std::move(id)) {}
  // A group as the log remembers it; resume() must follow before it serves.
  ClassicGroup(std::string id, const protocol::GroupMetadataValue& stored);
  // Starts the clocks of the members of a loaded group, and thins out one that has become too big.
  void resume(Step& step);

  // Answers at once or later.
  void join(const protocol::JoinGroupRequest& request, const RequestContext& context, RequestId id, Step& step);
  void sync(const protocol::SyncGroupRequest& request, RequestId id, Step& step);
  ErrorCode heartbeat(const protocol::HeartbeatRequest& request, Step& step);
  protocol::LeaveGroupResponse leave(const std::vector<protocol::LeaveGroupRequest::MemberIdentity>& leaving,
                                     Step& step);
  void on_timer(const TimerKey& key, Step& step);
  // Forgets timers and members that have been promised an id; before the group is removed.
  void drop_soft_state(Step& step);

  // May this commit? A commit is also a sign of life. Generation -1 without a member is a consumer that assigns itself.
  ErrorCode check_commit(Identity who, std::int32_t generation, Step& step);
  // The same in a transaction (KIP-447), which is no sign of life and is not refused between join and sync. Clients
  // that cannot say who they are, in versions before 3, are not asked.
  ErrorCode check_transactional_commit(Identity who, std::int32_t generation) const;

  // Whether a step may end in a record, and may so have to be taken back.
  bool join_may_store(const protocol::JoinGroupRequest& request, const GroupConfig& config) const;
  bool sync_may_store(const protocol::SyncGroupRequest& request) const { return leader_ == request.member_id; }
  bool may_become_empty(std::size_t leaving) const { return members_.size() <= leaving; }

  GroupState state() const { return state_; }
  std::size_t members() const { return members_.size(); }
  std::int32_t generation() const { return generation_; }
  Timestamp state_since() const { return state_since_; }  // kNoTimestamp when a very old record did not say
  // Nobody is here or about to come.
  bool is_vacant() const { return state_ == GroupState::kEmpty && pending_.empty(); }
  // Never joined by anybody: exists for its offsets only.
  bool is_simple() const { return !protocol_type_; }
  std::string_view protocol_type() const { return protocol_type_ ? std::string_view(*protocol_type_) : ""; }
  bool uses_consumer_protocol() const;
  // Whether a live member reads the topic; when members cannot be understood the careful answer is yes.
  bool may_be_subscribed_to(const std::string& topic) const;
  bool knows_subscriptions() const { return subscribed_topics_.has_value(); }
  protocol::DescribeGroupsResponse::DescribedGroup describe() const;

 private:
  struct Protocol {
    std::string name;
    SharedBytes metadata;
    friend bool operator==(const Protocol&, const Protocol&) = default;
  };
  struct Member {
    std::string id;
    std::optional<std::string> instance_id;
    std::string client_id, client_host;
    Millis rebalance_timeout{0}, session_timeout{0};
    std::vector<Protocol> protocols;  // in the member's order of preference
    SharedBytes assignment;
    std::uint64_t order = 0;              // when it joined the group, compared with others
    bool is_new = false;                  // has never been answered, so it cannot know its id
    bool has_synced = false;              // in this generation
    std::optional<RequestId> join, sync;  // what it waits for

    const SharedBytes& metadata_for(const std::string& protocol) const;
    bool supports(std::string_view protocol) const;
  };
  using JoinRequest = protocol::JoinGroupRequest;

  // classic_group_join.cc: who may join, and what their joining sets off
  bool has_room_for(const std::string& member_id, const GroupConfig& config) const;
  bool can_agree_with(const JoinRequest& request) const;
  void join_as_new(const JoinRequest& request, const RequestContext& context, RequestId id, Step& step);
  void rejoin(Member& member, const JoinRequest& request, const RequestContext& context, RequestId id, Step& step);
  void add_member(std::string member_id, const JoinRequest& request, const RequestContext& context, RequestId id,
                  Step& step);
  void replace_static_member(std::string new_id, const JoinRequest& request, const RequestContext& context,
                             RequestId id, Step& step);
  static void update(Member& member, const JoinRequest& request, const RequestContext& context);
  void park_join(Member& member, RequestId id, Step& step);
  void refuse_join(const JoinRequest& request, ErrorCode error, RequestId id, Step& step) const;
  protocol::JoinGroupResponse current_generation(const Member& member) const;
  bool same_subscription(const SharedBytes& before, const SharedBytes& after) const;

  // classic_group_rebalance.cc: the phases in which all join, and then all fetch what they were assigned
  void set_state(GroupState state, Step& step);
  // `why` is for the operator's log.
  void rebalance_or_complete_join(std::string_view why, Step& step);
  void prepare_rebalance(std::string_view why, Step& step);
  void extend_initial_delay_or_complete_join(Step& step);
  // Only while that is what the group waits for.
  bool complete_join_if_all_joined(Step& step);
  void complete_join(Step& step);
  void begin_generation(Step& step);
  bool elect_joined_leader();
  std::string select_protocol() const;
  Millis rebalance_timeout() const;
  void read_subscriptions();
  void complete_sync(const protocol::SyncGroupRequest& request, Step& step);
  void answer_syncs(ErrorCode error, Step& step);
  ErrorCode check_sync(const protocol::SyncGroupRequest& request) const;
  protocol::SyncGroupResponse assignment_of(const Member& member) const;
  bool all_synced() const;
  void expire_unsynced(Step& step);

  // classic_group.cc: the log, members that come to an end
  GroupRecord record() const;
  bool fits_the_log(const Step& step) const;
  void store(Step& step) const { step.append(record()); }
  ErrorCode check_identity(Identity who) const;
  void restart_session(const Member& member, Step& step) const;
  void expire_member(const std::string& member_id, Step& step);
  void forget_pending(const std::string& member_id, Step& step);
  void remove_member(const std::string& member_id, Step& step);
  void after_removal(std::string_view why, Step& step);
  TimerKey timer(TimerKey::Kind kind, std::string member = {}) const { return {kind, id_, std::move(member)}; }

  std::string id_;
  GroupState state_ = GroupState::kEmpty;
  Timestamp state_since_ = kNoTimestamp;
  std::int32_t generation_ = 0;
  std::optional<std::string> protocol_type_;
  std::optional<std::string> protocol_;  // chosen for this generation
  std::optional<std::string> leader_;
  std::map<std::string, Member> members_;
  std::map<std::string, std::string> static_members_;  // instance id -> member id
  std::set<std::string> pending_;                      // were given an id and have not joined with it yet (KIP-394)
  std::optional<std::set<std::string>> subscribed_topics_;  // of this generation; nothing when they cannot be read
  std::uint64_t last_order_ = 0;

  // A join phase that began in Empty: members trickle in, so it waits for more.
  struct InitialDelay {
    Millis now, left;   // what it waits for at the moment, and how much longer it may grow
    bool grew = false;  // somebody came in while it waited
  };
  std::optional<InitialDelay> initial_;  // only in PreparingRebalance
};

}  // namespace thalweg::group
