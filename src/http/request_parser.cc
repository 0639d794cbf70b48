#include "http/request_parser.h"

#include <boost/beast/http/basic_parser.hpp>
#include <limits>
#include <optional>

#include "base/check.h"

namespace thalweg::http {
namespace beast = boost::beast::http;

// Beast's parser, which calls back with what it reads.
class RequestParser::Impl : public beast::basic_parser<true> {
  using Error = boost::beast::error_code;

 public:
  explicit Impl(std::size_t header_max) : header_bytes_max(header_max) {
    CHECK(header_max <= std::numeric_limits<std::uint32_t>::max());
    header_limit(static_cast<std::uint32_t>(header_max));
    body_limit(boost::none);  // by route, which is known with the head: on_body_impl
  }

  const std::size_t header_bytes_max;
  RequestHead head;
  std::string body;
  std::size_t body_max = 0;
  std::size_t header_bytes = 0;  // taken, before the body

 private:
  using Text = boost::beast::string_view;
  static std::string copy(Text text) { return {text.data(), text.size()}; }

  void on_request_impl(beast::verb, Text method, Text target, int version, Error&) override {
    head.method = copy(method);
    head.target = copy(target);
    head.minor_version = version % 10;
  }
  void on_response_impl(int, Text, int, Error&) override {}
  // Also called for the trailers of a chunked body, which nobody wants.
  void on_field_impl(beast::field, Text name, Text value, Error&) override {
    if (!is_header_done()) head.headers.add(copy(name), copy(value));
  }
  void on_header_impl(Error&) override {}
  void on_body_init_impl(const boost::optional<std::uint64_t>&, Error&) override {}
  std::size_t on_body_impl(Text part, Error& error) override { return add(part, error); }
  void on_chunk_header_impl(std::uint64_t, Text, Error&) override {}
  std::size_t on_chunk_body_impl(std::uint64_t, Text part, Error& error) override { return add(part, error); }
  void on_finish_impl(Error&) override {}

  std::size_t add(Text part, Error& error) {
    if (part.size() > body_max - body.size()) {
      error = beast::error::body_limit;
      return 0;
    }
    body.append(part.data(), part.size());
    return part.size();
  }
};

namespace {

Refusal refusal_of(const boost::beast::error_code& error) {
  if (error == beast::error::header_limit) return {431, "the head of the request is too large"};
  if (error == beast::error::body_limit) return {413, "the body is too large"};
  if (error == beast::error::bad_version) return {505, "only HTTP/1.0 and HTTP/1.1 are spoken"};
  return {400, error.message()};
}

// What Beast lets pass and another server on the way might read differently.
std::optional<Refusal> ambiguity(const RequestHead& head) {
  const auto codings = head.headers.count("Transfer-Encoding");
  if (codings > 0) {
    if (head.minor_version == 0) return Refusal{400, "Transfer-Encoding is unknown to HTTP/1.0"};
    if (codings > 1 || !equal_ignoring_case(*head.headers.find("Transfer-Encoding"), "chunked"))
      return Refusal{501, "the only transfer coding is chunked"};
    if (head.headers.count("Content-Length") > 0) return Refusal{400, "Content-Length beside Transfer-Encoding"};
  }
  const auto hosts = head.headers.count("Host");
  if (hosts > 1) return Refusal{400, "more than one Host"};
  if (hosts == 0 && head.minor_version > 0) return Refusal{400, "no Host"};
  return std::nullopt;
}

}  // namespace

RequestParser::RequestParser(std::size_t header_bytes_max) : impl_(std::make_unique<Impl>(header_bytes_max)) {}
RequestParser::~RequestParser() = default;

std::expected<std::size_t, Refusal> RequestParser::put(std::string_view bytes) {
  CHECK(!is_done());
  if (bytes.empty()) return 0;
  auto& in = *impl_;
  const bool had_head = has_head();
  boost::beast::error_code error;
  const std::size_t taken = in.put(boost::asio::const_buffer(bytes.data(), bytes.size()), error);
  if (error && error != beast::error::need_more) return std::unexpected(refusal_of(error));
  if (had_head) {
    // A line in front of a chunk, or trailers, which have no end.
    if (taken == 0 && bytes.size() >= in.header_bytes_max)
      return std::unexpected(Refusal{400, "the head of a chunk is too large"});
    return taken;
  }
  in.header_bytes += taken;
  const std::size_t unread = has_head() ? 0 : bytes.size() - taken;
  if (in.header_bytes + unread > in.header_bytes_max) return std::unexpected(refusal_of(beast::error::header_limit));
  if (!has_head()) return taken;
  auto& head = in.head;
  head.chunked = in.chunked();
  if (const auto length = in.content_length()) head.content_length = *length;
  head.keep_alive = in.keep_alive();
  if (auto refused = ambiguity(head)) return std::unexpected(std::move(*refused));
  return taken;
}

bool RequestParser::has_head() const { return impl_->is_header_done(); }
bool RequestParser::is_done() const { return impl_->is_done(); }
const RequestHead& RequestParser::head() const { return impl_->head; }
void RequestParser::set_body_max(std::size_t bytes) { impl_->body_max = bytes; }
std::size_t RequestParser::body_bytes() const { return impl_->body.size(); }
RequestHead RequestParser::take_head() { return std::move(impl_->head); }
std::string RequestParser::take_body() { return std::move(impl_->body); }

}  // namespace thalweg::http
