// Seeds in several processes: a run needs one core and nothing of the others. A process that dies, by a failed CHECK,
// costs the seed that it was at and no other.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

namespace thalweg::simulation {

struct Seeds {
  std::uint64_t first = 1, last = 1;
  std::uint64_t count() const { return last - first + 1; }
};

// One for each processor.
unsigned default_workers();

// `run` is called in a worker for every seed, and `done` here with what it gave, in the order of the seeds; with
// nothing when the worker has died of it. A single worker is this process itself.
void run_in_workers(Seeds seeds, unsigned workers, const std::function<std::string(std::uint64_t seed)>& run,
                    const std::function<void(std::uint64_t seed, std::optional<std::string>)>& done);

}  // namespace thalweg::simulation
