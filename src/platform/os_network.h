// TCP as one shard sees it. Owner: the shard; the ports and the names are shared by all.
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <map>
#include <mutex>
#include <set>
#include <vector>

#include "platform/descriptors.h"
#include "platform/names.h"
#include "runtime/clock.h"
#include "runtime/network.h"

namespace thalweg::platform {

// Which addresses this process listens on, so that every shard that asks for port 0 of a host gets the same free port,
// and a port that another process holds is refused although SO_REUSEPORT would let us share it. Thread-safe.
class Ports {
 public:
  // The port to bind for this shard's next listener on the endpoint.
  Result<std::uint16_t> claim(const Endpoint& endpoint, const boost::asio::ip::tcp::endpoint& address, unsigned shard);

 private:
  struct Port {
    std::uint16_t number;
    std::set<unsigned> shards;
  };
  std::mutex mutex_;
  std::map<Endpoint, std::vector<Port>> ports_;
};

class OsNetwork : public Network {
 public:
  OsNetwork(Executor executor, unsigned shard, Clock& clock, Names& names, Ports& ports, Descriptors& descriptors)
      : executor_(std::move(executor)),
        shard_(shard),
        clock_(clock),
        names_(names),
        ports_(ports),
        descriptors_(descriptors) {}

  using Network::listen;
  Result<std::unique_ptr<Listener>> listen(const Endpoint& endpoint, const ListenOptions& options) override;
  Task<Result<ConnectionPtr>> connect(Endpoint endpoint, Instant deadline) override;
  Task<Knock> knock(Endpoint endpoint, Instant deadline) override;

  // Whether there is an address for the host, or the reason why not.
  Task<Result<>> known_host(std::string host, Instant deadline);

 private:
  struct Attempt;
  using Addresses = std::vector<boost::asio::ip::tcp::endpoint>;
  Task<Result<Addresses>> addresses_of(Endpoint endpoint, Instant deadline);
  // At the `i`th of the addresses; what time there is, it leaves to the others.
  Task<Attempt> attempt(const Addresses& addresses, std::size_t i, Instant deadline);

  Executor executor_;
  const unsigned shard_;
  Clock& clock_;
  Names& names_;
  Ports& ports_;
  Descriptors& descriptors_;
};

}  // namespace thalweg::platform
