// The client's side of a connection: many requests under way, each answered by its correlation id. Owner: one shard.
// For followers, admin, the command line and tests; knows nothing of clusters or retries.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>

#include "network/frame.h"
#include "protocol/api.h"
#include "protocol/request_header.h"
#include "protocol/response_header.h"
#include "protocol/wire.h"
#include "runtime/shard.h"

namespace thalweg::network {

struct ChannelOptions {
  std::string client_id = "thalweg";
  std::size_t response_size_max = 1u << 30;
};

// The versions a broker offers, by key.
struct VersionRange {
  std::int16_t min = 0, max = 0;
};

class Channel : public std::enable_shared_from_this<Channel> {
 public:
  static Task<Result<std::shared_ptr<Channel>>> connect(const Shard& shard, Endpoint endpoint, Instant deadline,
                                                        ChannelOptions options = {});
  ~Channel();

  // Sends the request and waits for its response. kInvalidRequest when the version cannot carry what it says, for
  // example a string over 32767 bytes in a version with short strings: nothing is sent then. kRequestTimedOut at the
  // deadline (a late response is then thrown away), kNetworkException when the connection breaks.
  template <class Response, class Request>
  Task<Result<Response>> send(Request request, std::int16_t version, Instant deadline) {
    static_assert(Response::kKey == Request::kKey);
    const auto self = shared_from_this();
    protocol::Writer writer;
    const std::int32_t id = begin(writer, Request::kKey, version);
    request.encode(writer, version);
    CO_TRY(Pieces frame, writer.take_frame());
    CO_TRY(SharedBytes body, co_await exchange(id, std::move(frame), Request::kKey, version, deadline));
    protocol::Reader reader(std::move(body));
    co_return Response::decode(reader, version);
  }
  // The same in the newest version that both sides know. REQUIRES: negotiate() succeeded.
  template <class Response, class Request>
  Task<Result<Response>> send(Request request, Instant deadline) {
    CO_TRY(const std::int16_t version, version_of(Request::kKey, Request::kMinVersion, Request::kMaxVersion));
    co_return co_await send<Response>(std::move(request), version, deadline);
  }
  // Sends a request that gets no response (Produce with acks=0); returns when it has left.
  template <class Request>
  Task<Result<>> send_only(Request request, std::int16_t version) {
    const auto self = shared_from_this();
    protocol::Writer writer;
    begin(writer, Request::kKey, version);
    request.encode(writer, version);
    CO_TRY(Pieces frame, writer.take_frame());
    co_return co_await send_frame(std::move(frame));
  }

  // Asks for the broker's versions; called once, before send() without a version.
  Task<Result<>> negotiate(Instant deadline);
  // The newest version that the broker offers within [min, max], or kUnsupportedVersion.
  Result<std::int16_t> version_of(protocol::ApiKey key, std::int16_t min, std::int16_t max) const;
  const std::map<std::int16_t, VersionRange>& versions() const { return versions_; }

  bool is_open() const { return open_; }
  // When a response came last, of whatever request; at first, when the connection was made.
  Instant last_heard() const { return last_heard_; }
  // Returns when the connection has ended: true when the other end hung up or it broke, false when it was closed here.
  // To be waited for once, by somebody who holds the channel.
  Task<bool> ended() const { return ended_.wait(); }
  Endpoint peer() const { return connection_->peer(); }
  // Fails everything that is under way.
  void close();

 private:
  Channel(const Shard& shard, ConnectionPtr connection, ChannelOptions options);
  std::int32_t begin(protocol::Writer& writer, protocol::ApiKey key, std::int16_t version);
  Task<Result<SharedBytes>> exchange(std::int32_t id, Pieces frame, protocol::ApiKey key, std::int16_t version,
                                     Instant deadline);
  void enqueue(Pieces frame);
  Task<Result<>> send_frame(Pieces frame);
  std::unexpected<Error> closed() const;
  static Task<> write_requests(std::shared_ptr<Channel> self);
  static Task<> read_responses(std::weak_ptr<Channel> weak, ConnectionPtr connection, std::size_t size_max);
  void on_response(SharedBytes frame);
  void fail_all(const Error& error);

  const Shard& shard_;
  const ConnectionPtr connection_;
  const ChannelOptions options_;
  bool open_ = true;
  Instant last_heard_;
  const OneShot<bool> ended_;
  std::int32_t last_id_ = 0;
  std::map<std::int32_t, OneShot<Result<SharedBytes>>> waiting_;
  Pieces unsent_;
  std::vector<OneShot<bool>> on_sent_;  // wait until what is in unsent_ now has left
  bool writing_ = false;
  std::map<std::int16_t, VersionRange> versions_;
};

}  // namespace thalweg::network
