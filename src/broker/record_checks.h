// Looks at the records of produced batches before they are appended, so that what is stored can be read, and says what
// they are together: what the header claims is not believed.
//
// A batch of up to kBytesAtOnce unpacked bytes is walked at once. A larger one is walked in slices, between which
// others on the shard get their turn; of those that are compressed one at a time, so that the memory that a codec may
// be made to take is there once and not for each connection. Who sends several batches waits for each, so their order
// stays.
//
// Owner: the shard of the connections; outlives their requests.
#pragma once

#include <cstddef>

#include "record/record_walk.h"
#include "runtime/shard.h"
#include "runtime/turn.h"
#include "runtime/yielding.h"
#include "storage/log_validator.h"

namespace thalweg::broker {

class RecordChecks {
 public:
  // Errors of storage::check_framing and record::RecordWalk.
  Task<Result<record::RecordFacts>> look_inside(SharedBytes records);

 private:
  Task<Result<record::RecordFacts>> walk(record::BatchView batch);

  record::WalkRoom room_;       // for what needs no second slice
  record::WalkRoom long_room_;  // for whoever has the turn
  Turn turn_;
  Pace pace_{kBytesAtOnce};
};

}  // namespace thalweg::broker
