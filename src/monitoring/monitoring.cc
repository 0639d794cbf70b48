#include "monitoring/monitoring.h"

#include <algorithm>

#include "base/log.h"
#include "broker/broker.h"
#include "broker/metadata_publisher.h"
#include "http/accept.h"
#include "monitoring/health_text.h"
#include "raft/quorum.h"
#include "runtime/yielding.h"
#include "storage/log_config.h"

namespace thalweg::monitoring {
namespace {

constexpr std::size_t kPieceBytes = 64 * 1024;
constexpr std::size_t kMemory = 4u << 20;  // answers on their way

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

http::SiteOptions site_options(const config::BrokerConfig& config) {
  http::SiteOptions options{.name = "metrics",
                            .option = "metrics.listeners",
                            .what = "metrics and health",
                            .was_set = config.properties.contains("metrics.listeners")};
  for (const auto& listener : config.advertised_listeners) options.guard.hosts.insert(listener.host);
  return options;
}

// Voters that the leader has not heard for so long are silent; heartbeats go ten times a second.
constexpr Instant kSilentFor = std::chrono::seconds(3);

QuorumLook quorum_look(const raft::Quorum& quorum, Instant now) {
  QuorumLook look{.has_leader = quorum.leader().leader != kNoBroker};
  for (const auto member : quorum.membership().voters) look.voters.push_back(raft::broker_of(member));
  for (const auto& one : quorum.progress()) {
    const bool heard = one.last_contact && now - *one.last_contact < kSilentFor;
    if (one.voter && one.member.id != quorum.self() && !heard) look.silent.push_back(one.member.node);
  }
  return look;
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
    : broker_(broker),
      health_(broker),
      collector_(broker, about),
      version_(about.version),
      memory_(kMemory),
      site_(broker.shard0(), memory_, router_, site_options(broker.config())) {
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

Result<> Monitoring::start() { return site_.start(http::endpoints_of(broker_.config().metrics_listeners)); }

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

Task<http::Response> Monitoring::ready(http::Request request) {
  const bool shows_cluster = request.parameters.empty() && request.query_flag("verbose");
  const auto look = shows_cluster ? co_await cluster() : nullptr;
  co_return answer(request, health_.ready(), look ? look->troubles() : std::vector<Trouble>());
}

Task<http::Response> Monitoring::health(http::Request) {
  const auto live = co_await health_.live();
  const auto look = co_await cluster();
  co_return overview(broker_, version_, collector_.uptime(), health_.phase(), live, health_.ready(), look.get());
}

Task<std::unique_ptr<ClusterLook>> Monitoring::cluster() {
  constexpr std::size_t kPartitionsAtOnce = 2000;
  if (health_.phase() != Health::Phase::kServing) co_return nullptr;
  const auto image = broker_.publisher().current_image();
  auto look = std::make_unique<ClusterLook>(image, quorum_look(broker_.quorum(), broker_.shard0().clock.now()));
  const auto min_isr = [&](const std::string& topic) {
    return std::size_t(std::max(broker_.log_config(*image, topic).min_insync_replicas, 1));
  };
  Pace pace(kPartitionsAtOnce);
  for (const auto& [name, topic] : image->topics()) {
    if (pace.due(topic->partitions.size() + 1)) co_await give_way();
    look->add(*topic, min_isr);
  }
  co_return look;
}

}  // namespace thalweg::monitoring
