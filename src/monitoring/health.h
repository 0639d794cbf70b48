// Whether the server lives, and whether it may be sent clients: named checks, each with a reason where it fails.
//
//   live    event_loops       every shard answers within kLoopWithin
//           data_directories  every log directory can be written; a full one can, for this purpose
//   ready   serving           the broker has started, its listeners are open, and no stop has begun
//           metadata          what the quorum has decided is in force here
//           registered        the controller knows this broker and does not fence it
//
// A restart mends what is not live. What is not ready waits, or goes on stopping. Owner: shard 0.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "runtime/shard.h"

namespace thalweg::broker {
class Broker;
}

namespace thalweg::monitoring {

struct Check {
  std::string name;
  Result<> outcome;
};
bool all_ok(const std::vector<Check>& checks);

class Health {
 public:
  static constexpr Instant kLoopWithin = std::chrono::milliseconds(900);  // probes give up after a second
  static constexpr Instant kProbeEvery = std::chrono::seconds(5);         // of directories

  enum class Phase { kStarting, kServing, kStopping };

  explicit Health(broker::Broker& broker);

  void enter(Phase phase) { phase_ = phase; }
  Phase phase() const { return phase_; }

  Task<std::vector<Check>> live();
  std::vector<Check> ready() const;
  // Directories that cannot be written.
  std::size_t directories_offline();

 private:
  struct Loop {
    bool asked = false;  // and it has not answered
    bool turn() { return true; }
  };
  Result<> serving() const;
  Result<> metadata() const;
  Result<> registered() const;
  Task<Result<>> loops();
  static Task<> ask(const Shard* shard, Loop* loop, OneShot<bool> answered);
  Result<> directories();
  void probe_directories();

  broker::Broker& broker_;
  Phase phase_ = Phase::kStarting;
  std::vector<Loop> loops_;  // one a shard
  Instant probed_;
  std::vector<Result<>> directories_;  // in the order of log.dirs, as last tried
};

}  // namespace thalweg::monitoring
