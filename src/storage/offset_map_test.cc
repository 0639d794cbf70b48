#include "storage/offset_map.h"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <string>

namespace thalweg::storage {
namespace {

// The first two of the vectors that SipHash-2-4-128's authors give: key 00 01 … 0f, no input and 00.
TEST(KeyHash, IsSipHash) {
  const HashSecret secret{0x0706050403020100, 0x0f0e0d0c0b0a0908};
  EXPECT_EQ(hash_of({}, secret), (KeyHash{0xe6a825ba047f81a3, 0x930255c71472f66d}));
  const std::byte zero{0};
  EXPECT_EQ(hash_of({&zero, 1}, secret), (KeyHash{0x44af996bd8c187da, 0x45fc229b11597634}));
}

TEST(OffsetMap, KnowsTheNewestOffsetOfEachKeyWhileItGrows) {
  OffsetMap map(std::size_t{4} << 20, 0.9, {1, 2});
  std::map<std::string, Offset> model;
  std::mt19937_64 random(3);
  for (std::int64_t offset = 0; offset < 200'000; ++offset) {
    const std::string key = "key " + std::to_string(random() % 50'000);
    while (!map.put(as_bytes(key), Offset{offset})) {
      ASSERT_TRUE(map.can_grow());
      map.begin_growth();
      while (map.is_growing()) {
        map.grow_some(5000);
        ASSERT_LE(map.bytes(), (std::size_t{4} << 20) + (std::size_t{2} << 17));
      }
    }
    model[key] = Offset{offset};
  }
  for (const auto& [key, offset] : model) ASSERT_EQ(map.get(as_bytes(key)), offset);
  EXPECT_EQ(map.size(), model.size());
  EXPECT_EQ(map.get(as_bytes("another")), kNoOffset);
  EXPECT_EQ(map.latest_offset(), Offset{199'999});
}

TEST(OffsetMap, TakesAsManyKeysAsItsMemoryAndItsLoadAllow) {
  OffsetMap map(10'000 * OffsetMap::kBytesPerKey, 0.5, {1, 2});
  std::size_t put = 0;
  while (true) {
    const std::string key = std::to_string(put);
    if (map.put(as_bytes(key), Offset{static_cast<std::int64_t>(put)})) {
      ++put;
    } else if (map.can_grow()) {
      for (map.begin_growth(); map.is_growing();) map.grow_some(1);
    } else {
      break;
    }
  }
  EXPECT_EQ(put, 5'000u);
  EXPECT_DOUBLE_EQ(map.utilization(), 0.5);
  EXPECT_TRUE(map.put(as_bytes("7"), Offset{9'999}));  // it is there already
  EXPECT_EQ(map.get(as_bytes("7")), Offset{9'999});
}

TEST(OffsetMap, MemoryFollowsTheKeys) {
  OffsetMap map(std::size_t{1} << 30, 0.9, {1, 2});
  for (int i = 0; i < 1000; ++i) ASSERT_TRUE(map.put(as_bytes(std::to_string(i)), Offset{i}));
  EXPECT_LE(map.bytes(), std::size_t{100} << 10);
}

}  // namespace
}  // namespace thalweg::storage
