#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstring>
#include <list>
#include <mutex>
#include <thread>

#include "client/http_head.h"
#include "client/producer_core.h"
#include "thalweg/client/health.h"

namespace thalweg::client {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kConnectionsMost = 64;
constexpr auto kConnectionFor = 5s;

struct Descriptor {
  explicit Descriptor(int f) : fd(f) {}
  ~Descriptor() {
    if (fd >= 0) ::close(fd);
  }
  Descriptor(Descriptor&& other) noexcept : fd(std::exchange(other.fd, -1)) {}
  Descriptor& operator=(Descriptor&&) = delete;
  int fd;
};

struct Connection {
  Descriptor socket;
  Clock::time_point until;
  std::string in, out;
  std::size_t written = 0;
};

struct Address {
  sockaddr_storage storage{};
  socklen_t size = 0;
};

Result<Address> parse(const std::string& text) {
  const auto bad = [&] {
    return std::unexpected(
        Error{.code = -186,
              .message = "not an address to listen on: " + text + "; write it as 127.0.0.1:9400 or [::1]:9400"});
  };
  const auto colon = text.rfind(':');
  if (colon == std::string::npos) return bad();
  std::uint16_t port = 0;
  const auto [end, wrong] = std::from_chars(text.data() + colon + 1, text.data() + text.size(), port);
  if (wrong != std::errc() || end != text.data() + text.size()) return bad();
  std::string host = text.substr(0, colon);
  Address address;
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') {
    auto& v6 = reinterpret_cast<sockaddr_in6&>(address.storage);
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(port);
    address.size = sizeof v6;
    if (inet_pton(AF_INET6, host.substr(1, host.size() - 2).c_str(), &v6.sin6_addr) != 1) return bad();
  } else {
    auto& v4 = reinterpret_cast<sockaddr_in&>(address.storage);
    v4.sin_family = AF_INET;
    v4.sin_port = htons(port);
    address.size = sizeof v4;
    if (host == "localhost") host = "127.0.0.1";
    if (inet_pton(AF_INET, host.c_str(), &v4.sin_addr) != 1) return bad();
  }
  return address;
}

}  // namespace

// One thread serves all connections. A health check is made on it: while the cluster does not answer (at most the
// check's timeout), a scrape waits as long.
class HttpCore {
 public:
  using Page = std::function<HttpPage()>;

  HttpCore(Descriptor listener, int p)
      : port(p), listener_(std::move(listener)), wake_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
    thread_ = std::jthread([this](std::stop_token stop) { serve(stop); });
  }
  ~HttpCore() {
    thread_.request_stop();
    wake();
  }

  void add(std::string path, Page page) {
    const std::lock_guard lock(mutex_);
    pages_.insert_or_assign(std::move(path), std::move(page));
  }

  const int port;

 private:
  void wake() {
    const std::uint64_t one = 1;
    (void)!::write(wake_.fd, &one, sizeof one);
  }

  void serve(std::stop_token stop) {
    std::vector<pollfd> fds;
    while (!stop.stop_requested()) {
      fds.assign({{wake_.fd, POLLIN, 0}, {connections_.size() < kConnectionsMost ? listener_.fd : -1, POLLIN, 0}});
      for (const auto& c : connections_)
        fds.push_back({c.socket.fd, static_cast<short>(c.out.empty() ? POLLIN : POLLOUT), 0});
      ::poll(fds.data(), fds.size(), connections_.empty() ? -1 : 250);
      std::size_t i = 2;
      for (auto c = connections_.begin(); c != connections_.end(); ++i) {
        const bool keep = Clock::now() < c->until && (fds[i].revents == 0 || go_on(*c));
        c = keep ? std::next(c) : connections_.erase(c);
      }
      if (fds[1].revents) accept_one();
    }
  }

  void accept_one() {
    const int fd = ::accept4(listener_.fd, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd >= 0) connections_.push_back({.socket = Descriptor(fd), .until = Clock::now() + kConnectionFor});
  }

  // False: it is done with.
  bool go_on(Connection& c) {
    if (c.out.empty()) {
      char buffer[4096];
      const auto got = ::recv(c.socket.fd, buffer, sizeof buffer, 0);
      if (got <= 0) return got < 0 && (errno == EAGAIN || errno == EINTR);
      c.in.append(buffer, static_cast<std::size_t>(got));
      const auto head = read_head(c.in);
      if (!head) return true;
      c.out = answer(*head);
    }
    const auto sent = ::send(c.socket.fd, c.out.data() + c.written, c.out.size() - c.written, MSG_NOSIGNAL);
    if (sent < 0) return errno == EAGAIN || errno == EINTR;
    c.written += static_cast<std::size_t>(sent);
    if (c.written < c.out.size()) return true;
    ::shutdown(c.socket.fd, SHUT_WR);
    return false;
  }

  std::string answer(const HttpHead& head) {
    if (head.problem)
      return written({head.problem, "text/plain; charset=utf-8", std::string(reason(head.problem)) + "\n"}, false);
    Page page;
    {
      const std::lock_guard lock(mutex_);
      if (const auto found = pages_.find(head.path); found != pages_.end()) page = found->second;
    }
    if (!page) return written({404, "text/plain; charset=utf-8", "not found\n"}, head.is_head);
    HttpPage made{500, "text/plain; charset=utf-8", ""};
    const auto asked = guarded([&]() -> Result<> {
      made = page();
      return {};
    });
    if (!asked) made.body = asked.error().message + "\n";
    return written(made, head.is_head);
  }

  const Descriptor listener_, wake_;
  std::mutex mutex_;
  std::map<std::string, Page> pages_;
  std::list<Connection> connections_;
  std::jthread thread_;
};

HttpEndpoint::HttpEndpoint(std::unique_ptr<HttpCore> core) : core_(std::move(core)) {}
HttpEndpoint::HttpEndpoint(HttpEndpoint&&) noexcept = default;
HttpEndpoint& HttpEndpoint::operator=(HttpEndpoint&&) noexcept = default;
HttpEndpoint::~HttpEndpoint() = default;
int HttpEndpoint::port() const { return core_ ? core_->port : 0; }

Result<HttpEndpoint> HttpEndpoint::listen(std::string address) {
  auto parsed = parse(address);
  if (!parsed) return std::unexpected(parsed.error());
  const auto failed = [&] {
    return std::unexpected(Error{.message = "cannot listen on " + address + ": " + std::strerror(errno)});
  };
  Descriptor socket(::socket(parsed->storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  const int yes = 1;
  if (socket.fd < 0) return failed();
  ::setsockopt(socket.fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  auto* const name = reinterpret_cast<sockaddr*>(&parsed->storage);
  if (::bind(socket.fd, name, parsed->size) || ::listen(socket.fd, 64) || ::getsockname(socket.fd, name, &parsed->size))
    return failed();
  const auto port = parsed->storage.ss_family == AF_INET6 ? reinterpret_cast<sockaddr_in6*>(name)->sin6_port
                                                          : reinterpret_cast<sockaddr_in*>(name)->sin_port;
  return HttpEndpoint(std::make_unique<HttpCore>(std::move(socket), ntohs(port)));
}

HttpEndpoint& HttpEndpoint::metrics(Metrics metrics, std::string path) {
  if (core_)
    core_->add(std::move(path),
               [metrics] { return HttpPage{200, "text/plain; version=0.0.4; charset=utf-8", metrics.text()}; });
  return *this;
}

HttpEndpoint& HttpEndpoint::health(HealthChecker checker, std::string path) {
  if (core_)
    core_->add(std::move(path), [checker] {
      const Health health = checker.check();
      return HttpPage{health.healthy ? 200 : 503, "text/plain; charset=utf-8", health.text()};
    });
  return *this;
}

HttpEndpoint& HttpEndpoint::page(std::string path, std::string content_type, std::function<std::string()> body) {
  core_->add(std::move(path),
             [type = std::move(content_type), body = std::move(body)] { return HttpPage{200, type, body()}; });
  return *this;
}

}  // namespace thalweg::client
