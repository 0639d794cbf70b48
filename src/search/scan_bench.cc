// What it costs to look for records, by codec and filter: GB of records a second (as they are without a codec), on one
// core, from memory.
//   build/release/bin/scan_bench
#include <cstdio>
#include <string>

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

Corpus corpus_of(record::Codec codec, std::size_t size) {
  Corpus corpus;
  while (corpus.unpacked < kAll) {
    record::BatchBuilder builder({.base_offset = Offset{std::int64_t(corpus.records)}, .codec = codec});
    for (; builder.size() < kBatchBytes; ++corpus.records)
      builder.append({.timestamp = 1'700'000'000'000,
                      .key = as_bytes("key-1234"),
                      .value = as_bytes(order_text(corpus.records, size))});
    corpus.unpacked += builder.size();
    corpus.batches += std::move(builder).build().text();
  }
  return corpus;
}

}  // namespace

int main() {
  constexpr std::string_view kFilters[] = {
      R"(value.status == "FAILED")",            // in front
      R"(value.last == 98)",                    // behind all there is
      R"(value.user.id < 1000)",                // in an object
      R"(value.items.exists(i, i.qty > 100))",  // a list
      "ord-73912345x",                          // words
      R"(value.matches("ord-777[0-9]+77"))",
  };
  std::printf("%-6s %6s  %-46s %8s %10s %8s\n", "codec", "value", "filter", "GB/s", "ns/record", "matches");
  for (const auto codec : {record::Codec::kNone, record::Codec::kLz4, record::Codec::kZstd}) {
    for (const std::size_t size : {200u, 1000u, 10'000u}) {
      const Corpus corpus = corpus_of(codec, size);
      for (const auto text : kFilters) {
        const search::ScanWish wish{
            .filter = std::make_shared<const filter::Filter>(filter::Filter::compile(text, 0).value()),
            .partition = {0},
            .order = search::Order::kOldestFirst,
            .from = Offset{0},
            .to = Offset{std::int64_t(corpus.records)},
            .matches_max = corpus.records,
            .preview = 0,
            .aborted = {}};
        std::uint64_t matches = 0;
        const double seconds =
            seconds_each(0.3, [&] { matches = search::scan(as_bytes(corpus.batches), wish)->counts.matches; });
        std::printf("%-6.*s %6zu  %-46.*s %8.2f %10.0f %8llu\n", int(name(codec).size()), name(codec).data(), size,
                    int(text.size()), text.data(), double(corpus.unpacked) / seconds / 1e9,
                    seconds / double(corpus.records) * 1e9, static_cast<unsigned long long>(matches));
      }
    }
  }
}
