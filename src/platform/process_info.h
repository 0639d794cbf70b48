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
// The name of this host, for what is shown and advertised by default.
std::string host_name();
// Raises the limit of open files to what this process may have.
void raise_open_files_limit();

}  // namespace thalweg::platform
