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

// "[######------]  50%": how much of something is done, from 0 to 1.
std::string bar_text(double share);
// "12.3 MB"
std::string bytes_text(std::int64_t bytes);

// A line with a bar that is drawn over, for somebody who looks on.
class Bar {
 public:
  explicit Bar(Session session) : terminal_(session.terminal()), visible_(terminal_.err_is_terminal()) {}
  void show(double share, const std::string& text);
  // Leaves what is shown, if anything is.
  void finish();

 private:
  Terminal& terminal_;
  const bool visible_;
  bool shown_ = false;
};

}  // namespace thalweg::cli
