// One request to the REST API, as its endpoints see it, and how they answer.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "http/router.h"
#include "json/value.h"
#include "json/writer.h"
#include "registry/json_shapes.h"
#include "registry/requests.h"
#include "runtime/task.h"
#include "schema_registry/attempt.h"
#include "schema_registry/registry_service.h"
#include "schema_registry/relay.h"

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
  Task<registry::Answer<T>> body(RegistryService& registry, Result<T> (*read)(const json::Value&)) const {
    CO_TRY_VOID(check_body());
    const auto read_it = [body = request_.body, read]() -> registry::Answer<T> {
      TRY(const auto tree, tree_of(body));
      auto made = read(tree);
      if (made) return *std::move(made);
      return std::unexpected(registry::Failure{registry::Code::kUnreadable, std::move(made.error().message)});
    };
    const std::size_t bytes = request_.body.size();
    if (bytes <= kSmallMax) co_return read_it();
    Workshop::Seat seat;
    co_return co_await registry.workshop().run(read_it, bytes, seat);
  }
  const http::Request& request() const { return request_; }
  registry::RequestContext context() const;

 private:
  std::string qualified(std::string_view subject) const;
  registry::Answer<> check_body() const;
  static registry::Answer<json::Value> tree_of(const SharedBytes& body);

  http::Request request_;
  std::string context_;  // ":.name:", or empty
};

using Operation = std::function<Task<Outcome>(RegistryService&, Call)>;

// The answer as the client likes its media type.
http::Response json_response(const Call& call, const json::Value& value);
http::Response json_response(const Call& call, std::string text);
// The schema itself, as it was registered.
http::Response text_response(const Call& call, const registry::SchemaObject& schema);
http::Response failure_response(std::string media_type, const registry::Failure& failure);

// Adds endpoints, also below "/contexts/{context}".
class Routes {
 public:
  Routes(http::Router& router, RegistryService& registry, Relay& relay)
      : router_(router), registry_(registry), relay_(relay) {}
  // Answered by the node that leads _schemas.
  void add(const char* method, std::string pattern, Operation operation);
  // Answered here, whoever leads: what needs no schema.
  void add_here(const char* method, std::string pattern, Operation operation);

 private:
  using Handle = std::function<Task<http::Response>(http::Request, std::string context)>;
  void add_both(const char* method, const std::string& pattern, Handle handle);

  http::Router& router_;
  RegistryService& registry_;
  Relay& relay_;
};

// Of the schemas in an answer, which are what can be large in one.
inline std::size_t text_bytes(const auto&) { return 0; }
inline std::size_t text_bytes(const registry::SchemaObject& answer) { return answer.text.size(); }
inline std::size_t text_bytes(const registry::SchemaById& answer) { return answer.schema.text.size(); }
inline std::size_t text_bytes(const std::vector<registry::SchemaObject>& answer) {
  std::size_t bytes = 0;
  for (const auto& each : answer) bytes += each.text.size();
  return bytes;
}

// The answer, rendered by `render`, which makes a json::Value of it.
template <class Answer, class Render>
Task<Outcome> show(RegistryService& registry, Call call, Answer answer, Render render) {
  if (text_bytes(answer) <= kSmallMax) co_return json_response(call, render(answer));
  co_return json_response(call, co_await registry.workshop().workers().run(
                                    [answer = std::move(answer), render] { return json::write(render(answer)); }));
}
// Asks the registry, and renders what it says.
template <class Request, class Render>
Task<Outcome> ask(RegistryService& registry, Call call, Request request, Render render) {
  CO_TRY(auto answer, co_await registry.ask(std::move(request), call.context()));
  co_return co_await show(registry, std::move(call), std::move(answer), std::move(render));
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
