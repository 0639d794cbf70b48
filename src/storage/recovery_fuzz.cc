// Any bytes as a partition folder: opening it answers a log or an error, and a log that opened can be read to its end,
// searched, appended to and closed. Nothing crashes and nothing is read beyond a file.
#include <cstdlib>
#include <optional>

#include "base/log.h"
#include "storage/pieces.h"
#include "storage/testing.h"

namespace {
using namespace thalweg;
using namespace thalweg::storage;

// One shard for the life of the process; making folders is what costs.
TestShard& shard() {
  static TestShard* const t = new TestShard;
  return *t;
}

void put(TestShard& t, const std::string& path, BytesView bytes) {
  auto file = t.disk.open(path, OpenMode::kTruncate);
  CHECK(file && (*file)->write(0, bytes));
}

// The next part of the input: two bytes of length, then that many bytes, or what is left.
BytesView take_part(BytesView& input) {
  if (input.size() < 2) return std::exchange(input, {});
  const std::size_t size = std::min<std::size_t>(load_be<std::uint16_t>(input.data()), input.size() - 2);
  const BytesView part = input.subspan(2, size);
  input = input.subspan(2 + size);
  return part;
}

void exercise(TestShard& t, Log& log) {
  log.check_invariants();
  Offset at = log.start_offset();
  while (at < log.end_offset()) {
    const auto data = t.run(log.read(at, {.max_bytes = 100, .aborted_transactions = true}));
    if (!data || data->bytes == 0) break;
    CHECK(data->next > at);
    (void)t.run(gather(data->records));
    at = data->next;
  }
  (void)t.run(log.offset_for_timestamp(0));
  (void)t.run(log.offset_of_max_timestamp());
  (void)log.append_as_leader(make_batch(), {.leader_epoch = {1}});
  log.check_invariants();
  (void)t.run(log.truncate_to(log.start_offset() + 1));
  log.check_invariants();
  (void)t.run(log.close());
}
}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 3) return 0;
  TestShard& t = shard();
  log::set_level(log::Level::kNone);
  BytesView input(reinterpret_cast<const std::byte*>(data), size);
  const auto flags = static_cast<unsigned>(input[0]);
  LogOptions options;
  options.directory = t.directory + "/fuzz-0";
  options.partition = {"fuzz", {0}};
  options.clean_shutdown = flags & 1;
  options.recovery_point = Offset{static_cast<std::int64_t>(input[1])};
  options.log_start = Offset{static_cast<std::int64_t>(input[2]) % 8};
  input = input.subspan(3);
  (void)t.disk.remove_directory(options.directory);
  CHECK(t.disk.make_directory(options.directory));
  const auto path = [&](std::int64_t base, std::string_view suffix) {
    return segment_file(options.directory, Offset{base}, suffix);
  };
  if (flags & 2) put(t, path(0, kIndexSuffix), take_part(input));
  if (flags & 4) put(t, path(0, kTimeIndexSuffix), take_part(input));
  if (flags & 8) put(t, path(0, kTxnIndexSuffix), take_part(input));
  if (flags & 16) put(t, path(2, kSnapshotSuffix), take_part(input));
  if (flags & 32) put(t, options.directory + "/leader-epoch-checkpoint", take_part(input));
  if (flags & 64) put(t, path(4, kLogSuffix), take_part(input));
  if (flags & 128) put(t, path(2, kLogSuffix) + std::string(kSwapSuffix), take_part(input));
  put(t, path(0, kLogSuffix), input);
  if (auto log = t.run(Log::open(t.shard, std::move(options)))) exercise(t, **log);
  // The sync loop of a log that is gone ends by itself.
  t.context.restart();
  t.context.poll();
  return 0;
}
