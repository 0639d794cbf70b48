#include "network/channel.h"

#include <algorithm>

#include "base/endian.h"
#include "protocol/api_versions_request.h"
#include "protocol/api_versions_response.h"

namespace thalweg::network {
namespace {
constexpr std::string_view kSoftwareName = "thalweg";
constexpr std::string_view kSoftwareVersion = "0.1.0";
}  // namespace

Task<Result<std::shared_ptr<Channel>>> Channel::connect(const Shard& shard, Endpoint endpoint, Instant deadline,
                                                        ChannelOptions options) {
  CO_TRY(auto connection, co_await shard.network.connect(std::move(endpoint), deadline));
  const std::shared_ptr<Channel> channel(new Channel(shard, connection, std::move(options)));
  spawn(shard, read_responses(channel, connection, channel->options_.response_size_max));
  co_return channel;
}

Channel::Channel(const Shard& shard, ConnectionPtr connection, ChannelOptions options)
    : shard_(shard), connection_(std::move(connection)), options_(std::move(options)), last_heard_(shard.clock.now()) {}

Channel::~Channel() { connection_->close(); }

void Channel::close() {
  ended_.set(false);
  fail_all(closed().error());
  connection_->close();
}

std::int32_t Channel::begin(protocol::Writer& writer, protocol::ApiKey key, std::int16_t version) {
  const std::int32_t id = last_id_ == INT32_MAX ? last_id_ = 1 : ++last_id_;
  const protocol::RequestHeader header{.request_api_key = static_cast<std::int16_t>(key),
                                       .request_api_version = version,
                                       .correlation_id = id,
                                       .client_id = options_.client_id};
  header.encode(writer, protocol::request_header_version(key, version));
  return id;
}

Task<Result<SharedBytes>> Channel::exchange(std::int32_t id, Pieces frame, protocol::ApiKey key, std::int16_t version,
                                            Instant deadline) {
  if (!open_) co_return closed();
  OneShot<Result<SharedBytes>> answer;
  waiting_.emplace(id, answer);
  const auto timer = shard_.clock.call_at(deadline, [answer, peer = peer()] {
    answer.set(fail(ErrorCode::kRequestTimedOut, to_string(peer) + ": no response in time"));
  });
  enqueue(std::move(frame));
  auto response = co_await answer.wait();
  waiting_.erase(id);
  if (!response) co_return std::unexpected(std::move(response.error()));
  protocol::Reader reader(std::move(*response));
  CO_TRY_VOID(protocol::ResponseHeader::decode(reader, protocol::response_header_version(key, version)));
  co_return reader.rest();
}

// Requests that come while a write is under way leave together in the next one.
void Channel::enqueue(Pieces frame) {
  unsent_.insert(unsent_.end(), std::make_move_iterator(frame.begin()), std::make_move_iterator(frame.end()));
  if (!std::exchange(writing_, true)) spawn(shard_, write_requests(shared_from_this()));
}

Task<> Channel::write_requests(std::shared_ptr<Channel> self) {
  while (self->open_ && !self->unsent_.empty()) {
    const auto sent = std::exchange(self->on_sent_, {});
    const auto written = co_await self->connection_->write(std::exchange(self->unsent_, {}));
    if (!written) self->fail_all(written.error());
    for (const auto& waiter : sent) waiter.set(true);
  }
  self->writing_ = false;
}

Task<Result<>> Channel::send_frame(Pieces frame) {
  if (!open_) co_return closed();
  OneShot<bool> sent;
  on_sent_.push_back(sent);
  enqueue(std::move(frame));
  co_await sent.wait();
  if (!open_) co_return closed();
  co_return Result<>();
}

std::unexpected<Error> Channel::closed() const {
  return fail(ErrorCode::kNetworkException, to_string(peer()) + ": connection is closed");
}

Task<> Channel::read_responses(std::weak_ptr<Channel> weak, ConnectionPtr connection, std::size_t size_max) {
  FrameReader frames(*connection, size_max);
  Error reason{ErrorCode::kNetworkException, to_string(connection->peer()) + ": closed by the broker"};
  for (;;) {
    const auto size = co_await frames.next_size();
    if (!size) reason = size.error();
    if (!size || !*size) break;
    auto frame = co_await frames.body();
    if (!frame) reason = frame.error();
    const auto self = weak.lock();
    if (!frame || !self) break;
    self->on_response(std::move(*frame));
  }
  if (const auto self = weak.lock()) self->fail_all(reason);
  connection->close();
}

void Channel::on_response(SharedBytes frame) {
  last_heard_ = shard_.clock.now();
  if (frame.size() < 4)
    return fail_all({ErrorCode::kCorruptMessage, to_string(peer()) + ": response without a header"});
  const auto at = waiting_.find(load_be<std::int32_t>(frame.data()));
  if (at != waiting_.end()) at->second.set(std::move(frame));  // otherwise it came after its deadline
}

void Channel::fail_all(const Error& error) {
  open_ = false;
  ended_.set(true);
  unsent_.clear();
  for (const auto& waiter : std::exchange(on_sent_, {})) waiter.set(true);
  for (const auto& [id, answer] : waiting_) answer.set(std::unexpected(error));
}

Task<Result<>> Channel::negotiate(Instant deadline) {
  protocol::ApiVersionsRequest request;
  request.client_software_name = kSoftwareName;
  request.client_software_version = kSoftwareVersion;
  constexpr std::int16_t kVersion = 3;  // known to every broker since Kafka 2.4; older ones answer in version 0
  const auto self = shared_from_this();
  protocol::Writer writer;
  const std::int32_t id = begin(writer, request.kKey, kVersion);
  request.encode(writer, kVersion);
  CO_TRY(Pieces frame, writer.take_frame());
  CO_TRY(const SharedBytes body, co_await exchange(id, std::move(frame), request.kKey, kVersion, deadline));
  // An error comes in version 0, so its code is looked at before the version is believed.
  if (body.size() < 2)
    co_return fail(ErrorCode::kCorruptMessage, to_string(peer()) + ": ApiVersions response too short");
  const auto code = static_cast<ErrorCode>(load_be<std::int16_t>(body.data()));
  protocol::Reader reader(body);
  CO_TRY(const auto response,
         protocol::ApiVersionsResponse::decode(reader, code == ErrorCode::kUnsupportedVersion ? 0 : kVersion));
  if (code != ErrorCode::kNone && code != ErrorCode::kUnsupportedVersion)
    co_return fail(code, to_string(peer()) + ": ApiVersions");
  for (const auto& api : response.api_keys) versions_[api.api_key] = {api.min_version, api.max_version};
  co_return Result<>();
}

Result<std::int16_t> Channel::version_of(protocol::ApiKey key, std::int16_t min, std::int16_t max) const {
  const auto at = versions_.find(static_cast<std::int16_t>(key));
  const std::string what = std::string(protocol::name(key)) + " at " + to_string(peer());
  if (at == versions_.end()) return fail(ErrorCode::kUnsupportedVersion, what + ": not offered");
  const std::int16_t version = std::min(max, at->second.max);
  if (version < std::max(min, at->second.min))
    return fail(ErrorCode::kUnsupportedVersion, what + ": no version in common");
  return version;
}

}  // namespace thalweg::network
