#include "network/frame.h"

#include <gtest/gtest.h>

#include "base/endian.h"
#include "network/testing.h"
#include "platform/testing.h"

namespace thalweg::network {
namespace {

std::string prefix(std::int32_t size) {
  std::string bytes(4, '\0');
  store_be(reinterpret_cast<std::byte*>(bytes.data()), size);
  return bytes;
}
std::string framed(const std::string& body) { return prefix(static_cast<std::int32_t>(body.size())) + body; }

struct Frames {
  std::vector<std::string> bodies;
  Error error{ErrorCode::kNone, ""};
};
Task<Frames> read_frames(Connection* connection, std::size_t frame_max) {
  FrameReader reader(*connection, frame_max);
  Frames frames;
  std::vector<SharedBytes> kept;  // slices stay good while later frames are read
  for (;;) {
    auto size = co_await reader.next_size();
    if (!size) frames.error = size.error();
    if (!size || !*size) break;
    auto body = co_await reader.body();
    if (!body) frames.error = body.error();
    if (!body) break;
    kept.push_back(*body);
  }
  for (const auto& body : kept) frames.bodies.emplace_back(body.text());
  co_return frames;
}

struct FrameTest : testing::Test {
  platform::TestShards shards;
  Frames read(Connection& connection, std::size_t frame_max = kFrameSizeMax) {
    return platform::run_on(shards[0], read_frames(&connection, frame_max));
  }
};

TEST_F(FrameTest, FindsFramesHoweverTheStreamIsCut) {
  std::vector<std::string> bodies;
  std::string stream;
  for (const std::size_t size : {0, 1, 5, 4096, 3, 70'000, 17, 3'000'000, 0, 65'536, 1'048'576, 9}) {
    bodies.emplace_back(size, static_cast<char>('a' + bodies.size()));
    stream += framed(bodies.back());
  }
  for (const std::size_t at_once : {1uz, 7uz, 1000uz, 65'537uz, stream.size()}) {
    ScriptedConnection connection(stream, at_once);
    const Frames frames = read(connection);
    EXPECT_EQ(frames.error.code, ErrorCode::kNone) << frames.error.message;
    EXPECT_TRUE(frames.bodies == bodies) << "cut into " << at_once;
  }
}

TEST_F(FrameTest, ManySmallFramesNeedFewReads) {
  std::string stream;
  for (int i = 0; i < 2000; ++i) stream += framed(std::string(96, 'x'));
  ScriptedConnection connection(stream, stream.size());
  EXPECT_EQ(read(connection).bodies.size(), 2000u);
  EXPECT_LT(connection.reads, 15u);
}

TEST_F(FrameTest, RefusesSizesThatAreNegativeOrTooLarge) {
  for (const std::int32_t size : {-1, 1001, std::numeric_limits<std::int32_t>::min()}) {
    ScriptedConnection connection(prefix(size) + std::string(2000, 'x'), 5000);
    const Frames frames = read(connection, 1000);
    EXPECT_TRUE(frames.bodies.empty());
    EXPECT_EQ(frames.error.code, ErrorCode::kInvalidRequest);
  }
}

TEST_F(FrameTest, SaysWhenTheStreamEndsInsideAFrame) {
  for (const std::string& stream : {std::string("\0\0", 2), prefix(10) + "abc"}) {
    ScriptedConnection connection(stream, 100);
    EXPECT_EQ(read(connection).error.code, ErrorCode::kNetworkException);
  }
}

TEST_F(FrameTest, AClaimedSizeReservesNoMemoryBeforeTheBytesCome) {
  ScriptedConnection connection(prefix(100'000'000) + "abc", 100);
  EXPECT_EQ(read(connection).error.code, ErrorCode::kNetworkException);
  EXPECT_LE(connection.room_max, 1u << 20);
}

}  // namespace
}  // namespace thalweg::network
