// Beast's parser with what requests and responses have in common: fields and body are collected, and every part of a
// message has a bound. The only file that includes Beast.
#pragma once

#include <boost/beast/http/basic_parser.hpp>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <utility>

#include "base/check.h"

namespace thalweg::http {

template <bool kIsRequest, class Head>
class MessageReader : public boost::beast::http::basic_parser<kIsRequest> {
 public:
  using Error = boost::beast::error_code;
  using Text = boost::beast::string_view;
  // A line in front of a chunk, or trailers, which have no end. Beast has no such error itself.
  static constexpr auto kChunkHeadLimit = boost::beast::http::error::buffer_overflow;

  // "0\r\n\r\n", which every chunked body has yet to give until it is done. Beast asserts that it gets so much once it
  // has seen the last chunk's line.
  static constexpr std::size_t kChunksLeast = 5;

  explicit MessageReader(std::size_t header_max) : header_bytes_max_(header_max) {
    CHECK(header_max <= std::numeric_limits<std::uint32_t>::max());
    this->header_limit(static_cast<std::uint32_t>(header_max));
    this->body_limit(boost::none);  // add() has it, for bodies of every kind
  }

  Head head;
  std::string body;
  std::size_t body_bytes_max = 0;

  // How many bytes are done with; an error when the message cannot be read, or a bound is passed.
  std::size_t take(std::string_view bytes, Error& error) {
    const bool had_head = this->is_header_done();
    if (had_head && this->chunked() && bytes.size() < kChunksLeast) return 0;
    const std::size_t taken = this->put(boost::asio::const_buffer(bytes.data(), bytes.size()), error);
    if (error == boost::beast::http::error::need_more) error = {};
    if (error) return taken;
    if (had_head) {
      // A step of Beast's is one chunk's line, or the last one with the trailers: the bound is the same in any pieces.
      const bool is_chunk_head = std::exchange(took_chunk_head_, false);
      if (is_chunk_head ? taken > header_bytes_max_ : taken == 0 && bytes.size() >= header_bytes_max_)
        error = kChunkHeadLimit;
      return taken;
    }
    header_bytes_ += taken;
    const std::size_t unread = this->is_header_done() ? 0 : bytes.size() - taken;
    if (header_bytes_ + unread > header_bytes_max_) error = boost::beast::http::error::header_limit;
    return taken;
  }

 protected:
  static std::string copy(Text text) { return {text.data(), text.size()}; }
  void on_request_impl(boost::beast::http::verb, Text, Text, int, Error&) override {}
  void on_response_impl(int, Text, int, Error&) override {}

 private:
  // Also called for the trailers of a chunked body, which nobody wants.
  void on_field_impl(boost::beast::http::field, Text name, Text value, Error&) override {
    if (!this->is_header_done()) head.headers.add(copy(name), copy(value));
  }
  void on_header_impl(Error&) override {}
  void on_body_init_impl(const boost::optional<std::uint64_t>&, Error&) override {}
  std::size_t on_body_impl(Text part, Error& error) override { return add(part, error); }
  void on_chunk_header_impl(std::uint64_t, Text, Error&) override { took_chunk_head_ = true; }
  std::size_t on_chunk_body_impl(std::uint64_t, Text part, Error& error) override { return add(part, error); }
  void on_finish_impl(Error&) override {}

  std::size_t add(Text part, Error& error) {
    if (part.size() > body_bytes_max - body.size()) {
      error = boost::beast::http::error::body_limit;
      return 0;
    }
    body.append(part.data(), part.size());
    return part.size();
  }

  const std::size_t header_bytes_max_;
  std::size_t header_bytes_ = 0;  // taken, before the body
  bool took_chunk_head_ = false;  // by the step at hand
};

}  // namespace thalweg::http
