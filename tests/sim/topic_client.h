// An administrator who creates topics and deletes some of them again.
#pragma once

#include <memory>
#include <set>
#include <string>

#include "history.h"
#include "network/channel.h"
#include "runtime/shard.h"

namespace thalweg::simulation {

class TopicAdministrator {
 public:
  TopicAdministrator(const Shard& shard, History& history, int topics)
      : shard_(shard), history_(history), topics_(topics) {}

  Task<> run();
  bool done() const { return done_; }
  const std::string& last_error() const { return last_error_; }
  // Compares the topics that there are with those that there must be. REQUIRES: done()
  Task<Result<>> check();

 private:
  Task<Result<>> connect();
  Task<Result<>> create(std::string topic);
  Task<Result<>> remove(std::string topic);
  Task<> insist(Task<Result<>> (TopicAdministrator::*step)(std::string), std::string topic);

  const Shard& shard_;
  History& history_;
  const int topics_;
  std::shared_ptr<network::Channel> channel_;
  std::set<std::string> expected_;
  bool done_ = false;
  std::string last_error_;
};

}  // namespace thalweg::simulation
