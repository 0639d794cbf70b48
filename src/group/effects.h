// What goes into a GroupMachine and what comes out of it: values only.
#pragma once

#include <compare>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "base/time.h"
#include "base/types.h"
#include "base/uuid.h"
#include "group/group_config.h"
#include "group/group_records.h"
#include "machine/effects.h"
#include "protocol/delete_groups_response.h"
#include "protocol/describe_groups_response.h"
#include "protocol/heartbeat_response.h"
#include "protocol/join_group_response.h"
#include "protocol/leave_group_response.h"
#include "protocol/list_groups_response.h"
#include "protocol/offset_commit_response.h"
#include "protocol/offset_delete_response.h"
#include "protocol/offset_fetch_response.h"
#include "protocol/sync_group_response.h"
#include "protocol/txn_offset_commit_response.h"

namespace thalweg::group {

// Names a request until it is answered; given by the host. A parked member is nothing but such an id.
using RequestId = Strong<std::uint64_t, struct RequestIdTag>;

// What came with a request beside its body.
struct RequestContext {
  std::int16_t version = 0;
  std::string client_id;
  std::string client_host;  // "/127.0.0.1", as Kafka shows it
  std::string principal;
};
// "User:ANONYMOUS@127.0.0.1 (client)", as log lines name who has changed the cluster.
std::string who(const RequestContext& context);

// The answer to what is asked inside the broker: TopicsDeleted, TransactionEnd.
struct Done {
  friend bool operator==(const Done&, const Done&) = default;
};

using Reply =
    std::variant<protocol::JoinGroupResponse, protocol::SyncGroupResponse, protocol::HeartbeatResponse,
                 protocol::LeaveGroupResponse, protocol::OffsetCommitResponse, protocol::TxnOffsetCommitResponse,
                 protocol::OffsetFetchResponse::OffsetFetchResponseGroup, protocol::OffsetDeleteResponse,
                 protocol::DescribeGroupsResponse, protocol::ListGroupsResponse, protocol::DeleteGroupsResponse, Done>;

struct TimerKey {
  enum class Kind { kRetention, kJoin, kSync, kSession };
  Kind kind = Kind::kRetention;
  std::string group;   // empty for kRetention
  std::string member;  // only for kSession
  friend auto operator<=>(const TimerKey&, const TimerKey&) = default;
};

using Effects = machine::Effects<OffsetsRecord, Reply, RequestId, TimerKey>;

// One step of a machine while it is under way: when it happens, and what it has decided so far.
struct Step {
  const GroupConfig& config;
  const std::function<Uuid()>& new_uuid;
  Instant now;
  Timestamp wall;
  const RequestContext* asked = nullptr;  // null: time has come
  Effects effects = {};

  std::string by() const { return asked ? who(*asked) : "time"; }

  void append(OffsetsRecord record) { effects.append.push_back(std::move(record)); }
  void reply(RequestId id, Reply reply) { effects.replies.push_back({id, std::move(reply)}); }
  void set_timer(TimerKey key, Millis after) { effects.timers.push_back({std::move(key), later(now, after)}); }
  void clear_timer(TimerKey key) { effects.timers.push_back({std::move(key), std::nullopt}); }
};

}  // namespace thalweg::group
