// /session: who asks, how people sign in, and what this server is. The one resource that answers before signing in.
#include "console/routes.h"

namespace thalweg::console {
namespace {

Session session_of(Shared& shared, const Outcome<Access::Client>& client) {
  Session session{.signed_in = client.has_value(),
                  .sign_in = shared.access.way(),
                  .principal = {},
                  .read_only = shared.access.is_read_only(),
                  .features = {},
                  .server = {.version = shared.about.version, .kafka = shared.about.kafka},
                  .cluster = {},
                  .broker = {}};
  if (!client) return session;
  const auto call = Routes::call_for(shared, *client);
  const auto& config = shared.broker.config();
  session.principal = (*client)->principal;
  session.cluster = ClusterName{.id = call.image->cluster_id(),
                                .name = config.console_cluster_name.value_or(call.image->cluster_id())};
  session.broker = config.node_id.value;
  return session;
}

http::Response answer(const Session& session) {
  std::string text;
  append_json(text, session);
  return Routes::json_response(std::move(text));
}

Task<http::Response> show_session(Shared& shared, http::Request request) {
  co_return answer(session_of(shared, shared.access.who(request)));
}

Outcome<http::Response> signed_in(Shared& shared, const http::Request& request) {
  TRY(const auto asked, PostSession::read(request));
  if (shared.access.way() == SignInWay::kNone) return answer(session_of(shared, shared.access.who(request)));
  TRY(auto in, shared.access.sign_in(request, asked.body));
  auto response = answer(session_of(shared, std::move(in.client)));
  response.headers.add("Set-Cookie", std::move(in.cookie));
  return response;
}

Task<http::Response> sign_in(Shared& shared, http::Request request) {
  auto response = signed_in(shared, request);
  co_return response ? *std::move(response) : Routes::problem_response(shared, std::move(response.error()));
}

Task<http::Response> sign_out(Shared& shared, http::Request request) {
  http::Response response{.status = 204, .headers = {{"Set-Cookie", shared.access.sign_out(request)}}};
  co_return response;
}

}  // namespace

void add_session(Routes& routes) {
  auto& shared = routes.shared();
  auto& router = routes.router();
  router.add(GetSession::kMethod, GetSession::kPattern,
             [&shared](auto r) { return show_session(shared, std::move(r)); });
  router.add(PostSession::kMethod, PostSession::kPattern, [&shared](auto r) { return sign_in(shared, std::move(r)); },
             {.body_max = 4096});
  router.add(DeleteSession::kMethod, DeleteSession::kPattern,
             [&shared](auto r) { return sign_out(shared, std::move(r)); });
}

}  // namespace thalweg::console
