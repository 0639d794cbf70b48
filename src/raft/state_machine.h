// What a quorum replicates. Called on the quorum's shard only.
#pragma once

#include "base/bytes.h"
#include "base/result.h"
#include "base/types.h"
#include "runtime/task.h"

namespace thalweg::raft {

class StateMachine {
 public:
  virtual ~StateMachine() = default;

  // One committed entry, as append() took it. Does not wait, cannot refuse and must not call the quorum: what is
  // committed is a fact. `records` is dead after the call.
  virtual void apply(Offset index, LeaderEpoch epoch, BytesView records) = 0;

  // The whole state as of the last apply(). The image is to be pinned before the first suspension (a
  // shared_ptr<const>); writing it out may suspend and go to another shard while apply() goes on.
  virtual Task<Result<SharedBytes>> snapshot() = 0;

  // Replaces the whole state by an image that snapshot() made, here or on another broker.
  virtual Result<> restore(Offset index, SharedBytes image) = 0;
};

}  // namespace thalweg::raft
