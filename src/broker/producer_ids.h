// Hands out producer ids that are unique in the cluster, from blocks that the controller reserves (KIP-730).
// Owner: shard 0.
#pragma once

#include "base/types.h"
#include "runtime/task.h"

namespace thalweg::broker {

class Broker;

class ProducerIds {
 public:
  explicit ProducerIds(Broker& broker) : broker_(broker) {}
  // An id that nobody else will get. Waits for the controller when the block is used up.
  Task<Result<ProducerId>> next();

 private:
  Broker& broker_;
  ProducerId next_{0}, end_{0};
};

}  // namespace thalweg::broker
