// Which code answers which request: methods and patterns of paths.
//
//   Router router(problem_as_json);
//   router.add("GET", "/subjects/{subject}/versions/{version}", [this](Request r) { return version(std::move(r)); });
//
// A pattern's "{name}" is one segment, whatever it is; a literal goes before a parameter. HEAD is answered by GET
// unless it has a route of its own. A path without any route is 404, one without this method 405 with Allow; how errors
// look is the owner's choice.
//
// Owner: the shard; read by every connection of it, and not changed any more once the first one comes.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "http/message.h"
#include "http/target.h"

namespace thalweg::http {

// Called on the shard of the connection. It may take its time: the client waits, other connections do not.
using Handle = std::function<Task<Response>(Request)>;
// Makes the answer of a request that gets none from its route: the parser's refusals, 404, 405, 413, the guard's.
using ErrorResponse = std::function<Response(int status, std::string message)>;

// "text/plain", a sentence and a newline.
Response plain_error(int status, std::string message);
// RFC 9457: {"type":"about:blank","title":"Not Found","status":404,"detail":"…"}
Response problem(int status, std::string message);

struct RouteOptions {
  std::size_t body_max = 0;  // bytes; a request with more is answered 413
};

class Router {
 public:
  explicit Router(ErrorResponse errors = plain_error) : errors_(std::move(errors)) {}

  // REQUIRES: the pattern begins with '/', and there is no such route yet
  void add(std::string method, std::string_view pattern, Handle endpoint, RouteOptions options = {});

  // Answers GET and HEAD of a path that has no route at all.
  void set_fallback(Handle endpoint, RouteOptions options = {}) { fallback_ = {std::move(endpoint), options}; }
  // Is called with every answer of a route before it leaves: headers that all have.
  void set_finish(std::function<void(Response&)> finish) { finish_ = std::move(finish); }
  void finish(Response& response) const {
    if (finish_) finish_(response);
  }

  struct Found {
    const Handle* endpoint;
    RouteOptions options;
    std::vector<std::string> parameters;
  };
  // The route, or the answer of a request that has none.
  std::variant<Found, Response> find(std::string_view method, const std::vector<std::string>& segments) const;
  Response error(int status, std::string message) const { return errors_(status, std::move(message)); }

 private:
  struct Segment {
    std::string text;
    bool is_parameter;
    friend bool operator==(const Segment&, const Segment&) = default;
  };
  struct Route {
    std::string method;
    std::vector<Segment> segments;
    Handle endpoint;
    RouteOptions options;
  };
  static bool matches(const Route& route, const std::vector<std::string>& segments);
  static bool is_more_exact(const Route& a, const Route& b);

  struct Fallback {
    Handle endpoint;
    RouteOptions options;
  };

  const ErrorResponse errors_;
  std::vector<Route> routes_;
  std::optional<Fallback> fallback_;
  std::function<void(Response&)> finish_;
};

}  // namespace thalweg::http
