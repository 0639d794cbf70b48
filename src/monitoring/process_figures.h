// What the system says of this process. Whoever wires the server knows how to ask; a simulation has none.
#pragma once

#include <cstdint>
#include <functional>

namespace thalweg::monitoring {

struct ProcessFigures {
  std::uint64_t resident_bytes = 0;
  double cpu_seconds = 0;
  std::uint64_t open_files = 0, open_files_max = 0;
};
using ProcessSource = std::function<ProcessFigures()>;

}  // namespace thalweg::monitoring
