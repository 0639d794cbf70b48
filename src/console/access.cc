#include "console/access.h"

#include <algorithm>

#include "base/check.h"
#include "base/log.h"
#include "console/problem.h"

namespace thalweg::console {
namespace {

constexpr std::string_view kAnonymous = "User:ANONYMOUS";
// Who knows what the server's log and its directory say is the operator.
constexpr std::string_view kOperator = "User:operator";
constexpr std::string_view kBearer = "Bearer ";

// Cookies of a host are sent to all of its ports, so each console's has a name of its own.
std::string cookie_name(const http::Request& request) {
  const std::string_view host = request.head.headers.find("Host").value_or("");
  const auto colon = host.rfind(':');
  const std::string_view port = colon == host.npos || host.ends_with(']') ? "80" : host.substr(colon + 1);
  const bool is_number = !port.empty() && std::ranges::all_of(port, [](char c) { return c >= '0' && c <= '9'; });
  return "thalweg_" + std::string(is_number ? port : "80");
}

std::string cookie_of(const http::Request& request) {
  const std::string wanted = cookie_name(request) + "=";
  for (const auto& [name, value] : request.head.headers.fields()) {
    if (!http::equal_ignoring_case(name, "Cookie")) continue;
    for (std::string_view rest = value; !rest.empty();) {
      const auto semicolon = rest.find(';');
      std::string_view pair = rest.substr(0, semicolon);
      rest = semicolon == rest.npos ? std::string_view() : rest.substr(semicolon + 1);
      while (pair.starts_with(' ')) pair.remove_prefix(1);
      if (pair.starts_with(wanted)) return std::string(pair.substr(wanted.size()));
    }
  }
  return {};
}

// In a time that does not tell how much of it is right.
bool is_equal(std::string_view given, std::string_view token) {
  unsigned char differences = given.size() == token.size() ? 0 : 1;
  for (std::size_t i = 0; i < token.size(); ++i)
    differences |= static_cast<unsigned char>(token[i]) ^ static_cast<unsigned char>(i < given.size() ? given[i] : 0);
  return differences == 0;
}

std::optional<std::string_view> bearer_of(const http::Request& request) {
  const auto value = request.head.headers.find("Authorization");
  if (!value || !http::equal_ignoring_case(value->substr(0, kBearer.size()), kBearer)) return std::nullopt;
  return value->substr(kBearer.size());
}

Access::Client client_of(const http::Request& request, std::string principal) {
  return std::make_shared<const broker::ClientInfo>(
      broker::ClientInfo{.listener = "CONSOLE", .client_host = request.peer.host, .principal = std::move(principal)});
}

Problem sign_in_first(std::string title, SignInWay way) {
  return {.type = "/problems/sign-in",
          .title = std::move(title),
          .status = 401,
          .hint = "the token is in the server's log, and in console.token in its first log directory",
          .sign_in = way};
}

}  // namespace

bool is_loopback(std::string_view host) {
  const bool is_ipv4 = std::ranges::all_of(host, [](char c) { return c == '.' || (c >= '0' && c <= '9'); });
  return host == "localhost" || host.ends_with(".localhost") || host == "::1" || (is_ipv4 && host.starts_with("127."));
}

SignInWay sign_in_way(const config::BrokerConfig& config) {
  if (config.console_auth == "none") return SignInWay::kNone;
  if (config.console_auth == "token") return SignInWay::kToken;
  const bool is_local =
      std::ranges::all_of(config.console_listeners, [](const auto& listener) { return is_loopback(listener.host); });
  return is_local ? SignInWay::kNone : SignInWay::kToken;
}

Access::Access(const Shard& shard, SignInWay way, bool is_read_only)
    : shard_(shard), way_(way), is_read_only_(is_read_only), sessions_(shard.random) {}

Outcome<> Access::listen_to(const http::Request& request) const {
  const Instant span = limit_.refused_for(request.peer.host, shard_.clock.now());
  if (span == Instant(0)) return {};
  const auto seconds = std::chrono::ceil<std::chrono::seconds>(span).count();
  return std::unexpected(Problem{.type = "/problems/too-many-attempts",
                                 .title = "There were too many wrong tokens from this address",
                                 .status = 429,
                                 .hint = "try again in " + std::to_string(seconds) + " s"});
}

Outcome<> Access::check_token(const http::Request& request, std::string_view given) {
  TRY_VOID(listen_to(request));
  CHECK(!token_.empty());
  if (is_equal(given, token_)) return {};
  limit_.failed(request.peer.host, shard_.clock.now());
  log::warn("console: a wrong token", field("from", request.peer.host));
  return std::unexpected(sign_in_first("This token is not the server's", way_));
}

Outcome<std::string> Access::principal_of(const http::Request& request) {
  if (way_ == SignInWay::kNone) return std::string(kAnonymous);
  if (const auto token = bearer_of(request)) {
    TRY_VOID(check_token(request, *token));
    return std::string(kOperator);
  }
  if (auto principal = sessions_.find(cookie_of(request), shard_.clock.now())) return *std::move(principal);
  return std::unexpected(sign_in_first("Sign in first", way_));
}

Outcome<Access::Client> Access::who(const http::Request& request) {
  TRY(auto principal, principal_of(request));
  return client_of(request, std::move(principal));
}

Outcome<> Access::check_write(const http::Request& request) const {
  if (!is_read_only_ || request.head.method == "GET" || request.head.method == "HEAD") return {};
  return std::unexpected(Problem{.type = "/problems/read-only",
                                 .title = "This console only reads",
                                 .status = 403,
                                 .hint = "console.read.only is set; use the command line"});
}

Outcome<Access::SignedIn> Access::sign_in(const http::Request& request, const SignIn& given) {
  TRY_VOID(check_token(request, given.token));
  const std::string id = sessions_.open(std::string(kOperator), shard_.clock.now());
  log::info("console: signed in", field("from", request.peer.host), field("principal", kOperator));
  return SignedIn{.client = client_of(request, std::string(kOperator)),
                  .cookie = cookie_name(request) + "=" + id + "; HttpOnly; SameSite=Strict; Path=/"};
}

std::string Access::sign_out(const http::Request& request) {
  sessions_.close(cookie_of(request));
  return cookie_name(request) + "=; HttpOnly; SameSite=Strict; Path=/; Max-Age=0";
}

}  // namespace thalweg::console
