// From offsets to records as the API shows them: fetched, unpacked and read on other threads, with the schemas that
// they name.
#pragma once

#include <functional>

#include "console/record_view.h"

namespace thalweg::console {

// Of the partition, in ascending order; what is gone by now is missing. REQUIRES: `wanted` ascends
Task<Result<std::vector<Record>>> read_records(const Call& call, PartitionPlace place, std::vector<Offset> wanted,
                                               ReadIsolation isolation, RecordView view);
Task<Result<std::vector<Letter>>> read_letters(const Call& call, PartitionPlace place, std::vector<Offset> wanted,
                                               RecordView view);

// The same as they are unpacked, one run of batches after the other; `use` is called on Workers, so it owns what it
// changes.
using UseRecords = std::function<void(const UnpackedRecords&)>;
Task<Result<>> read_unpacked(const Call& call, PartitionPlace place, std::vector<Offset> wanted,
                             ReadIsolation isolation, UseRecords use);

// The first run of them, for who does something else between the runs: those before `next` are not to be asked for
// again.
struct RecordRun {
  std::shared_ptr<const UnpackedRecords> found;
  Offset next;
};
Task<Result<RecordRun>> read_run(const Call& call, PartitionPlace place, std::vector<Offset> wanted,
                                 ReadIsolation isolation);

// The one record with the bytes that it is in. kOffsetOutOfRange: there is none at that offset.
struct WholeRecord {
  std::shared_ptr<const UnpackedRecords> found;
  Offset last_stable;
  const UnpackedRecord& record() const { return found->records.front(); }
};
Task<Result<WholeRecord>> read_whole(const Call& call, PartitionPlace place, Offset offset);

}  // namespace thalweg::console
