// Envelopes come from other nodes: whatever is in one is opened, or refused, and what is opened lies within its bounds.
#include "broker/envelope.h"
#include "protocol/wire.h"

using namespace thalweg;
using namespace thalweg::broker;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const SharedBytes frame = SharedBytes::copy_of(std::as_bytes(std::span(data, size)));
  protocol::Reader reader(frame);
  if (const auto envelope = protocol::EnvelopeRequest::decode(reader, 0)) {
    if (const auto inside = open_envelope(*envelope)) {
      CHECK(inside->api && is_forwardable(inside->api->key) && inside->api->decodes(inside->version));
      CHECK(inside->body.size() < envelope->request_data.size());
    }
  }
  protocol::Reader answers(frame);
  if (auto answer = protocol::EnvelopeResponse::decode(answers, 0))
    (void)thalweg::broker::detail::body_in_envelope(std::move(*answer), protocol::ApiKey::kCreateTopics, 7);
  return 0;
}
