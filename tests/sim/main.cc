// sim --seed N [--verbose] | --seeds A-B [--twice] [--planted] [--voters | --cluster] [--workers N]
#include <fmt/format.h>
#include <malloc.h>

#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include "base/log.h"
#include "cluster_scenario.h"
#include "reports.h"
#include "scenario.h"
#include "voters.h"
#include "workers.h"

namespace thalweg::simulation {
namespace {

constexpr const char* kHelp = R"(sim: the broker on simulated machines

  --seed N      one run
  --seeds A-B   many
  --twice       each run twice, and an error if the two differ in a single step
  --voters      three voters of the metadata quorum and several administrators, instead of one broker and its clients
  --cluster     three brokers that become one cluster by themselves, their clients, and whatever befalls them
  --planted     with a mistake, and an error if no seed finds it: a broker that acknowledges before the disk has the
                data; voters whose disks say so before they have it
  --workers N   processes at a time; one for each processor if not given
  --verbose     the broker's log
)";

struct Arguments {
  Seeds seeds{1, 20};
  unsigned workers = default_workers();
  bool twice = false, planted = false, verbose = false, voters = false, cluster = false;

  // Whether a run is spoken of. Of planted mistakes nobody wants to read.
  bool wants(bool good) const { return verbose || seeds.count() == 1 || (!good && !planted); }
};

Arguments parse(int argc, char** argv) {
  Arguments arguments;
  for (int i = 1; i < argc; ++i) {
    const std::string_view argument = argv[i];
    const bool has_value = i + 1 < argc;
    if (argument == "--seed" && has_value) {
      arguments.seeds.first = arguments.seeds.last = std::strtoull(argv[++i], nullptr, 10);
    } else if (argument == "--seeds" && has_value) {
      char* rest = nullptr;
      arguments.seeds.first = std::strtoull(argv[++i], &rest, 10);
      arguments.seeds.last = *rest == '-' ? std::strtoull(rest + 1, nullptr, 10) : arguments.seeds.first;
    } else if (argument == "--workers" && has_value) {
      arguments.workers = static_cast<unsigned>(std::strtoul(argv[++i], nullptr, 10));
    } else if (argument == "--twice") {
      arguments.twice = true;
    } else if (argument == "--planted") {
      arguments.planted = true;
    } else if (argument == "--voters") {
      arguments.voters = true;
    } else if (argument == "--cluster") {
      arguments.cluster = true;
    } else if (argument == "--verbose") {
      arguments.verbose = true;
    } else {
      std::fputs(kHelp, argument == "--help" ? stdout : stderr);
      std::exit(argument == "--help" ? 0 : 2);
    }
  }
  return arguments;
}

struct BrokerCounts {
  std::uint64_t crashes = 0, failed_syncs = 0, acknowledged = 0;
  double virtual_seconds = 0;

  void add(const BrokerCounts& other) {
    crashes += other.crashes, failed_syncs += other.failed_syncs, acknowledged += other.acknowledged;
    virtual_seconds += other.virtual_seconds;
  }
};

std::string lines_of(std::string first, const std::vector<std::string>& violations) {
  for (const auto& violation : violations) first += fmt::format("\n  {}", violation);
  return first + "\n";
}

// With --twice: `again` runs the seed once more, and tells the trace of that.
template <class Counts, class Again>
void check_twice(Report<Counts>& report, const Arguments& arguments, std::uint64_t seed, std::uint64_t trace,
                 Again again) {
  if (!arguments.twice || again() == trace) return;
  report.good = false;
  report.text += fmt::format("seed {}: the second run differs from the first\n", seed);
}

// A few seeds may lack something by chance.
template <class Counts>
bool some_are_missing(const Arguments& arguments, const Counts& counts) {
  constexpr std::uint64_t kMany = 50;
  const auto missing = arguments.seeds.count() < kMany ? std::vector<std::string>() : what_is_missing(counts);
  for (const auto& what : missing) fmt::print("there was no {}\n", what);
  return !missing.empty();
}

int exit_code(const Arguments& arguments, std::uint64_t failed) { return (failed > 0) == arguments.planted ? 0 : 1; }

Report<BrokerCounts> run_broker_once(const Arguments& arguments, std::uint64_t seed) {
  const Plant plant = arguments.planted ? Plant::kAcknowledgeFromMemory : Plant::kNothing;
  const Outcome outcome = run_scenario(seed, plant);
  Report<BrokerCounts> report{.good = outcome.violations.empty(),
                              .counts = {.crashes = std::uint64_t(outcome.crashes),
                                         .failed_syncs = outcome.failed_syncs,
                                         .acknowledged = outcome.acknowledged,
                                         .virtual_seconds = outcome.virtual_seconds},
                              .text = {}};
  if (arguments.wants(report.good))
    report.text = lines_of(
        fmt::format(
            "seed {}: {}, {} crashes, {} failed syncs, {} records acknowledged, {} steps, {:.1f} s, trace {:016x}",
            seed, name(outcome.trouble), outcome.crashes, outcome.failed_syncs, outcome.acknowledged, outcome.steps,
            outcome.virtual_seconds, outcome.trace),
        outcome.violations);
  check_twice(report, arguments, seed, outcome.trace, [&] { return run_scenario(seed, plant).trace; });
  return report;
}

int run_brokers(const Arguments& arguments) {
  const auto sum = run_all<BrokerCounts>(arguments.seeds, arguments.workers,
                                         [&](auto seed) { return run_broker_once(arguments, seed); });
  fmt::print(
      "{} seeds, {} failed: {} crashes, {} failed syncs, {} records acknowledged, {:.0f} s of virtual time in {:.1f} "
      "s\n",
      arguments.seeds.count(), sum.failed, sum.counts.crashes, sum.counts.failed_syncs, sum.counts.acknowledged,
      sum.counts.virtual_seconds, sum.seconds);
  return exit_code(arguments, sum.failed);
}

Report<VotersCounts> run_voters_once(const Arguments& arguments, std::uint64_t seed) {
  const auto outcome = run_voters(seed, arguments.planted);
  Report<VotersCounts> report{.good = outcome.violations.empty(), .counts = outcome.counts, .text = {}};
  if (arguments.wants(report.good))
    report.text = lines_of(fmt::format("seed {}: {}, trace {:016x}", seed, to_string(outcome.counts), outcome.trace),
                           outcome.violations);
  check_twice(report, arguments, seed, outcome.trace, [&] { return run_voters(seed, arguments.planted).trace; });
  return report;
}

int run_three_voters(const Arguments& arguments) {
  const auto sum = run_all<VotersCounts>(arguments.seeds, arguments.workers,
                                         [&](auto seed) { return run_voters_once(arguments, seed); });
  fmt::print("{} seeds of three voters, {} failed: {} of virtual time in {:.1f} s\n", arguments.seeds.count(),
             sum.failed, to_string(sum.counts), sum.seconds);
  return some_are_missing(arguments, sum.counts) ? 1 : exit_code(arguments, sum.failed);
}

Report<ClusterCounts> run_cluster_once(const Arguments& arguments, std::uint64_t seed) {
  const auto outcome = run_cluster(seed);
  Report<ClusterCounts> report{.good = outcome.violations.empty(), .counts = outcome.counts, .text = {}};
  if (arguments.wants(report.good))
    report.text = lines_of(fmt::format("seed {}: {}, trace {:016x}", seed, to_string(outcome.counts), outcome.trace),
                           outcome.violations);
  check_twice(report, arguments, seed, outcome.trace, [&] { return run_cluster(seed).trace; });
  return report;
}

int run_clusters(const Arguments& arguments) {
  const auto sum = run_all<ClusterCounts>(arguments.seeds, arguments.workers,
                                          [&](auto seed) { return run_cluster_once(arguments, seed); });
  fmt::print("{} seeds of three brokers, {} failed: {} of virtual time in {:.1f} s\n", arguments.seeds.count(),
             sum.failed, to_string(sum.counts), sum.seconds);
  return some_are_missing(arguments, sum.counts) ? 1 : exit_code(arguments, sum.failed);
}

int run(const Arguments& arguments) {
  // Large blocks come and go all the time; the kernel would clear them each time.
  mallopt(M_MMAP_THRESHOLD, 1 << 30);
  mallopt(M_TRIM_THRESHOLD, 1 << 30);
  mallopt(M_TOP_PAD, 64 << 20);
  log::set_level(arguments.verbose ? log::Level::kInfo : log::Level::kNone);
  if (arguments.cluster) return run_clusters(arguments);
  return arguments.voters ? run_three_voters(arguments) : run_brokers(arguments);
}

}  // namespace
}  // namespace thalweg::simulation

int main(int argc, char** argv) { return thalweg::simulation::run(thalweg::simulation::parse(argc, argv)); }
