#include "cli/progress.h"

#include <fmt/format.h>

namespace thalweg::cli {

Progress::Progress(Session session, bool visible)
    : terminal_(session.terminal()),
      clock_(session.context.shard.clock),
      visible_(visible && terminal_.err_is_terminal()) {}

void Progress::show(std::int64_t count) {
  constexpr Millis kPause{200};
  if (!visible_ || clock_.now() < next_) return;
  next_ = clock_.now() + kPause;
  terminal_.err(fmt::format("\r{} records", count));
}

void Progress::finish(std::int64_t count) {
  if (visible_) terminal_.err(fmt::format("\r{} records\n", count));
}

}  // namespace thalweg::cli
