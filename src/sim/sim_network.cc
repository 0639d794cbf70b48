#include "sim/sim_network.h"

#include <algorithm>

#include "sim/sim_disk.h"

namespace thalweg::sim {
namespace {
std::unexpected<Error> failure(const Endpoint& endpoint, const char* why) {
  return fail(ErrorCode::kNetworkException, to_string(endpoint) + ": " + why);
}
constexpr Instant kRetry = std::chrono::milliseconds(20);  // while hosts are apart
}  // namespace

// One direction of a connection.
struct Pipe {
  struct Segment {
    Instant due;
    std::string bytes;
    bool is_end = false;
  };
  std::deque<Segment> under_way;
  std::size_t under_way_bytes = 0;
  std::string arrived;
  bool ended = false;  // the sender closed and all it sent has arrived
  Instant last_due{0};
  bool pumping = false;
  Signal readable, writable;
};

struct Link {
  std::string hosts[2];
  Pipe pipes[2];        // pipes[i] leads from hosts[i] to the other
  bool closed[2] = {};  // by hosts[i]
  bool broken = false;
  void wake_all() {
    for (auto& pipe : pipes) pipe.readable.notify(), pipe.writable.notify();
  }
};

class SimConnection : public Connection, public std::enable_shared_from_this<SimConnection> {
 public:
  SimConnection(SimNetwork& network, std::shared_ptr<Link> link, int side, Endpoint peer)
      : network_(network), link_(std::move(link)), side_(side), peer_(std::move(peer)) {}
  ~SimConnection() override { close(); }

  Task<Result<std::size_t>> read_some(MutableBytes into) override {
    const auto self = shared_from_this();
    const auto link = link_;
    Pipe& pipe = link->pipes[1 - side_];
    for (;;) {
      if (closed_ || link->broken) co_return failure(peer_, closed_ ? "closed" : "connection reset");
      if (!pipe.arrived.empty()) break;
      if (pipe.ended) co_return std::size_t{0};
      co_await pipe.readable.wait();
    }
    const std::size_t n = std::min(into.size(), pipe.arrived.size());
    std::memcpy(into.data(), pipe.arrived.data(), n);
    pipe.arrived.erase(0, n);
    transferred_ += n;
    pipe.writable.notify();
    co_return n;
  }

  Task<Result<>> write(Pieces pieces) override {
    const auto self = shared_from_this();
    const auto link = link_;
    for (const auto& piece : pieces) {
      CO_TRY(const SharedBytes bytes, content_of(piece));
      CO_TRY_VOID(co_await write_bytes(link, bytes));
    }
    co_return Result<>();
  }

  void close() override {
    if (std::exchange(closed_, true)) return;
    Pipe& out = link_->pipes[side_];
    link_->closed[side_] = true;
    if (!link_->broken) send(link_, side_, {.due = {}, .bytes = {}, .is_end = true});
    link_->pipes[1 - side_].readable.notify();
    out.writable.notify();
  }
  Endpoint peer() const override { return peer_; }
  std::uint64_t transferred() const override { return transferred_; }

 private:
  Result<SharedBytes> content_of(const Piece& piece) const {
    if (const auto* bytes = std::get_if<SharedBytes>(&piece)) return *bytes;
    const auto& range = std::get<FilePiece>(piece);
    auto* file = dynamic_cast<SimFile*>(range.source.get());
    CHECK(file);
    std::vector<std::byte> content(range.size);
    TRY(const std::size_t n, file->read_now(range.position, content));
    if (n < range.size) return failure(peer_, "file is shorter than promised");
    return SharedBytes::take(std::move(content));
  }

  Task<Result<>> write_bytes(std::shared_ptr<Link> link, SharedBytes bytes) {
    Pipe& pipe = link->pipes[side_];
    std::size_t sent = 0;
    while (sent < bytes.size()) {
      if (closed_ || link->broken) co_return failure(peer_, closed_ ? "closed" : "connection reset");
      const std::size_t waiting = pipe.under_way_bytes + pipe.arrived.size();
      if (waiting >= network_.faults.window) {
        co_await pipe.writable.wait();
        continue;
      }
      const std::size_t most = std::min(network_.faults.window - waiting, bytes.size() - sent);
      const std::size_t n = std::min<std::size_t>(most, 1 + network_.simulation_.below(network_.faults.segment_max));
      send(link, side_, {.due = {}, .bytes = std::string(as_text(bytes.view().subspan(sent, n)))});
      sent += n;
      transferred_ += n;
    }
    co_return Result<>();
  }

  void send(const std::shared_ptr<Link>& link, int side, Pipe::Segment segment) {
    Pipe& pipe = link->pipes[side];
    auto& simulation = network_.simulation_;
    if (simulation.one_in(network_.faults.reset_one_in)) {
      link->broken = true;
      return link->wake_all();
    }
    segment.due = std::max(pipe.last_due, simulation.now() + network_.delay());
    if (const auto at = network_.bandwidth_.find(link->hosts[1 - side]);
        at != network_.bandwidth_.end() && at->second > 0)
      segment.due += Instant(static_cast<std::int64_t>(segment.bytes.size() * 1'000'000'000 / at->second));
    pipe.last_due = segment.due;
    pipe.under_way_bytes += segment.bytes.size();
    pipe.under_way.push_back(std::move(segment));
    if (!std::exchange(pipe.pumping, true)) pump_at(&network_, link, side, pipe.under_way.front().due);
  }

  static void pump_at(SimNetwork* network, std::shared_ptr<Link> link, int side, Instant when) {
    network->simulation_.at(when, [network, link, side] { pump(network, link, side); });
  }
  // Delivers what is due, then waits for the next.
  static void pump(SimNetwork* network, const std::shared_ptr<Link>& link, int side) {
    Pipe& pipe = link->pipes[side];
    const Instant now = network->simulation_.now();
    if (link->broken) return;
    if (network->are_apart(link->hosts[0], link->hosts[1])) return pump_at(network, link, side, now + kRetry);
    while (!pipe.under_way.empty() && pipe.under_way.front().due <= now) {
      auto segment = std::move(pipe.under_way.front());
      pipe.under_way.pop_front();
      pipe.under_way_bytes -= segment.bytes.size();
      pipe.arrived += segment.bytes;
      pipe.ended = pipe.ended || segment.is_end;
    }
    pipe.readable.notify();
    pipe.pumping = !pipe.under_way.empty();
    if (pipe.pumping) pump_at(network, link, side, pipe.under_way.front().due);
    // Nobody reads what arrives at a closed end; its sender learns of that by a reset.
    if (link->closed[1 - side] && (pipe.ended || !pipe.arrived.empty())) {
      link->broken = true;
      link->wake_all();
    }
  }

  SimNetwork& network_;
  const std::shared_ptr<Link> link_;
  const int side_;
  const Endpoint peer_;
  std::uint64_t transferred_ = 0;
  bool closed_ = false;
};

class SimListener : public Listener {
 public:
  SimListener(SimNetwork& network, Endpoint local, unsigned shard)
      : network_(network), local_(std::move(local)), shard_(shard) {
    network_.listeners_[local_].push_back(this);
  }
  ~SimListener() override { close(); }

  Task<Result<ConnectionPtr>> accept() override {
    while (queue_.empty()) {
      if (closed_) co_return failure(local_, "closed");
      co_await changed_.wait();
    }
    ConnectionPtr connection = std::move(queue_.front());
    queue_.pop_front();
    co_return connection;
  }
  void close() override {
    if (std::exchange(closed_, true)) return;
    auto& all = network_.listeners_[local_];
    std::erase(all, this);
    if (all.empty()) network_.listeners_.erase(local_);
    queue_.clear();
    changed_.notify();
  }
  Endpoint local() const override { return local_; }
  unsigned shard() const { return shard_; }
  void offer(ConnectionPtr connection) {
    queue_.push_back(std::move(connection));
    changed_.notify();
  }

 private:
  SimNetwork& network_;
  const Endpoint local_;
  const unsigned shard_;
  bool closed_ = false;
  std::deque<ConnectionPtr> queue_;
  Signal changed_;
};

Instant SimNetwork::delay() {
  if (simulation_.one_in(faults.slow_one_in)) return simulation_.between(faults.delay_min, faults.slow_max);
  return simulation_.between(faults.delay_min, faults.delay_max);
}

void SimNetwork::host_died(const std::string& host, Instant notice_max) {
  std::erase_if(links_, [](const auto& link) { return link.expired(); });
  for (const auto& weak : links_) {
    const auto link = weak.lock();
    if (!link || (link->hosts[0] != host && link->hosts[1] != host)) continue;
    simulation_.at(simulation_.now() + simulation_.between(Instant(0), notice_max), [link] {
      link->broken = true;
      link->wake_all();
    });
  }
}

std::string SimHost::name_of(const std::string& host) const {
  static const std::set<std::string> kHere{"", "0.0.0.0", "::", "localhost", "127.0.0.1", "::1"};
  return kHere.contains(host) ? host_ : host;
}

Result<std::unique_ptr<Listener>> SimHost::listen(const Endpoint& endpoint, const ListenOptions&) {
  Endpoint local{name_of(endpoint.host), endpoint.port};
  const auto taken = [&](const Endpoint& at) {
    const auto found = network_.listeners_.find(at);
    return found != network_.listeners_.end() &&
           std::ranges::any_of(found->second, [&](const SimListener* l) { return l->shard() == shard_; });
  };
  if (local.port == 0) {
    // The first port of this host that other shards listen on and this one does not, or a new one.
    std::uint16_t& last = network_.last_port_[local.host];
    if (last == 0) last = 20'000;
    for (local.port = 20'001; local.port <= last && taken(local); ++local.port) {
    }
    last = std::max(last, local.port);
  } else if (taken(local)) {
    return failure(local, "address in use");
  }
  return std::make_unique<SimListener>(network_, local, shard_);
}

Task<Result<ConnectionPtr>> SimHost::connect(Endpoint endpoint, Instant deadline) {
  auto& simulation = network_.simulation_;
  const std::string there = name_of(endpoint.host);
  do {
    co_await simulation.wait(network_.delay() * 2);
    if (network_.are_apart(host_, there)) {
      co_await simulation.wait(kRetry);
      continue;
    }
    const auto found = network_.listeners_.find({there, endpoint.port});
    if (found == network_.listeners_.end()) co_return failure(endpoint, "connection refused");
    auto link = std::make_shared<Link>();
    link->hosts[0] = host_;
    link->hosts[1] = there;
    network_.links_.push_back(link);
    const auto port = static_cast<std::uint16_t>(30'000 + simulation.below(30'000));
    SimListener* listener = found->second[simulation.below(found->second.size())];
    listener->offer(std::make_shared<SimConnection>(network_, link, 1, Endpoint{host_, port}));
    co_return std::make_shared<SimConnection>(network_, link, 0, Endpoint{there, endpoint.port});
  } while (now() < deadline);
  co_return failure(endpoint, "timed out");
}

Task<Knock> SimHost::knock(Endpoint endpoint, Instant deadline) {
  auto& simulation = network_.simulation_;
  const std::string there = name_of(endpoint.host);
  co_await simulation.wait(network_.delay() * 2);
  while (network_.are_apart(host_, there) && now() < deadline) co_await simulation.wait(kRetry);
  if (now() >= deadline) co_return Knock::kSilent;
  co_return network_.listeners_.contains({there, endpoint.port}) ? Knock::kTaken : Knock::kRefused;
}

}  // namespace thalweg::sim
