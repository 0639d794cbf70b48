#include "cli/registry_client.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/nearest.h"
#include "cli/reach.h"
#include "http/target.h"
#include "json/parser.h"
#include "json/writer.h"

namespace thalweg::cli {
namespace {

constexpr std::uint16_t kPort = 8081;
constexpr std::size_t kAnswerMax = 64u << 20;
constexpr std::string_view kMediaType = "application/vnd.schemaregistry.v1+json";

std::string_view advice(int code) {
  switch (code) {
    case kSubjectNotFound:
      return "thalweg schema list shows all subjects; with --deleted also those that can be brought back";
    case kVersionNotFound:
      return "thalweg schema list --all-versions shows which there are";
    case kSchemaNotFound:
      return "thalweg schema list --all-versions shows all ids";
    case 40404:
    case 40406:
      return "It is deleted already; --permanent removes it for good";
    case 40405:
    case 40407:
      return "Delete it without --permanent first";
    case 409:
    case 40901:
      return "thalweg schema check lists what does not fit; thalweg schema level shows and changes what must fit";
    case 42201:
      return "Is it the type that --type says, or the file's ending?";
    case 42205:
      return "Its mode forbids that: it may be read-only";
    case 42206:
      return "Delete those that refer to it first";
    default:
      return code >= 50000 ? "Try again; if it stays so, the server's log says more" : "";
  }
}

std::string other_address() {
  return fmt::format("For another address: --registry http://host:port, or {} in the environment", kRegistryVariable);
}

// What answers there, as far as it is no registry.
RegistryFailure described_as_no_registry(const Sighting& seen) {
  const std::string where = to_string(seen.endpoint);
  using enum Sighting::Kind;
  switch (seen.kind) {
    case kKafka:
      return {.message =
                  fmt::format("{} is a Kafka broker, no schema registry\nThe registry's port is {}, as a rule. {}",
                              where, kPort, other_address())};
    case kHttp:
      return {.message =
                  fmt::format("{} is a web server, but no schema registry\nThe registry's port is {}, as a rule. "
                              "{}",
                              where, kPort, other_address())};
    case kStranger:
      return {.message =
                  fmt::format("what listens at {} is no schema registry\nThe registry's port is {}, as a rule. {}",
                              where, kPort, other_address())};
    case kRefused:
      return {.message = fmt::format("{}\nIs the server running, and does its option schema.registry.listeners name "
                                     "this port? {}",
                                     described(seen), other_address())};
    default:
      return {.message = fmt::format("{}\n{}", described(seen), other_address())};
  }
}

}  // namespace

RegistryFailure::operator Error() const {
  if (code == 0) return {ErrorCode::kInvalidRequest, message};
  const auto next = advice(code);
  return {ErrorCode::kInvalidRequest, fmt::format("{} (error {}){}{}", message, code, next.empty() ? "" : "\n", next)};
}

Result<RegistryClient> RegistryClient::open(Session session) {
  const auto variable = session.terminal().environment(kRegistryVariable);
  const std::string given =
      session.options.value("registry").value_or(variable.value_or(std::string(kDefaultRegistry)));
  const std::string_view name = session.options.has("registry") || !variable ? "--registry" : kRegistryVariable;
  std::vector<http::Url> urls;
  for (std::size_t from = 0; from <= given.size();) {
    const auto comma = std::min(given.find(',', from), given.size());
    auto url = http::parse_url(std::string_view(given).substr(from, comma - from), kPort);
    if (!url) return session.misuse(fmt::format("{} is wrong: {}", name, url.error().message));
    urls.push_back(std::move(*url));
    from = comma + 1;
  }
  return RegistryClient(session, std::move(urls));
}

Task<RegistryAnswer> RegistryClient::ask(std::string method, std::string target, std::optional<json::Value> body) {
  if (auto failure = co_await first_contact()) co_return std::unexpected(std::move(*failure));
  http::ClientRequest request{
      .method = std::move(method),
      .target = std::move(target),
      .headers = {{"Accept", std::string(kMediaType) + ", application/json"}, {"User-Agent", "thalweg"}},
      .body = body ? json::write(*body) : ""};
  if (body) request.headers.add("Content-Type", std::string(kMediaType));
  const auto response = co_await exchange(request, session_.client.api_deadline());
  if (!response) co_return std::unexpected(co_await trouble(response.error()));
  co_return read(request, *response);
}

// Somebody who waits at a screen hears soon that there is no registry. One that is only slow is waited for.
Task<std::optional<RegistryFailure>> RegistryClient::first_contact() {
  if (std::exchange(met_, true) || !session_.terminal().err_is_terminal()) co_return std::nullopt;
  const Instant soon = session_.client.shard().clock.now() + kFirstContact;
  const auto response = co_await exchange({}, std::min(session_.client.api_deadline(), soon));
  if (response) co_return std::nullopt;
  const Sighting seen = co_await look_at(session_.context.shard, urls_[at_].endpoint, kPatience);
  if (seen.kind == Sighting::Kind::kHttp && response.error().code == ErrorCode::kRequestTimedOut)
    co_return std::nullopt;
  co_return described_as_no_registry(seen);
}

Task<Result<http::ClientResponse>> RegistryClient::exchange(http::ClientRequest request, Instant deadline) {
  const std::string target = request.target;
  for (;;) {
    request.target = urls_[at_].path + target;
    auto response = co_await http::exchange(session_.context.shard, urls_[at_].endpoint, request, deadline,
                                            {.body_bytes_max = kAnswerMax});
    const bool unreached = !response && response.error().code == ErrorCode::kNetworkException;
    if (!unreached || at_ + 1 == urls_.size()) co_return response;
    ++at_;
  }
}

Task<RegistryFailure> RegistryClient::trouble(Error error) {
  if (error.code == ErrorCode::kMessageTooLarge)
    co_return RegistryFailure{.message = fmt::format("{}: {}; ask for less, as with --prefix", here(), error.message)};
  const Sighting seen = co_await look_at(session_.context.shard, urls_[at_].endpoint, kPatience);
  // It may well be a registry, only not a quick one.
  if (seen.kind == Sighting::Kind::kHttp && error.code != ErrorCode::kCorruptMessage)
    co_return RegistryFailure{.message = fmt::format("{}\nIs it well? A longer --timeout waits longer", error.message)};
  co_return described_as_no_registry(seen);
}

RegistryFailure RegistryClient::stranger() const {
  return described_as_no_registry({.kind = Sighting::Kind::kHttp, .endpoint = urls_[at_].endpoint, .detail = {}});
}

RegistryAnswer RegistryClient::read(const http::ClientRequest& request, const http::ClientResponse& response) const {
  constexpr int kRedirection = 300, kUnauthorized = 401, kForbidden = 403, kServerError = 500;
  const auto body = json::parse(response.body, {.bytes = kAnswerMax});
  if (response.status < kRedirection) {
    if (body) return *body;
    return std::unexpected(stranger());
  }
  const auto code = body ? number_in(*body, "error_code") : std::nullopt;
  const auto message = body ? text_in(*body, "message") : std::nullopt;
  if (code && message) return std::unexpected(RegistryFailure{static_cast<int>(*code), *message});
  if (response.status == kUnauthorized || response.status == kForbidden)
    return std::unexpected(
        RegistryFailure{.message = fmt::format("{} wants to know who asks ({}), which these commands cannot say yet",
                                               here(), response.status)});
  if (response.status >= kServerError)
    return std::unexpected(
        RegistryFailure{.message = fmt::format("{} answered {}\n{}", here(), response.status, advice(50000))});
  return std::unexpected(stranger());
}

Task<Error> RegistryClient::unknown_subject(std::string subject, RegistryFailure failure) {
  if (failure.code != kSubjectNotFound) co_return failure;
  const auto answer = co_await get("/subjects");
  std::vector<std::string> known;
  if (answer && answer->if_array())
    for (const auto& name : *answer->if_array())
      if (name.if_string()) known.push_back(*name.if_string());
  if (!nearest(subject, known)) co_return failure;
  co_return Error{ErrorCode::kInvalidRequest, fmt::format("no subject '{}'{}", subject, did_you_mean(subject, known))};
}

std::optional<std::string> text_in(const json::Value& object, std::string_view key) {
  const auto* member = object.find(key);
  if (!member || !member->if_string()) return std::nullopt;
  return *member->if_string();
}

std::optional<std::int64_t> number_in(const json::Value& object, std::string_view key) {
  const auto* member = object.find(key);
  return member && member->if_number() ? member->if_number()->as_int64() : std::nullopt;
}

std::string versions_path(std::string_view subject) {
  return fmt::format("/subjects/{}/versions", http::percent_encoded(subject));
}

}  // namespace thalweg::cli
