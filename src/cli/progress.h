// Says how far it is while records flow between a pipe or a file and the cluster, to somebody who looks on.
#pragma once

#include <cstdint>

#include "cli/command.h"

namespace thalweg::cli {

class Progress {
 public:
  // `visible`: whether the records themselves are not to be seen on the same screen.
  Progress(Session session, bool visible);
  void show(std::int64_t count);
  void finish(std::int64_t count);

 private:
  Terminal& terminal_;
  const Clock& clock_;
  const bool visible_;
  Instant next_{};
};

}  // namespace thalweg::cli
