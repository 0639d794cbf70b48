#include "http/site.h"

#include "base/log.h"

namespace thalweg::http {
namespace {
constexpr Instant kStopWithin = std::chrono::seconds(2);
}

Site::Site(const Shard& shard, Budget& memory, const Router& router, SiteOptions options)
    : shard_(shard), memory_(memory), router_(router), options_(std::move(options)) {}

Site::~Site() = default;

Result<> Site::listen(const Endpoint& address) {
  const std::vector<std::string> hosts = address.host == "localhost" ? std::vector<std::string>{"127.0.0.1", "::1"}
                                                                     : std::vector<std::string>{address.host};
  std::uint16_t port = address.port;
  for (std::size_t i = 0; i < hosts.size(); ++i) {
    auto listener = shard_.network.listen({hosts[i], port});
    if (!listener && i > 0) {
      log::debug("served on one loopback only", field("listener", options_.name), field("error", listener.error()));
      continue;
    }
    if (!listener) return std::unexpected(std::move(listener.error()));
    const Endpoint local = (*listener)->local();
    port = local.port;
    if (i == 0) {
      bound_.push_back(local);
      const Endpoint shown{address.host.empty() ? local.host : address.host, port};
      log::info("serving " + options_.what, field("listener", "http://" + to_string(shown)));
    }
    server_->serve(std::move(*listener), options_.name);
  }
  return {};
}

Result<> Site::start(const std::vector<Endpoint>& addresses) {
  if (addresses.empty()) return {};
  limits_ = std::make_unique<network::ConnectionLimits>(
      shard_, network::ConnectionLimits::Bounds{.total = options_.connections, .per_ip = options_.connections_per_ip});
  ServerOptions options{.guard = options_.guard, .limits = limits_.get()};
  for (const auto& address : addresses) options.guard.hosts.insert(address.host);
  server_ = std::make_unique<Server>(shard_, std::move(options), memory_, router_);
  for (const auto& address : addresses) {
    auto listening = listen(address);
    if (listening) continue;
    if (options_.was_set) return fail(listening.error().code, options_.option + ": " + listening.error().message);
    log::warn(options_.what + ": not served, since another server has the port; set " + options_.option +
                  " to a free one, or to nothing",
              field("error", listening.error()));
  }
  return {};
}

Task<> Site::stop() {
  if (!server_) co_return;
  if (!co_await server_->stop(shard_.clock.now() + kStopWithin))
    log::warn("answers over HTTP are left unfinished: the time to stop is over", field("listener", options_.name));
}

}  // namespace thalweg::http
