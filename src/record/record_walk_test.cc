#include "record/record_walk.h"

#include <gtest/gtest.h>
#include <zstd.h>

#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

#include "base/varint.h"
#include "record/builder.h"
#include "record/record.h"

namespace thalweg::record {
namespace {

using Bytes = std::vector<std::byte>;

void put(Bytes& to, std::int64_t number) {
  std::byte bytes[kMaxVarint64];
  to.insert(to.end(), bytes, bytes + write_varint(bytes, zigzag(number)));
}
void put(Bytes& to, std::string_view text) { to.insert(to.end(), as_bytes(text).begin(), as_bytes(text).end()); }

// The fields of a record with their length in front.
Bytes framed(const Bytes& fields) {
  Bytes record;
  put(record, static_cast<std::int64_t>(fields.size()));
  record.insert(record.end(), fields.begin(), fields.end());
  return record;
}

// A batch with this body, in that codec, under a header that a client would have written.
SharedBytes batch_of(BytesView body, std::int32_t count, Codec codec = Codec::kNone, Timestamp base = 1000) {
  BatchBuilder builder({.codec = codec});
  builder.append({.timestamp = base, .key = as_bytes("k")});
  const SharedBytes made = builder.build();
  const SharedBytes packed = compress(codec, body);
  Bytes bytes(made.view().begin(), made.view().begin() + kBatchHeaderSize);
  bytes.insert(bytes.end(), packed.view().begin(), packed.view().end());
  store_be(bytes.data() + batch_field::kLength, static_cast<std::int32_t>(bytes.size() - kLogOverhead));
  store_be(bytes.data() + batch_field::kRecordCount, count);
  store_be(bytes.data() + batch_field::kLastOffsetDelta, count - 1);
  return SharedBytes::take(std::move(bytes));
}

Result<RecordFacts> walk(const BatchView& batch, std::size_t work) {
  static WalkRoom room;  // as on a shard, where one walk after the other uses it
  RecordWalk walk(batch, room);
  while (!walk.over()) TRY_VOID(walk.step(work));
  return walk.facts();
}

// The slow way: everything in memory, every field read.
Result<RecordFacts> read_all(const BatchView& batch) {
  RecordFacts facts;
  TRY(auto reader, RecordReader::open(batch));
  for (std::int32_t index = 0;; ++index) {
    TRY(const auto record, reader.next());
    if (!record) break;
    if (record->offset_delta != index) return fail(ErrorCode::kInvalidRecord, "offset delta");
    facts.max_timestamp = std::max(facts.max_timestamp, record->timestamp);
    if (record->timestamp != kNoTimestamp) facts.min_timestamp = std::min(facts.min_timestamp, record->timestamp);
    if (!record->key && facts.first_without_key < 0) facts.first_without_key = index;
    facts.unpacked_bytes += record->size;
    auto headers = record->headers();
    while (true) {
      TRY(const auto header, headers.next());
      if (!header) break;
    }
  }
  return facts;
}

Bytes random_body(std::mt19937_64& random, std::int32_t count) {
  BatchBuilder builder;
  for (std::int32_t i = 0; i < count; ++i) {
    std::string key(random() % 40, 'k'), value(random() % (random() % 40 ? 400 : 90'000), 'v');
    for (char& c : value) c = static_cast<char>(random());
    std::vector<HeaderView> headers(random() % 3 ? 0 : random() % 4);
    for (auto& header : headers) header = {"name", random() % 2 ? std::optional(as_bytes(key)) : std::nullopt};
    const Timestamp timestamp = random() % 9 ? 1000 + static_cast<Timestamp>(random() % 100'000) : kNoTimestamp;
    builder.append({timestamp, random() % 4 ? std::optional(as_bytes(key)) : std::nullopt,
                    random() % 4 ? std::optional(as_bytes(value)) : std::nullopt, headers});
  }
  const SharedBytes made = builder.build();
  const BytesView body = BatchView::at(made)->body();
  return {body.begin(), body.end()};
}

// The walk takes exactly what can be read in full, says the same of it, and does so in steps of any size.
TEST(RecordWalk, AcceptsWhatCanBeReadInFullAndNothingElse) {
  int taken = 0, refused = 0;
  for (std::uint64_t seed = 0; seed < 1500; ++seed) {
    std::mt19937_64 random(seed);
    auto count = static_cast<std::int32_t>(1 + random() % (seed % 10 ? 12 : 300));
    Bytes body = random_body(random, count);
    for (std::uint64_t changes = random() % 3; changes > 0; --changes) {
      // Where it hurts: the first bytes of the body, mostly.
      const std::size_t at = random() % (random() % 3 ? std::min<std::size_t>(body.size(), 60) : body.size());
      switch (random() % 4) {
        case 0:
          body[at] = static_cast<std::byte>(random());
          break;
        case 1:
          body.erase(body.begin() + static_cast<std::ptrdiff_t>(at));
          break;
        case 2:
          body.insert(body.begin() + static_cast<std::ptrdiff_t>(at), static_cast<std::byte>(random()));
          break;
        default:
          count += static_cast<std::int32_t>(random() % 3) - 1;
      }
      if (body.empty()) body.push_back(std::byte{1});
    }
    const auto codec = static_cast<Codec>(random() % kCodecCount);
    const SharedBytes bytes = batch_of(body, count, codec);
    const auto batch = BatchView::at(bytes);
    ASSERT_TRUE(batch);
    const auto expected = read_all(*batch);
    (expected ? taken : refused)++;
    for (const std::size_t work : {std::size_t{1}, std::size_t{10'000}, std::size_t{1} << 30}) {
      const auto facts = walk(*batch, work);
      ASSERT_EQ(facts.has_value(), expected.has_value())
          << "seed " << seed << ' ' << name(codec) << " steps of " << work << ": "
          << (facts ? expected.error().message : facts.error().message);
      if (!facts) {
        EXPECT_EQ(facts.error().code, ErrorCode::kInvalidRecord);
        continue;
      }
      EXPECT_EQ(facts->max_timestamp, expected->max_timestamp) << "seed " << seed;
      EXPECT_EQ(facts->min_timestamp, expected->min_timestamp) << "seed " << seed;
      EXPECT_EQ(facts->first_without_key, expected->first_without_key) << "seed " << seed;
      EXPECT_EQ(facts->unpacked_bytes, expected->unpacked_bytes) << "seed " << seed;
    }
  }
  EXPECT_GT(taken, 300);
  EXPECT_GT(refused, 300);
}

// Short records have a way of their own through the scanner: no byte of them may be read otherwise there.
TEST(RecordWalk, EveryChangedByteOfShortRecordsIsJudgedAsByTheSlowWay) {
  BatchBuilder builder;
  builder.append({.timestamp = 1000, .key = as_bytes("key"), .value = as_bytes("value")});
  builder.append({.timestamp = 1200});
  builder.append({.timestamp = 900, .key = as_bytes(""), .value = as_bytes(std::string(70, 'v'))});
  builder.append({.timestamp = 901'000, .key = as_bytes("k"), .value = as_bytes("")});
  builder.append({.timestamp = kNoTimestamp, .value = as_bytes("end of a batch, read with care")});
  const SharedBytes made = builder.build();
  const BytesView plain = BatchView::at(made)->body();
  int taken = 0;
  for (std::size_t at = 0; at < plain.size(); ++at) {
    for (int change = 1; change < 256; ++change) {
      Bytes body(plain.begin(), plain.end());
      body[at] ^= static_cast<std::byte>(change);
      const SharedBytes bytes = batch_of(body, 5);
      const auto batch = BatchView::at(bytes);
      const auto expected = read_all(*batch), facts = walk(*batch, std::size_t{1} << 30);
      ASSERT_EQ(facts.has_value(), expected.has_value()) << "byte " << at << " ^ " << change;
      if (!facts) continue;
      ++taken;
      ASSERT_EQ(*facts, *expected) << "byte " << at << " ^ " << change;
    }
  }
  EXPECT_GT(taken, 1000);
}

TEST(RecordWalk, TakesWhatKafkasOwnClientWrites) {
  std::ifstream file(TESTDATA "/kafka_batches.log", std::ios::binary);
  const std::string bytes((std::istreambuf_iterator<char>(file)), {});
  const auto batches = split_batches(as_bytes(bytes));
  ASSERT_TRUE(batches);
  for (const auto& batch : *batches) {
    const auto facts = walk(batch, 1 << 20);
    ASSERT_TRUE(facts) << name(*batch.codec()) << ": " << facts.error().message;
    EXPECT_EQ(facts->max_timestamp, 1'700'000'000'002);
    EXPECT_EQ(facts->min_timestamp, 1'700'000'000'000);
    EXPECT_EQ(facts->first_without_key, -1);
  }
}

struct Malformed {
  const char* what;
  Bytes body;
  std::int32_t count = 1;
};

std::vector<Malformed> malformed_bodies() {
  const auto fields = [](const auto&... parts) {
    Bytes bytes{std::byte{0}};  // attributes
    (put(bytes, parts), ...);
    return bytes;
  };
  const auto record = [&](std::int64_t delta) { return framed(fields(0, delta, 1, "k", 1, "v", 0)); };
  const auto joined = [](Bytes a, const Bytes& b) {
    a.insert(a.end(), b.begin(), b.end());
    return a;
  };
  Bytes too_long, negative;
  put(too_long, 1000);
  put(negative, -1);
  return {
      {"header count below 0", framed(fields(0, 0, 1, "k", 1, "v", -27))},
      {"header count too large", framed(fields(0, 0, 1, "k", 1, "v", 100))},
      {"header count too small", framed(fields(0, 0, 1, "k", 1, "v", 0, 1, "h", 1, "x"))},
      {"header key with a negative size", framed(fields(0, 0, 1, "k", 1, "v", 1, -62, "x"))},
      {"null header key", framed(fields(0, 0, 1, "k", 1, "v", 1, -1, 0))},
      {"header value with size -2", framed(fields(0, 0, 1, "k", 1, "v", 1, 1, "h", -2))},
      {"header value too long", framed(fields(0, 0, 1, "k", 1, "v", 1, 1, "h", 100, "x"))},
      {"key too long", framed(fields(0, 0, 1000, "k"))},
      {"key with size -2", framed(fields(0, 0, -2, 1, "v", 0))},
      {"value too long", framed(fields(0, 0, 1, "k", 1000, "v", 0))},
      {"value with size -62", framed(fields(0, 0, 1, "k", -62, 0))},
      {"length too large", joined(too_long, fields(0, 0))},
      {"length below 0", joined(negative, fields(0, 0))},
      {"length 0", Bytes{std::byte{0}}},
      {"bytes after the fields", framed(fields(0, 0, 1, "k", 1, "v", 0, "zzz"))},
      {"length that never ends", Bytes(6, std::byte{0xff})},
      {"one record, header says 3", record(0), 3},
      {"two records, header says 1", joined(record(0), record(1))},
      {"no record, header says 1", {}},
      {"bytes after the record", joined(record(0), Bytes(3, std::byte{1}))},
      {"first offset delta 1", record(1)},
      {"offset deltas 0 and 2", joined(record(0), record(2)), 2},
      {"offset deltas 0 and 0", joined(record(0), record(0)), 2},
      {"offset delta below 0", record(-1)},
      {"count below 0", record(0), -1},
  };
}

TEST(RecordWalk, RefusesEveryKindOfMalformedRecordInEveryCodec) {
  for (const Malformed& malformed : malformed_bodies()) {
    for (int codec = 0; codec < kCodecCount; ++codec) {
      const SharedBytes bytes = batch_of(malformed.body, malformed.count, static_cast<Codec>(codec));
      for (const std::size_t work : {std::size_t{1}, std::size_t{1} << 20}) {
        const auto facts = walk(*BatchView::at(bytes), work);
        ASSERT_FALSE(facts) << malformed.what << ' ' << name(static_cast<Codec>(codec));
        EXPECT_EQ(facts.error().code, ErrorCode::kInvalidRecord) << malformed.what;
      }
    }
  }
}

TEST(RecordWalk, RefusesBodiesThatAreNotInTheirCodec) {
  for (int codec = 1; codec < kCodecCount; ++codec) {
    SharedBytes bytes = batch_of(Bytes(300, std::byte{1}), 1, static_cast<Codec>(codec));
    Bytes rubbish(bytes.view().begin(), bytes.view().end());
    std::fill(rubbish.begin() + kBatchHeaderSize, rubbish.end(), std::byte{0xa5});
    EXPECT_EQ(walk(*BatchView::at(rubbish), 1 << 20).error().code, ErrorCode::kInvalidRecord);
  }
  Bytes unknown(kBatchHeaderSize + 10);
  store_be(unknown.data() + batch_field::kLength, static_cast<std::int32_t>(unknown.size() - kLogOverhead));
  unknown[batch_field::kMagic] = std::byte{kMagic};
  store_be(unknown.data() + batch_field::kAttributes, std::int16_t{7});
  EXPECT_EQ(walk(*BatchView::at(unknown), 1).error().code, ErrorCode::kUnsupportedCompressionType);
}

// A batch of a few kilobytes that unpacks to many megabytes neither takes them nor holds anybody up.
TEST(RecordWalk, ALargeBodyTakesManyStepsAndOneWindow) {
  const std::string zeros(std::size_t{24} << 20, '\0');
  for (int codec = 1; codec < kCodecCount; ++codec) {
    BatchBuilder builder({.codec = static_cast<Codec>(codec)});
    builder.append({.timestamp = 1, .value = as_bytes(zeros)});
    const SharedBytes bytes = builder.build();
    WalkRoom room;
    RecordWalk walk(*BatchView::at(bytes), room);
    std::size_t steps = 0, before = 0;
    for (; !walk.over(); ++steps) {
      ASSERT_TRUE(walk.step(1 << 20));
      EXPECT_LE(room.unpacker.unpacked() - before,
                (std::size_t{1} << 20) + WalkRoom::kWindow + RecordScanner::kRestMax);
      before = room.unpacker.unpacked();
    }
    EXPECT_GE(steps, 20u) << name(static_cast<Codec>(codec));
    EXPECT_EQ(walk.facts().unpacked_bytes, before);
    EXPECT_LT(room.window.size(), std::size_t{1} << 18);
  }
}

Result<> unpack_all(Unpacker& unpacker) {
  Bytes window(64 << 10);
  while (!unpacker.over()) TRY_VOID(unpacker.next(window));
  return {};
}

TEST(Unpacker, StopsAtTheLimitOfWhatABodyMayUnpackTo) {
  const std::string zeros(1 << 20, '\0');
  for (int codec = 1; codec < kCodecCount; ++codec) {
    const SharedBytes packed = compress(static_cast<Codec>(codec), as_bytes(zeros));
    Unpacker unpacker;
    unpacker.start(static_cast<Codec>(codec), packed, {.unpacked = zeros.size()});
    EXPECT_TRUE(unpack_all(unpacker)) << name(static_cast<Codec>(codec));
    unpacker.start(static_cast<Codec>(codec), packed, {.unpacked = zeros.size() - 1});
    EXPECT_EQ(unpack_all(unpacker).error().code, ErrorCode::kCorruptMessage);
  }
}

// What must be held at once is bounded, too: one block of raw snappy, the window of zstd.
TEST(Unpacker, StopsAtTheLimitOfWhatMustBeHeldAtOnce) {
  constexpr std::size_t kHistory = std::size_t{1} << 20;
  const std::string zeros(8 * kHistory, '\0');
  Unpacker unpacker;
  Bytes raw{std::byte{0x80}, std::byte{0x80}, std::byte{0x80}, std::byte{0x04}};  // claims 8 MiB
  raw.resize(zeros.size() / 20, std::byte{0xfe});                                 // copies of 64 bytes, or so
  unpacker.start(Codec::kSnappy, raw, {.history = kHistory});
  EXPECT_NE(unpack_all(unpacker).error().message.find("more than allowed"), std::string::npos);
  Bytes one_segment(
      ZSTD_compressBound(zeros.size()));  // whose window is all of it; compress() never makes one so large
  one_segment.resize(ZSTD_compress(one_segment.data(), one_segment.size(), zeros.data(), zeros.size(), 19));
  unpacker.start(Codec::kZstd, one_segment, {.history = kHistory});
  EXPECT_NE(unpack_all(unpacker).error().message.find("window"), std::string::npos);
  unpacker.start(Codec::kZstd, one_segment);
  EXPECT_TRUE(unpack_all(unpacker));
}

// Kafka's clients stop at the end of the first lz4 frame, so what follows it would be lost on them.
TEST(Unpacker, TakesFramesInARowExceptOfLz4) {
  for (const Codec codec : {Codec::kGzip, Codec::kLz4, Codec::kZstd}) {
    Bytes both;
    for (const std::string_view part : {"the first part", "and the second"}) {
      const SharedBytes packed = compress(codec, as_bytes(part));
      both.insert(both.end(), packed.view().begin(), packed.view().end());
    }
    Unpacker unpacker;
    unpacker.start(codec, both);
    EXPECT_EQ(unpack_all(unpacker).has_value(), codec != Codec::kLz4) << name(codec);
  }
}

}  // namespace
}  // namespace thalweg::record
