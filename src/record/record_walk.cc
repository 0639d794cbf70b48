#include "record/record_walk.h"

#include <limits>

namespace thalweg::record {

template class BodyWalk<RecordScanner>;

Result<RecordFacts> walk_records(const BatchView& batch, WalkRoom& room) {
  RecordWalk walk(batch, room);
  while (!walk.over()) TRY_VOID(walk.step(std::numeric_limits<std::int32_t>::max()));
  return walk.facts();
}

}  // namespace thalweg::record
