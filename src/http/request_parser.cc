#include "http/request_parser.h"

#include <optional>

#include "http/message_reader.h"

namespace thalweg::http {
namespace beast = boost::beast::http;

// Its body's bound comes by route, which is known with the head.
class RequestParser::Impl : public MessageReader<true, RequestHead> {
 public:
  using MessageReader::MessageReader;

 private:
  void on_request_impl(beast::verb, Text method, Text target, int version, Error&) override {
    head.method = copy(method);
    head.target = copy(target);
    head.minor_version = version % 10;
  }
};

namespace {

Refusal refusal_of(const boost::beast::error_code& error) {
  if (error == beast::error::header_limit) return {431, "the head of the request is too large"};
  if (error == beast::error::body_limit) return {413, "the body is too large"};
  if (error == MessageReader<true, RequestHead>::kChunkHeadLimit) return {400, "the head of a chunk is too large"};
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
  const std::size_t taken = in.take(bytes, error);
  if (error) return std::unexpected(refusal_of(error));
  if (had_head || !has_head()) return taken;
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
void RequestParser::set_body_max(std::size_t bytes) { impl_->body_bytes_max = bytes; }
std::size_t RequestParser::body_bytes() const { return impl_->body.size(); }
RequestHead RequestParser::take_head() { return std::move(impl_->head); }
std::string RequestParser::take_body() { return std::move(impl_->body); }

}  // namespace thalweg::http
