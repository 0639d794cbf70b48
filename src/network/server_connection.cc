#include "network/server_connection.h"

#include "base/endian.h"
#include "base/log.h"
#include "protocol/request_header.h"

namespace thalweg::network {
namespace {
// One write carries responses up to about this size.
constexpr std::size_t kWriteBatch = 256 * 1024;
}  // namespace

ServerConnection::ServerConnection(Server& server, ConnectionInfo info, ConnectionPtr connection,
                                   std::unique_ptr<Session> session)
    : server_(server),
      info_(std::move(info)),
      connection_(std::move(connection)),
      session_(std::move(session)),
      frames_(*connection_, server.options_.request_size_max),
      last_active_(server.shard_.clock.now()) {}

void ServerConnection::start() {
  watch_idleness(last_active_ + server_.options_.idle_max);
  spawn(server_.shard_, read_loop(shared_from_this()));
  spawn(server_.shard_, write_loop(shared_from_this()));
}

void ServerConnection::stop() {
  stopping_ = true;
  if (!handling_ && pending_.empty()) close();  // ends the read; otherwise the loops see stopping_ soon
  room_.notify();
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
    co_await server_.budget_.wait_turn();
    // Charged as it arrives, never as claimed, or a few idle claims of 100 MB would shut everyone out. A frame that has
    // begun is read to its end, since its memory comes back only then.
    std::size_t charged = 0;
    auto frame = co_await frames_.body([&](std::size_t arrived) {
      server_.budget_.take(arrived - charged);
      charged = arrived;
    });
    if (!frame) {
      server_.budget_.release(charged);
      co_return std::unexpected(std::move(frame.error()));
    }
    CO_TRY(const bool go_on, co_await handle(std::move(*frame)));
    if (!go_on) break;
  }
  co_return Result<>();
}

// Stage one of a request; false if nothing more is to be read.
Task<Result<bool>> ServerConnection::handle(SharedBytes frame) {
  const auto pending = std::make_shared<Pending>(frame.size());
  handling_ = true;
  mark_active();
  auto request = parse(std::move(frame));
  if (!request) {
    handling_ = false;
    server_.budget_.release(pending->charged);
    co_return std::unexpected(std::move(request.error()));
  }
  pending_.push_back(pending);
  Started started = co_await session_->start(std::move(*request));
  handling_ = false;
  if (started.later) {
    spawn(server_.shard_, finish_later(shared_from_this(), pending, std::move(*started.later)));
    co_return true;
  }
  const bool go_on = !started.reply.close_after;
  finish(*pending, std::move(started.reply));
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
  return Request{api, version, header.correlation_id, std::move(header.client_id), reader.rest(), last_active_};
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
  self->finish(*pending, co_await std::move(rest));
}

void ServerConnection::finish(Pending& pending, Reply reply) {
  if (reply.mute > Millis(0)) muted_until_ = std::max(muted_until_, server_.shard_.clock.now() + Instant(reply.mute));
  if (reply.frame) unsent_bytes_ += size_of(*reply.frame);
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
  for (const auto& pending : self->pending_) self->server_.budget_.release(pending->charged);
  self->pending_.clear();
  while (!self->reading_done_) co_await self->reply_ready_.wait();
  self->idle_timer_.reset();
  self->server_.remove(self->info_.id);
}

// Sends the replies that are ready at the front, as many as go well into one write.
Task<Result<>> ServerConnection::write_batch() {
  Pieces pieces;
  std::size_t bytes = 0, charged = 0;
  bool close_after = false;
  while (!pending_.empty() && pending_.front()->reply && bytes < kWriteBatch && !close_after) {
    Reply& reply = *pending_.front()->reply;
    charged += pending_.front()->charged;
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
  if (!pieces.empty()) written = co_await connection_->write(std::move(pieces));
  writing_ = false;
  unsent_bytes_ -= bytes;
  server_.budget_.release(charged);
  mark_active();
  room_.notify();
  if (close_after) co_return fail(ErrorCode::kNetworkException, "closed after the reply");
  co_return written;
}

void ServerConnection::mark_active() {
  last_active_ = server_.shard_.clock.now();
  transferred_ = connection_->transferred();
}

// One timer for the whole life of the connection: activity only writes down the time.
void ServerConnection::watch_idleness(Instant when) {
  idle_timer_ = server_.shard_.clock.call_at(when, [weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->close_if_idle();
  });
}

// Idle is a connection that waits for its client: for the rest of a request, or for responses to be read. As long as
// bytes move, however slowly, or it is we who let the client wait, it is not.
void ServerConnection::close_if_idle() {
  const bool waits_for_us = !writing_ && (handling_ || !pending_.empty());
  if (waits_for_us || connection_->transferred() != transferred_) mark_active();
  const Instant due = last_active_ + server_.options_.idle_max;
  if (due > server_.shard_.clock.now()) return watch_idleness(due);
  log::debug("idle connection closed", field("peer", to_string(info_.peer)));
  close();
}

}  // namespace thalweg::network
