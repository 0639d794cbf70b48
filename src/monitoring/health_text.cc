#include "monitoring/health_text.h"

#include <fmt/format.h>

#include <algorithm>

#include "broker/broker.h"
#include "broker/metadata_publisher.h"
#include "http/router.h"
#include "json/writer.h"
#include "raft/quorum.h"

namespace thalweg::monitoring {
namespace {

std::string why(const Check& check) { return check.outcome ? std::string() : check.outcome.error().message; }

std::string line(const Check& check) {
  return check.outcome ? fmt::format("[+]{} ok\n", check.name)
                       : fmt::format("[-]{} failed: {}\n", check.name, why(check));
}

std::string checks_json(const std::vector<Check>& checks) {
  std::string out;
  for (const auto& check : checks)
    out += fmt::format(R"({}{{"name":{},"ok":{},"message":{}}})", out.empty() ? "" : ",", json::quoted(check.name),
                       check.outcome.has_value(), json::quoted(why(check)));
  return out;
}

struct Partitions {
  std::size_t all = 0, leaderless = 0, under_replicated = 0;
};
Partitions count(const metadata::Image& image) {
  Partitions counts;
  for (const auto& [name, topic] : image.topics())
    for (const auto& partition : topic->partitions) {
      ++counts.all;
      counts.leaderless += partition.leader == kNoBroker ? 1 : 0;
      counts.under_replicated += partition.isr.size() < partition.replicas.size() ? 1 : 0;
    }
  return counts;
}

std::string cluster_json(broker::Broker& broker, const Partitions& partitions) {
  const auto image = broker.publisher().current_image();
  std::size_t fenced = 0;
  for (const auto& [id, registered] : image->brokers()) fenced += registered.fenced ? 1 : 0;
  return fmt::format(
      R"(,"cluster_id":{},"is_controller":{},"brokers":{},"fenced_brokers":{},"topics":{},"partitions":{},)"
      R"("leaderless_partitions":{},"under_replicated_partitions":{})",
      json::quoted(image->cluster_id()), broker.quorum().is_leader(), image->brokers().size(), fenced,
      image->topics().size(), partitions.all, partitions.leaderless, partitions.under_replicated);
}

std::string_view status_of(Health::Phase phase, bool healthy, const Partitions& partitions) {
  if (phase == Health::Phase::kStarting) return "starting";
  if (phase == Health::Phase::kStopping) return "stopping";
  if (!healthy) return "failed";
  return partitions.leaderless + partitions.under_replicated > 0 ? "degraded" : "ok";
}

}  // namespace

http::Response answer(const http::Request& request, const std::vector<Check>& checks) {
  std::vector<Check> asked = checks;
  if (!request.parameters.empty()) {
    std::erase_if(asked, [&](const Check& check) { return check.name != request.parameters.front(); });
    if (asked.empty()) return http::plain_error(404, "there is no such check");
  }
  const bool ok = all_ok(asked);
  std::string text;
  for (const auto& check : asked)
    if (request.query_flag("verbose") || !check.outcome) text += line(check);
  text += ok ? "ok\n" : "failed\n";
  auto response = http::text_response(ok ? 200 : 503, std::move(text));
  response.headers.add("Cache-Control", "no-store");
  return response;
}

http::Response overview(broker::Broker& broker, const std::string& version, Millis uptime, Health::Phase phase,
                        const std::vector<Check>& live, const std::vector<Check>& ready) {
  const bool serves = phase == Health::Phase::kServing;
  const bool healthy = all_ok(live) && all_ok(ready);
  const Partitions partitions = serves ? count(*broker.publisher().current_image()) : Partitions();
  auto response = http::text_response(
      healthy ? 200 : 503,
      fmt::format(R"({{"status":"{}","live":{},"ready":{},"node":{},"version":{},"uptime_seconds":{}{},)"
                  R"("checks":[{},{}]}})"
                  "\n",
                  status_of(phase, healthy, partitions), all_ok(live), all_ok(ready), broker.config().node_id.value,
                  json::quoted(version), uptime.count() / 1000, serves ? cluster_json(broker, partitions) : "",
                  checks_json(live), checks_json(ready)),
      "application/json");
  response.headers.add("Cache-Control", "no-store");
  return response;
}

}  // namespace thalweg::monitoring
