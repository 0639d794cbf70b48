// A journal in memory, which does what replicated/journal.h promises: the model that real ones are held against, and
// what the host's own tests run on.
#pragma once

#include <optional>
#include <vector>

#include "replicated/journal.h"
#include "runtime/shard.h"

namespace thalweg::replicated::testing {

template <class Record>
class ModelJournal {
 public:
  explicit ModelJournal(Clock& clock) : committed_(clock) {}

  AppendResult append(const std::vector<Record>& batch) {
    if (failure) return std::unexpected(*failure);
    records.insert(records.end(), batch.begin(), batch.end());
    return end();
  }
  Offset end() const { return {static_cast<std::int64_t>(records.size())}; }
  Watermark& committed() { return committed_; }
  Task<Result<>> replay(std::function<void(const Record&)> each) {
    if (gate) co_await gate->wait();
    if (replay_failures > 0) {
      --replay_failures;
      co_return fail(ErrorCode::kKafkaStorageError, "cannot read");
    }
    for (const Record& record : records) each(record);
    co_return Result<>{};
  }
  void commit() { committed_.advance(end()); }

  std::vector<Record> records;
  std::optional<AppendFailure> failure;  // of every append, while it is set
  int replay_failures = 0;
  std::optional<OneShot<bool>> gate;

 private:
  Watermark committed_;
};

}  // namespace thalweg::replicated::testing
