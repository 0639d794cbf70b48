#include "monitoring/monitoring.h"

#include <fmt/format.h>

#include "base/log.h"
#include "broker/broker.h"
#include "http/accept.h"
#include "monitoring/health_text.h"

namespace thalweg::monitoring {
namespace {

constexpr std::string_view kName = "metrics";  // of its listener, in logs and labels
constexpr Instant kStopWithin = std::chrono::seconds(2);
constexpr std::size_t kPieceBytes = 64 * 1024;
constexpr std::size_t kMemory = 4u << 20;  // answers on their way
constexpr std::size_t kConnections = 512, kConnectionsOfOne = 64;

// A page on its way to a client. While it lives, it counts.
class Page : public http::BodyStream {
 public:
  Page(std::unique_ptr<Exposition> text, std::shared_ptr<void> counted)
      : text_(std::move(text)), counted_(std::move(counted)) {}
  Task<Result<std::string>> next() override { co_return text_->next(kPieceBytes); }

 private:
  const std::unique_ptr<Exposition> text_;
  const std::shared_ptr<void> counted_;
};

ExpositionFormat format_for(const http::Request& request) {
  constexpr std::string_view kOffered[] = {"text/plain; version=0.0.4; charset=utf-8",
                                           "application/openmetrics-text; version=1.0.0; charset=utf-8"};
  const auto accept = request.head.headers.joined("Accept");
  const auto best = http::best_of(accept, kOffered);
  return best == 1u ? ExpositionFormat::kOpenMetrics : ExpositionFormat::kPrometheus;
}

// Names that a browser may ask us by.
http::GuardRules guard_rules(const config::BrokerConfig& config) {
  http::GuardRules rules;
  for (const auto& listener : config.metrics_listeners) rules.hosts.insert(listener.host);
  for (const auto& listener : config.advertised_listeners) rules.hosts.insert(listener.host);
  return rules;
}

http::Response index() {
  return http::text_response(200,
                             "Thalweg\n\n"
                             "/metrics          for Prometheus\n"
                             "/metrics/detail   with every partition\n"
                             "/livez            200 while it lives; ?verbose says more\n"
                             "/readyz           200 while it can be sent clients; ?verbose says more\n"
                             "/health           both as JSON\n");
}

}  // namespace

Monitoring::Monitoring(broker::Broker& broker, Collector::About about)
    : broker_(broker), health_(broker), collector_(broker, about), version_(about.version), memory_(kMemory) {
  add_routes();
}

Monitoring::~Monitoring() = default;

void Monitoring::add_routes() {
  using Detail = Collector::Detail;
  const auto index_page = [](http::Request) -> Task<http::Response> { co_return index(); };
  router_.add("GET", "/", index_page);
  router_.add("GET", "/metrics", [this](auto r) { return metrics(std::move(r), Detail::kUpToTheBound); });
  router_.add("GET", "/metrics/detail", [this](auto r) { return metrics(std::move(r), Detail::kEverything); });
  for (const char* pattern : {"/livez", "/livez/{check}"})
    router_.add("GET", pattern, [this](auto r) { return live(std::move(r)); });
  for (const char* pattern : {"/readyz", "/readyz/{check}"})
    router_.add("GET", pattern, [this](auto r) { return ready(std::move(r)); });
  router_.add("GET", "/health", [this](auto r) { return health(std::move(r)); });
}

// "localhost" is both loopbacks; a machine without IPv6 has one.
Result<> Monitoring::listen(const std::string& host, std::uint16_t port) {
  const std::vector<std::string> addresses =
      host == "localhost" ? std::vector<std::string>{"127.0.0.1", "::1"} : std::vector<std::string>{host};
  for (std::size_t i = 0; i < addresses.size(); ++i) {
    auto listener = broker_.shard0().network.listen({addresses[i], port});
    if (!listener && i > 0) {
      log::debug("metrics are served on one loopback only", field("error", listener.error()));
      continue;
    }
    if (!listener) return std::unexpected(std::move(listener.error()));
    const Endpoint local = (*listener)->local();
    port = local.port;
    if (i == 0) {
      bound_.push_back(local);
      log::info(
          "metrics and health are served",
          field("listener", fmt::format("http://{}", to_string(Endpoint{host.empty() ? local.host : host, port}))));
    }
    server_->serve(std::move(*listener), std::string(kName));
  }
  return {};
}

Result<> Monitoring::start() {
  const auto& config = broker_.config();
  if (config.metrics_listeners.empty()) return {};
  const auto& here = broker_.shard0();
  limits_ = std::make_unique<network::ConnectionLimits>(
      here, network::ConnectionLimits::Bounds{.total = kConnections, .per_ip = kConnectionsOfOne});
  http::ServerOptions options{.guard = guard_rules(config), .limits = limits_.get()};
  server_ = std::make_unique<http::Server>(here, std::move(options), memory_, router_);
  for (const auto& [host, port] : config.metrics_listeners) {
    auto listening = listen(host, port);
    if (listening) continue;
    if (config.properties.contains("metrics.listeners"))
      return fail(listening.error().code, "metrics.listeners: " + listening.error().message);
    log::warn(
        "metrics and health are not served: another server has the port; set metrics.listeners to a free one, or "
        "to nothing",
        field("error", listening.error()));
  }
  return {};
}

Task<> Monitoring::stop() {
  if (!server_) co_return;
  if (!co_await server_->stop(broker_.shard0().clock.now() + kStopWithin))
    log::warn("answers over HTTP are left unfinished: the time to stop is over");
}

Task<http::Response> Monitoring::metrics(http::Request request, Collector::Detail detail) {
  if (*pages_ >= kPagesMax) {
    auto response = http::plain_error(503, "too many pages of metrics are being made; come again in a second");
    response.headers.add("Retry-After", "1");
    co_return response;
  }
  ++*pages_;
  std::shared_ptr<void> counted(nullptr, [pages = pages_](void*) { --*pages; });
  if (health_.phase() != Health::Phase::kServing) detail = Collector::Detail::kProcess;
  const auto format = format_for(request);
  auto page = co_await collector_.collect(format, detail, health_.directories_offline());
  http::Response response{.headers = {{"Content-Type", std::string(content_type(format))}}};
  response.body = std::make_unique<Page>(std::move(page), std::move(counted));
  co_return response;
}

Task<http::Response> Monitoring::live(http::Request request) {
  const auto checks = co_await health_.live();
  co_return answer(request, checks);
}

Task<http::Response> Monitoring::ready(http::Request request) { co_return answer(request, health_.ready()); }

Task<http::Response> Monitoring::health(http::Request) {
  const auto live = co_await health_.live();
  co_return overview(broker_, version_, collector_.uptime(), health_.phase(), live, health_.ready());
}

}  // namespace thalweg::monitoring
