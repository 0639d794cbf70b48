// Addresses of host names. The system may take a minute to find that no name server answers, and cannot be called off:
// every question has a thread of its own, and nobody waits for it beyond a deadline, nor at the end of the process. Who
// asks for a name that is being looked up shares the answer. Thread-safe.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "runtime/clock.h"

namespace thalweg::platform {

// Blocks until it knows. Addresses as text, the best first; never none.
using HostLookup = std::function<Result<std::vector<std::string>>(const std::string& host)>;

// As the system does it: files, name servers, what else it is told to use.
Result<std::vector<std::string>> look_up_host(const std::string& host);

class Names {
 public:
  explicit Names(HostLookup lookup);
  ~Names();

  // On the clock's shard, whose executor this is.
  Task<Result<std::vector<std::string>>> find(Executor executor, Clock& clock, std::string host, Instant deadline);
  // Nobody is told anything any more; the executors may go. Idempotent.
  void stop();

 private:
  struct State;
  const std::shared_ptr<State> state_;  // questions that nobody waits for keep it
};

}  // namespace thalweg::platform
