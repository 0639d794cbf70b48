// What is found in batches, what is counted, and that a search that goes on finds the rest and nothing twice.
#include "search/scan.h"

#include <gtest/gtest.h>

#include <set>

#include "record/builder.h"

namespace thalweg::search {
namespace {

std::shared_ptr<const filter::Filter> filter_of(std::string_view text) {
  auto filter = filter::Filter::compile(text, 0);
  EXPECT_TRUE(filter) << text;
  return std::make_shared<const filter::Filter>(*std::move(filter));
}

// Batches of ten records, offsets from 0, a record's value its offset, its time 1000 + offset.
std::string batches_of(int records, record::Codec codec = record::Codec::kNone) {
  std::string bytes;
  for (int base = 0; base < records; base += 10) {
    record::BatchBuilder builder({.base_offset = Offset{base}, .codec = codec});
    for (int i = base; i < std::min(base + 10, records); ++i)
      builder.append({.timestamp = 1000 + i, .value = as_bytes(std::to_string(i))});
    bytes += std::move(builder).build().text();
  }
  return bytes;
}

ScanWish wish_for(std::string_view where, Order order, int from, int to, std::size_t matches_max = kMatchesMax) {
  return {.filter = filter_of(where),
          .partition = {7},
          .order = order,
          .from = Offset{from},
          .to = Offset{to},
          .matches_max = matches_max,
          .aborted = {}};
}

std::vector<std::int64_t> offsets_of(const Scanned& scanned) {
  std::vector<std::int64_t> offsets;
  for (const auto& match : scanned.matches) offsets.push_back(match.offset.value);
  return offsets;
}
using Offsets = std::vector<std::int64_t>;

TEST(Scan, FindsInTheOrderOfTheSearchAndCountsAll) {
  for (const auto codec : {record::Codec::kNone, record::Codec::kLz4, record::Codec::kZstd, record::Codec::kGzip,
                           record::Codec::kSnappy}) {
    const std::string bytes = batches_of(100, codec);
    const auto found = scan(as_bytes(bytes), wish_for("value % 30 == 5", Order::kNewestFirst, 0, 100));
    ASSERT_TRUE(found);
    EXPECT_EQ(offsets_of(*found), (Offsets{95, 65, 35, 5}));
    EXPECT_EQ(found->counts, (Counts{.records = 100, .bytes = bytes.size(), .matches = 4}));
    EXPECT_EQ(found->begin, Offset{0});
    EXPECT_EQ(found->end, Offset{100});
    EXPECT_EQ(found->oldest, 1000);
    EXPECT_EQ(found->newest, 1099);
    EXPECT_EQ(found->matches[0].partition, PartitionId{7});
    EXPECT_EQ(found->matches[0].value->bytes, "95");
    EXPECT_EQ(found->matches[0].timestamp, 1095);
  }
}

TEST(Scan, LooksAtNoRecordOutsideOfTheWish) {
  const std::string bytes = batches_of(100);
  const auto found = scan(as_bytes(bytes), wish_for("value >= 0", Order::kOldestFirst, 13, 38));
  ASSERT_TRUE(found);
  EXPECT_EQ(found->counts.records, 25u);
  EXPECT_EQ(found->matches.front().offset, Offset{13});
  EXPECT_EQ(found->matches.back().offset, Offset{37});
  EXPECT_EQ(found->end, Offset{38});
}

// Goes on until all was looked at, a few matches at a time.
void expect_the_same_in_parts(Order order, std::size_t matches_max, const std::string& bytes) {
  const auto whole = scan(as_bytes(bytes), wish_for("value % 3 == 1", order, 0, 200));
  Offsets all;
  Counts sum;
  int from = 0, to = 200;
  for (int rounds = 0; from < to; ++rounds) {
    ASSERT_LT(rounds, 500);
    const auto part = scan(as_bytes(bytes), wish_for("value % 3 == 1", order, from, to, matches_max));
    ASSERT_TRUE(part);
    ASSERT_LE(part->matches.size(), matches_max);
    std::ranges::copy(offsets_of(*part), std::back_inserter(all));
    sum += part->counts;
    if (order == Order::kNewestFirst)
      to = int(part->begin.value);
    else
      from = int(part->end.value);
  }
  EXPECT_EQ(all, offsets_of(*whole));
  EXPECT_EQ(sum, whole->counts);
}

TEST(Scan, CountsAreExactHoweverItIsCut) {
  const std::string bytes = batches_of(200, record::Codec::kLz4);
  for (const std::size_t matches_max : {1, 2, 3, 5, 7, 50}) {
    expect_the_same_in_parts(Order::kNewestFirst, matches_max, bytes);
    expect_the_same_in_parts(Order::kOldestFirst, matches_max, bytes);
  }
}

// Of each record thousands of steps, nearly as many as one may take.
constexpr std::string_view kHeavy =
    "[0,1,2,3,4,5,6,7,8,9].all(a, [0,1,2,3,4,5,6,7,8,9].all(b, "
    "[0,1,2,3,4,5,6,7,8,9].all(c, a + b + c < 100))) && value % 100 == 7";

struct HeavyRun {
  Offsets found;
  Counts counts;
  int scans = 0;
  std::uint64_t most = 0;  // steps of one scan
};

HeavyRun look_with_heavy_filter(const std::string& bytes, Order order, int records, std::string_view where = kHeavy) {
  HeavyRun run;
  auto wish = wish_for(where, order, 0, records);
  while (wish.from < wish.to && run.scans < 1000) {
    const auto part = scan(as_bytes(bytes), wish);
    CHECK(part && part->counts.troubled == 0);
    ++run.scans;
    run.most = std::max(run.most, part->work + part->wasted);
    std::ranges::copy(offsets_of(*part), std::back_inserter(run.found));
    run.counts += part->counts;
    if (order == Order::kNewestFirst)
      wish.to = part->begin;
    else
      wish.from = part->end;
  }
  return run;
}

TEST(Scan, AHeavyFilterEndsItEarlyWhateverTheBatches) {
  constexpr int kRecords = 1000;
  record::BatchBuilder one_batch({});
  for (int i = 0; i < kRecords; ++i) one_batch.append({.timestamp = i, .value = as_bytes(std::to_string(i))});
  for (const std::string& bytes : {batches_of(kRecords), std::string(std::move(one_batch).build().text())}) {
    for (const auto order : {Order::kNewestFirst, Order::kOldestFirst}) {
      const auto run = look_with_heavy_filter(bytes, order, kRecords);
      EXPECT_LT(run.most, (kTriesMax + 1) * kWorkMax);
      EXPECT_GT(run.scans, 2);
      EXPECT_EQ(run.counts, (Counts{.records = kRecords, .bytes = bytes.size(), .matches = kRecords / 100}));
      EXPECT_EQ(std::set(run.found.begin(), run.found.end()).size(), std::size_t(kRecords / 100));
      EXPECT_TRUE(order == Order::kOldestFirst ? std::ranges::is_sorted(run.found)
                                               : std::ranges::is_sorted(run.found, std::greater()));
    }
  }
}

TEST(Scan, RecordsOfWhichTheNewestAreTheHeaviestDelayNothing) {
  constexpr int kRecords = 2000;
  record::BatchBuilder builder({});
  for (int i = 0; i < kRecords; ++i) {
    std::string list = "[0";
    for (int n = 0; n < (i < kRecords / 2 ? 0 : 119); ++n) list += ",0";
    builder.append({.timestamp = i, .value = as_bytes(list + "]")});
  }
  const std::string bytes(std::move(builder).build().text());
  const auto run = look_with_heavy_filter(bytes, Order::kNewestFirst, kRecords,
                                          "value.all(x, [0,1,2,3,4,5,6,7,8].all(b, b + x < 99)) && offset == 1999");
  EXPECT_LT(run.most, (kTriesMax + 1) * kWorkMax);
  EXPECT_LT(run.scans, 60);
  EXPECT_EQ(run.counts, (Counts{.records = kRecords, .bytes = bytes.size(), .matches = 1}));
}

TEST(Scan, WhatIsUnreadableCountsOnceHoweverItIsCut) {
  constexpr int kRecords = 1000;
  record::BatchBuilder builder({});
  for (int i = 0; i < kRecords; ++i) builder.append({.timestamp = i, .value = as_bytes(std::to_string(i))});
  std::string bytes(std::move(builder).build().text());
  bytes[bytes.size() - 9] = '\xff';  // within the last record or the one before
  for (const auto order : {Order::kNewestFirst, Order::kOldestFirst}) {
    const auto run = look_with_heavy_filter(bytes, order, kRecords);
    EXPECT_EQ(run.counts.unreadable, 1u);
    EXPECT_EQ(run.counts.bytes, bytes.size());
  }
}

std::string avro_orders(int records) {
  record::BatchBuilder builder({});
  for (int i = 0; i < records; ++i) {
    const std::string value{'\0', '\0', '\0', '\0', char(i % 2 ? 7 : 8), char(2 * (i % 60))};
    builder.append({.timestamp = i, .value = as_bytes(value)});
  }
  return std::string(std::move(builder).build().text());
}

TEST(Scan, AsksForASchemaBeforeAnythingCountsAndReadsByIt) {
  const std::string bytes = avro_orders(120);
  auto wish = wish_for("value.id == 5", Order::kOldestFirst, 0, 120);
  EXPECT_EQ(scan(as_bytes(bytes), wish)->wants_schema, std::nullopt) << "nobody is to be asked";
  auto schemas = std::make_shared<Schemas>();
  wish.schemas = schemas;
  EXPECT_EQ(scan(as_bytes(bytes), wish)->wants_schema, 8);
  EXPECT_EQ(scan(as_bytes(bytes), wish)->counts, Counts{});
  schemas->emplace(8, decode::SchemaOf{.id = 8, .schema = {}, .problem = "schema 8: Schema not found"});
  EXPECT_EQ(scan(as_bytes(bytes), wish)->wants_schema, 7);
  const auto schema =
      schema::parse(schema::Type::kAvro, R"({"type":"record","name":"O","fields":[{"name":"id","type":"int"}]})");
  ASSERT_TRUE(schema);
  schemas->emplace(7, decode::SchemaOf{.id = 7, .schema = *schema, .problem = {}});
  const auto found = scan(as_bytes(bytes), wish);
  ASSERT_TRUE(found);
  EXPECT_EQ(offsets_of(*found), (Offsets{5, 65}));
  EXPECT_EQ(found->counts.troubled, 60u) << "those of schema 8";
  ASSERT_TRUE(found->matches[0].value->read);
  EXPECT_EQ(found->matches[0].value->read->json, R"({"id":5})");
  EXPECT_EQ(found->matches[0].value->read->schema_id, 7);
}

TEST(Scan, MoreSchemasThanOneSearchMayAskForAreTakenAsNone) {
  auto schemas = std::make_shared<Schemas>();
  for (int id = 1000; schemas->size() < kSchemasMax; ++id)
    schemas->emplace(id, decode::SchemaOf{.id = id, .schema = {}, .problem = {}});
  auto wish = wish_for("value.id == 5", Order::kOldestFirst, 0, 120);
  wish.schemas = schemas;
  const auto found = scan(as_bytes(avro_orders(120)), wish);
  EXPECT_EQ(found->wants_schema, std::nullopt);
  EXPECT_EQ(found->counts.records, 120u);
  EXPECT_EQ(found->counts.troubled, 120u) << "and nobody knows whether they match";
}

TEST(Scan, AGapUpToTheEndIsPassed) {
  record::BatchBuilder builder({.base_offset = Offset{50}});
  builder.append({.timestamp = 1, .value = as_bytes("1")});
  const auto batch = std::move(builder).build();
  const auto found = scan(batch, wish_for("true", Order::kOldestFirst, 10, 40));
  ASSERT_TRUE(found);
  EXPECT_EQ(found->end, Offset{40});
  EXPECT_EQ(found->counts, Counts{});
}

TEST(Scan, LargeMatchesEndItToo) {
  record::BatchBuilder builder({});
  const std::string large(100'000, 'x');
  for (int i = 0; i < 10; ++i) builder.append({.timestamp = i, .value = as_bytes(large)});
  const auto batch = std::move(builder).build();
  auto wish = wish_for("value.contains(\"x\")", Order::kNewestFirst, 0, 10);
  wish.preview = kPreviewMax;
  const auto newest = scan(batch, wish);
  ASSERT_TRUE(newest);
  EXPECT_EQ(newest->matches.size(), 3u);
  EXPECT_EQ(newest->begin, Offset{7});
  EXPECT_EQ(newest->matches[0].value->bytes.size(), kPreviewMax);
  EXPECT_EQ(newest->matches[0].value->size, 100'000u);
  EXPECT_TRUE(newest->matches[0].value->is_cut());
  wish.order = Order::kOldestFirst;
  const auto oldest = scan(batch, wish);
  ASSERT_TRUE(oldest);
  EXPECT_EQ(oldest->matches.size(), std::size_t(oldest->end.value));
  EXPECT_LT(oldest->matches.size(), 6u);
}

TEST(Scan, BatchesThatAreTooOldAreCountedAndNotWalked) {
  std::string bytes = batches_of(100);
  // What is in the first batch cannot be read; nobody notices, since nobody looks.
  bytes[record::kBatchHeaderSize] = '\x7f';
  const auto where = "timestamp >= timestamp(\"1970-01-01T00:00:01.050Z\")";
  const auto found = scan(as_bytes(bytes), wish_for(where, Order::kOldestFirst, 0, 100));
  ASSERT_TRUE(found);
  EXPECT_EQ(found->counts.records, 100u);
  EXPECT_EQ(found->counts.matches, 50u);
  EXPECT_EQ(found->counts.unreadable, 0u);
}

TEST(Scan, WhatCannotBeReadIsCountedAndTheRestIsFound) {
  std::string bytes = batches_of(100);
  const std::size_t size = record::BatchView::at(as_bytes(bytes))->size();
  bytes[size + record::kBatchHeaderSize] = '\x7f';
  const auto found = scan(as_bytes(bytes), wish_for("value >= 0", Order::kNewestFirst, 0, 100));
  ASSERT_TRUE(found);
  EXPECT_EQ(found->counts.records, 90u);
  EXPECT_EQ(found->counts.unreadable, 1u);
  ASSERT_EQ(found->troubles.size(), 1u);
  EXPECT_EQ(found->troubles[0].offset, Offset{10});
}

TEST(Scan, ARecordOfWhichItIsNotKnownIsNoMatchAndIsNamed) {
  const std::string bytes = batches_of(20);
  const auto found = scan(as_bytes(bytes), wish_for("10 / value == 10", Order::kOldestFirst, 0, 20));
  ASSERT_TRUE(found);
  EXPECT_EQ(offsets_of(*found), (Offsets{1}));
  EXPECT_EQ(found->counts.troubled, 1u);
  EXPECT_EQ(found->troubles.at(0).why, "a division by zero");
}

std::string transaction(ProducerId producer, Offset base, int records, bool control = false) {
  record::BatchBuilder builder({.base_offset = base,
                                .producer_id = producer,
                                .producer_epoch = {0},
                                .base_sequence = 0,
                                .transactional = true,
                                .control = control});
  static constexpr char kAbort[] = {0, 0, 0, 0}, kMarker[] = {0, 0, 0, 0, 0, 0};
  for (int i = 0; i < records; ++i)
    builder.append({.timestamp = 1000,
                    .key = control ? std::optional(as_bytes({kAbort, 4})) : std::nullopt,
                    .value = as_bytes(control ? std::string_view{kMarker, 6} : "a")});
  return std::string(std::move(builder).build().text());
}

TEST(Scan, AbortedRecordsAndMarkersAreNoRecords) {
  const ProducerId mine{1}, other{2};
  std::string bytes = transaction(mine, Offset{0}, 2) + transaction(other, Offset{2}, 2);
  bytes += transaction(mine, Offset{4}, 1, /*control=*/true) + transaction(mine, Offset{5}, 1);
  auto wish = wish_for("value == \"a\"", Order::kOldestFirst, 0, 6);
  wish.aborted = {{mine, Offset{0}, Offset{4}, Offset{0}}};
  const auto committed = scan(as_bytes(bytes), wish);
  ASSERT_TRUE(committed);
  EXPECT_EQ(offsets_of(*committed), (Offsets{2, 3, 5}));
  EXPECT_EQ(committed->counts.records, 3u);
  wish.aborted.clear();
  EXPECT_EQ(scan(as_bytes(bytes), wish)->counts.records, 5u);
}

TEST(Scan, WhatIsNoBatchIsAnError) {
  const std::string bytes = batches_of(10);
  EXPECT_FALSE(scan(as_bytes(std::string(100, '\xff')), wish_for("true", Order::kOldestFirst, 0, 10)));
  const auto cut = scan(as_bytes(bytes).first(bytes.size() - 1), wish_for("true", Order::kOldestFirst, 0, 10));
  EXPECT_TRUE(cut && cut->counts.records == 0);
}

}  // namespace
}  // namespace thalweg::search
