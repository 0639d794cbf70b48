#include "http/server_connection.h"

#include <fmt/format.h>

#include "base/log.h"
#include "http/target.h"
#include "metrics/families.h"
#include "runtime/yielding.h"

namespace thalweg::http {
namespace {

// What is read at once: of heads, which are small, and of bodies, whose reads grow as long as they are filled, since
// who sends slowly shall not hold much.
constexpr std::size_t kReadHead = 4096, kReadBody = 64 * 1024;
// Who is refused may still be sending: what is taken and dropped, so that the answer is not lost with the connection.
constexpr std::size_t kDroppedMax = 2u << 20;
constexpr Instant kDropWithin = std::chrono::seconds(2);

bool may_have_body(int status) { return status >= 200 && status != 204 && status != 304; }

void append_field(std::string& out, std::string_view name, std::string_view value) {
  out += name;
  out += ": ";
  for (const char c : value) out += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;  // nobody begins a line of his own
  out += "\r\n";
}

SharedBytes shared(std::string text) {
  auto owner = std::make_shared<const std::string>(std::move(text));
  const BytesView view = as_bytes(*owner);
  return {std::move(owner), view};
}

}  // namespace

ServerConnection::ServerConnection(Server& server, network::ConnectionInfo info, ConnectionPtr connection)
    : server_(server),
      info_(std::move(info)),
      connection_(std::move(connection)),
      watch_(server.shard_.clock, connection_, info_.metrics->expired) {}

void ServerConnection::start() { spawn(server_.shard_, run(shared_from_this())); }

void ServerConnection::stop() {
  stopping_ = true;
  if (!handling_) close();  // ends the read
}

Task<> ServerConnection::run(Self self) {
  while (!self->stopping_ && co_await self->serve_one()) {
    if (self->unread_.empty())
      self->unread_ = {};  // who is idle holds nothing
    else
      co_await give_way();  // whoever sends ahead does not hold the shard
  }
  self->watch_.off();
  self->connection_->close();
  self->server_.acceptor_.ended(self->info_.id);
}

// Whether another request may follow.
Task<bool> ServerConnection::serve_one() {
  RequestParser parser(server_.options_.header_bytes_max);
  const Router& router = server_.router_;
  auto step = co_await read_head(parser);
  if (!step) {
    if (step.error()) co_await refuse({}, router.error(step.error()->status, step.error()->message));
    co_return false;
  }
  handling_ = true;
  const RequestHead head = parser.head();
  if (const auto refused = guard(head, server_.options_.guard)) {
    co_await refuse(head, router.error(refused->status, refused->message));
    co_return false;
  }
  auto target = parse_target(head.target);
  if (!target) {
    co_await refuse(head, router.error(400, "the path cannot be read"));
    co_return false;
  }
  auto found = router.find(head.method, target->segments);
  if (auto* no_route = std::get_if<Response>(&found)) {
    if (head.has_body()) {
      co_await refuse(head, std::move(*no_route));
      co_return false;
    }
    const bool go_on = head.keep_alive && !stopping_;
    const auto sent = co_await answer(head, std::move(*no_route), go_on);
    handling_ = false;
    co_return sent&& go_on;
  }
  auto& route = std::get<Router::Found>(found);
  ServerMemory::Hold memory;
  const std::size_t body_max = route.options.body_max;
  if (head.has_body()) {
    if (head.content_length.value_or(1) > body_max) {
      co_await refuse(head, router.error(413, fmt::format("the body may have {} bytes", body_max)));
      co_return false;
    }
    if (auto read = co_await read_body(parser, body_max, memory); !read) {
      if (read.error()) co_await refuse(head, router.error(read.error()->status, read.error()->message));
      co_return false;
    }
  }
  Response response = co_await (*route.endpoint)(
      {head, std::move(route.parameters), std::move(target->query), shared(parser.take_body()), info_.peer});
  router.finish(response);
  const bool go_on = head.keep_alive && !response.close_after && !stopping_;
  const auto sent = co_await answer(head, std::move(response), go_on);
  handling_ = false;
  co_return sent&& go_on;
}

ServerConnection::Step ServerConnection::parse(RequestParser& parser) {
  std::size_t used = 0;
  while (used < unread_.size() && !parser.is_done()) {
    const bool had_head = parser.has_head();
    const auto taken = parser.put(std::string_view(unread_).substr(used));
    if (!taken) return std::unexpected(taken.error());
    used += *taken;
    if (*taken == 0 || parser.has_head() != had_head) break;
  }
  unread_.erase(0, used);
  return {};
}

Task<ServerConnection::Step> ServerConnection::read_head(RequestParser& parser) {
  bool begun = !unread_.empty();
  watch_.within(begun ? server_.options_.header_within : server_.options_.idle_max);
  for (;;) {
    if (const auto parsed = parse(parser); !parsed) co_return parsed;
    if (parser.has_head()) break;
    if (const auto read = co_await read_some(kReadHead); !read) co_return read;
    if (!std::exchange(begun, true)) watch_.within(server_.options_.header_within);
  }
  watch_.off();
  co_return Step();
}

Task<ServerConnection::Step> ServerConnection::read_body(RequestParser& parser, std::size_t body_max,
                                                         ServerMemory::Hold& memory) {
  parser.set_body_max(body_max);
  const auto expects = parser.head().headers.find("Expect");
  if (expects && !equal_ignoring_case(*expects, "100-continue"))
    co_return std::unexpected(Refusal{417, "the only expectation that is known is 100-continue"});
  if (expects && parser.head().minor_version > 0 && unread_.empty()) {
    const auto sent = co_await write({SharedBytes::copy_of(std::string_view("HTTP/1.1 100 Continue\r\n\r\n"))});
    if (!sent) co_return std::unexpected(std::nullopt);
  }
  ServerMemory& server = server_.memory_;
  Clock& clock = server_.shard_.clock;
  // As soon as memory is short, the whole body has a deadline.
  std::optional<Instant> deadline;
  const auto hurry = [&] {
    if (deadline) return;
    deadline = later(clock.now(), server_.options_.pace_span);
    watch_.within(server_.options_.pace_span);
  };
  const auto room = [&](std::size_t bytes) -> Task<std::optional<ServerMemory::Hold>> {
    if (server.is_short_for(memory)) {
      hurry();
      watch_.off();  // it is we who let the client wait; at the deadline it is told so
    }
    return server.take_beside(memory, bytes, clock, deadline.value_or(Instant::max()));
  };
  const Refusal short_of_memory{503,
                                "the server has no memory for the body: others are sending theirs; come again later"};
  watch_.paced(server_.options_.pace_bytes, server_.options_.pace_span);
  auto first = co_await room(unread_.size());
  if (!first) co_return std::unexpected(short_of_memory);
  memory = std::move(*first);
  const auto reader = server.reads(hurry);
  for (std::size_t at_once = kReadHead;;) {
    if (const auto parsed = parse(parser); !parsed) co_return parsed;
    if (parser.is_done()) break;
    const auto into = co_await room(at_once);
    if (!into) co_return std::unexpected(short_of_memory);
    if (deadline) watch_.within(*deadline - clock.now());
    const std::size_t before = unread_.size();
    if (const auto read = co_await read_some(at_once); !read) co_return read;
    const std::size_t got = unread_.size() - before;
    memory.add(got);
    if (got == at_once) at_once = std::min(2 * at_once, kReadBody);
  }
  memory = server.take(parser.body_bytes());
  watch_.off();
  co_return Step();
}

Task<ServerConnection::Step> ServerConnection::read_some(std::size_t at_once) {
  const std::size_t before = unread_.size();
  unread_.resize(before + at_once);
  const auto got = co_await connection_->read_some(
      MutableBytes(reinterpret_cast<std::byte*>(unread_.data()) + before, unread_.size() - before));
  unread_.resize(before + got.value_or(0));
  if (!got || *got == 0) co_return std::unexpected(std::nullopt);
  info_.metrics->bytes_received.add(*got);
  co_return Step();
}

// The answer of a request that is not read to its end: nothing can follow it.
Task<> ServerConnection::refuse(const RequestHead& head, Response response) {
  handling_ = true;
  watch_.off();
  if (!co_await answer(head, std::move(response), false)) co_return;
  watch_.within(kDropWithin);
  std::size_t dropped = 0;
  while (dropped < kDroppedMax && !stopping_) {
    unread_.clear();
    if (!co_await read_some(kReadBody)) co_return;
    dropped += unread_.size();
  }
}

std::string ServerConnection::head_of(const RequestHead& head, const Response& response, bool go_on) const {
  std::string out = fmt::format("HTTP/1.1 {} {}\r\n", response.status, reason(response.status));
  for (const auto& [name, value] : response.headers.fields()) append_field(out, name, value);
  if (const auto date = http_date(server_.shard_.clock.wall()); !date.empty()) append_field(out, "Date", date);
  append_field(out, "X-Content-Type-Options", "nosniff");
  if (!go_on)
    append_field(out, "Connection", "close");
  else if (head.minor_version == 0)
    append_field(out, "Connection", "keep-alive");
  return out;
}

Task<Result<>> ServerConnection::answer(const RequestHead& head, Response response, bool go_on) {
  server_.shard_.metrics.counter(family::kHttpRequests, {info_.listener, std::to_string(response.status)}).add();
  const bool wanted = head.method != "HEAD" && may_have_body(response.status);
  auto* stream = std::get_if<std::unique_ptr<BodyStream>>(&response.body);
  const bool chunked = stream && head.minor_version > 0;
  if (stream && !chunked) go_on = false;  // its end is the connection's
  std::string text = head_of(head, response, go_on);
  SharedBytes body;
  if (auto* whole = std::get_if<std::string>(&response.body)) body = shared(std::move(*whole));
  if (auto* bytes = std::get_if<SharedBytes>(&response.body)) body = *bytes;
  if (chunked)
    append_field(text, "Transfer-Encoding", "chunked");
  else if (!stream && may_have_body(response.status))
    append_field(text, "Content-Length", std::to_string(body.size()));
  text += "\r\n";
  const auto memory = server_.memory_.take(body.size());
  Pieces pieces{shared(std::move(text))};
  if (wanted && !body.empty()) pieces.emplace_back(std::move(body));
  CO_TRY_VOID(co_await write(std::move(pieces)));
  if (stream && wanted) CO_TRY_VOID(co_await write_stream(**stream, chunked));
  if (stream && !chunked) co_return fail(ErrorCode::kNetworkException, "closed after the answer");
  co_return Result<>();
}

Task<Result<>> ServerConnection::write_stream(BodyStream& stream, bool chunked) {
  for (;;) {
    auto piece = co_await stream.next();
    if (!piece) {
      log::warn("an answer ends in the middle", field("peer", to_string(info_.peer)), field("error", piece.error()));
      co_return std::unexpected(piece.error());
    }
    if (piece->empty()) break;
    const auto memory = server_.memory_.take(piece->size());
    Pieces pieces;
    if (chunked) pieces.emplace_back(shared(fmt::format("{:x}\r\n", piece->size())));
    pieces.emplace_back(shared(std::move(*piece)));
    if (chunked) pieces.emplace_back(SharedBytes::copy_of(std::string_view("\r\n")));
    CO_TRY_VOID(co_await write(std::move(pieces)));
  }
  if (!chunked) co_return Result<>();
  co_return co_await write({SharedBytes::copy_of(std::string_view("0\r\n\r\n"))});
}

Task<Result<>> ServerConnection::write(Pieces pieces) {
  const std::size_t bytes = size_of(pieces);
  watch_.paced(std::min<std::uint64_t>(server_.options_.pace_bytes, bytes), server_.options_.pace_span);
  const auto written = co_await connection_->write(std::move(pieces));
  watch_.off();
  if (written) info_.metrics->bytes_sent.add(bytes);
  co_return written;
}

}  // namespace thalweg::http
