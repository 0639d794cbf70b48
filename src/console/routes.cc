#include "console/routes.h"

#include <fmt/format.h>

#include "base/crc32c.h"
#include "broker/broker_shard.h"
#include "http/accept.h"

namespace thalweg::console {

Call Routes::call_for(Shared& shared, Access::Client client) {
  const auto& here = *shared.broker.shards().front();
  return {.shared = shared, .client = std::move(client), .image = here.image(), .now = here.shard.clock.wall()};
}

http::Response Routes::json_response(std::string text) {
  text += '\n';
  auto response = http::text_response(200, std::move(text), "application/json");
  response.headers.add("Cache-Control", "private, no-cache");
  return response;
}

bool Routes::wants_events(const http::Request& request) {
  static constexpr std::string_view kForms[] = {"application/json", "text/event-stream"};
  return http::best_of(request.head.headers.find("Accept"), kForms) == 1;
}

http::Response Routes::event_response(std::unique_ptr<http::BodyStream> events) {
  return {.status = 200,
          .headers = {{"Content-Type", "text/event-stream"}, {"Cache-Control", "no-store"}},
          .body = std::move(events)};
}

http::Response Routes::download_response(Download download) {
  http::Response response{.status = 200, .headers = {}, .body = std::move(download.bytes)};
  response.headers.add("Content-Type", "application/octet-stream");
  response.headers.add("Content-Disposition", "attachment; filename=\"" + download.name + "\"");
  response.headers.add("Content-Security-Policy", "sandbox");
  response.headers.add("Cache-Control", "private, no-cache");
  return response;
}

http::Response Routes::unless_known(const http::Request& request, std::string text, std::int64_t as_of) {
  const std::string when = "\"as_of\":" + std::to_string(as_of);
  const auto at = text.find(when);
  CHECK(at != text.npos);
  const std::string_view before = std::string_view(text).substr(0, at),
                         after = std::string_view(text).substr(at + when.size());
  const std::string etag =
      fmt::format("W/\"{:08x}{:08x}-{:x}\"", crc32c(as_bytes(before)), crc32c(as_bytes(after)), text.size());
  auto response = json_response(std::move(text));
  response.headers.add("ETag", etag);
  if (request.head.headers.find("If-None-Match") != etag) return response;
  response.status = 304;
  response.body = std::string();
  return response;
}

http::Response Routes::problem_response(const Shared& shared, Problem problem) {
  problem.broker = shared.broker.config().node_id.value;
  auto response = response_of(problem);
  response.headers.add("Cache-Control", "no-store");
  return response;
}

}  // namespace thalweg::console
