// One window of a partition, wherever its bytes come from: which part of it is read, what is found there, and whether
// the two fit together.
//
// Owner: whoever reads; nothing is held between two windows.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "replica/partition.h"
#include "replica/partition_key.h"
#include "runtime/budget.h"
#include "runtime/workers.h"
#include "search/plan.h"

namespace thalweg::search {

// All of it by value: it comes from another shard.
struct ReadWish {
  replica::PartitionKey key;
  Window window;
  Order order = Order::kNewestFirst;
  replica::Isolation isolation = replica::Isolation::kLastStable;
  std::shared_ptr<const filter::Filter> filter;
  std::size_t matches_max = kMatchesMax;
  std::size_t preview = 512;
  std::vector<filter::Column> columns = {};
  std::shared_ptr<const Schemas> schemas = {};
};

// Whole batches, as a log gives them.
struct Batches {
  Pieces records;         // maybe ranges of files that nobody has read yet
  std::size_t bytes = 0;  // of them; 0: there is nothing from there on, or nothing that may be read
  Offset first = kNoOffset, next = kNoOffset;  // of the first batch; where to read on
  Offset log_start{0}, end{0};                 // of the log, and of what may be read of it
  std::vector<storage::AbortedTransaction> aborted;
};

// Gives about the window's bytes from an offset on, or one batch where that is larger. What begins at `below` or behind
// it need not be among them.
using ReadBatches = std::function<Task<Result<Batches>>(Offset from, Offset below)>;

// What a window takes while it is looked at: itself, and what its batches unpack to, one at a time; a guess that most
// stay below.
constexpr std::size_t memory_of(const Window& window) { return window.bytes + (std::size_t{8} << 20); }

// The window without what is gone before `log_start`. False: nothing of it is left.
bool begin_at(Window& window, Offset log_start);

// Errors are those of `read`; kOffsetNotAvailable: the log ends before the window does; kCorruptMessage: what was read
// are no batches of it. REQUIRES: `memory` holds memory_of(window), window.from < window.to
Task<Result<Looked>> look_at_window(ReadWish wish, ReadBatches read, Workers& workers, Charge memory);

}  // namespace thalweg::search
