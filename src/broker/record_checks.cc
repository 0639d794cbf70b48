#include "broker/record_checks.h"

#include <optional>

namespace thalweg::broker {

Task<Result<record::RecordFacts>> RecordChecks::look_inside(SharedBytes records) {
  // One request may have thousands of batches, each of them small.
  if (pace_.due(records.size())) co_await give_way();
  const auto batch = storage::check_framing(records);
  if (!batch) co_return std::unexpected(batch.error());
  co_return co_await walk(*batch);
}

Task<Result<record::RecordFacts>> RecordChecks::walk(record::BatchView batch) {
  {
    record::RecordWalk walk(batch, room_);
    const auto stepped = walk.step(kBytesAtOnce);
    const bool due = pace_.due(walk.facts().unpacked_bytes);
    if (!stepped) co_return std::unexpected(stepped.error());
    if (due && walk.over()) co_await give_way();
    if (walk.over()) co_return walk.facts();
  }
  if (batch.is_compressed()) room_ = {};  // the codec may hold much for it
  std::optional<Turn::Held> turn;
  if (batch.is_compressed()) turn.emplace(co_await turn_.take());
  record::RecordWalk walk(batch, long_room_);
  Result<> stepped;
  while (stepped && !walk.over()) {
    co_await give_way();
    stepped = walk.step(kBytesAtOnce);
  }
  if (turn) long_room_ = {};
  if (!stepped) co_return std::unexpected(stepped.error());
  co_return walk.facts();
}

}  // namespace thalweg::broker
