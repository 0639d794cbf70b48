// A member of a classic consumer group: joins, is assigned partitions or assigns them, beats, commits, leaves, comes
// again.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "history.h"
#include "network/channel.h"
#include "protocol/join_group_response.h"
#include "runtime/shard.h"

namespace thalweg::simulation {

class GroupMember {
 public:
  GroupMember(const Shard& shard, History& history, int assignments)
      : shard_(shard), history_(history), assignments_(assignments) {}

  // Until it was assigned something so many times.
  Task<> run();
  bool done() const { return done_; }
  const std::string& last_error() const { return last_error_; }

 private:
  // Each gives the error that sends the member back to joining.
  Task<Result<>> take_part();
  Task<Result<protocol::JoinGroupResponse>> join();
  Task<Result<>> sync(protocol::JoinGroupResponse joined);
  Task<Result<>> heartbeat();
  Task<Result<>> commit();
  Task<> leave();
  Result<> judge(ErrorCode code, const char* what);

  const Shard& shard_;
  History& history_;
  const int assignments_;
  std::shared_ptr<network::Channel> channel_;
  std::string member_id_;
  std::int32_t generation_ = -1;
  std::vector<PartitionId> owned_;
  int assigned_ = 0;
  bool done_ = false;
  std::string last_error_;
};

}  // namespace thalweg::simulation
