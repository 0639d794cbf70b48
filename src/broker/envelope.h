// A client's request on its way to the controller (KIP-590): the request as the client could have sent it, with its
// header, who the client is, and where it came from.
//
// What one carries is bounded: a request of at most kEnvelopeMax bytes, of an API that brokers forward (never another
// Envelope), from a principal of at most kPrincipalMax bytes. Bytes of the request are not copied when it is opened.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <utility>

#include "broker/controller_link.h"
#include "protocol/api.h"
#include "protocol/envelope_request.h"
#include "protocol/envelope_response.h"
#include "protocol/request_header.h"
#include "protocol/response_header.h"
#include "protocol/wire.h"

namespace thalweg::broker {

// More than the largest change that the controller takes needs (controller::kMaxBytesPerBatch), and less than the
// smallest frame that a node is likely to take.
inline constexpr std::size_t kEnvelopeMax = 32 << 20;
inline constexpr std::size_t kPrincipalMax = 64 << 10;

// Whether brokers forward requests of the API, as Kafka's do: what only the controller answers.
bool is_forwardable(protocol::ApiKey key);

struct Enveloped {
  const protocol::ApiInfo* api = nullptr;
  std::int16_t version = 0;
  std::int32_t correlation_id = 0;
  SharedBytes body;  // behind the request's header
  ForwardedFrom from;
};

// Errors, as Kafka answers them:
//   kInvalidRequest                    too large, an address that is none, an API that is not forwarded
//   kPrincipalDeserializationFailure   no principal, or one that cannot be read
//   kUnsupportedVersion                the request inside cannot be read, or is of a version that is not decoded
Result<Enveloped> open_envelope(const protocol::EnvelopeRequest& envelope);

namespace detail {
// kInvalidRequest when it is larger than kEnvelopeMax.
Result<protocol::EnvelopeRequest> envelope_around(SharedBytes request, const ForwardedFrom& from);
// What stands behind the header of the response inside, or the error of the envelope itself.
Result<SharedBytes> body_in_envelope(protocol::EnvelopeResponse answer, protocol::ApiKey key, std::int16_t version);
}  // namespace detail

// kInvalidRequest when the version cannot carry what the request says, or it is too large.
template <class Request>
Result<protocol::EnvelopeRequest> put_in_envelope(const Request& request, std::int16_t version,
                                                  const ForwardedFrom& from) {
  protocol::Writer writer;
  const protocol::RequestHeader header{.request_api_key = static_cast<std::int16_t>(Request::kKey),
                                       .request_api_version = version,
                                       .client_id = from.client_id};
  header.encode(writer, protocol::request_header_version(Request::kKey, version));
  request.encode(writer, version);
  if (!writer.ok()) return fail(ErrorCode::kInvalidRequest, "the request does not fit its version");
  return detail::envelope_around(writer.take_bytes(), from);
}

template <class Response>
Result<Response> response_in_envelope(protocol::EnvelopeResponse answer, std::int16_t version) {
  TRY(SharedBytes body, detail::body_in_envelope(std::move(answer), Response::kKey, version));
  protocol::Reader reader(std::move(body));
  return Response::decode(reader, version);
}

}  // namespace thalweg::broker
