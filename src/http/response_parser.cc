#include "http/response_parser.h"

#include <boost/beast/http/basic_parser.hpp>
#include <limits>

#include "base/check.h"

namespace thalweg::http {
namespace beast = boost::beast::http;

// Beast's parser, which calls back with what it reads.
class ResponseParser::Impl : public beast::basic_parser<false> {
  using Error = boost::beast::error_code;

 public:
  Impl(std::size_t header_max, std::size_t body_max) : header_bytes_max(header_max), body_bytes_max(body_max) {
    CHECK(header_max <= std::numeric_limits<std::uint32_t>::max());
    header_limit(static_cast<std::uint32_t>(header_max));
    body_limit(boost::none);  // add() has it, for bodies of every kind
  }

  const std::size_t header_bytes_max, body_bytes_max;
  ResponseHead head;
  std::string body;
  std::size_t header_bytes = 0;  // taken, before the body

 private:
  using Text = boost::beast::string_view;
  static std::string copy(Text text) { return {text.data(), text.size()}; }

  void on_request_impl(beast::verb, Text, Text, int, Error&) override {}
  void on_response_impl(int status, Text, int, Error&) override { head.status = status; }
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
    if (part.size() > body_bytes_max - body.size()) {
      error = beast::error::body_limit;
      return 0;
    }
    body.append(part.data(), part.size());
    return part.size();
  }
};

namespace {

Error error_of(const boost::beast::error_code& error) {
  if (error == beast::error::header_limit) return {ErrorCode::kMessageTooLarge, "the head of the answer is too large"};
  if (error == beast::error::body_limit) return {ErrorCode::kMessageTooLarge, "the answer is too large"};
  return {ErrorCode::kCorruptMessage, "the answer is no HTTP: " + error.message()};
}

// What Beast lets pass and another reader might read differently.
Result<> check_unambiguous(const ResponseHead& head) {
  const auto codings = head.headers.count("Transfer-Encoding");
  if (codings == 0) return {};
  if (codings > 1 || !equal_ignoring_case(*head.headers.find("Transfer-Encoding"), "chunked"))
    return fail(ErrorCode::kCorruptMessage, "the answer has a transfer coding that is not chunked");
  if (head.headers.count("Content-Length") > 0)
    return fail(ErrorCode::kCorruptMessage, "the answer has Content-Length beside Transfer-Encoding");
  return {};
}

}  // namespace

ResponseParser::ResponseParser(std::size_t header_bytes_max, std::size_t body_bytes_max)
    : impl_(std::make_unique<Impl>(header_bytes_max, body_bytes_max)) {}
ResponseParser::~ResponseParser() = default;

Result<std::size_t> ResponseParser::put(std::string_view bytes) {
  CHECK(!is_done());
  if (bytes.empty()) return 0;
  auto& in = *impl_;
  const bool had_head = has_head();
  boost::beast::error_code error;
  const std::size_t taken = in.put(boost::asio::const_buffer(bytes.data(), bytes.size()), error);
  if (error && error != beast::error::need_more) return std::unexpected(error_of(error));
  if (had_head) {
    // A line in front of a chunk, or trailers, which have no end.
    if (taken == 0 && bytes.size() >= in.header_bytes_max)
      return fail(ErrorCode::kMessageTooLarge, "the head of a chunk of the answer is too large");
    return taken;
  }
  in.header_bytes += taken;
  const std::size_t unread = has_head() ? 0 : bytes.size() - taken;
  if (in.header_bytes + unread > in.header_bytes_max) return std::unexpected(error_of(beast::error::header_limit));
  if (has_head()) TRY_VOID(check_unambiguous(in.head));
  return taken;
}

Result<> ResponseParser::put_end() {
  if (is_done()) return {};
  boost::beast::error_code error;
  if (has_head()) impl_->put_eof(error);
  if (!has_head() || error)
    return fail(ErrorCode::kNetworkException, "the server closed the connection before its answer was complete");
  return {};
}

bool ResponseParser::has_head() const { return impl_->is_header_done(); }
bool ResponseParser::is_done() const { return impl_->is_done(); }
const ResponseHead& ResponseParser::head() const { return impl_->head; }
std::size_t ResponseParser::body_bytes() const { return impl_->body.size(); }
ResponseHead ResponseParser::take_head() { return std::move(impl_->head); }
std::string ResponseParser::take_body() { return std::move(impl_->body); }

}  // namespace thalweg::http
