// Requests and responses as values. What is in them is text that a stranger sent: bounded, and nothing more is promised
// than what the comments say. Source: RFC 9110, RFC 9112.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/bytes.h"
#include "runtime/network.h"
#include "runtime/task.h"

namespace thalweg::http {

// Names are compared without regard to case, as RFC 9110 wants it.
bool equal_ignoring_case(std::string_view a, std::string_view b);

class Headers {
 public:
  using Field = std::pair<std::string, std::string>;  // name, value without the space around it

  Headers() = default;
  Headers(std::initializer_list<Field> fields) : fields_(fields) {}
  void add(std::string name, std::string value) { fields_.emplace_back(std::move(name), std::move(value)); }
  // The first of this name; nothing if there is none.
  std::optional<std::string_view> find(std::string_view name) const;
  std::size_t count(std::string_view name) const;
  // All of this name as the one list that they are, joined by ", ".
  std::string joined(std::string_view name) const;
  const std::vector<Field>& fields() const { return fields_; }

 private:
  std::vector<Field> fields_;  // in the order in which they came
};

// What is known before the body.
struct RequestHead {
  std::string method;     // as sent: "GET"
  std::string target;     // the same: "/subjects/a%2Fb/versions?deleted=true"
  int minor_version = 1;  // of HTTP/1.
  Headers headers;
  bool keep_alive = true;
  bool chunked = false;
  std::optional<std::uint64_t> content_length;  // as claimed

  bool has_body() const { return chunked || content_length.value_or(0) > 0; }
};

using Query = std::vector<std::pair<std::string, std::string>>;  // decoded, in the order in which they came

struct Request {
  RequestHead head;
  std::vector<std::string> parameters;  // of the route's pattern, decoded, in its order
  Query query;
  SharedBytes body;
  Endpoint peer;

  // The first of this name.
  std::optional<std::string_view> query_value(std::string_view name) const;
  // "?verbose" and "?verbose=true" say yes, "?verbose=false" and nothing no.
  bool query_flag(std::string_view name) const;
};

// A body that nobody ever has as a whole: made piece by piece, each when the one before has gone to the client. A
// response that fails in the middle ends its connection, so that the client sees that something is missing.
// Owner: the shard of the connection.
class BodyStream {
 public:
  virtual ~BodyStream() = default;
  // An empty piece is the end. Pieces of some 64 KiB are good ones.
  virtual Task<Result<std::string>> next() = 0;
};

struct Response {
  using Body = std::variant<std::string, SharedBytes, std::unique_ptr<BodyStream>>;

  int status = 200;
  Headers headers;  // without length, date and connection, which the server adds
  Body body;
  bool close_after = false;
};

Response text_response(int status, std::string text, std::string type = "text/plain; charset=utf-8");
// "Not Found"; "Unknown" for what is not in RFC 9110.
std::string_view reason(int status);
// "Sat, 28 Nov 2026 19:06:06 GMT"; nothing before 1970.
std::string http_date(Timestamp when);

}  // namespace thalweg::http
