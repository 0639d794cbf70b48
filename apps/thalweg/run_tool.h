#pragma once

#include "cli/tool.h"

namespace thalweg {

// Runs a tool on a shard of its own with the process's streams, and ends the process with its exit code. Ctrl-C asks
// the tool to stop; a second one ends it at once.
[[noreturn]] void run_tool(cli::Tool tool, std::string program, cli::Arguments arguments);

}  // namespace thalweg
