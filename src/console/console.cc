#include "console/console.h"

#include "base/log.h"
#include "broker/broker_shard.h"
#include "console/listing.h"
#include "console/problem.h"
#include "console/routes.h"
#include "console/token_file.h"

namespace thalweg::console {
namespace {

constexpr std::size_t kMemory = 16u << 20;  // bodies and answers on their way

// Where nobody signs in, a page that was made to lead here would read everything: so the name has to be ours. Where one
// does, it has no session.
http::GuardRules guard_rules(const config::BrokerConfig& config, SignInWay way) {
  http::GuardRules rules;
  rules.names = way == SignInWay::kNone ? http::GuardRules::Names::kOfAll : http::GuardRules::Names::kAny;
  rules.names_option = "console.allowed.hosts";
  for (const auto& listener : config.advertised_listeners) rules.hosts.insert(lower(listener.host));
  for (const auto& host : config.console_allowed_hosts) rules.hosts.insert(lower(host));
  return rules;
}

http::SiteOptions site_options(const config::BrokerConfig& config, SignInWay way) {
  return {.name = "console",
          .option = "console.listeners",
          .what = "console",
          .was_set = config.properties.contains("console.listeners"),
          .guard = guard_rules(config, way)};
}

http::Response secured_refusal(int status, std::string message) {
  auto response = refusal(status, std::move(message));
  secure(response.headers);
  return response;
}

}  // namespace

Console::Console(broker::Broker& broker, Workers& workers, About about, std::span<const console_asset> pages)
    : broker_(broker),
      shared_{.broker = broker,
              .workers = workers,
              .about = std::move(about),
              .access = Access(broker.shard0(), sign_in_way(broker.config()), broker.config().console_read_only),
              .topics = {},
              .rollups = Rollups(broker),
              .changes = Changes(broker),
              .searches = Searches(broker, workers),
              .schemas = {},
              .kept_answers = {},
              .replaying = {},
              .reading_here = {},
              .reading_elsewhere = {}},
      memory_(kMemory),
      router_(secured_refusal),
      pages_(pages, router_, shared_) {
  add_routes();
  site_ = std::make_unique<http::Site>(broker.shard0(), memory_, router_,
                                       site_options(broker.config(), shared_.access.way()));
}

Console::~Console() = default;

void Console::add_routes() {
  router_.set_finish([](http::Response& response) { secure(response.headers); });
  Routes routes(router_, shared_);
  add_session(routes);
  add_cluster(routes);
  add_names(routes);
  add_brokers(routes);
  add_quorum(routes);
  add_topics(routes);
  add_partitions(routes);
  add_records(routes);
  add_record(routes);
  add_new_records(routes);
  add_topic_groups(routes);
  add_configurations(routes);
  add_groups(routes);
  add_group(routes);
  add_search(routes);
  add_series(routes);
  add_topic_changes(routes);
  add_option_changes(routes);
  add_record_deletion(routes);
  add_group_changes(routes);
  add_offset_reset(routes);
  add_changes(routes);
  add_dead_letters(routes);
  add_letters(routes);
  add_letter_replay(routes);
  add_schemas(routes);
  add_schema_changes(routes);
  add_schema_deletions(routes);
  router_.add("GET", "/api/v1/openapi.json", [](http::Request) -> Task<http::Response> {
    co_return http::text_response(200, std::string(openapi()), "application/json");
  });
  router_.set_fallback([this](http::Request request) { return pages_.serve(std::move(request)); });
}

// The link has the token behind a '#', which no server, proxy or Referer ever sees. Nothing is said of a default that
// gave way.
void Console::say_where() const {
  const auto& listeners = broker_.config().console_listeners;
  if (site_->bound().size() < listeners.size()) return;
  for (std::size_t i = 0; i < listeners.size(); ++i) {
    const std::string& host = listeners[i].host;
    const bool is_any = host.empty() || host == "0.0.0.0" || host == "::";
    const Endpoint shown{is_any ? "localhost" : host, site_->bound()[i].port};
    if (shared_.access.way() == SignInWay::kToken)
      log::info("console: sign in with this link",
                field("link", "http://" + to_string(shown) + "/#token=" + shared_.access.token()));
    else if (!is_loopback(host))
      log::warn("console: open to the network, and nobody signs in; set console.auth=token",
                field("listener", "http://" + to_string(shown)));
  }
}

void Console::look_back() { shared_.changes.look_back(); }

Task<Result<>> Console::start() {
  shared_.started_at = broker_.shard0().clock.wall();
  if (shared_.access.way() == SignInWay::kToken) {
    CO_TRY(auto token, co_await load_or_make_token(broker_.shard0(), broker_.config().log_dirs.front()));
    shared_.access.set_token(std::move(token));
  }
  CO_TRY_VOID(site_->start(http::endpoints_of(broker_.config().console_listeners)));
  shared_.rollups.start();
  shared_.changes.start();
  say_where();
  co_return Result<>();
}

Task<> Console::stop() {
  shared_.searches.begin_stop();
  co_await site_->stop();
  co_await shared_.rollups.stop();
  co_await shared_.changes.stop();
}

}  // namespace thalweg::console
