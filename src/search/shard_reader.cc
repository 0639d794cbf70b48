#include "search/shard_reader.h"

#include <algorithm>

#include "base/endian.h"
#include "record/batch.h"
#include "storage/pieces.h"

namespace thalweg::search {
namespace {

// What batches take when they are unpacked, one at a time: a guess that most stay below.
constexpr std::size_t kUnpackedGuess = 8u << 20;

}  // namespace

Task<Result<replica::ReadResult>> ShardReader::read(const ReadWish& wish, Offset from, Offset below) {
  replica::Partitions::Read one{wish.key,
                                {.from = from,
                                 .bytes_max = kWindowBytes,
                                 .isolation = wish.isolation,
                                 .below = below,
                                 .may_read_follower = true}};
  std::vector<replica::Partitions::Read> reads;
  reads.push_back(std::move(one));
  auto results = co_await partitions_.read(std::move(reads));
  co_return std::move(results.front());
}

// Newest first, what is read has to reach the window's end: as long as it does not, a shorter window is tried. That
// costs little, for nothing but the place of batches is read until one fits.
Task<Result<replica::ReadResult>> ShardReader::read_window(ReadWish& wish) {
  Window& window = wish.window;
  const Offset below = window.to_is_edge ? window.to : replica::kNoBound;
  for (;;) {
    CO_TRY(auto found, co_await read(wish, window.from, below));
    const auto& data = found.data;
    const bool reaches = data.bytes == 0 || data.next >= window.to || window.to - window.from <= 1;
    if (reaches || wish.order == Order::kOldestFirst) co_return found;
    const std::int64_t fits = data.next - std::max(data.first, window.from);
    const std::int64_t shorter = std::clamp<std::int64_t>(fits, 1, (window.to - window.from) / 2);
    window.from = window.to - shorter;
  }
}

Task<Result<Looked>> ShardReader::look(ReadWish wish) {
  Window& window = wish.window;
  const auto partition = partitions_.find(wish.key);
  if (!partition) co_return fail(ErrorCode::kNotLeaderOrFollower, "this broker has no replica of the partition");
  Looked looked{.scanned = {.begin = window.from, .end = window.to}, .log_start = partition->log().start_offset()};
  window.lowest = std::max(window.lowest, looked.log_start);
  window.from = std::max(window.from, looked.log_start);
  if (window.from >= window.to) co_return looked;
  Charge memory = co_await memory_.admit(kWindowBytes + kUnpackedGuess);
  CO_TRY(auto found, co_await read_window(wish));
  looked.read_bytes = found.data.bytes;
  looked.scanned.begin = window.from;
  if (looked.read_bytes == 0) {
    const bool committed = wish.isolation == replica::Isolation::kLastStable;
    if ((committed ? found.last_stable_offset : found.high_watermark) < window.to)
      co_return fail(ErrorCode::kOffsetNotAvailable, "the log ends before " + to_string(window.to) +
                                                         " now, since another broker began to lead; search again");
    co_return looked;  // compaction left nothing there
  }
  if (looked.read_bytes > kWindowBytes) memory.add(looked.read_bytes - kWindowBytes);
  CO_TRY(auto bytes, co_await storage::gather(std::move(found.data.records)));
  const bool newest_first = wish.order == Order::kNewestFirst;
  ScanWish scan_wish{
      .filter = wish.filter,
      .partition = window.partition,
      .order = wish.order,
      .from = newest_first ? std::max(window.lowest, std::min(found.data.first, window.from)) : window.from,
      .to = window.to,
      .matches_max = wish.matches_max,
      .preview = wish.preview,
      .aborted = std::move(found.data.aborted),
      .at_once = window.at_once,
      .columns = std::move(wish.columns),
      .schemas = wish.schemas};
  CO_TRY(looked.scanned, co_await workers_.run([bytes = std::move(bytes), scan_wish = std::move(scan_wish)] {
    return scan(bytes, scan_wish);
  }));
  const Scanned& scanned = looked.scanned;
  if (scanned.wants_schema) co_return looked;
  if (newest_first ? scanned.begin >= window.to : scanned.end <= window.from)
    co_return fail(ErrorCode::kCorruptMessage,
                   "there is no batch at " + to_string(window.from) + " where the log has one");
  co_return looked;
}

// Of the header of the batch at the edge, which is all that is read.
Task<Result<std::optional<Timestamp>>> ShardReader::edge_time(EdgeWish wish) {
  const bool newest_first = wish.order == Order::kNewestFirst;
  ReadWish reading{.key = wish.key, .window = {}, .isolation = wish.isolation, .filter = {}};
  CO_TRY(auto found, co_await read(reading, newest_first ? wish.end - 1 : wish.begin, replica::kNoBound));
  if (found.data.bytes < record::kBatchHeaderSize) co_return std::nullopt;
  Piece first = std::move(found.data.records.front());
  if (auto* range = std::get_if<FilePiece>(&first)) range->size = std::min(range->size, record::kBatchHeaderSize);
  Pieces pieces;
  pieces.push_back(std::move(first));
  CO_TRY(const auto header, co_await storage::gather(std::move(pieces)));
  if (header.size() < record::kBatchHeaderSize) co_return std::nullopt;
  const std::size_t field = newest_first ? record::batch_field::kMaxTimestamp : record::batch_field::kBaseTimestamp;
  const auto time = load_be<Timestamp>(header.data() + field);
  co_return time == kNoTimestamp ? std::nullopt : std::optional(time);
}

}  // namespace thalweg::search
