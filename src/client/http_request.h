// One HTTP request by libcurl: bounded in time and size, redirects followed, TLS by the system's authorities.
#pragma once

#include <cstddef>
#include <string>

#include "thalweg/client/record.h"

namespace thalweg::client {

struct HttpRequest {
  std::string method, url, body;
  Properties headers;
  milliseconds timeout{10'000};
  std::size_t answer_most = 16 << 20;  // bytes; more is an error
};
struct HttpAnswer {
  long status = 0;
  std::string body;
};
// An answer of any status is a result; an error means that there was none (it is retriable, its code _TRANSPORT or
// _TIMED_OUT).
Result<HttpAnswer> request(const HttpRequest& request);
// Everything but letters, digits and -._~ as %XX.
std::string percent_encoded(std::string_view text);

}  // namespace thalweg::client
