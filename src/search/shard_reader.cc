#include "search/shard_reader.h"

#include <algorithm>

#include "base/endian.h"
#include "record/batch.h"
#include "storage/pieces.h"

namespace thalweg::search {

Task<Result<Batches>> ShardReader::read(replica::PartitionKey key, replica::Isolation isolation, std::size_t bytes,
                                        Offset from, Offset below) {
  std::vector<replica::Partitions::Read> reads;
  reads.push_back(
      {key, {.from = from, .bytes_max = bytes, .isolation = isolation, .below = below, .may_read_follower = true}});
  auto results = co_await partitions_.read(std::move(reads));
  CO_TRY(auto found, std::move(results.front()));
  const bool committed = isolation == replica::Isolation::kLastStable;
  co_return Batches{.records = std::move(found.data.records),
                    .bytes = found.data.bytes,
                    .first = found.data.first,
                    .next = found.data.next,
                    .log_start = found.log_start_offset,
                    .end = committed ? found.last_stable_offset : found.high_watermark,
                    .aborted = std::move(found.data.aborted)};
}

Task<Result<Looked>> ShardReader::look(ReadWish wish) {
  const auto partition = partitions_.find(wish.key);
  if (!partition) co_return fail(ErrorCode::kNotLeaderOrFollower, "this broker has no replica of the partition");
  const Offset log_start = partition->log().start_offset();
  if (!begin_at(wish.window, log_start))
    co_return Looked{.scanned = {.begin = wish.window.from, .end = wish.window.to}, .log_start = log_start};
  Charge memory = co_await memory_.admit(memory_of(wish.window));
  auto reading = [this, key = wish.key, isolation = wish.isolation, bytes = wish.window.bytes](
                     Offset from, Offset below) { return read(key, isolation, bytes, from, below); };
  co_return co_await look_at_window(std::move(wish), std::move(reading), workers_, std::move(memory));
}

// Of the header of the batch at the edge, which is all that is read.
Task<Result<std::optional<Timestamp>>> ShardReader::edge_time(EdgeWish wish) {
  const bool newest_first = wish.order == Order::kNewestFirst;
  const Offset at = newest_first ? wish.end - 1 : wish.begin;
  CO_TRY(auto found, co_await read(wish.key, wish.isolation, 1, at, replica::kNoBound));
  if (found.bytes < record::kBatchHeaderSize) co_return std::nullopt;
  Piece first = std::move(found.records.front());
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
