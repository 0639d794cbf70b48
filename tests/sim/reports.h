// What a run of one seed comes to, how a worker hands it back, and the sum over all.
#pragma once

#include <fmt/format.h>

#include <chrono>
#include <cstdio>
#include <cstring>
#include <string>
#include <type_traits>
#include <vector>

#include "workers.h"

namespace thalweg::simulation {

template <class Counts>
  requires std::is_trivially_copyable_v<Counts>
struct Report {
  bool good = true;
  Counts counts;
  std::string text;

  std::string pack() const {
    std::string packed(1 + sizeof counts, good ? '+' : '-');
    std::memcpy(packed.data() + 1, &counts, sizeof counts);
    return packed + text;
  }
  static Report unpack(const std::string& packed) {
    Report report{.good = packed[0] == '+', .counts = {}, .text = packed.substr(1 + sizeof(Counts))};
    std::memcpy(&report.counts, packed.data() + 1, sizeof(Counts));
    return report;
  }
};

template <class Counts>
struct Sum {
  std::uint64_t failed = 0;
  Counts counts;
  double seconds = 0;
};

// `run`: seed → Report<Counts>. Prints what the reports say.
template <class Counts, class Run>
Sum<Counts> run_all(Seeds seeds, unsigned workers, Run run) {
  const auto begun = std::chrono::steady_clock::now();
  Sum<Counts> sum;
  const auto add = [&](std::uint64_t seed, std::optional<std::string> packed) {
    if (!packed) {
      ++sum.failed;
      fmt::print("seed {}: the process died\n", seed);
    } else {
      const auto report = Report<Counts>::unpack(*packed);
      sum.failed += !report.good;
      sum.counts.add(report.counts);
      fmt::print("{}", report.text);
    }
    std::fflush(stdout);
  };
  run_in_workers(seeds, workers, [&](std::uint64_t seed) { return run(seed).pack(); }, add);
  sum.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count();
  return sum;
}

}  // namespace thalweg::simulation
