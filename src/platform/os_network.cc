#include "platform/os_network.h"

#include <sys/socket.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <cerrno>

#include "base/log.h"
#include "platform/os_connection.h"

namespace thalweg::platform {
namespace asio = boost::asio;
using asio::ip::tcp;
namespace {

using ReusePort = asio::detail::socket_option::boolean<SOL_SOCKET, SO_REUSEPORT>;
constexpr int kBacklog = 4096;
constexpr Instant kNextAccept = std::chrono::milliseconds(100);  // after one that lacked descriptors or memory

std::unexpected<Error> failure(const Endpoint& endpoint, std::string_view what, const std::string& why) {
  return fail(ErrorCode::kNetworkException, std::string(what) + " " + to_string(endpoint) + ": " + why);
}

// The address without asking anybody, when the host is a number already.
std::optional<tcp::endpoint> numeric(const Endpoint& endpoint) {
  boost::system::error_code error;
  const auto address = asio::ip::make_address(endpoint.host, error);
  if (error) return std::nullopt;
  return tcp::endpoint(address, endpoint.port);
}

// On the wildcard of IPv6 also for IPv4, whatever the system's default is.
boost::system::error_code bind_socket(tcp::acceptor& acceptor, const tcp::endpoint& address, bool share) {
  boost::system::error_code error;
  acceptor.open(address.protocol(), error);
  if (!error) acceptor.set_option(tcp::acceptor::reuse_address(true), error);
  if (!error && share) acceptor.set_option(ReusePort(true), error);
  const bool is_v6_wildcard = address.address().is_v6() && address.address().is_unspecified();
  if (!error && is_v6_wildcard) acceptor.set_option(asio::ip::v6_only(false), error);
  if (!error) acceptor.bind(address, error);
  return error;
}

// Whether this machine can serve IPv6: the kernel may have been started without it, a container may be denied it.
bool has_ipv6() {
  asio::io_context alone;
  tcp::acceptor probe(alone);
  return !bind_socket(probe, tcp::endpoint(tcp::v6(), 0), false);
}

Result<tcp::endpoint> address_to_listen_on(const Endpoint& endpoint) {
  if (endpoint.host.empty()) return tcp::endpoint(has_ipv6() ? tcp::v6() : tcp::v4(), endpoint.port);
  if (const auto address = numeric(endpoint)) return *address;
  const auto found = look_up_host(endpoint.host);
  if (!found) return failure(endpoint, "cannot resolve", found.error().message);
  return *numeric({found->front(), endpoint.port});
}

bool passes(const boost::system::error_code& error) {
  switch (error.value()) {
    case EMFILE:
    case ENFILE:
    case ENOBUFS:
    case ENOMEM:
    case ECONNABORTED:
    case EINTR:
    case EPROTO:
    case EPERM:
    case ENETDOWN:
    case ENOPROTOOPT:
    case EHOSTDOWN:
    case ENONET:
    case EHOSTUNREACH:
    case EOPNOTSUPP:
    case ENETUNREACH:
      return true;
    default:
      return false;
  }
}
bool out_of_resources(const boost::system::error_code& error) {
  const int e = error.value();
  return e == EMFILE || e == ENFILE || e == ENOBUFS || e == ENOMEM;
}

class OsListener : public Listener {
 public:
  OsListener(tcp::acceptor acceptor, Clock& clock, Descriptors& descriptors, Endpoint local, bool for_nodes)
      : acceptor_(std::move(acceptor)),
        clock_(clock),
        descriptors_(descriptors),
        local_(std::move(local)),
        for_nodes_(for_nodes) {}

  Task<Result<ConnectionPtr>> accept() override {
    for (bool said = false;;) {
      if (descriptors_.connections_are_full(for_nodes_)) {
        if (!std::exchange(said, true)) say_full();
        co_await clock_.sleep_for(kNextAccept);
        if (!acceptor_.is_open()) co_return failure(local_, "cannot accept on", "closed");
        continue;
      }
      boost::system::error_code error;
      tcp::socket socket = co_await acceptor_.async_accept(asio::redirect_error(asio::use_awaitable, error));
      if (!error) co_return std::make_shared<OsConnection>(std::move(socket), descriptors_.count_connection());
      if (!acceptor_.is_open() || !passes(error)) co_return failure(local_, "cannot accept on", error.message());
      if (!out_of_resources(error)) continue;
      if (!std::exchange(said, true))
        log::warn("cannot accept connections", field("listener", to_string(local_)), field("reason", error.message()));
      co_await clock_.sleep_for(kNextAccept);
      if (!acceptor_.is_open()) co_return failure(local_, "cannot accept on", "closed");
    }
  }
  void close() override {
    boost::system::error_code ignored;
    acceptor_.close(ignored);
  }
  Endpoint local() const override { return local_; }

 private:
  void say_full() const {
    log::warn(
        "connections wait: as many are open as the limit of open files allows; raise it (ulimit -n, or "
        "LimitNOFILE= of the unit)",
        field("listener", to_string(local_)), field("connections", descriptors_.connections_max()));
  }

  tcp::acceptor acceptor_;
  Clock& clock_;
  Descriptors& descriptors_;
  const Endpoint local_;
  const bool for_nodes_;
};

}  // namespace

Result<std::uint16_t> Ports::claim(const Endpoint& endpoint, const tcp::endpoint& address, unsigned shard) {
  const std::scoped_lock lock(mutex_);
  auto& known = ports_[endpoint];
  for (auto& port : known)
    if (endpoint.port != 0 || !port.shards.contains(shard)) {
      port.shards.insert(shard);
      return port.number;
    }
  // First of this process: bind alone for a moment, which fails if anybody else has the port, and finds a free one for
  // port 0.
  asio::io_context alone;
  tcp::acceptor probe(alone);
  if (const auto error = bind_socket(probe, address, false))
    return failure(endpoint, "cannot listen on", error.message());
  const std::uint16_t number = probe.local_endpoint().port();
  known.push_back({number, {shard}});
  return number;
}

Result<std::unique_ptr<Listener>> OsNetwork::listen(const Endpoint& endpoint, const ListenOptions& options) {
  TRY(tcp::endpoint address, address_to_listen_on(endpoint));
  TRY(const std::uint16_t port, ports_.claim(endpoint, address, shard_));
  address.port(port);
  tcp::acceptor acceptor(executor_);
  if (const auto error = bind_socket(acceptor, address, true))
    return failure(endpoint, "cannot listen on", error.message());
  boost::system::error_code error;
  // Connections inherit these; the window that a peer is offered is settled before accept.
  if (options.send_buffer) acceptor.set_option(tcp::acceptor::send_buffer_size(*options.send_buffer), error);
  if (options.receive_buffer && !error)
    acceptor.set_option(tcp::acceptor::receive_buffer_size(*options.receive_buffer), error);
  if (!error) acceptor.listen(options.backlog.value_or(kBacklog), error);
  if (error) return failure(endpoint, "cannot listen on", error.message());
  if (options.for_nodes) descriptors_.keep_some_for_nodes();
  return std::make_unique<OsListener>(std::move(acceptor), clock_, descriptors_, Endpoint{endpoint.host, port},
                                      options.for_nodes);
}

// One connect: the socket, or why there is none.
struct OsNetwork::Attempt {
  std::optional<tcp::socket> socket;
  bool refused = false;
  std::string reason;
};

Task<Result<OsNetwork::Addresses>> OsNetwork::addresses_of(Endpoint endpoint, Instant deadline) {
  if (const auto address = numeric(endpoint)) co_return Addresses{*address};
  const auto found = co_await names_.find(executor_, clock_, endpoint.host, deadline);
  if (!found) co_return failure(endpoint, "cannot resolve", found.error().message);
  Addresses addresses;
  for (const std::string& host : *found) addresses.push_back(*numeric({host, endpoint.port}));
  co_return addresses;
}

Task<OsNetwork::Attempt> OsNetwork::attempt(const Addresses& addresses, std::size_t i, Instant deadline) {
  // One address that does not answer leaves time for the others.
  const Instant until = clock_.now() + (deadline - clock_.now()) / static_cast<int>(addresses.size() - i);
  auto socket = std::make_shared<tcp::socket>(executor_);
  const auto timer = clock_.call_at(until, [socket] {
    boost::system::error_code ignored;
    socket->close(ignored);
  });
  boost::system::error_code error;
  co_await socket->async_connect(addresses[i], asio::redirect_error(asio::use_awaitable, error));
  Attempt outcome;
  if (!error && socket->is_open()) {
    outcome.socket.emplace(std::move(*socket));
    co_return outcome;
  }
  outcome.refused = error == asio::error::connection_refused;
  outcome.reason = !outcome.refused && clock_.now() >= until ? "timed out" : error.message();
  co_return outcome;
}

Task<Result<ConnectionPtr>> OsNetwork::connect(Endpoint endpoint, Instant deadline) {
  CO_TRY(const Addresses addresses, co_await addresses_of(endpoint, deadline));
  std::string reason = "timed out";
  for (std::size_t i = 0; i < addresses.size() && clock_.now() < deadline; ++i) {
    auto outcome = co_await attempt(addresses, i, deadline);
    if (outcome.socket) co_return std::make_shared<OsConnection>(std::move(*outcome.socket), nullptr);
    reason = std::move(outcome.reason);
  }
  co_return failure(endpoint, "cannot connect to", reason);
}

Task<Knock> OsNetwork::knock(Endpoint endpoint, Instant deadline) {
  const auto addresses = co_await addresses_of(std::move(endpoint), deadline);
  if (!addresses) co_return Knock::kSilent;
  Knock answer = Knock::kRefused;
  for (std::size_t i = 0; i < addresses->size(); ++i) {
    if (clock_.now() >= deadline) co_return Knock::kSilent;
    const auto outcome = co_await attempt(*addresses, i, deadline);
    if (outcome.socket) co_return Knock::kTaken;
    if (!outcome.refused) answer = Knock::kSilent;
  }
  co_return answer;
}

Task<Result<>> OsNetwork::known_host(std::string host, Instant deadline) {
  if (!numeric({host, 0})) CO_TRY_VOID(co_await names_.find(executor_, clock_, std::move(host), deadline));
  co_return Result<>();
}

}  // namespace thalweg::platform
