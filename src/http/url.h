// Addresses as a user gives them. Only http: TLS is not there yet, nor are names and passwords.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "runtime/network.h"

namespace thalweg::http {

struct Url {
  Endpoint endpoint;
  std::string path;  // as given and without a slash at its end: "" or "/registry"

  std::string text() const { return "http://" + to_string(endpoint) + path; }
};

// "http://host:8081/prefix", "[::1]:8081", "host". Without a scheme, a port that is left out is `port`; with one it is
// 80, as everywhere. kInvalidRequest says what is wrong, without repeating a password.
Result<Url> parse_url(std::string_view text, std::uint16_t port);

}  // namespace thalweg::http
