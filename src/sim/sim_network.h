// The network between nodes: streams that are delayed, cut into pieces, held up, reset; hosts that cannot reach each
// other.
//
// Bytes of a connection arrive in order or not at all, as TCP has it. While two hosts are apart nothing arrives between
// them; what was under way comes when they are together again, unless the connection was reset meanwhile.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "runtime/network.h"
#include "runtime/signal.h"
#include "sim/simulation.h"

namespace thalweg::sim {

struct NetworkFaults {
  Instant delay_min = std::chrono::microseconds(20), delay_max = std::chrono::microseconds(500);
  std::uint64_t slow_one_in = 50;  // segments that take up to slow_max
  Instant slow_max = std::chrono::milliseconds(40);
  std::uint64_t reset_one_in = 0;  // segments that end their connection instead of arriving
  std::size_t segment_max = 16 * 1024;
  std::size_t window = 64 * 1024;  // bytes sent and not yet read
};

class SimListener;
struct Link;

class SimNetwork {
 public:
  explicit SimNetwork(Simulation& simulation) : simulation_(simulation) {}

  NetworkFaults faults;  // may be changed at any time

  // Until joined, nothing arrives between the two.
  void part(const std::string& a, const std::string& b) { apart_.insert(std::minmax(a, b)); }
  void join(const std::string& a, const std::string& b) { apart_.erase(std::minmax(a, b)); }
  void join_all() { apart_.clear(); }
  // How many bytes per second the host takes from each connection; 0: all.
  void set_bandwidth(const std::string& host, std::uint64_t bytes_per_second) { bandwidth_[host] = bytes_per_second; }
  // All connections of the host end; its peers learn of it after up to `notice_max`.
  void host_died(const std::string& host, Instant notice_max);

 private:
  friend class SimHost;
  friend class SimListener;
  friend class SimConnection;
  bool are_apart(const std::string& a, const std::string& b) const { return apart_.contains(std::minmax(a, b)); }
  Instant delay();

  Simulation& simulation_;
  std::set<std::pair<std::string, std::string>> apart_;
  std::map<std::string, std::uint64_t> bandwidth_;
  std::map<Endpoint, std::vector<SimListener*>> listeners_;  // by host and port; one per shard
  std::vector<std::weak_ptr<Link>> links_;
  std::map<std::string, std::uint16_t> last_port_;
};

// The network as one shard of one node sees it.
class SimHost : public Network {
 public:
  SimHost(SimNetwork& network, std::string host, unsigned shard)
      : network_(network), host_(std::move(host)), shard_(shard) {}
  using Network::listen;
  Result<std::unique_ptr<Listener>> listen(const Endpoint& endpoint, const ListenOptions& options) override;
  Task<Result<ConnectionPtr>> connect(Endpoint endpoint, Instant deadline) override;
  Task<Knock> knock(Endpoint endpoint, Instant deadline) override;  // who listens notices nothing of it
  // Deadlines are in the node's time; World sets this to its clock.
  std::function<Instant()> now;

 private:
  std::string name_of(const std::string& host) const;

  SimNetwork& network_;
  const std::string host_;
  const unsigned shard_;
};

}  // namespace thalweg::sim
