#include "console/ask.h"

#include "broker/broker_shard.h"
#include "protocol/response_header.h"

namespace thalweg::console::detail {
namespace {

constexpr std::size_t kSizeBytes = 4;  // in front of a frame

// In one block. Answers of the APIs that are asked here have no pieces of files.
SharedBytes joined(const Pieces& pieces) {
  std::vector<std::byte> bytes;
  bytes.reserve(size_of(pieces));
  for (const auto& piece : pieces) {
    const auto& memory = std::get<SharedBytes>(piece);
    bytes.insert(bytes.end(), memory.view().begin(), memory.view().end());
  }
  return SharedBytes::take(std::move(bytes));
}

}  // namespace

Task<Result<SharedBytes>> exchange(const Call& call, protocol::ApiKey key, std::int16_t version, SharedBytes body) {
  auto& here = *call.broker().shards().front();
  const auto* api = broker::find_served(key);
  CHECK(api);
  network::Request request{
      .api = &protocol::info(key), .version = version, .client_id = "console", .received = here.shard.clock.now()};
  const broker::RequestContext context{.here = here,
                                       .connection = call.client,
                                       .image = call.image,
                                       .request = request,
                                       .version = version,
                                       .client_id = "console",
                                       .received = request.received};
  auto started = co_await api->start(context, std::move(body));
  network::Reply reply = started.later ? co_await std::move(*started.later) : std::move(started.reply);
  if (!reply.frame) co_return fail(ErrorCode::kUnknownServerError, "the broker gave no answer to its own console");
  const SharedBytes frame = joined(*reply.frame);
  protocol::Reader reader(frame.slice(kSizeBytes, frame.size() - kSizeBytes));
  CO_TRY_VOID(protocol::ResponseHeader::decode(reader, protocol::response_header_version(key, version)));
  co_return reader.rest();
}

}  // namespace thalweg::console::detail
