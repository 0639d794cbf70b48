#include "http/response_parser.h"

#include "http/message_reader.h"

namespace thalweg::http {
namespace beast = boost::beast::http;

class ResponseParser::Impl : public MessageReader<false, ResponseHead> {
 public:
  using MessageReader::MessageReader;

 private:
  void on_response_impl(int status, Text, int, MessageReader::Error&) override { head.status = status; }
};

namespace {

Error error_of(const boost::beast::error_code& error) {
  if (error == beast::error::header_limit) return {ErrorCode::kMessageTooLarge, "the head of the answer is too large"};
  if (error == beast::error::body_limit) return {ErrorCode::kMessageTooLarge, "the answer is too large"};
  if (error == MessageReader<false, ResponseHead>::kChunkHeadLimit)
    return {ErrorCode::kMessageTooLarge, "the head of a chunk of the answer is too large"};
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
    : impl_(std::make_unique<Impl>(header_bytes_max)) {
  impl_->body_bytes_max = body_bytes_max;
}
ResponseParser::~ResponseParser() = default;

Result<std::size_t> ResponseParser::put(std::string_view bytes) {
  CHECK(!is_done());
  if (bytes.empty()) return 0;
  const bool had_head = has_head();
  boost::beast::error_code error;
  const std::size_t taken = impl_->take(bytes, error);
  if (error) return std::unexpected(error_of(error));
  if (!had_head && has_head()) TRY_VOID(check_unambiguous(impl_->head));
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
