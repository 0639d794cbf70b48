// Somebody who creates topics, one after another, each through another broker, until it is answered.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "runtime/shard.h"

namespace thalweg::simulation {

class TopicCreator {
 public:
  explicit TopicCreator(const Shard& shard) : shard_(shard) {}

  Task<> run();
  bool done() const { return done_; }
  const std::vector<std::string>& created() const { return created_; }
  const std::string& last_error() const { return last_error_; }

 private:
  Task<bool> create(std::string topic);
  bool failed(int node, const Error& error);

  const Shard& shard_;
  std::vector<std::string> created_;
  std::string last_error_;
  bool done_ = false;
};

}  // namespace thalweg::simulation
