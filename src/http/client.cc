#include "http/client.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "http/response_parser.h"

namespace thalweg::http {
namespace {

constexpr std::size_t kReadBytes = 64u << 10;
constexpr int kInterimMax = 8;  // answers of 1xx before the one that counts

bool has_control(std::string_view text) {
  return std::ranges::any_of(text, [](char c) { return static_cast<unsigned char>(c) < ' ' || c == '\x7f'; });
}

// A line end in a name or a value would make two of one.
bool is_one_request(const ClientRequest& request) {
  const auto bad_word = [](std::string_view text) { return text.empty() || text.contains(' ') || has_control(text); };
  if (bad_word(request.method) || bad_word(request.target) || request.method == "HEAD") return false;
  return std::ranges::none_of(request.headers.fields(), [&](const auto& field) {
    return bad_word(field.first) || field.first.contains(':') || has_control(field.second);
  });
}

std::string head_of(const Endpoint& server, const ClientRequest& request) {
  std::string head = fmt::format("{} {} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n", request.method, request.target,
                                 to_string(server));
  for (const auto& [name, value] : request.headers.fields()) head += fmt::format("{}: {}\r\n", name, value);
  if (!request.body.empty() || request.method == "POST" || request.method == "PUT")
    head += fmt::format("Content-Length: {}\r\n", request.body.size());
  return head + "\r\n";
}

// One response off the connection; `unread` is what came and was not taken, and is left for the next.
Task<Result<ClientResponse>> read_one(ConnectionPtr connection, std::string& unread, ClientOptions options) {
  ResponseParser parser(options.header_bytes_max, options.body_bytes_max);
  std::vector<std::byte> buffer(kReadBytes);
  while (!parser.is_done()) {
    CO_TRY(const std::size_t taken, parser.put(unread));
    unread.erase(0, taken);
    if (taken > 0 || parser.is_done()) continue;
    const auto read = co_await connection->read_some(buffer);
    if (!read) co_return std::unexpected(read.error());
    if (*read == 0) {
      CO_TRY_VOID(parser.put_end());
      break;
    }
    unread += as_text(BytesView(buffer).first(*read));
  }
  ResponseHead head = parser.take_head();
  co_return ClientResponse{.status = head.status, .headers = std::move(head.headers), .body = parser.take_body()};
}

Task<Result<ClientResponse>> talk(ConnectionPtr connection, Endpoint server, ClientRequest request,
                                  ClientOptions options) {
  Pieces pieces{SharedBytes::copy_of(head_of(server, request))};
  if (!request.body.empty()) pieces.emplace_back(SharedBytes::copy_of(request.body));
  // A server may refuse before it has read everything, and close: its answer is looked for all the same.
  const auto written = co_await connection->write(std::move(pieces));
  std::string unread;
  for (int interim = 0; interim <= kInterimMax; ++interim) {
    auto response = co_await read_one(connection, unread, options);
    if (!response) co_return written ? response : std::unexpected(written.error());
    constexpr int kFinal = 200, kSwitching = 101;
    if (response->status >= kFinal || response->status == kSwitching) co_return response;
  }
  co_return fail(ErrorCode::kCorruptMessage, "the server answers without an end that it will go on");
}

}  // namespace

Task<Result<ClientResponse>> exchange(const Shard& shard, Endpoint server, ClientRequest request, Instant deadline,
                                      ClientOptions options) {
  if (!is_one_request(request)) co_return fail(ErrorCode::kInvalidRequest, "a line end or a space where none may be");
  CO_TRY(const auto connection, co_await shard.network.connect(server, deadline));
  const auto timer = shard.clock.call_at(deadline, [connection] { connection->close(); });
  auto response = co_await talk(connection, server, std::move(request), options);
  connection->close();
  if (!response && shard.clock.now() >= deadline)
    co_return fail(ErrorCode::kRequestTimedOut, to_string(server) + " did not answer in time");
  co_return response;
}

}  // namespace thalweg::http
