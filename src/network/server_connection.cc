#include "network/server_connection.h"

#include "base/endian.h"
#include "base/log.h"
#include "protocol/request_header.h"

namespace thalweg::network {
namespace {
// One write carries responses up to about this size.
constexpr std::size_t kWriteBatch = 256 * 1024;
// While others wait for memory, who holds some must move so many bytes in so long a time.
constexpr std::uint64_t kPaceBytes = 64 * 1024;
constexpr Instant kPaceTime = std::chrono::seconds(2);
// In front of a frame.
constexpr std::size_t kLengthBytes = 4;
// Less than this in unsent replies is not worth a connection.
constexpr std::size_t kWorthClosing = 64 * 1024;

std::size_t in_memory(const Pieces& pieces) {
  std::size_t bytes = 0;
  for (const auto& piece : pieces)
    if (const auto* memory = std::get_if<SharedBytes>(&piece)) bytes += memory->size();
  return bytes;
}

// The frame, and what lives as long as any slice of it.
SharedBytes bound_to(SharedBytes frame, LargeFrames::Claim claim) {
  auto both = std::make_shared<std::pair<SharedBytes, LargeFrames::Claim>>(std::move(frame), std::move(claim));
  const BytesView bytes = both->first;
  return {std::move(both), bytes};
}
}  // namespace

bool Progress::is_stalled(Instant now, std::uint64_t transferred) {
  if (!waiting_) return false;
  if (transferred - from_ >= kPaceBytes) {
    begin(now, transferred);
    return false;
  }
  // Seen twice: the first time, it may be we who were away for long.
  return now - since_ >= kPaceTime && std::exchange(suspected_, true);
}

ServerConnection::ServerConnection(Server& server, ConnectionInfo info, ConnectionPtr connection,
                                   std::unique_ptr<Session> session)
    : server_(server),
      info_(std::move(info)),
      connection_(std::move(connection)),
      session_(std::move(session)),
      frames_(*connection_, server.options_.request_size_max),
      idleness_(
          server.shard_.clock, connection_, server.options_.idle_max,
          [this] { return waiting_ || (!writing_ && (handling_ || !pending_.empty())); }, info_.metrics->expired) {}

void ServerConnection::start() {
  spawn(server_.shard_, read_loop(shared_from_this()));
  spawn(server_.shard_, write_loop(shared_from_this()));
}

void ServerConnection::stop() {
  stopping_ = true;
  if (!handling_ && pending_.empty()) close();  // ends the read; otherwise the loops see stopping_ soon
  room_.notify();
}

Stalled ServerConnection::look() {
  const Instant now = server_.shard_.clock.now();
  const std::uint64_t transferred = connection_->transferred();
  if (reading_.is_stalled(now, transferred)) return reads_large_ ? Stalled::kLargeFrame : Stalled::kMemory;
  return sending_.is_stalled(now, transferred) ? Stalled::kMemory : Stalled::kNo;
}

void ServerConnection::close_stalled() {
  log::info("connection closed: others wait for the memory that it holds, and its client does not go on",
            field("peer", to_string(info_.peer)));
  close();
}

Task<> ServerConnection::read_loop(Self self) {
  const auto ended = co_await self->read_requests();
  if (!ended && ended.error().code != ErrorCode::kNetworkException)
    log::info("connection refused a request", field("peer", to_string(self->info_.peer)),
              field("reason", ended.error()));
  self->reading_done_ = true;
  self->reply_ready_.notify();
}

Task<Result<>> ServerConnection::read_requests() {
  while (!stopping_) {
    co_await wait_until_welcome();
    CO_TRY(const auto size, co_await frames_.next_size());
    if (!size || stopping_) break;
    CO_TRY(auto received, co_await receive(*size));
    if (!received) break;
    CO_TRY(const bool go_on, co_await handle(std::move(*received)));
    if (!go_on) break;
  }
  co_return Result<>();
}

// The next frame, with memory for it taken before its bytes are read. Nothing when the connection ended while it waited
// for its turn: a client that is gone has nothing done for it.
Task<Result<std::optional<ServerConnection::Received>>> ServerConnection::receive(std::size_t size) {
  Received received;
  const bool large = server_.options_.large_frames && size > server_.options_.large_from;
  if (large) {
    CO_TRY(received.frame, co_await read_large(size));
    received.memory = server_.memory_.take(1);  // what it becomes is counted here
  } else {
    auto charge = server_.memory_.try_admit(size);
    if (!charge) {
      waiting_ = true;
      charge = co_await server_.memory_.admit(size);
      waiting_ = false;
    }
    received.memory = std::move(*charge);
    if (stopping_) co_return std::nullopt;
    CO_TRY(received.frame, co_await read_body(false));
  }
  // What is begun may have overdrawn the budget meanwhile, and what a request becomes would do so further.
  if (!stopping_ && received.memory.overdraft() > received.memory.bytes()) {
    waiting_ = true;
    co_await server_.memory_.settled(received.memory);
    waiting_ = false;
  }
  if (stopping_) co_return std::nullopt;
  info_.metrics->bytes_received.add(kLengthBytes + received.frame.size());
  co_return std::move(received);
}

Task<Result<SharedBytes>> ServerConnection::read_large(std::size_t size) {
  waiting_ = true;
  auto claim = co_await server_.options_.large_frames->claim(size);
  waiting_ = false;
  if (stopping_) co_return SharedBytes();  // the caller looks, too
  CO_TRY(auto frame, co_await read_body(true));
  co_return bound_to(std::move(frame), std::move(claim));
}

Task<Result<SharedBytes>> ServerConnection::read_body(bool large) {
  reading_.begin(server_.shard_.clock.now(), connection_->transferred());
  reads_large_ = large;
  if (large) {
    ++server_.large_;
    server_.watch();
  }
  auto frame = co_await frames_.body();
  if (large) --server_.large_;
  reading_.end();
  co_return std::move(frame);
}

// Stage one of a request; false if nothing more is to be read.
Task<Result<bool>> ServerConnection::handle(Received received) {
  const auto pending = std::make_shared<Pending>();
  auto& measured = pending->measured;
  handling_ = true;
  idleness_.mark_active();
  measured.bytes = received.frame.size();
  auto request = parse(std::move(received.frame));
  if (!request) {
    handling_ = false;
    co_return std::unexpected(std::move(request.error()));
  }
  Noted noted;
  request->memory = &received.memory;
  request->noted = &noted;
  measured.api = request->api;
  measured.version = request->version;
  measured.arrived = request->received;
  pending_.push_back(pending);
  Started started = co_await session_->start(std::move(*request));
  handling_ = false;
  measured.handled = server_.shard_.clock.now();
  measured.waited = noted.waited;
  measured.is_follower = noted.is_follower;
  if (started.later) {
    spawn(server_.shard_, finish_later(shared_from_this(), pending, std::move(*started.later)));
    co_return true;
  }
  const bool go_on = !started.reply.close_after;
  finish(*pending, std::move(started.reply), measured.handled);
  co_return go_on;
}

Result<Request> ServerConnection::parse(SharedBytes frame) const {
  constexpr std::size_t kKeyAndVersion = 4;
  if (frame.size() < kKeyAndVersion) return fail(ErrorCode::kInvalidRequest, "frame without a request header");
  const auto key = load_be<std::int16_t>(frame.data());
  const auto version = load_be<std::int16_t>(frame.data() + 2);
  const protocol::ApiInfo* api = protocol::find_api(key);
  if (api == nullptr) return fail(ErrorCode::kInvalidRequest, "unknown api key " + std::to_string(key));
  // ApiVersions answers versions it does not know, every other API ends the connection.
  if (!api->decodes(version) && api->key != protocol::ApiKey::kApiVersions)
    return fail(ErrorCode::kUnsupportedVersion, std::string(api->name) + " version " + std::to_string(version));
  protocol::Reader reader(std::move(frame));
  TRY(auto header, protocol::RequestHeader::decode(reader, protocol::request_header_version(api->key, version)));
  return Request{
      api, version, header.correlation_id, std::move(header.client_id), reader.rest(), idleness_.last_active()};
}

// Waits while the client is muted, or while it has more responses outstanding than it may.
Task<> ServerConnection::wait_until_welcome() {
  while (!stopping_) {
    const bool full =
        pending_.size() >= server_.options_.started_max || unsent_bytes_ > server_.options_.responses_bytes_max;
    const bool muted = muted_until_ > server_.shard_.clock.now();
    if (!full && !muted) break;
    const auto timer = muted ? server_.shard_.clock.call_at(muted_until_, [this] { room_.notify(); }) : nullptr;
    co_await room_.wait();
  }
}

Task<> ServerConnection::finish_later(Self self, PendingPtr pending, Task<Reply> rest) {
  auto reply = co_await std::move(rest);
  self->finish(*pending, std::move(reply), self->server_.shard_.clock.now());
}

void ServerConnection::finish(Pending& pending, Reply reply, Instant now) {
  pending.measured.ready = now;
  server_.metrics_.ready(pending.measured, reply);
  if (reply.mute > Millis(0)) muted_until_ = std::max(muted_until_, now + Instant(reply.mute));
  if (reply.frame) {
    unsent_bytes_ += size_of(*reply.frame);
    pending.memory = server_.memory_.take(in_memory(*reply.frame));
  }
  pending.reply = std::move(reply);
  // Empty when the connection broke meanwhile.
  if (!pending_.empty() && pending_.front()->reply) reply_ready_.notify();
}

Task<> ServerConnection::write_loop(Self self) {
  for (;;) {
    if (!self->pending_.empty() && self->pending_.front()->reply) {
      if (!co_await self->write_batch()) break;
    } else if (self->pending_.empty() && (self->reading_done_ || (self->stopping_ && !self->handling_))) {
      break;
    } else {
      co_await self->reply_ready_.wait();
    }
  }
  // The reader, if it is still there, ends with an error; so does whatever else is under way.
  self->stopping_ = true;
  self->connection_->close();
  self->room_.notify();
  self->pending_.clear();
  while (!self->reading_done_) co_await self->reply_ready_.wait();
  self->idleness_.end();
  self->server_.acceptor_.ended(self->info_.id);
}

// Sends the replies that are ready at the front, as many as go well into one write.
Task<Result<>> ServerConnection::write_batch() {
  const Instant began = server_.shard_.clock.now();
  Pieces pieces;
  Charge memory;
  std::vector<Measured> replies;
  std::size_t bytes = 0;
  bool close_after = false;
  while (!pending_.empty() && pending_.front()->reply && bytes < kWriteBatch && !close_after) {
    Reply& reply = *pending_.front()->reply;
    memory.absorb(std::move(pending_.front()->memory));
    replies.push_back(pending_.front()->measured);
    close_after = reply.close_after;
    if (reply.frame) {
      bytes += size_of(*reply.frame);
      pieces.insert(pieces.end(), std::make_move_iterator(reply.frame->begin()),
                    std::make_move_iterator(reply.frame->end()));
    }
    pending_.pop_front();
  }
  Result<> written;
  writing_ = true;
  if (memory.bytes() >= kWorthClosing) sending_.begin(began, connection_->transferred());
  if (!pieces.empty()) written = co_await connection_->write(std::move(pieces));
  sending_.end();
  writing_ = false;
  unsent_bytes_ -= bytes;
  memory.release();
  idleness_.mark_active();
  if (written) {
    info_.metrics->bytes_sent.add(bytes);
    for (const auto& reply : replies) server_.metrics_.sent(reply, began, idleness_.last_active());
  }
  room_.notify();
  if (close_after) co_return fail(ErrorCode::kNetworkException, "closed after the reply");
  co_return written;
}

}  // namespace thalweg::network
