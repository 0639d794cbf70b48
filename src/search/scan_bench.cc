// What it costs to look for records, by codec and filter: GB of records a second (as they are without a codec), on one
// core, from memory.
//   build/release/bin/scan_bench [FILTER]
#include <cstdio>
#include <string>
#include <vector>

#include "order_text.h"
#include "record/builder.h"
#include "search/scan.h"
#include "seconds_each.h"

using namespace thalweg;

namespace {

constexpr std::size_t kBatchBytes = std::size_t{64} << 10, kAll = std::size_t{16} << 20;

struct Corpus {
  std::string batches;
  std::size_t unpacked = 0, records = 0;
};

using Value = std::string (*)(std::uint64_t number, std::size_t size);

Corpus corpus_of(record::Codec codec, std::size_t size, Value value_of = order_text) {
  Corpus corpus;
  while (corpus.unpacked < kAll) {
    record::BatchBuilder builder({.base_offset = Offset{std::int64_t(corpus.records)}, .codec = codec});
    for (; builder.size() < kBatchBytes; ++corpus.records)
      builder.append({.timestamp = 1'700'000'000'000,
                      .key = as_bytes("key-1234"),
                      .value = as_bytes(value_of(corpus.records, size))});
    corpus.unpacked += builder.size();
    corpus.batches += std::move(builder).build().text();
  }
  return corpus;
}

constexpr std::string_view kAvroOrder =
    R"({"type":"record","name":"Order","fields":[{"name":"order_id","type":"string"},
  {"name":"user","type":{"type":"record","name":"User","fields":[{"name":"id","type":"long"},{"name":"email","type":"string"}]}},
  {"name":"status","type":"string"},{"name":"note","type":"string"},{"name":"last","type":"long"}]})";

std::string avro_long(std::int64_t value) {
  std::string bytes;
  auto rest = static_cast<std::uint64_t>(value) << 1;
  for (; rest > 127; rest >>= 7) bytes += char(rest | 128);
  return bytes + char(rest);
}
std::string avro_text(const std::string& text) { return avro_long(std::int64_t(text.size())) + text; }

// The same in Confluent's framing, of schema 7.
std::string avro_order_of(std::uint64_t number, std::size_t size) {
  const auto below = [&](std::uint64_t of) { return std::int64_t(number * 6364136223846793005ULL % of); };
  const std::string head = std::string("\0\0\0\0\7", 5) + avro_text("ord-" + std::to_string(below(99'999'989))) +
                           avro_long(below(999'983)) + avro_text("u" + std::to_string(below(99'991)) + "@example.com") +
                           avro_text(number % 1000 == 0 ? "FAILED" : "PAID");
  return head + avro_text(std::string(size > head.size() ? size - head.size() : 0, 'n')) + avro_long(below(97));
}

std::uint64_t matches_in(const Corpus& corpus, search::ScanWish wish) {
  std::uint64_t matches = 0;
  for (wish.from = Offset{0}; wish.from < wish.to;) {
    const auto found = search::scan(as_bytes(corpus.batches), wish);
    matches += found->counts.matches;
    wish.from = found->end;
  }
  return matches;
}

void print_row(const Corpus& corpus, std::string_view kind, std::size_t size, std::string_view text,
               std::shared_ptr<const search::Schemas> schemas = {}) {
  const search::ScanWish wish{
      .filter = std::make_shared<const filter::Filter>(filter::Filter::compile(text, 0).value()),
      .partition = {0},
      .order = search::Order::kOldestFirst,
      .from = Offset{0},
      .to = Offset{std::int64_t(corpus.records)},
      .matches_max = corpus.records,
      .preview = 0,
      .aborted = {},
      .schemas = std::move(schemas)};
  std::uint64_t matches = 0;
  const double seconds = seconds_each(0.3, [&] { matches = matches_in(corpus, wish); });
  std::printf("%-6.*s %6zu  %-46.*s %8.2f %10.0f %8llu\n", int(kind.size()), kind.data(), size, int(text.size()),
              text.data(), double(corpus.unpacked) / seconds / 1e9, seconds / double(corpus.records) * 1e9,
              static_cast<unsigned long long>(matches));
}

void print_avro() {
  auto schemas = std::make_shared<search::Schemas>();
  schemas->emplace(
      7, decode::SchemaOf{.id = 7, .schema = schema::parse(schema::Type::kAvro, kAvroOrder).value(), .problem = {}});
  for (const std::size_t size : {200u, 1000u, 10'000u})
    for (const std::string_view text :
         {R"(value.status == "FAILED")", R"(value.last == 98)", R"(value.user.id < 1000)"})
      print_row(corpus_of(record::Codec::kNone, size, avro_order_of), "avro", size, text, schemas);
}

}  // namespace

int main(int argc, char** argv) {
  std::vector<std::string_view> filters = {
      R"(value.status == "FAILED")",            // in front
      R"(value.last == 98)",                    // behind all there is
      R"(value.user.id < 1000)",                // in an object
      R"(value.items.exists(i, i.qty > 100))",  // a list
      "ord-73912345x",                          // words
      R"(value.matches("ord-777[0-9]+77"))",
  };
  if (argc > 1) filters = {argv[1]};
  std::printf("%-6s %6s  %-46s %8s %10s %8s\n", "codec", "value", "filter", "GB/s", "ns/record", "matches");
  for (const auto codec : {record::Codec::kNone, record::Codec::kLz4, record::Codec::kZstd}) {
    for (const std::size_t size : {200u, 1000u, 10'000u}) {
      const Corpus corpus = corpus_of(codec, size);
      for (const auto text : filters) print_row(corpus, name(codec), size, text);
    }
  }
  if (argc == 1) print_avro();
}
