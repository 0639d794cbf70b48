// What a journal is: the log that a machine stands on. Tested for every journal in broker/journal_contract_test.cc.
//
//   append(records)   writes in order, does not wait, and gives the end behind them; or says why not
//   end()             the position behind everything that was appended or replayed, in this leadership
//   committed()       everything below it is safe; fails when the journal is no longer ours to append to. It reaches
//                     every end() in time, unless leadership goes
//   replay(each)      gives everything that was appended before the call, also what is not committed yet: a machine
//                     that is loaded again must know of changes that are still in flight
//   alone()           nobody else can have become the leader meanwhile, so what its machine knows is the truth
//   confirm(deadline) true when that was so at the time of the call, though somebody else could: asks the others. A
//                     leader that has been replaced and does not know it yet still has a machine, which knows less
#pragma once

#include <concepts>
#include <expected>
#include <functional>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/types.h"
#include "runtime/task.h"
#include "runtime/watermark.h"

namespace thalweg::replicated {

struct AppendFailure {
  enum class Kind {
    kRefused,  // nothing changed, and nothing of it will ever be committed: too large, busy, the disk is full
    kLost,     // the journal is not ours any more, or not what its machine believes: the machine must be loaded again
  };
  Kind kind = Kind::kLost;
  Error error;  // for whoever asked
};
using AppendResult = std::expected<Offset, AppendFailure>;

inline std::unexpected<AppendFailure> refused(Error error) {
  return std::unexpected(AppendFailure{AppendFailure::Kind::kRefused, std::move(error)});
}
inline std::unexpected<AppendFailure> lost(Error error) {
  return std::unexpected(AppendFailure{AppendFailure::Kind::kLost, std::move(error)});
}

template <class J, class Record>
concept JournalOf = requires(J& journal, const std::vector<Record>& records) {
  { journal.append(records) } -> std::same_as<AppendResult>;
  { journal.end() } -> std::convertible_to<Offset>;
  { journal.committed() } -> std::same_as<Watermark&>;
  { journal.replay(std::function<void(const Record&)>()) } -> std::same_as<Task<Result<>>>;
  { journal.alone() } -> std::same_as<bool>;
  { journal.confirm(Instant()) } -> std::same_as<Task<bool>>;
};

}  // namespace thalweg::replicated
