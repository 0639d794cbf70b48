// A consumer that is in no group but commits offsets under a group's name, as `assign()` users do.
#pragma once

#include <memory>
#include <string>

#include "history.h"
#include "network/channel.h"
#include "runtime/shard.h"

namespace thalweg::simulation {

class Committer {
 public:
  Committer(const Shard& shard, History& history, int commits) : shard_(shard), history_(history), commits_(commits) {}

  // Commits 1, 2, 3 …, each until it is acknowledged.
  Task<> run();
  bool done() const { return done_; }
  const std::string& last_error() const { return last_error_; }
  // Reads the committed offset back and holds it against what was acknowledged.
  Task<Result<>> check();

 private:
  Task<Result<>> connect();
  Task<Result<>> commit(Offset offset);
  Task<Result<Offset>> committed();

  const Shard& shard_;
  History& history_;
  const int commits_;
  std::shared_ptr<network::Channel> channel_;
  Offset acknowledged_{0}, tried_{0};
  bool done_ = false;
  std::string last_error_;
};

}  // namespace thalweg::simulation
