#include "run_tool.h"

#include <cstdlib>

#include "os_terminal.h"
#include "platform/shard_threads.h"

namespace thalweg {

void run_tool(cli::Tool tool, std::string program, cli::Arguments arguments) {
  platform::ShardThreads threads({.shards = 1, .helpers = 1});
  OsTerminal terminal(threads[0]);
  constexpr int kStoppedBySignal = 128;
  threads.on_stop_signal([&terminal](int signal) {
    if (terminal.stop_wanted() || !terminal.stop()) std::_Exit(kStoppedBySignal + signal);
  });
  threads.start();
  const int code = platform::run_on(
      threads[0], cli::run_to_the_end({threads[0], terminal}, tool, std::move(program), std::move(arguments)));
  // A helper may still sit in a read of standard input that never ends, so nothing is waited for.
  std::_Exit(code);
}

}  // namespace thalweg
