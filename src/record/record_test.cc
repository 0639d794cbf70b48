#include "record/record.h"

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

#include "record/builder.h"

namespace thalweg::record {
namespace {

struct Made {
  std::optional<std::string> key, value;
  Timestamp timestamp;
  std::vector<std::pair<std::string, std::optional<std::string>>> headers;
  friend bool operator==(const Made&, const Made&) = default;
};

std::optional<BytesView> view(const std::optional<std::string>& s) {
  return s ? std::optional(as_bytes(*s)) : std::nullopt;
}
std::optional<std::string> text(const std::optional<BytesView>& b) {
  return b ? std::optional(std::string(as_text(*b))) : std::nullopt;
}

std::optional<std::string> random_text(std::mt19937_64& random, std::size_t size_max) {
  if (random() % 8 == 0) return std::nullopt;
  std::string s(random() % (size_max + 1), ' ');
  for (char& c : s) c = static_cast<char>(random() % 3 ? 'a' + random() % 4 : random());
  return s;
}

std::vector<Made> random_records(std::mt19937_64& random) {
  std::vector<Made> records(1 + random() % 200);
  for (auto& r : records) {
    r.key = random_text(random, 20);
    r.value = random_text(random, random() % 30 ? 300 : 70'000);
    r.timestamp = 1'700'000'000'000 + static_cast<Timestamp>(random() % 100'000);
    r.headers.resize(random() % 3);
    for (auto& [key, value] : r.headers) {
      key = random_text(random, 10).value_or("k");
      value = random_text(random, 10);
    }
  }
  return records;
}

SharedBytes build(const std::vector<Made>& records, BatchOptions options) {
  BatchBuilder builder(options);
  for (const auto& r : records) {
    std::vector<HeaderView> headers;
    for (const auto& [key, value] : r.headers) headers.push_back({key, view(value)});
    builder.append({r.timestamp, view(r.key), view(r.value), headers});
  }
  return builder.build();
}

Result<std::vector<Made>> read(const BatchView& batch, std::size_t limit = kDecompressedMax) {
  std::vector<Made> records;
  TRY(auto reader, RecordReader::open(batch, limit));
  while (true) {
    TRY(const auto r, reader.next());
    if (!r) return records;
    EXPECT_EQ(r->offset, batch.base_offset() + static_cast<std::int64_t>(records.size()));
    Made made{text(r->key), text(r->value), r->timestamp, {}};
    auto headers = r->headers();
    while (true) {
      TRY(const auto h, headers.next());
      if (!h) break;
      made.headers.emplace_back(h->key, text(h->value));
    }
    records.push_back(std::move(made));
  }
}

TEST(Record, RoundTripsInEveryCodecAndLevel) {
  for (std::uint64_t seed = 0; seed < 40; ++seed) {
    std::mt19937_64 random(seed);
    const auto records = random_records(random);
    for (int codec = 0; codec < kCodecCount; ++codec) {
      BatchOptions options{.base_offset = {static_cast<std::int64_t>(random() % 1'000'000)},
                           .codec = static_cast<Codec>(codec)};
      if (seed % 2) options.compression_level = static_cast<int>(1 + seed % 9);
      const SharedBytes bytes = build(records, options);
      const auto batch = BatchView::at(bytes);
      ASSERT_TRUE(batch) << batch.error().message;
      EXPECT_TRUE(batch->crc_ok());
      EXPECT_EQ(batch->codec(), options.codec);
      EXPECT_EQ(batch->record_count(), static_cast<int>(records.size()));
      const auto back = read(*batch);
      ASSERT_TRUE(back) << name(options.codec) << " seed " << seed << ": " << back.error().message;
      EXPECT_EQ(*back, records) << name(options.codec) << " seed " << seed;
    }
  }
}

TEST(Record, ACompressedBatchThatUnpacksBeyondTheLimitIsRefused) {
  const std::string zeros(1 << 20, '\0');
  for (int codec = 1; codec < kCodecCount; ++codec) {
    BatchBuilder builder({.codec = static_cast<Codec>(codec)});
    builder.append({.timestamp = 1, .value = as_bytes(zeros)});
    const SharedBytes bytes = builder.build();
    const auto batch = BatchView::at(bytes);
    ASSERT_TRUE(batch);
    EXPECT_LT(batch->size(), zeros.size() / 10);
    const auto refused = RecordReader::open(*batch, zeros.size());  // the record around the value is what is too much
    ASSERT_FALSE(refused) << name(static_cast<Codec>(codec));
    EXPECT_EQ(refused.error().code, ErrorCode::kCorruptMessage);
    EXPECT_TRUE(RecordReader::open(*batch, zeros.size() + 64)) << name(static_cast<Codec>(codec));
  }
}

// Damage anywhere must end in an error or in other records, never in reading outside (which the sanitizers see).
TEST(Record, DamagedBatchesNeverReadBeyondTheirBytes) {
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    std::mt19937_64 random(seed);
    const auto records = random_records(random);
    const SharedBytes good = build(records, {.codec = static_cast<Codec>(seed % kCodecCount)});
    std::vector<std::byte> bytes(good.view().begin(), good.view().end());
    for (int i = 0; i < 1 + static_cast<int>(random() % 4); ++i)
      bytes[17 + random() % (bytes.size() - 17)] = static_cast<std::byte>(random());
    if (random() % 3 == 0) bytes.resize(random() % bytes.size());
    const std::vector<std::byte> exact(bytes);  // no slack behind the end
    const auto batch = BatchView::at(exact);
    if (!batch) continue;
    auto reader = RecordReader::open(*batch, 1 << 22);
    if (!reader) continue;
    while (true) {
      const auto record = reader->next();
      if (!record || !*record) break;
      auto headers = (*record)->headers();
      while (true) {
        const auto header = headers.next();
        if (!header || !*header) break;
      }
    }
  }
}

TEST(Record, EveryPrefixOfACompressedBodyIsRefused) {
  std::mt19937_64 random(7);
  std::string text(5000, ' ');
  for (char& c : text) c = static_cast<char>('a' + random() % 6);
  for (int codec = 1; codec < kCodecCount; ++codec) {
    const SharedBytes packed = compress(static_cast<Codec>(codec), as_bytes(text));
    ASSERT_EQ(decompress(static_cast<Codec>(codec), packed)->text(), text);
    for (std::size_t n = 1; n < packed.size(); ++n) {
      const std::vector<std::byte> cut(packed.view().begin(), packed.view().begin() + static_cast<std::ptrdiff_t>(n));
      const auto out = decompress(static_cast<Codec>(codec), cut);
      // A frame of whole xerial blocks is a frame, and its header alone is an empty one.
      if (static_cast<Codec>(codec) == Codec::kSnappy && out) {
        EXPECT_TRUE(text.starts_with(out->text()));
        continue;
      }
      EXPECT_FALSE(out) << name(static_cast<Codec>(codec)) << " cut at " << n << " of " << packed.size();
    }
  }
}

TEST(Record, ReadsSeveralFramesInARowAndRawSnappy) {
  const std::string a = "the first part", b = "and the second";
  for (const Codec codec : {Codec::kGzip, Codec::kZstd}) {
    std::vector<std::byte> both;
    for (const auto& part : {a, b}) {
      const SharedBytes packed = compress(codec, as_bytes(part));
      both.insert(both.end(), packed.view().begin(), packed.view().end());
    }
    const auto out = decompress(codec, both);
    ASSERT_TRUE(out) << name(codec) << out.error().message;
    EXPECT_EQ(out->text(), a + b);
  }
  const unsigned char raw[] = {5, 4 << 2, 'h', 'e', 'l', 'l', 'o'};
  EXPECT_EQ(decompress(Codec::kSnappy, std::as_bytes(std::span(raw)))->text(), "hello");
}

// Made with the Java client 4.3.1: none, gzip (default, 9), snappy, lz4 (default, 12), zstd (default, 19, 22).
TEST(Record, ReadsWhatKafkasOwnClientWrites) {
  std::ifstream file(TESTDATA "/kafka_batches.log", std::ios::binary);
  const std::string bytes((std::istreambuf_iterator<char>(file)), {});
  const auto batches = split_batches(as_bytes(bytes));
  ASSERT_TRUE(batches);
  ASSERT_EQ(batches->size(), 9u);
  for (const auto& batch : *batches) {
    EXPECT_TRUE(batch.crc_ok());
    EXPECT_EQ(batch.leader_epoch(), LeaderEpoch{3});
    const auto records = read(batch);
    ASSERT_TRUE(records) << records.error().message;
    ASSERT_EQ(records->size(), 3u);
    for (int i = 0; i < 3; ++i) {
      const Made& r = (*records)[static_cast<std::size_t>(i)];
      std::string value;
      for (int n = 0; n < 10; ++n) value += "value " + std::to_string(i) + " of a batch that Kafka wrote, ";
      EXPECT_EQ(r.key, "k" + std::to_string(i));
      EXPECT_EQ(r.value, i == 2 ? std::nullopt : std::optional(value));
      EXPECT_EQ(r.timestamp, 1'700'000'000'000 + i);
      ASSERT_EQ(r.headers.size(), 1u);
      EXPECT_EQ(r.headers[0].second, i == 1 ? std::nullopt : std::optional<std::string>("x"));
    }
  }
}

TEST(Record, UnderLogAppendTimeEveryRecordHasTheBatchsTime) {
  BatchBuilder builder({.log_append_time = 5000});
  builder.append({.timestamp = 1});
  builder.append({.timestamp = 2});
  const SharedBytes bytes = builder.build();
  const auto records = read(*BatchView::at(bytes));
  ASSERT_TRUE(records);
  EXPECT_EQ((*records)[0].timestamp, 5000);
  EXPECT_EQ((*records)[1].timestamp, 5000);
}

TEST(Record, AControlRecordSaysWhatEndedTheTransaction) {
  const SharedBytes marker = end_transaction_marker(true, {7}, {3}, 42, 1000, {.base_offset = {99}});
  const auto batch = BatchView::at(marker);
  ASSERT_TRUE(batch);
  EXPECT_TRUE(batch->is_control());
  EXPECT_TRUE(batch->is_transactional());
  EXPECT_EQ(batch->producer_id(), ProducerId{7});
  EXPECT_EQ(batch->producer_epoch(), ProducerEpoch{3});
  EXPECT_EQ(batch->base_sequence(), kNoSequence);
  EXPECT_EQ(batch->size(), 78u);  // what Kafka's own markers have
  const auto control = read_control_record(*batch);
  ASSERT_TRUE(control);
  EXPECT_EQ(control->type, ControlType::kCommit);
  EXPECT_EQ(control->coordinator_epoch, 42);
}

}  // namespace
}  // namespace thalweg::record
