#include "workers.h"

#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <map>
#include <vector>

#include "base/check.h"

namespace thalweg::simulation {
namespace {

using Run = std::function<std::string(std::uint64_t)>;

bool read_whole(int file, void* to, std::size_t size) {
  for (auto* at = static_cast<char*>(to); size > 0;) {
    const ssize_t got = read(file, at, size);
    if (got <= 0) return false;
    at += got, size -= std::size_t(got);
  }
  return true;
}

void write_whole(int file, const void* from, std::size_t size) {
  for (const auto* at = static_cast<const char*>(from); size > 0;) {
    const ssize_t written = write(file, at, size);
    if (written <= 0) _exit(1);
    at += written, size -= std::size_t(written);
  }
}

// Has every `step`-th seed, and sends for each how long its result is, and the result.
class Worker {
 public:
  Worker(std::uint64_t next, std::uint64_t last, std::uint64_t step, const Run& run)
      : next_(next), last_(last), step_(step), run_(run) {
    begin();
  }
  bool at_work() const { return from_ >= 0; }
  int file() const { return from_; }

  // The next seed and its result. REQUIRES: at_work()
  std::pair<std::uint64_t, std::optional<std::string>> take() {
    const std::uint64_t seed = next_;
    next_ += step_;
    std::uint64_t size = 0;
    std::string result;
    bool whole = read_whole(from_, &size, sizeof size);
    if (whole) {
      result.resize(size);
      whole = read_whole(from_, result.data(), size);
    }
    if (!whole || next_ > last_) end();
    if (!whole) begin();  // without the seed that it died of
    return {seed, whole ? std::optional(std::move(result)) : std::nullopt};
  }

 private:
  void begin() {
    if (next_ > last_) return;
    int ends[2];
    CHECK(pipe(ends) == 0);
    std::fflush(stdout);
    child_ = fork();
    CHECK(child_ >= 0);
    if (child_ == 0) {
      for (std::uint64_t seed = next_; seed <= last_; seed += step_) {
        const std::string result = run_(seed);
        const std::uint64_t size = result.size();
        write_whole(ends[1], &size, sizeof size);
        write_whole(ends[1], result.data(), size);
      }
      _exit(0);
    }
    close(ends[1]);
    from_ = ends[0];
  }
  void end() {
    close(std::exchange(from_, -1));
    waitpid(child_, nullptr, 0);
  }

  std::uint64_t next_;
  const std::uint64_t last_, step_;
  const Run& run_;
  pid_t child_ = 0;
  int from_ = -1;
};

}  // namespace

unsigned default_workers() { return static_cast<unsigned>(std::max(1L, sysconf(_SC_NPROCESSORS_ONLN))); }

void run_in_workers(Seeds seeds, unsigned workers, const Run& run,
                    const std::function<void(std::uint64_t, std::optional<std::string>)>& done) {
  if (workers <= 1 || seeds.count() == 1) {
    for (std::uint64_t seed = seeds.first; seed <= seeds.last; ++seed) done(seed, run(seed));
    return;
  }
  std::vector<Worker> all;
  for (unsigned i = 0; i < workers; ++i) all.emplace_back(seeds.first + i, seeds.last, workers, run);
  std::map<std::uint64_t, std::optional<std::string>> results;
  for (std::uint64_t next = seeds.first; next <= seeds.last;) {
    std::vector<pollfd> files;
    for (const auto& worker : all) files.push_back({worker.file(), POLLIN, 0});  // poll() passes over those below 0
    CHECK(poll(files.data(), files.size(), -1) > 0);
    for (std::size_t i = 0; i < all.size(); ++i)
      if (files[i].revents != 0) results.insert(all[i].take());
    for (; !results.empty() && results.begin()->first == next; ++next, results.erase(results.begin()))
      done(next, std::move(results.begin()->second));
  }
}

}  // namespace thalweg::simulation
