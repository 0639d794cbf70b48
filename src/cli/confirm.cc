#include <fmt/format.h>

#include "cli/command.h"

namespace thalweg::cli {

void declare_yes(OptionParser& parser) {
  parser.flag("yes", "Do not ask first. Only a terminal is asked.").alias("y", "yes");
}

Task<Result<>> confirm(Session session, std::string what, std::string extent) {
  Terminal& terminal = session.terminal();
  if (session.options.has("yes") || !terminal.in_is_terminal() || !terminal.err_is_terminal()) co_return Result<>();
  terminal.err(fmt::format("{}{}? [y/N] ", what, extent));
  const auto answer = co_await terminal.read_line();
  if (answer == "y" || answer == "Y" || answer == "yes") {
    // The time that the answer took is the user's, not the cluster's.
    session.client.limit(session.client.shard().clock.now() + session.client.options().api_timeout);
    co_return Result<>();
  }
  co_return invalid("not confirmed, so nothing was done (--yes does not ask)");
}

}  // namespace thalweg::cli
