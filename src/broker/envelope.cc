#include "broker/envelope.h"

#include <algorithm>

#include "broker/client_address.h"
#include "protocol/default_principal_data.h"

namespace thalweg::broker {
namespace {

using protocol::ApiKey;
using protocol::DefaultPrincipalData;

constexpr ApiKey kForwardable[] = {
    ApiKey::kCreateTopics,
    ApiKey::kDeleteTopics,
    ApiKey::kAlterConfigs,
    ApiKey::kCreatePartitions,
    ApiKey::kElectLeaders,
    ApiKey::kIncrementalAlterConfigs,
    ApiKey::kAlterPartitionReassignments,
    ApiKey::kListPartitionReassignments,
    ApiKey::kDescribeQuorum,
    ApiKey::kUpdateFeatures,
    ApiKey::kUnregisterBroker,
    ApiKey::kAddRaftVoter,
    ApiKey::kRemoveRaftVoter,
};

// "User:alice"; as Kafka's, a version stands in front of the fields.
SharedBytes principal_to_bytes(const std::string& principal) {
  const std::size_t colon = principal.find(':');
  DefaultPrincipalData data;
  data.type = colon == std::string::npos ? "User" : principal.substr(0, colon);
  data.name = colon == std::string::npos ? principal : principal.substr(colon + 1);
  protocol::Writer writer;
  writer.write(DefaultPrincipalData::kMaxVersion);
  data.encode(writer, DefaultPrincipalData::kMaxVersion);
  return writer.take_bytes();
}

Result<std::string> principal_from_bytes(const std::optional<SharedBytes>& bytes) {
  const auto refuse = [](const std::string& why) {
    return fail(ErrorCode::kPrincipalDeserializationFailure, "the envelope's principal " + why);
  };
  if (!bytes) return refuse("is missing");
  if (bytes->size() > kPrincipalMax) return refuse("is too large");
  protocol::Reader reader(*bytes);
  std::int16_t version = -1;
  reader.read(version);
  if (!reader.ok() || version < DefaultPrincipalData::kMinVersion || version > DefaultPrincipalData::kMaxVersion)
    return refuse("has an unknown version");
  const auto data = DefaultPrincipalData::decode(reader, version);
  if (!data || reader.remaining() > 0) return refuse("cannot be read");
  return data->type + ":" + data->name;
}

std::unexpected<Error> unreadable(const std::string& why) {
  return fail(ErrorCode::kUnsupportedVersion, "the request in the envelope " + why);
}

}  // namespace

bool is_forwardable(ApiKey key) { return std::ranges::find(kForwardable, key) != std::end(kForwardable); }

Result<Enveloped> open_envelope(const protocol::EnvelopeRequest& envelope) {
  if (envelope.request_data.size() > kEnvelopeMax)
    return fail(ErrorCode::kInvalidRequest, "the request in the envelope is too large");
  Enveloped inside;
  TRY(inside.from.principal, principal_from_bytes(envelope.request_principal));
  TRY(inside.from.client_host, address_from_bytes(envelope.client_host_address));
  if (envelope.request_data.size() < 4) return unreadable("has no header");
  const auto key = load_be<std::int16_t>(envelope.request_data.data());
  inside.version = load_be<std::int16_t>(envelope.request_data.data() + 2);
  inside.api = protocol::find_api(key);
  if (!inside.api) return unreadable("is of unknown API " + std::to_string(key));
  if (!is_forwardable(inside.api->key))
    return fail(ErrorCode::kInvalidRequest, std::string(inside.api->name) + " is not forwarded");
  if (!inside.api->decodes(inside.version))
    return unreadable("is " + std::string(inside.api->name) + " in version " + std::to_string(inside.version));
  protocol::Reader reader(envelope.request_data);
  auto header =
      protocol::RequestHeader::decode(reader, protocol::request_header_version(inside.api->key, inside.version));
  if (!header) return unreadable("has a header that cannot be read");
  inside.correlation_id = header->correlation_id;
  inside.from.client_id = std::move(header->client_id).value_or("");
  inside.body = reader.rest();
  return inside;
}

namespace detail {

Result<protocol::EnvelopeRequest> envelope_around(SharedBytes request, const ForwardedFrom& from) {
  if (request.size() > kEnvelopeMax)
    return fail(ErrorCode::kInvalidRequest, "a request of " + std::to_string(request.size()) +
                                                " bytes is too large to be passed on to the controller; the limit is " +
                                                std::to_string(kEnvelopeMax));
  protocol::EnvelopeRequest envelope;
  envelope.request_data = std::move(request);
  envelope.request_principal = principal_to_bytes(from.principal);
  envelope.client_host_address = address_to_bytes(from.client_host);
  return envelope;
}

Result<SharedBytes> body_in_envelope(protocol::EnvelopeResponse answer, ApiKey key, std::int16_t version) {
  if (answer.error_code != ErrorCode::kNone)
    return fail(answer.error_code, "the controller did not open the request that was passed on to it");
  if (!answer.response_data) return fail(ErrorCode::kCorruptMessage, "the controller's envelope is empty");
  protocol::Reader reader(std::move(*answer.response_data));
  TRY_VOID(protocol::ResponseHeader::decode(reader, protocol::response_header_version(key, version)));
  return reader.rest();
}

}  // namespace detail

}  // namespace thalweg::broker
