// Bytes into one response, as they come: head, then body. Beast does the reading, as in request_parser.h.
//
// A client believes no server: head and body have bounds, a claimed length reserves nothing, and what could be read in
// two ways is refused (a length beside chunks, codings that are not "chunked"). Source: RFC 9112, sections 6 and 8.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/bytes.h"
#include "base/result.h"
#include "http/message.h"

namespace thalweg::http {

struct ResponseHead {
  int status = 0;
  Headers headers;
};

class ResponseParser {
 public:
  // `header_bytes_max`: of the status line and all fields together. `body_bytes_max`: of the body without its chunks'
  // lines.
  ResponseParser(std::size_t header_bytes_max, std::size_t body_bytes_max);
  ~ResponseParser();
  ResponseParser(const ResponseParser&) = delete;

  // Takes bytes from the front and says how many; 0: it needs more than there are. What is left is offered again, with
  // more behind it. kCorruptMessage: it is no response; kMessageTooLarge: a bound. REQUIRES: not is_done(), and no
  // error
  Result<std::size_t> put(std::string_view bytes);
  // The server has closed its side: the end of a body that had no other, else kNetworkException.
  Result<> put_end();

  bool has_head() const;
  bool is_done() const;
  // REQUIRES: has_head()
  const ResponseHead& head() const;
  std::size_t body_bytes() const;
  // REQUIRES: is_done(); once
  ResponseHead take_head();
  std::string take_body();

 private:
  class Impl;
  const std::unique_ptr<Impl> impl_;
};

}  // namespace thalweg::http
