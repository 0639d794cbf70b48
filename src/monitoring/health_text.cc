#include "monitoring/health_text.h"

#include <fmt/format.h>

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

std::string troubles_json(const std::vector<Trouble>& troubles) {
  std::string out;
  for (const auto& trouble : troubles)
    out += fmt::format(R"({}{{"kind":{},"what":{},"next":{}}})", out.empty() ? "" : ",", json::quoted(trouble.kind),
                       json::quoted(trouble.what), json::quoted(trouble.next));
  return out;
}

// Where all of the cluster's registries ask; null before there is one.
std::string registry_leader(const metadata::Image& image) {
  const auto* partition = image.partition("_schemas", PartitionId{0});
  return partition ? to_string(partition->leader) : "null";
}

std::string cluster_json(broker::Broker& broker, const ClusterLook& look) {
  const auto image = broker.publisher().current_image();
  std::size_t fenced = 0;
  for (const auto& [id, registered] : image->brokers()) fenced += registered.fenced ? 1 : 0;
  return fmt::format(
      R"(,"cluster_id":{},"is_controller":{},"controller":{},"brokers":{},"fenced_brokers":{},"topics":{},)"
      R"("partitions":{},"leaderless_partitions":{},"under_replicated_partitions":{},"schema_registry_leader":{},)"
      R"("troubles":[{}])",
      json::quoted(image->cluster_id()), broker.quorum().is_leader(), broker.quorum().leader().leader.value,
      image->brokers().size(), fenced, image->topics().size(), look.partitions(), look.leaderless(),
      look.under_replicated(), registry_leader(*image), troubles_json(look.troubles()));
}

std::string_view status_of(Health::Phase phase, bool healthy, const ClusterLook* look) {
  if (phase == Health::Phase::kStarting) return "starting";
  if (phase == Health::Phase::kStopping) return "stopping";
  if (!healthy) return "failed";
  return look && !look->troubles().empty() ? "degraded" : "ok";
}

}  // namespace

http::Response answer(const http::Request& request, const std::vector<Check>& checks,
                      const std::vector<Trouble>& troubles) {
  std::vector<Check> asked = checks;
  if (!request.parameters.empty()) {
    std::erase_if(asked, [&](const Check& check) { return check.name != request.parameters.front(); });
    if (asked.empty()) return http::plain_error(404, "there is no such check");
  }
  const bool ok = all_ok(asked);
  std::string text;
  for (const auto& check : asked)
    if (request.query_flag("verbose") || !check.outcome) text += line(check);
  for (const auto& trouble : troubles) text += fmt::format("[!]{} {}; {}\n", trouble.kind, trouble.what, trouble.next);
  text += ok ? "ok\n" : "failed\n";
  auto response = http::text_response(ok ? 200 : 503, std::move(text));
  response.headers.add("Cache-Control", "no-store");
  return response;
}

http::Response overview(broker::Broker& broker, const std::string& version, Millis uptime, Health::Phase phase,
                        const std::vector<Check>& live, const std::vector<Check>& ready, const ClusterLook* look) {
  const bool healthy = all_ok(live) && all_ok(ready);
  auto response = http::text_response(
      healthy ? 200 : 503,
      fmt::format(R"({{"status":"{}","live":{},"ready":{},"node":{},"version":{},"uptime_seconds":{}{},)"
                  R"("checks":[{},{}]}})"
                  "\n",
                  status_of(phase, healthy, look), all_ok(live), all_ok(ready), broker.config().node_id.value,
                  json::quoted(version), uptime.count() / 1000, look ? cluster_json(broker, *look) : "",
                  checks_json(live), checks_json(ready)),
      "application/json");
  response.headers.add("Cache-Control", "no-store");
  return response;
}

}  // namespace thalweg::monitoring
