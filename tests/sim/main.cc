// sim --seed N [--verbose] | --seeds A-B [--twice] [--planted] [--voters]
#include <fmt/format.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include "base/log.h"
#include "scenario.h"
#include "voters.h"

namespace thalweg::simulation {
namespace {

constexpr const char* kHelp = R"(sim: the broker on simulated machines

  --seed N      one run
  --seeds A-B   many
  --twice       each run twice, and an error if the two differ in a single step
  --voters      three voters of the metadata quorum and several administrators, instead of one broker and its clients
  --planted     with a broker that acknowledges before the disk has the data; succeeds if that is found
  --verbose     the broker's log
)";

struct Arguments {
  std::uint64_t first = 1, last = 20;
  bool twice = false, planted = false, verbose = false, voters = false;
};

Arguments parse(int argc, char** argv) {
  Arguments arguments;
  for (int i = 1; i < argc; ++i) {
    const std::string_view argument = argv[i];
    const bool has_value = i + 1 < argc;
    if (argument == "--seed" && has_value) {
      arguments.first = arguments.last = std::strtoull(argv[++i], nullptr, 10);
    } else if (argument == "--seeds" && has_value) {
      char* rest = nullptr;
      arguments.first = std::strtoull(argv[++i], &rest, 10);
      arguments.last = *rest == '-' ? std::strtoull(rest + 1, nullptr, 10) : arguments.first;
    } else if (argument == "--twice") {
      arguments.twice = true;
    } else if (argument == "--planted") {
      arguments.planted = true;
    } else if (argument == "--voters") {
      arguments.voters = true;
    } else if (argument == "--verbose") {
      arguments.verbose = true;
    } else {
      std::fputs(kHelp, argument == "--help" ? stdout : stderr);
      std::exit(argument == "--help" ? 0 : 2);
    }
  }
  return arguments;
}

// Prints what is wrong with the run; true if nothing is.
bool report(std::uint64_t seed, const Outcome& outcome, bool verbose) {
  if (verbose || !outcome.violations.empty())
    fmt::print("seed {}: {}, {} crashes, {} failed syncs, {} records acknowledged, {} steps, {:.1f} s, trace {:016x}\n",
               seed, name(outcome.trouble), outcome.crashes, outcome.failed_syncs, outcome.acknowledged, outcome.steps,
               outcome.virtual_seconds, outcome.trace);
  for (const auto& violation : outcome.violations) fmt::print("  {}\n", violation);
  std::fflush(stdout);
  return outcome.violations.empty();
}

int run_all_voters(const Arguments& arguments) {
  const auto begun = std::chrono::steady_clock::now();
  std::uint64_t failed = 0, acknowledged = 0;
  int crashes = 0, restores = 0, elections = 0, refused = 0;
  double virtual_seconds = 0;
  const bool alone = arguments.first == arguments.last;
  for (std::uint64_t seed = arguments.first; seed <= arguments.last; ++seed) {
    const auto outcome = run_voters(seed);
    bool good = outcome.violations.empty();
    if (!good || alone)
      fmt::print(
          "seed {}: {} changes answered, {} refused, {} crashes, {} snapshots received, {} elections, {} steps, "
          "{:.1f} s, trace {:016x}\n",
          seed, outcome.acknowledged, outcome.refused, outcome.crashes, outcome.restores, outcome.elections,
          outcome.steps, outcome.virtual_seconds, outcome.trace);
    for (const auto& violation : outcome.violations) fmt::print("  {}\n", violation);
    if (arguments.twice && run_voters(seed).trace != outcome.trace) {
      fmt::print("seed {}: the second run differs from the first\n", seed);
      good = false;
    }
    std::fflush(stdout);
    failed += !good;
    acknowledged += outcome.acknowledged;
    crashes += outcome.crashes;
    restores += outcome.restores;
    elections += outcome.elections;
    refused += outcome.refused;
    virtual_seconds += outcome.virtual_seconds;
  }
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count();
  fmt::print(
      "{} seeds of three voters, {} failed: {} changes answered, {} refused, {} crashes, {} snapshots received, "
      "{} elections, {:.0f} s of virtual time in {:.1f} s\n",
      arguments.last - arguments.first + 1, failed, acknowledged, refused, crashes, restores, elections,
      virtual_seconds, seconds);
  return failed > 0 ? 1 : 0;
}

int run(const Arguments& arguments) {
  log::set_level(arguments.verbose ? log::Level::kInfo : log::Level::kNone);
  if (arguments.voters) return run_all_voters(arguments);
  const auto begun = std::chrono::steady_clock::now();
  const Plant plant = arguments.planted ? Plant::kAcknowledgeFromMemory : Plant::kNothing;
  std::uint64_t failed = 0, failed_syncs = 0, acknowledged = 0, crashes = 0;
  double virtual_seconds = 0;
  for (std::uint64_t seed = arguments.first; seed <= arguments.last; ++seed) {
    const Outcome outcome = run_scenario(seed, plant);
    const bool quiet = arguments.planted && !arguments.verbose;
    bool good = quiet ? outcome.violations.empty()
                      : report(seed, outcome, arguments.verbose || arguments.first == arguments.last);
    if (arguments.twice && run_scenario(seed, plant).trace != outcome.trace) {
      fmt::print("seed {}: the second run differs from the first\n", seed);
      good = false;
    }
    failed += !good;
    acknowledged += outcome.acknowledged;
    crashes += static_cast<std::uint64_t>(outcome.crashes);
    failed_syncs += outcome.failed_syncs;
    virtual_seconds += outcome.virtual_seconds;
  }
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count();
  fmt::print(
      "{} seeds, {} failed: {} crashes, {} failed syncs, {} records acknowledged, {:.0f} s of virtual time in {:.1f} "
      "s\n",
      arguments.last - arguments.first + 1, failed, crashes, failed_syncs, acknowledged, virtual_seconds, seconds);
  return (failed > 0) == arguments.planted ? 0 : 1;
}

}  // namespace
}  // namespace thalweg::simulation

int main(int argc, char** argv) { return thalweg::simulation::run(thalweg::simulation::parse(argc, argv)); }
