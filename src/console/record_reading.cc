#include "console/record_reading.h"

#include <algorithm>

#include "console/letter_view.h"

namespace thalweg::console {
namespace {

constexpr std::size_t kReadAtOnce = 1u << 20;  // bytes

struct Part {
  std::shared_ptr<const UnpackedRecords> found;
  Offset last_stable;
};

Task<Result<Part>> find_part(const Call& call, const PartitionPlace& place, std::vector<Offset> wanted,
                             std::size_t bytes_max, ReadIsolation isolation) {
  CO_TRY(auto fetched, co_await fetch_records(call, place, wanted.front(), bytes_max, isolation));
  const Offset last_stable = fetched.last_stable;
  auto found = co_await call.shared.workers.run([fetched = std::move(fetched), wanted = std::move(wanted), isolation] {
    return find_records(fetched, wanted, isolation);
  });
  co_return Part{std::move(found), last_stable};
}

// As lists show what was found: records, or letters.
template <class Shown>
using AsShown = std::vector<Shown> (*)(const UnpackedRecords&, const RecordView&, const SchemasById&);

template <class Shown>
Task<std::vector<Shown>> shown(const Call& call, Part part, RecordView view, AsShown<Shown> as_shown) {
  view.last_stable = part.last_stable;
  const auto schemas = co_await call.shared.schemas.of(call, schema_ids(*part.found, view));
  co_return co_await call.shared.workers.run([found = std::move(part.found), view = std::move(view), schemas,
                                              as_shown] { return as_shown(*found, view, schemas); });
}

template <class Shown>
Task<Result<std::vector<Shown>>> read_shown(const Call& call, PartitionPlace place, std::vector<Offset> wanted,
                                            ReadIsolation isolation, RecordView view, AsShown<Shown> as_shown) {
  std::vector<Shown> all;
  while (!wanted.empty()) {
    const auto turn = co_await call.shared.reading(place.leader == call.self()).take();
    CO_TRY(auto part, co_await find_part(call, place, wanted, kReadAtOnce, isolation));
    const Offset next = std::max(part.found->next, wanted.front() + 1);
    std::ranges::move(co_await shown(call, std::move(part), view, as_shown), std::back_inserter(all));
    std::erase_if(wanted, [next](Offset offset) { return offset < next; });
  }
  co_return all;
}

}  // namespace

Task<Result<std::vector<Record>>> read_records(const Call& call, PartitionPlace place, std::vector<Offset> wanted,
                                               ReadIsolation isolation, RecordView view) {
  return read_shown<Record>(call, std::move(place), std::move(wanted), isolation, std::move(view), as_records);
}

Task<Result<std::vector<Letter>>> read_letters(const Call& call, PartitionPlace place, std::vector<Offset> wanted,
                                               RecordView view) {
  return read_shown<Letter>(call, std::move(place), std::move(wanted), ReadIsolation::kCommitted, std::move(view),
                            as_letters);
}

Task<Result<>> read_unpacked(const Call& call, PartitionPlace place, std::vector<Offset> wanted,
                             ReadIsolation isolation, UseRecords use) {
  while (!wanted.empty()) {
    const auto turn = co_await call.shared.reading(place.leader == call.self()).take();
    CO_TRY(auto part, co_await find_part(call, place, wanted, kReadAtOnce, isolation));
    const Offset next = std::max(part.found->next, wanted.front() + 1);
    co_await call.shared.workers.run([found = std::move(part.found), use] {
      use(*found);
      return true;
    });
    std::erase_if(wanted, [next](Offset offset) { return offset < next; });
  }
  co_return Result<>();
}

Task<Result<RecordRun>> read_run(const Call& call, PartitionPlace place, std::vector<Offset> wanted,
                                 ReadIsolation isolation) {
  const auto turn = co_await call.shared.reading(place.leader == call.self()).take();
  CO_TRY(auto part, co_await find_part(call, place, wanted, kReadAtOnce, isolation));
  const Offset next = std::max(part.found->next, wanted.front() + 1);
  co_return RecordRun{std::move(part.found), next};
}

Task<Result<WholeRecord>> read_whole(const Call& call, PartitionPlace place, Offset offset) {
  const auto turn = co_await call.shared.reading(place.leader == call.self()).take();
  // One byte is one batch: the one that has the offset.
  CO_TRY(auto part, co_await find_part(call, place, {offset}, 1, ReadIsolation::kUncommitted));
  if (!part.found->problem.empty()) co_return fail(ErrorCode::kCorruptMessage, part.found->problem);
  if (part.found->records.empty())
    co_return fail(ErrorCode::kOffsetOutOfRange,
                   "partition " + to_string(place.partition) + " has no record at offset " + to_string(offset));
  co_return WholeRecord{std::move(part.found), part.last_stable};
}

}  // namespace thalweg::console
