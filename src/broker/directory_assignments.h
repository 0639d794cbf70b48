// Tells the controller in which of its log directories this broker keeps a replica (KIP-858), where the image says
// another one or none: after a disk was replaced, or where there are several to choose from. Until the controller
// knows, the replica counts as offline there, and does not come back into the ISR.
//
// Owner: shard 0.
#pragma once

#include <functional>
#include <map>
#include <memory>

#include "protocol/assign_replicas_to_dirs_request.h"
#include "protocol/assign_replicas_to_dirs_response.h"
#include "replica/partition_key.h"
#include "runtime/shard.h"
#include "runtime/stop_signal.h"

namespace thalweg::broker {

class DirectoryAssignments {
 public:
  using Request = protocol::AssignReplicasToDirsRequest;
  using Response = protocol::AssignReplicasToDirsResponse;

  struct Links {
    BrokerId self;
    std::function<std::int64_t()> broker_epoch;  // -1: not registered yet, and asked again later
    // Asks whoever is controller. An error: nobody answered, and what was asked may have been done.
    std::function<Task<Result<Response>>(Request)> ask;
  };
  static constexpr std::size_t kPartitionsMax = 2'000;  // of one request
  static constexpr Instant kRetryFirst = std::chrono::milliseconds(20), kRetryLast = std::chrono::seconds(1);

  DirectoryAssignments(const Shard& shard, Links links);
  DirectoryAssignments(const DirectoryAssignments&) = delete;
  ~DirectoryAssignments() { stop(); }

  // The replica lies in `directory`, and the image says `assigned`. Asks until the controller has it, or says that the
  // replica is none of this broker's any more.
  void opened(replica::PartitionKey key, Uuid directory, Uuid assigned);
  void stop();

 private:
  using Places = std::map<replica::PartitionKey, Uuid>;
  // What outlives this while a request is under way.
  struct State {
    const Shard& shard;
    const Links links;
    Places waiting;
    bool running = false;
    StopSignal stopping;
  };
  static Task<> run(std::shared_ptr<State> state);
  static Request request_for(const State& state, const Places& asked);
  static bool take(State& state, Places asked, const Result<Response>& answer);

  const std::shared_ptr<State> state_;
};

}  // namespace thalweg::broker
