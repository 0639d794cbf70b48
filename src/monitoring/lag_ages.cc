#include "monitoring/lag_ages.h"

#include <algorithm>
#include <utility>

#include "broker/broker.h"
#include "broker/broker_shard.h"
#include "record/batch.h"
#include "record/time_search.h"
#include "runtime/yielding.h"
#include "storage/pieces.h"

namespace thalweg::monitoring {
namespace {

constexpr std::size_t kPositionsAtOnce = 2000;

// Of a batch that may hold more than is worth being read: its first record's.
Task<Result<std::optional<Timestamp>>> time_in_header(Pieces batch) {
  auto head = batch.front();
  if (auto* file = std::get_if<FilePiece>(&head)) file->size = std::min(file->size, record::kBatchHeaderSize);
  CO_TRY(const auto bytes, co_await storage::gather({std::move(head)}));
  if (bytes.size() < record::kBatchHeaderSize) co_return std::nullopt;
  const auto time = load_be<std::int64_t>(bytes.data() + record::batch_field::kBaseTimestamp);
  co_return time < 0 ? std::nullopt : std::optional(time);
}

Task<Result<std::optional<Timestamp>>> look_up(broker::BrokerShard* shard, replica::PartitionKey key, Offset from) {
  auto partition = shard->partitions.find(key);
  if (!partition) co_return std::nullopt;
  co_return co_await time_of_first_unread(std::move(partition), from);
}

// A member function for Shard::call.
struct LookUp {
  broker::BrokerShard* shard;
  Task<Result<std::optional<Timestamp>>> at(replica::PartitionKey key, Offset from) {
    return look_up(shard, key, from);
  }
};

}  // namespace

Task<Result<std::optional<Timestamp>>> time_of_first_unread(replica::PartitionPtr partition, Offset from) {
  auto& log = partition->log();
  const Offset at = std::max(from, log.start_offset()), end = partition->high_watermark().value();
  if (at >= end) co_return std::nullopt;
  CO_TRY(auto read, co_await log.read(at, {.max_bytes = 1, .upper_bound = end}));
  if (read.records.empty()) co_return std::nullopt;
  if (read.bytes > LagAges::kBatchMax) co_return co_await time_in_header(std::move(read.records));
  CO_TRY(const auto bytes, co_await storage::gather(std::move(read.records)));
  CO_TRY(const auto batch, record::BatchView::at(bytes));
  record::WalkRoom room;
  record::TimeSearch search(batch, room, std::numeric_limits<Timestamp>::min(), at);
  while (!search.over()) {
    CO_TRY_VOID(search.step(kBytesAtOnce));
    if (!search.over()) co_await give_way();
  }
  const auto& found = search.found();
  co_return found && found->timestamp >= 0 ? std::optional(found->timestamp) : std::nullopt;
}

Task<LagAges::Found> LagAges::find(Positions positions) {
  Found found;
  Known now;
  std::size_t looked_up = 0;
  Pace pace(kPositionsAtOnce);
  for (const Position& position : positions) {
    if (pace.due()) co_await give_way();
    auto& time = found.times.emplace_back();
    if (const auto* mine = now.find(position)) {
      time = *mine;
    } else if (const auto* before = known_.find(position)) {
      time = *before;
    } else if (looked_up == kLookupsMax) {
      ++found.left_out;
      continue;
    } else {
      ++looked_up;
      auto& owner = broker_.owner_of(position.partition);
      LookUp look{&owner};
      const auto answer = co_await owner.shard.call(look, &LookUp::at, position.partition, position.committed);
      if (answer) time = *answer;
    }
    if (time) now.try_emplace(position, *time);
  }
  // What another pass looks up meanwhile, it looks up twice.
  auto old = std::exchange(known_, std::move(now));
  co_await old.clear();
  co_return found;
}

}  // namespace thalweg::monitoring
