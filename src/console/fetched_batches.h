// What is in fetched bytes: the places of records, and the records themselves. Pure and sometimes long, since batches
// are unpacked: for Workers. Batches of aborted transactions are passed over where only what is committed is read, and
// so are markers.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "console/partition_reads.h"
#include "record/record.h"

namespace thalweg::console {

// What one call unpacks before it gives what it has, and the most that one batch may unpack to.
inline constexpr std::size_t kUnpackedAtOnce = 16u << 20;
inline constexpr std::size_t kBatchUnpackedMax = 256u << 20;

struct PlaceInTime {
  Offset offset;
  Timestamp timestamp = kNoTimestamp;
};

struct OffsetRange {
  Offset from, to;  // up to it, not including
  bool contains(Offset offset) const { return from <= offset && offset < to; }
};

// How far a call came, and what it cost.
struct BatchesRead {
  Offset first = kNoOffset;  // of the first batch; kNoOffset: there was none
  Offset next = kNoOffset;   // behind the last batch that was read
  std::size_t work = 0;      // bytes fetched, or unpacked where that is more
  std::string problem;       // of a batch that cannot be read: it was passed over
};

struct PlacesRead : BatchesRead {
  std::vector<PlaceInTime> places;  // ascending
};
PlacesRead places_in(const FetchedRecords& fetched, OffsetRange range, ReadIsolation isolation);

// Refers to the bytes of the UnpackedRecords that it is in.
struct UnpackedRecord {
  record::RecordView record;
  record::BatchView batch;
};
struct UnpackedRecords : BatchesRead {
  SharedBytes fetched;
  std::vector<SharedBytes> unpacked;
  std::vector<UnpackedRecord> records;  // ascending
};
// Those of `wanted`, which ascends.
std::shared_ptr<const UnpackedRecords> find_records(const FetchedRecords& fetched, std::span<const Offset> wanted,
                                                    ReadIsolation isolation);

}  // namespace thalweg::console
