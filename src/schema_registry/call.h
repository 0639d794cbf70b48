// One request to the REST API, as its endpoints see it, and how they answer.
#pragma once

#include <expected>
#include <functional>
#include <string>
#include <string_view>

#include "http/router.h"
#include "json/value.h"
#include "registry/json_shapes.h"
#include "registry/requests.h"
#include "runtime/task.h"
#include "schema_registry/registry_service.h"

namespace thalweg::schema_registry {

// Below "/contexts/{c}/" every subject, and what stands for one in the query, lies in that context.
class Call {
 public:
  Call(http::Request request, std::string context) : request_(std::move(request)), context_(std::move(context)) {}

  // The first parameter of the path.
  const std::string& parameter() const { return request_.parameters.front(); }
  std::string subject() const { return qualified(parameter()); }
  // Nothing where the path names none: all of them, or all of the context.
  std::optional<std::string> subject_or_all() const;
  // kInvalidVersion.
  registry::Answer<registry::VersionName> version() const;
  // The first parameter; nothing when it is no number, so that there is nothing of this name.
  std::optional<std::int32_t> id() const;

  bool flag(std::string_view name) const { return request_.query_flag(name); }
  std::string text(std::string_view name) const { return std::string(request_.query_value(name).value_or("")); }
  registry::Page page() const;
  // "subject" and "subjectPrefix" of the query.
  std::optional<std::string> subject_hint() const;
  std::string subject_prefix() const;

  // The body, read by one of json_shapes.h: kUnreadable when it is not JSON or a member is of the wrong kind.
  template <class T>
  registry::Answer<T> body(Result<T> (*read)(const json::Value&)) const {
    TRY(const auto tree, body_tree());
    auto made = read(tree);
    if (!made) return std::unexpected(registry::Failure{registry::Code::kUnreadable, std::move(made.error().message)});
    return *std::move(made);
  }
  const http::Request& request() const { return request_; }
  registry::RequestContext context() const;

 private:
  std::string qualified(std::string_view subject) const;
  registry::Answer<json::Value> body_tree() const;

  http::Request request_;
  std::string context_;  // ":.name:", or empty
};

using Outcome = std::expected<http::Response, registry::Failure>;
using Operation = std::function<Task<Outcome>(RegistryService&, Call)>;

// The answer as the client likes its media type.
http::Response json_response(const Call& call, const json::Value& value);
// The schema itself, as it was registered.
http::Response text_response(const Call& call, const registry::SchemaObject& schema);
http::Response failure_response(std::string media_type, const registry::Failure& failure);

// Adds the endpoint, also below "/contexts/{context}".
class Routes {
 public:
  Routes(http::Router& router, RegistryService& registry) : router_(router), registry_(registry) {}
  void add(const char* method, std::string pattern, Operation operation);

 private:
  http::Router& router_;
  RegistryService& registry_;
};

// Asks the registry; what it says is rendered by `render`, which makes a json::Value of it.
template <class Request, class Render>
Task<Outcome> ask(RegistryService& registry, Call call, Request request, Render render) {
  CO_TRY(const auto answer, co_await registry.ask(std::move(request), call.context()));
  co_return json_response(call, render(answer));
}
// The same with the answer's own shape.
template <class Request>
Task<Outcome> ask(RegistryService& registry, Call call, Request request) {
  return ask(registry, std::move(call), std::move(request),
             [](const auto& answer) { return registry::to_json(answer); });
}

void add_subjects(Routes& routes);
void add_versions(Routes& routes);
void add_schemas(Routes& routes);
void add_compatibility(Routes& routes);
void add_config(Routes& routes);
void add_mode(Routes& routes);
void add_contexts(Routes& routes);

}  // namespace thalweg::schema_registry
