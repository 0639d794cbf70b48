#include "record/repack.h"

#include <gtest/gtest.h>

#include <random>

#include "record/builder.h"
#include "record/compression.h"
#include "record/record_walk.h"

namespace thalweg::record {
namespace {

std::string some_text(std::size_t size, std::uint64_t seed = 1) {
  std::mt19937_64 random(seed);
  std::string text(size, ' ');
  for (char& c : text) c = static_cast<char>('a' + random() % 6);
  return text;
}

Result<SharedBytes> repack(const BatchView& batch, const RepackOptions& options, std::size_t work,
                           int* steps = nullptr) {
  static WalkRoom room;
  Repack repack(batch, room, options);
  while (!repack.over()) {
    TRY_VOID(repack.step(work));
    if (steps) ++*steps;
  }
  return std::move(repack).finish();
}

TEST(Packer, GivesTheSameTextWhateverThePieces) {
  const std::string text = some_text(300'000);
  for (int codec = 0; codec < kCodecCount; ++codec)
    for (const std::size_t piece : {std::size_t{1000}, std::size_t{32'768}, std::size_t{100'001}, text.size()}) {
      Packer packer(static_cast<Codec>(codec), std::nullopt, text.size());
      for (std::size_t at = 0; at < text.size(); at += piece)
        packer.add(as_bytes(std::string_view(text).substr(at, piece)));
      const SharedBytes packed = std::move(packer).finish();
      EXPECT_EQ(decompress(static_cast<Codec>(codec), packed)->text(), text) << name(static_cast<Codec>(codec));
      if (codec > 0) EXPECT_LT(packed.size(), text.size());
    }
}

TEST(Packer, NothingIsABodyToo) {
  for (int codec = 0; codec < kCodecCount; ++codec)
    EXPECT_EQ(decompress(static_cast<Codec>(codec), compress(static_cast<Codec>(codec), {}))->text(), "");
}

TEST(Packer, TakesEveryLevel) {
  const std::string text = some_text(100'000);
  const std::pair<Codec, std::pair<int, int>> levels[] = {
      {Codec::kGzip, {-1, 9}}, {Codec::kLz4, {1, 17}}, {Codec::kZstd, {-7, 22}}};
  for (const auto& [codec, range] : levels)
    for (int level = range.first; level <= range.second; ++level)
      EXPECT_EQ(decompress(codec, compress(codec, as_bytes(text), level))->text(), text) << name(codec) << level;
}

TEST(Repack, TheRecordsStayAsTheyAreByteForByte) {
  const std::string value = some_text(400'000);
  for (int from = 0; from < kCodecCount; ++from)
    for (int to = 0; to < kCodecCount; ++to) {
      BatchBuilder builder({.codec = static_cast<Codec>(from), .producer_id = {7}, .base_sequence = 3});
      for (int i = 0; i < 5; ++i)
        builder.append({.timestamp = 1000 + i,
                        .key = as_bytes("k"),
                        .value = as_bytes(std::string_view(value).substr(0, std::size_t(i) * 100'000))});
      const SharedBytes before = builder.build();
      const auto batch = BatchView::at(before);
      int steps = 0;
      const auto after = repack(*batch, {.codec = static_cast<Codec>(to), .plain_size = 1'000'000}, 100'000, &steps);
      ASSERT_TRUE(after) << after.error().message;
      EXPECT_GE(steps, 5);
      const auto packed = BatchView::at(*after);
      EXPECT_TRUE(packed->crc_ok());
      EXPECT_EQ(packed->codec(), static_cast<Codec>(to));
      EXPECT_EQ(packed->size(), after->size());
      EXPECT_EQ(packed->last_sequence(), batch->last_sequence());
      EXPECT_EQ(decompress(static_cast<Codec>(to), packed->body())->text(),
                decompress(static_cast<Codec>(from), batch->body())->text());
    }
}

TEST(Repack, StopsWhenTheNewBatchIsTooLarge) {
  BatchBuilder builder({.codec = Codec::kZstd});
  const std::string zeros(10 << 20, '\0');
  builder.append({.timestamp = 1, .value = as_bytes(zeros)});
  const SharedBytes bomb = builder.build();
  int steps = 0;
  const auto refused = repack(*BatchView::at(bomb), {.codec = Codec::kNone, .size_max = 1 << 20}, 100'000, &steps);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kMessageTooLarge);
  EXPECT_LT(steps, 20) << "it is not unpacked to the end";
}

}  // namespace
}  // namespace thalweg::record
