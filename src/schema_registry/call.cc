#include "schema_registry/call.h"

#include <algorithm>

#include "base/number.h"
#include "http/accept.h"
#include "json/parser.h"
#include "json/writer.h"

namespace thalweg::schema_registry {
namespace {

using registry::Code;
using registry::Failure;

constexpr std::string_view kAnswered[] = {"application/vnd.schemaregistry.v1+json",
                                          "application/vnd.schemaregistry+json", "application/json"};
// Behind a schema that was escaped as a string of JSON there may be half as much.
constexpr std::size_t kBodyMax = 4u << 20;
constexpr std::size_t kDepthMax = 64;  // of bodies; schemas are strings in them

std::string media_type(const http::Request& request) {
  const auto best = http::best_of(request.head.headers.find("Accept"), kAnswered);
  return std::string(kAnswered[best.value_or(0)]);
}

// What has no type is taken for JSON, as a program that sends it with curl expects.
bool is_json(std::string_view type) {
  type = type.substr(0, type.find(';'));
  while (type.ends_with(' ')) type.remove_suffix(1);
  if (type.empty() || http::equal_ignoring_case(type, "application/octet-stream")) return true;
  return std::ranges::any_of(kAnswered, [&](auto known) { return http::equal_ignoring_case(type, known); });
}

bool is_qualified(std::string_view subject) { return subject.starts_with(":.") || subject.starts_with(":*:"); }

std::int32_t number_or(std::optional<std::string_view> text, std::int32_t otherwise) {
  if (!text) return otherwise;
  return parse_number<std::int32_t>(*text).value_or(otherwise);
}

}  // namespace

std::string Call::qualified(std::string_view subject) const {
  return is_qualified(subject) ? std::string(subject) : context_ + std::string(subject);
}

std::optional<std::string> Call::subject_or_all() const {
  if (!request_.parameters.empty()) return subject();
  return context_.empty() ? std::nullopt : std::optional(context_);
}

registry::Answer<registry::VersionName> Call::version() const {
  return registry::VersionName::parse(request_.parameters.at(1));
}

std::optional<std::int32_t> Call::id() const { return parse_number<std::int32_t>(parameter()); }

registry::Page Call::page() const {
  return {.offset = number_or(request_.query_value("offset"), 0),
          .limit = number_or(request_.query_value("limit"), -1)};
}

std::optional<std::string> Call::subject_hint() const {
  const auto asked = request_.query_value("subject");
  if (!asked && context_.empty()) return std::nullopt;
  return qualified(asked.value_or(""));
}

std::string Call::subject_prefix() const {
  const auto asked = request_.query_value("subjectPrefix");
  if (!asked) return context_.empty() ? ":*:" : context_;
  return qualified(*asked);
}

registry::Answer<> Call::check_body() const {
  if (!is_json(request_.head.headers.find("Content-Type").value_or("")))
    return std::unexpected(Failure{Code::kUnsupportedMediaType, "HTTP 415 Unsupported Media Type"});
  if (request_.body.empty()) return std::unexpected(Failure{Code::kUnprocessable, "the request needs a body of JSON"});
  return {};
}

registry::Answer<json::Value> Call::tree_of(const SharedBytes& body) {
  auto tree = json::parse(as_text(body), {.bytes = kBodyMax, .depth = kDepthMax, .duplicates = true});
  if (!tree) return std::unexpected(Failure{Code::kUnreadable, "the body is not JSON: " + tree.error().message});
  return *std::move(tree);
}

registry::RequestContext Call::context() const { return {.client = request_.peer.host}; }

http::Response json_response(const Call& call, const json::Value& value) {
  return json_response(call, json::write(value));
}

http::Response json_response(const Call& call, std::string text) {
  return http::text_response(200, std::move(text), media_type(call.request()));
}

http::Response text_response(const Call& call, const registry::SchemaObject& schema) {
  const bool is_json = schema.type != schema::Type::kProtobuf;
  return http::text_response(200, schema.text, is_json ? media_type(call.request()) : "text/plain; charset=utf-8");
}

http::Response failure_response(std::string media_type, const Failure& failure) {
  return http::text_response(registry::http_status(failure.code), json::write(registry::to_json(failure)),
                             std::move(media_type));
}

namespace {

http::Response rendered(const http::Request& request, Outcome outcome) {
  if (!outcome) return failure_response(media_type(request), outcome.error());
  return *std::move(outcome);
}

}  // namespace

void Routes::add(const char* method, std::string pattern, Operation operation) {
  add_both(method, pattern,
           [&registry = registry_, &relay = relay_, operation](http::Request request,
                                                               std::string context) -> Task<http::Response> {
             const auto here = [&registry, operation, call = Call(request, std::move(context))] {
               return operation(registry, call);
             };
             co_return rendered(request, co_await relay.answer(request, here));
           });
}

void Routes::add_here(const char* method, std::string pattern, Operation operation) {
  add_both(method, pattern,
           [&registry = registry_, operation](http::Request request, std::string context) -> Task<http::Response> {
             co_return rendered(request, co_await operation(registry, Call(request, std::move(context))));
           });
}

void Routes::add_both(const char* method, const std::string& pattern, Handle handle) {
  const http::RouteOptions options{.body_max = kBodyMax};
  router_.add(method, pattern, [handle](http::Request request) { return handle(std::move(request), ""); }, options);
  const auto below_context = [handle](http::Request request) {
    const std::string context = std::move(request.parameters.front());
    request.parameters.erase(request.parameters.begin());
    const bool is_default = context == "." || context == ":.:";
    const std::string name = context.starts_with('.') ? context : "." + context;
    return handle(std::move(request), is_default ? "" : context.starts_with(':') ? context : ":" + name + ":");
  };
  router_.add(method, "/contexts/{context}" + pattern, below_context, options);
}

}  // namespace thalweg::schema_registry
