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
  explicit ModelJournal(Clock& clock) : clock_(clock), committed_(clock) {}

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
  bool alone() const { return !others; }
  Task<bool> confirm(Instant deadline) {
    if (alone()) co_return true;
    const auto timer = clock_.call_at(deadline, [answer = *others] { answer.set(false); });
    co_return co_await others->wait();
  }

  std::vector<Record> records;
  std::optional<AppendFailure> failure;  // of every append, while it is set
  int replay_failures = 0;
  std::optional<OneShot<bool>> gate;
  std::optional<OneShot<bool>> others;  // there are some, and this is what the next confirm() hears from them

 private:
  Clock& clock_;
  Watermark committed_;
};

}  // namespace thalweg::replicated::testing
