// What leaders of all shards want of the controller, one AlterPartition request at a time: what comes while one is
// under way goes into the next, so ten thousand partitions that lose a follower cost two requests.
//
// Only the image changes an ISR. An accepted change says nothing here, and neither does an answer that may be the echo
// of an earlier attempt (INVALID_UPDATE_VERSION, FENCED_LEADER_EPOCH): the image tells. Refused is what the controller
// says that it did not do, and whoever proposed it is told so; but only when it was asked once. An attempt that was not
// answered may be on its way still, and come true after a later one was refused: then the proposal is withdrawn, which
// raises the partition epoch, and the image tells once more.
//
// Owner: shard 0.
#pragma once

#include <functional>
#include <map>
#include <memory>

#include "protocol/alter_partition_request.h"
#include "protocol/alter_partition_response.h"
#include "replica/isr_proposal.h"
#include "runtime/shard.h"
#include "runtime/stop_signal.h"

namespace thalweg::replica {

class AlterPartitionQueue {
 public:
  struct Links {
    BrokerId self;
    std::function<std::int64_t()> broker_epoch;
    // Asks whoever is controller, once. An error: nobody answered, and what was asked may have been done, or may yet
    // be.
    std::function<Task<Result<protocol::AlterPartitionResponse>>(protocol::AlterPartitionRequest)> ask;
    std::function<void(PartitionKey, std::int32_t partition_epoch)> refused;
  };
  static constexpr std::size_t kPartitionsMax = 10'000;  // of one request
  static constexpr Instant kRetryFirst = std::chrono::milliseconds(5), kRetryLast = std::chrono::milliseconds(50);

  AlterPartitionQueue(const Shard& shard, Links links);
  AlterPartitionQueue(const AlterPartitionQueue&) = delete;
  ~AlterPartitionQueue() { stop(); }

  // A later proposal for the same partition replaces one that has not left yet.
  void propose(IsrProposal proposal);
  void stop();

 private:
  struct Proposal {
    replication::Replication::Wanted wanted;
    bool unsure = false;     // an attempt was not answered
    bool withdrawn = false;  // and a later one was refused
  };
  using Proposals = std::map<PartitionKey, Proposal>;
  // What outlives the queue while a request is under way.
  struct State {
    const Shard& shard;
    const Links links;
    Proposals waiting;
    bool running = false;
    StopSignal stopping;
  };
  static void add(protocol::AlterPartitionRequest& request, const PartitionKey& key, const Proposal& proposal);
  static Task<> run(std::shared_ptr<State> state);
  static bool take(State& state, Proposals asked, const Result<protocol::AlterPartitionResponse>& answer);

  const std::shared_ptr<State> state_;
};

}  // namespace thalweg::replica
