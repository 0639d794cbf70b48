#include "platform/os_connection.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <array>
#include <cerrno>
#include <system_error>

#include "platform/os_file.h"

namespace thalweg::platform {
namespace asio = boost::asio;
namespace {

constexpr std::size_t kVectorMax = 64;
// How much of a file is looked at and sent in one go; a cold stretch of this size is read on the pool first.
constexpr std::size_t kFileStretch = 256 * 1024;
// How many bytes of files one write may copy instead.
constexpr std::size_t kCopiedMax = 32 * 1024;

std::unexpected<Error> failure(const Endpoint& peer, std::string_view what) {
  return fail(ErrorCode::kNetworkException, to_string(peer) + ": " + std::string(what));
}

// One that came over IPv4 is called by its IPv4 address, also when it was accepted by a socket for both.
std::string host_of(const asio::ip::address& address) {
  if (!address.is_v6() || !address.to_v6().is_v4_mapped()) return address.to_string();
  return asio::ip::make_address_v4(asio::ip::v4_mapped, address.to_v6()).to_string();
}

// Both ends are on this machine, by whatever address.
bool is_within_machine(const asio::ip::tcp::socket& socket) {
  boost::system::error_code error;
  const auto here = socket.local_endpoint(error).address(), there = socket.remote_endpoint(error).address();
  return !error && here == there;
}

// Where nothing is lost and nothing takes time, a congestion control that paces (BBR) only sets a timer for each
// packet, which costs more than the packet. Reno is in every kernel, and allowed to everybody.
void let_run_within_machine(asio::ip::tcp::socket& socket) {
  constexpr std::string_view kReno = "reno";
  if (is_within_machine(socket))
    ::setsockopt(socket.native_handle(), IPPROTO_TCP, TCP_CONGESTION, kReno.data(), socklen_t(kReno.size()));
}

}  // namespace

OsConnection::OsConnection(asio::ip::tcp::socket socket, std::shared_ptr<void> counted)
    : counted_(std::move(counted)), socket_(std::move(socket)) {
  boost::system::error_code ignored;
  socket_.set_option(asio::ip::tcp::no_delay(true), ignored);
  socket_.set_option(asio::socket_base::keep_alive(true), ignored);
  socket_.native_non_blocking(true, ignored);
  let_run_within_machine(socket_);
  const auto peer = socket_.remote_endpoint(ignored);
  peer_ = {host_of(peer.address()), peer.port()};
}

Task<Result<std::size_t>> OsConnection::read_some(MutableBytes into) {
  const auto self = shared_from_this();
  boost::system::error_code error;
  const std::size_t n = co_await socket_.async_read_some(asio::buffer(into.data(), into.size()),
                                                         asio::redirect_error(asio::use_awaitable, error));
  if (error == asio::error::eof) co_return std::size_t{0};
  if (error) co_return failure(peer_, error.message());
  transferred_ += n;
  co_return n;
}

Task<Result<>> OsConnection::write(Pieces pieces) {
  const auto self = shared_from_this();
  put_in_unwritten(pieces);
  copy_small_ranges(pieces);
  Cursor cursor;
  cursor.skip(pieces, 0);
  checked_ = 0;
  while (cursor.piece < pieces.size()) {
    switch (send_some(pieces, cursor)) {
      case Sent::kSome:
        break;
      case Sent::kSocketIsFull: {
        boost::system::error_code error;
        co_await socket_.async_wait(asio::socket_base::wait_write, asio::redirect_error(asio::use_awaitable, error));
        if (error) co_return failure(peer_, error.message());
        break;
      }
      case Sent::kFileIsCold:
        CO_TRY_VOID(co_await warm(pieces, cursor));
        break;
      case Sent::kFailed:
        co_return failure(peer_, std::generic_category().message(error_));
    }
  }
  co_return Result<>();
}

// What of a file is still on its way there leaves from where it is.
void OsConnection::put_in_unwritten(Pieces& pieces) {
  for (std::size_t i = 0; i < pieces.size(); ++i) {
    auto* range = std::get_if<FilePiece>(&pieces[i]);
    if (!range) continue;
    const auto* file = dynamic_cast<const OsFile*>(range->source.get());
    CHECK(file);
    auto held = file->unwritten(range->position, range->size);
    if (held.bytes.empty()) continue;
    range->size = held.begin - range->position;
    pieces.insert(pieces.begin() + static_cast<std::ptrdiff_t>(i) + 1, std::make_move_iterator(held.bytes.begin()),
                  std::make_move_iterator(held.bytes.end()));
    i += held.bytes.size();
  }
}

// A short range that is in memory leaves in one call with what stands around it. sendfile would need a call of its own,
// and two more to know that it will not wait for the disk.
void OsConnection::copy_small_ranges(Pieces& pieces) {
  std::size_t left = kCopiedMax;
  for (Piece& piece : pieces) {
    const auto* range = std::get_if<FilePiece>(&piece);
    if (!range || range->size > left) continue;
    const auto* file = dynamic_cast<const OsFile*>(range->source.get());
    CHECK(file);
    auto memory = std::make_shared_for_overwrite<std::byte[]>(range->size);
    const MutableBytes bytes(memory.get(), range->size);
    if (!file->read_if_cached(range->position, bytes)) continue;
    left -= bytes.size();
    piece = SharedBytes(std::move(memory), bytes);
  }
}

void OsConnection::close() {
  boost::system::error_code ignored;
  socket_.shutdown(asio::socket_base::shutdown_both, ignored);
  socket_.close(ignored);
}

void OsConnection::Cursor::skip(const Pieces& pieces, std::size_t sent) {
  offset += sent;
  while (piece < pieces.size()) {
    const std::size_t size = size_of(pieces[piece]);
    if (offset < size) return;
    offset -= size;
    ++piece;
  }
}

OsConnection::Sent OsConnection::send_some(const Pieces& pieces, Cursor& cursor) {
  if (!socket_.is_open()) return failed(ECONNABORTED);
  if (const auto* file = std::get_if<FilePiece>(&pieces[cursor.piece])) return send_file(*file, pieces, cursor);
  return send_memory(pieces, cursor);
}

OsConnection::Sent OsConnection::send_memory(const Pieces& pieces, Cursor& cursor) {
  std::array<iovec, kVectorMax> parts;
  std::size_t count = 0;
  std::size_t at = cursor.piece, offset = cursor.offset;
  for (; at < pieces.size() && count < kVectorMax; ++at, offset = 0) {
    const auto* bytes = std::get_if<SharedBytes>(&pieces[at]);
    if (!bytes) break;
    if (bytes->empty()) continue;
    parts[count++] = {const_cast<std::byte*>(bytes->data()) + offset, bytes->size() - offset};
  }
  msghdr message{};
  message.msg_iov = parts.data();
  message.msg_iovlen = count;
  // More follows at once: let the kernel put it into the same packet.
  const int more = at < pieces.size() ? MSG_MORE : 0;
  const ssize_t n = ::sendmsg(socket_.native_handle(), &message, MSG_NOSIGNAL | MSG_DONTWAIT | more);
  if (n < 0) return failed(errno);
  return sent(static_cast<std::size_t>(n), pieces, cursor);
}

OsConnection::Sent OsConnection::send_file(const FilePiece& piece, const Pieces& pieces, Cursor& cursor) {
  const auto* file = dynamic_cast<const OsFile*>(piece.source.get());
  CHECK(file);
  const std::uint64_t from = piece.position + cursor.offset;
  const std::size_t size = std::min(piece.size - cursor.offset, kFileStretch);
  if (checked_ <= cursor.offset) {
    if (!file->likely_cached(from, size)) return Sent::kFileIsCold;
    checked_ = cursor.offset + size;
  }
  const ssize_t n = file->send_to(socket_.native_handle(), from, checked_ - cursor.offset);
  if (n < 0) return failed(errno);
  if (n == 0) return failed(ENODATA);  // the file is shorter than promised; what was announced cannot be sent any more
  const std::size_t before = cursor.piece;
  sent(static_cast<std::size_t>(n), pieces, cursor);
  if (cursor.piece != before) checked_ = 0;
  return Sent::kSome;
}

OsConnection::Sent OsConnection::sent(std::size_t bytes, const Pieces& pieces, Cursor& cursor) {
  transferred_ += bytes;
  cursor.skip(pieces, bytes);
  return Sent::kSome;
}

OsConnection::Sent OsConnection::failed(int error) {
  if (error == EINTR) return Sent::kSome;
  if (error == EAGAIN || error == EWOULDBLOCK) return Sent::kSocketIsFull;
  error_ = error;
  return Sent::kFailed;
}

Task<Result<>> OsConnection::warm(const Pieces& pieces, Cursor cursor) {
  const auto& piece = std::get<FilePiece>(pieces[cursor.piece]);
  const auto file = std::dynamic_pointer_cast<OsFile>(piece.source);
  const std::size_t size = std::min(piece.size - cursor.offset, kFileStretch);
  CO_TRY_VOID(co_await file->fetch(piece.position + cursor.offset, size));
  checked_ = cursor.offset + size;  // sent now even if the kernel has dropped it again: no endless loop
  co_return Result<>();
}

}  // namespace thalweg::platform
