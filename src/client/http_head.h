// The first lines of a request, as far as an endpoint of two pages needs them.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace thalweg::client {

inline constexpr std::size_t kHeadMost = 8192;  // bytes

struct HttpHead {
  int problem = 0;  // the status to refuse it with, or 0
  bool is_head = false;
  std::string path;  // without the query
};
// Nothing: more bytes are needed.
std::optional<HttpHead> read_head(std::string_view bytes);

struct HttpPage {
  int status = 200;
  std::string type, body;
};
std::string_view reason(int status);
// As it goes out; the connection closes after it.
std::string written(const HttpPage& page, bool head_only);

}  // namespace thalweg::client
