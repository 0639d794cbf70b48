// Byte streams as one shard sees them. TLS will be a Connection around a Connection.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "base/bytes.h"
#include "base/result.h"
#include "runtime/task.h"

namespace thalweg {

struct Endpoint {
  std::string host;
  std::uint16_t port = 0;
  friend auto operator<=>(const Endpoint&, const Endpoint&) = default;
};
// "host:9092", "[::1]:9092"
inline std::string to_string(const Endpoint& e) {
  const bool is_v6 = e.host.find(':') != std::string::npos;
  return (is_v6 ? "[" + e.host + "]" : e.host) + ":" + std::to_string(e.port);
}

// Owner: the shard that accepted or connected it. One read and one write may be under way at once.
class Connection {
 public:
  virtual ~Connection() = default;
  // At least one byte, or 0 when the peer has closed its side, or an error (kNetworkException).
  virtual Task<Result<std::size_t>> read_some(MutableBytes into) = 0;
  // All of it, or an error. File ranges are sent without being read into our memory where the kernel can.
  virtual Task<Result<>> write(Pieces pieces) = 0;
  // Ends a read or write that is under way with an error. Idempotent.
  virtual void close() = 0;
  virtual Endpoint peer() const = 0;
  // Bytes received and sent so far; moves also in the middle of a long write.
  virtual std::uint64_t transferred() const = 0;
};
using ConnectionPtr = std::shared_ptr<Connection>;

class Listener {
 public:
  virtual ~Listener() = default;
  // An error only after close(), or when the listener is broken for good; passing failures are retried inside.
  virtual Task<Result<ConnectionPtr>> accept() = 0;
  virtual void close() = 0;
  virtual Endpoint local() const = 0;
};

// What the kernel is asked for; without a value it decides, which for buffers means that they grow with the need.
struct ListenOptions {
  std::optional<int> backlog;         // connections that wait to be accepted
  std::optional<int> send_buffer;     // of each connection, in bytes
  std::optional<int> receive_buffer;  // the same
  bool for_nodes = false;             // some descriptors are kept for its connections, whatever the others take
};

// What a port says to somebody who knocks.
enum class Knock : std::uint8_t {
  kTaken,    // somebody listens; the connection is given up at once
  kRefused,  // the machine is there, and nobody listens
  kSilent,   // neither by the deadline, or nobody could be asked
};

class Network {
 public:
  virtual ~Network() = default;
  // Listens on every shard that asks for the same endpoint: the kernel spreads connections over them. Port 0 takes a
  // free one. An empty host is every address of the machine, IPv6 and IPv4; 0.0.0.0 is every one of IPv4.
  virtual Result<std::unique_ptr<Listener>> listen(const Endpoint& endpoint, const ListenOptions& options) = 0;
  Result<std::unique_ptr<Listener>> listen(const Endpoint& endpoint) { return listen(endpoint, {}); }
  virtual Task<Result<ConnectionPtr>> connect(Endpoint endpoint, Instant deadline) = 0;
  // Of a name with several addresses all have to refuse.
  virtual Task<Knock> knock(Endpoint endpoint, Instant deadline) = 0;
};

}  // namespace thalweg
