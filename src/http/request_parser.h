// Bytes into one request, as they come. First the head; then, once the caller has said how much it takes, the body.
// Beast does the reading, and no other file knows it: its header costs seconds.
//
// What could be read in two ways is refused (RFC 9112, 6.1 and 3.2): a length beside chunks, codings that are not
// "chunked", no Host or two of them in HTTP/1.1. Memory follows the bytes that came; a claimed length reserves nothing.
#pragma once

#include <cstdint>
#include <expected>
#include <memory>
#include <string>

#include "base/bytes.h"
#include "http/message.h"

namespace thalweg::http {

// Why there is no request: the status to answer, after which the connection ends.
struct Refusal {
  int status = 400;
  std::string message;
};

class RequestParser {
 public:
  // `header_bytes_max`: of the request line and all fields together.
  explicit RequestParser(std::size_t header_bytes_max);
  ~RequestParser();
  RequestParser(const RequestParser&) = delete;

  // Takes bytes from the front and says how many; 0: it needs more than there are. What is left is offered again, with
  // more behind it. Stops at the end of the head, and at the end of the request. REQUIRES: not is_done(), and no error
  std::expected<std::size_t, Refusal> put(std::string_view bytes);

  bool has_head() const;
  bool is_done() const;
  // REQUIRES: has_head()
  const RequestHead& head() const;
  // Of what put() gives after the head; without it there may be no body at all. REQUIRES: has_head()
  void set_body_max(std::size_t bytes);
  std::size_t body_bytes() const;
  // REQUIRES: is_done(); once
  RequestHead take_head();
  std::string take_body();

 private:
  class Impl;
  const std::unique_ptr<Impl> impl_;
};

}  // namespace thalweg::http
