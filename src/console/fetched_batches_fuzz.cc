// Any bytes as what was fetched: places and records of every range are found or not, nothing is read outside, and what
// is found is shown.
#include <cstdint>
#include <vector>

#include "base/check.h"
#include "console/record_view.h"

using namespace thalweg;
using namespace thalweg::console;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const FetchedRecords fetched{.bytes = SharedBytes::copy_of(std::as_bytes(std::span(data + 2, size - 2))),
                               .start = Offset{0},
                               .end = Offset{1 << 20},
                               .last_stable = Offset{data[0]},
                               .aborted = {{ProducerId{data[1]}, Offset{data[0]}}}};
  const OffsetRange range{Offset{data[0]}, Offset{data[0] + data[1]}};
  for (const auto isolation : {ReadIsolation::kCommitted, ReadIsolation::kUncommitted}) {
    const auto read = places_in(fetched, range, isolation);
    std::vector<Offset> wanted;
    for (const auto& place : read.places) {
      CHECK(range.contains(place.offset));
      if (wanted.empty() || wanted.back() < place.offset) wanted.push_back(place.offset);
    }
    const RecordView view{.topic = "t", .partition = 0, .last_stable = fetched.last_stable};
    const auto found = find_records(fetched, wanted, isolation);
    schema_ids(*found, view);
    for (const auto& one : found->records) (void)as_detail(one, view, {});
  }
  return 0;
}
