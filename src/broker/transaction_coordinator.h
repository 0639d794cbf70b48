// The coordinators of transactions on this broker, which of them a transactional id belongs to, and what they need: new
// producer ids, and the writing of markers. What they are made of is in transaction_shard.h: it takes seconds to
// compile, and a handler needs none of it.
//
// Owner: shard 0. ask() may be called from any shard.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/types.h"
#include "broker/context.h"
#include "runtime/task.h"
#include "transaction/effects.h"

namespace thalweg::broker {

class Broker;

class TransactionCoordinator {
 public:
  // Listens to the leadership of every shard's partitions from now on. REQUIRES: no partition is hosted yet.
  explicit TransactionCoordinator(Broker& broker);
  ~TransactionCoordinator();

  // After this broker has registered with the controller. On shard 0.
  Task<> start();
  // Answers everybody who waits with kNotCoordinator, writes no more markers and serves no more. On shard 0.
  Task<> stop();

  // What the coordinator of `transactional_id` says. Errors are those that clients of coordinators understand:
  // kNotCoordinator, kCoordinatorNotAvailable, kCoordinatorLoadInProgress. Compiled for each request at the end of
  // transaction_coordinator.cc.
  template <class Response, class Request>
  Task<Result<Response>> ask(const RequestContext& context, const std::string& transactional_id, Request request);
  // The same for what may need a new producer id: InitProducer, EndTransaction. Errors are in the answer.
  template <class Request>
  Task<transaction::ProducerReply> ask_for_producer(const RequestContext& context, const std::string& transactional_id,
                                                    Request request);
  // What every coordinator on this broker says.
  template <class Response, class Request>
  Task<Result<std::vector<Response>>> ask_all(Request request);

 private:
  struct Transactions;
  class OnShard;
  struct Place {
    std::size_t shard;
    PartitionId partition;
  };
  Result<Place> locate(const metadata::Image& image, const std::string& transactional_id) const;

  Broker& broker_;
  const std::unique_ptr<Transactions> transactions_;
  std::vector<std::shared_ptr<OnShard>> shards_;  // at the index of the broker's shard
};

}  // namespace thalweg::broker
