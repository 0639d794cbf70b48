#pragma once

#include <cstdint>
#include <string>

namespace thalweg::platform {

// What the kernel says about this process; zeros where it does not say.
struct ProcessInfo {
  std::uint64_t resident_bytes = 0;
  double cpu_seconds = 0;  // user and system
  std::uint64_t open_files = 0;
  std::uint64_t open_files_max = 0;
};
ProcessInfo process_info();
// How much memory this process may use: the machine's, or less where a control group limits it. 0 if nobody says.
std::uint64_t memory_limit();
// The name of this host, for what is shown and advertised by default.
std::string host_name();
// Raises the limit of open files to what this process may have.
void raise_open_files_limit();
// For the end of a process that has stopped in order: once nobody listens to them any more, another SIGTERM would kill
// it and make the stop look like a failure. Of the calling thread, and of those it starts.
void block_stop_signals();

}  // namespace thalweg::platform
