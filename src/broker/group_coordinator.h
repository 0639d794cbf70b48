// The coordinators of consumer groups on this broker, and which of them a group belongs to. What they are made of is in
// group_shard.h: it takes seconds to compile, and a handler needs none of it.
//
// Owner: shard 0. ask() may be called from any shard.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/types.h"
#include "broker/context.h"
#include "machine/transaction.h"
#include "runtime/task.h"

namespace thalweg::group {
struct GroupCounts;
struct GroupFigures;
}  // namespace thalweg::group

namespace thalweg::broker {

class Broker;

// How a transaction ends, as WriteTxnMarkers says it for a partition.
using TransactionMarker = machine::TransactionEnd;

class GroupCoordinator {
 public:
  // Listens to the leadership of every shard's partitions from now on. REQUIRES: no partition is hosted yet.
  explicit GroupCoordinator(Broker& broker);
  ~GroupCoordinator();

  // After this broker has registered with the controller. On shard 0.
  Task<> start();
  // Answers everybody who waits with kNotCoordinator, and serves no more. On shard 0.
  Task<> stop();
  // Forgets what groups committed for the topic; nobody waits for that.
  void topic_deleted(const std::string& topic);

  // The partition of __consumer_offsets that has the group's offsets. kCoordinatorNotAvailable: there is none yet.
  static Result<PartitionId> partition_of(const metadata::Image& image, const std::string& group_id);
  // What the coordinator of `group_id` says. Errors are those that clients of coordinators understand. Compiled for
  // each request at the end of group_coordinator.cc.
  template <class Response, class Request>
  Task<Result<Response>> ask(const RequestContext& context, const std::string& group_id, Request request);
  // Writes the end of a transaction to this partition of __consumer_offsets, led here, in place of an append: what was
  // committed in the transaction takes effect, or is forgotten, in the same step, so nothing comes in between. Returns
  // once the marker is committed (acks=all). From any shard. Errors as the coordinator of transactions understands
  // them: kNotLeaderOrFollower (also while groups are loaded), kNotEnoughReplicas, kRequestTimedOut,
  // kKafkaStorageError, kInvalidProducerEpoch (what it may repeat is committed), kTransactionCoordinatorFenced. Source:
  // GroupCoordinatorService.completeTransaction.
  Task<Result<>> end_transaction(const RequestContext& context, PartitionId partition, TransactionMarker marker);
  // Of those coordinated on the shard of this index; on that shard.
  group::GroupCounts count_on(std::size_t shard);
  // The same groups one by one, in slices. On that shard.
  Task<std::vector<group::GroupFigures>> figures_on(std::size_t shard);
  // What every coordinator on this broker says.
  template <class Response, class Request>
  Task<Result<std::vector<Response>>> ask_all(const RequestContext& context, Request request);

 private:
  struct Groups;
  struct Place {
    std::size_t shard;
    PartitionId partition;
  };
  // kNotCoordinator, kCoordinatorNotAvailable.
  Result<Place> locate(const metadata::Image& image, const std::string& group_id) const;

  Broker& broker_;
  const std::unique_ptr<Groups> groups_;
};

}  // namespace thalweg::broker
