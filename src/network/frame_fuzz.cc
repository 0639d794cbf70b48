// Any bytes, arriving in any pieces: the reader gives the frames that a naive split of the stream finds, stops where
// and why that one does, and never asks for much more memory than has arrived.
#include <optional>
#include <string>
#include <vector>

#include "base/endian.h"
#include "network/frame.h"
#include "network/testing.h"
#include "platform/shard_threads.h"

namespace {
using namespace thalweg;
using namespace thalweg::network;

constexpr std::size_t kFrameMax = 300'000'000;  // claims beyond any input; memory must not follow them

struct Frames {
  std::vector<std::string> bodies;
  ErrorCode end = ErrorCode::kNone;
  bool operator==(const Frames&) const = default;
};

Frames split(std::string_view stream) {
  Frames frames;
  while (!stream.empty()) {
    if (stream.size() < 4) return frames.end = ErrorCode::kNetworkException, frames;
    const auto size = load_be<std::int32_t>(reinterpret_cast<const std::byte*>(stream.data()));
    if (size < 0 || std::size_t(size) > kFrameMax) return frames.end = ErrorCode::kInvalidRequest, frames;
    if (stream.size() - 4 < std::size_t(size)) return frames.end = ErrorCode::kNetworkException, frames;
    frames.bodies.emplace_back(stream.substr(4, std::size_t(size)));
    stream.remove_prefix(4 + std::size_t(size));
  }
  return frames;
}

Task<Frames> read_all(Connection* connection) {
  FrameReader reader(*connection, kFrameMax);
  std::vector<SharedBytes> kept;  // slices stay good while later frames are read
  Frames frames;
  for (;;) {
    const auto size = co_await reader.next_size();
    if (!size) frames.end = size.error().code;
    if (!size || !*size) break;
    auto body = co_await reader.body();
    if (!body) frames.end = body.error().code;
    if (!body) break;
    CHECK(body->size() == **size);
    kept.push_back(std::move(*body));
  }
  for (const auto& body : kept) frames.bodies.emplace_back(body.text());
  co_return frames;
}

const Shard& shard() {
  static platform::ShardThreads* const threads = [] {
    auto* made = new platform::ShardThreads({.shards = 1, .helpers = 1});
    made->start();
    return made;
  }();
  return (*threads)[0];
}
}  // namespace

// The first byte says how many of the next ones are sizes of reads; the rest is the stream.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const std::size_t cuts = std::min<std::size_t>(data[0] % 16, size - 1);
  std::vector<std::size_t> at_once;
  for (std::size_t i = 1; i <= cuts; ++i) at_once.push_back(1 + std::size_t{data[i]} * data[i]);
  if (at_once.empty()) at_once.push_back(size);
  const std::string stream(reinterpret_cast<const char*>(data) + 1 + cuts, size - 1 - cuts);
  ScriptedConnection connection(stream, std::move(at_once));
  const Frames frames = platform::run_on(shard(), read_all(&connection));
  CHECK(frames == split(stream));
  CHECK(connection.room_max <= (1u << 20) + 2 * stream.size());
  return 0;
}
