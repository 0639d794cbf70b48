#include "client/http_head.h"

namespace thalweg::client {

std::string_view reason(int status) {
  switch (status) {
    case 200:
      return "OK";
    case 400:
      return "Bad Request";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 431:
      return "Request Header Fields Too Large";
    case 500:
      return "Internal Server Error";
    case 503:
      return "Service Unavailable";
    default:
      return "Error";
  }
}

std::optional<HttpHead> read_head(std::string_view bytes) {
  const auto end = bytes.find("\r\n\r\n");
  if (end == std::string_view::npos) {
    if (bytes.size() > kHeadMost) return HttpHead{.problem = 431};
    return std::nullopt;
  }
  if (end > kHeadMost) return HttpHead{.problem = 431};
  const std::string_view line = bytes.substr(0, bytes.find("\r\n"));
  const auto first = line.find(' '), last = line.rfind(' ');
  if (first == std::string_view::npos || last == first || !line.substr(last + 1).starts_with("HTTP/1."))
    return HttpHead{.problem = 400};
  const std::string_view method = line.substr(0, first);
  const std::string_view target = line.substr(first + 1, last - first - 1);
  if (target.empty() || target.front() != '/') return HttpHead{.problem = 400};
  if (method != "GET" && method != "HEAD") return HttpHead{.problem = 405};
  return HttpHead{.is_head = method == "HEAD", .path = std::string(target.substr(0, target.find('?')))};
}

std::string written(const HttpPage& page, bool head_only) {
  std::string out = "HTTP/1.1 " + std::to_string(page.status) + " " + std::string(reason(page.status)) +
                    "\r\nContent-Type: " + page.type + "\r\nContent-Length: " + std::to_string(page.body.size()) +
                    "\r\nCache-Control: no-store\r\nConnection: close\r\n\r\n";
  if (!head_only) out += page.body;
  return out;
}

}  // namespace thalweg::client
