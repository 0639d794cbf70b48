// What a tool sees of the world outside the cluster: three streams, the screen, the environment's files, and the wish
// of the user to stop. The real one is platform-bound and lives with the program; tests bring their own.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "runtime/task.h"

namespace thalweg::cli {

// Owner: the shard that the tool runs on.
class Terminal {
 public:
  virtual ~Terminal() = default;
  // Bytes as they are. Output may be held back until flush(), errors are not.
  virtual void out(std::string_view text) = 0;
  virtual void err(std::string_view text) = 0;
  // Hands held-back output over. False once some of it was lost: then nothing more is written, and a tool had better
  // end.
  virtual bool flush() = 0;
  // Why output was lost, in the system's words; empty when none was, and when a reader went away (a closed pipe), which
  // is no mistake.
  virtual std::string out_failure() const = 0;
  // The next line of standard input without its end; nothing at the end of input and after a wish to stop.
  virtual Task<std::optional<std::string>> read_line() = 0;
  // Standard input is at its end from now on, also for a read_line() that waits.
  virtual void end_input() = 0;
  virtual bool in_is_terminal() const = 0;
  virtual bool out_is_terminal() const = 0;
  virtual bool err_is_terminal() const = 0;
  virtual int columns() const = 0;
  // A variable of the environment that is set and not empty.
  virtual std::optional<std::string> environment(std::string_view name) const = 0;
  // Whether output may be coloured: on a screen that can, unless the user has set NO_COLOR.
  bool colours() const { return out_is_terminal() && !environment("NO_COLOR") && environment("TERM") != "dumb"; }
  // Whole content of a file that the user named.
  virtual Result<std::string> read_file(const std::string& path) = 0;
  // Ctrl-C or SIGTERM came. `call` is called once, on the tool's shard, when it comes or at once if it already has.
  virtual bool stop_wanted() const = 0;
  virtual void on_stop(std::move_only_function<void()> call) = 0;
};

}  // namespace thalweg::cli
