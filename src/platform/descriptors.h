// How the descriptors of this process are shared out, so that neither logs nor connections take the last ones: about
// half of them for files of logs, half for connections, and some in between for what comes and goes. Shared by all
// shards; thread-safe.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>

namespace thalweg::platform {

class Descriptors {
 public:
  // Of `limit`, so many are taken for good.
  Descriptors(std::uint64_t limit, std::uint64_t taken);
  // As the kernel says now; `taken` beside what is open already.
  static std::unique_ptr<Descriptors> of_process(std::uint64_t taken);

  std::size_t files_max() const { return files_max_; }
  std::size_t connections_max() const { return connections_max_; }

  // From now on some of those for connections are kept for the other nodes of the cluster.
  void keep_some_for_nodes() { kept_for_nodes_ = std::min<std::size_t>(connections_max_ / 4, kForNodesMax); }
  // Whether connections have all they may have; the others wait in the kernel until some are closed.
  bool connections_are_full(bool for_nodes) const {
    return connections_ >= connections_max_ - (for_nodes ? 0 : kept_for_nodes_.load());
  }
  // Counts a connection for as long as the handle lives. REQUIRES: *this outlives it
  std::shared_ptr<void> count_connection();

 private:
  static constexpr std::uint64_t kOddsMax = 64;
  static constexpr std::size_t kForNodesMax = 64;

  std::size_t files_max_, connections_max_;
  std::atomic<std::size_t> connections_ = 0, kept_for_nodes_ = 0;
};

}  // namespace thalweg::platform
